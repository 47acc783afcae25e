//! Port changes, from the vport family's multicast group.

use std::io;
use std::time::Duration;

use nix::errno::Errno;

use super::Control;
use crate::codec::abi::cmd;
use crate::codec::{OvsMessage, decode_port};
use crate::netlink::{Messages, Socket};
use crate::{PortEvent, PortEvents, Result};

pub(super) struct KernelPortEvents {
    socket: Socket,
    family: u16,
    dp_ifindex: u32,
    buffer: Vec<u8>,
}

impl KernelPortEvents {
    pub(super) fn open(control: &Control) -> Result<Self> {
        let socket = Socket::generic()?;
        socket.join(control.families.vport_group)?;
        let family = control.families.vport.0;
        Ok(Self { socket, family, dp_ifindex: control.dp_ifindex, buffer: vec![0; 64 << 10] })
    }

    fn read(&self, datagram: &[u8], each: &mut dyn FnMut(PortEvent)) -> usize {
        let mut n = 0;
        for message in Messages::new(datagram).map_while(std::result::Result::ok) {
            let Ok(ovs) = OvsMessage::parse(message.payload) else { continue };
            if message.kind != self.family || ovs.dp_ifindex != self.dp_ifindex {
                continue;
            }
            let command = ovs.command;
            let event = match decode_port(ovs) {
                Ok(port) if command == cmd::DEL => PortEvent::Removed { no: port.no, name: port.name },
                Ok(port) => PortEvent::Added(port),
                Err(_) => PortEvent::Resync,
            };
            n += 1;
            each(event);
        }
        n
    }
}

impl PortEvents for KernelPortEvents {
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(PortEvent)) -> Result<usize> {
        if !self.socket.wait(timeout)? {
            return Ok(0);
        }
        let mut n = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = loop {
            match self.socket.try_recv(&mut buffer) {
                Ok(Some(len)) => n += self.read(&buffer[..len], each),
                Ok(None) => break Ok(n),
                Err(e) if overrun(&e) => {
                    n += 1;
                    each(PortEvent::Resync);
                }
                Err(e) => break Err(e.into()),
            }
        };
        self.buffer = buffer;
        result
    }
}

/// The kernel had more to say than fitted the buffer.
fn overrun(e: &io::Error) -> bool {
    e.raw_os_error() == Some(Errno::ENOBUFS as i32)
}
