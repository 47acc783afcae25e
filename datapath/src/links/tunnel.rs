//! Tunnel devices: light-weight (collect-metadata) netdevs, one of which serves every peer; the tunnel header of each
//! packet comes from the flow that sent it.

use nix::errno::Errno;

use super::{
    IFF_UP, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MTU, Interface, RTM_NEWLINK,
    RTM_SETLINK, ifinfomsg, list,
};
use crate::kernel::refused;
use crate::netlink::{Connection, MsgWriter, RequestError, Socket};
use crate::{Error, Result};

const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

const IFLA_VXLAN_LEARNING: u16 = 7;
const IFLA_VXLAN_PORT: u16 = 15;
const IFLA_VXLAN_UDP_ZERO_CSUM6_RX: u16 = 20;
const IFLA_VXLAN_COLLECT_METADATA: u16 = 25;
const IFLA_GRE_COLLECT_METADATA: u16 = 18;

/// The device itself limits nothing: the underlay does.
const MTU: u32 = 65_000;

/// A kind of tunnel device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelDevice {
    /// VXLAN over IPv4 and IPv6, RFC 7348.
    Vxlan {
        /// UDP port.
        port: u16,
    },
    /// Ethernet over GRE over IPv4.
    Gre,
    /// Ethernet over GRE over IPv6.
    Gre6,
}

impl TunnelDevice {
    /// The kernel's name of the kind (`IFLA_INFO_KIND`).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Vxlan { .. } => "vxlan",
            Self::Gre => "gretap",
            Self::Gre6 => "ip6gretap",
        }
    }

    fn write_data(&self, w: &mut MsgWriter) {
        match self {
            Self::Vxlan { port } => {
                w.u8(IFLA_VXLAN_COLLECT_METADATA, 1);
                w.u8(IFLA_VXLAN_LEARNING, 0);
                w.u8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
                w.be16(IFLA_VXLAN_PORT, *port);
            }
            Self::Gre | Self::Gre6 => w.attr(IFLA_GRE_COLLECT_METADATA, &[]),
        }
    }
}

/// Makes the tunnel device, or finds it there, and brings it up.
///
/// # Errors
/// [`Error::DeviceUnfit`] if an interface of that name is of another kind; what the kernel says, if another device has
/// the same tunnel (`EEXIST`: one VXLAN device per UDP port) or the kernel lacks the kind (`EOPNOTSUPP`).
pub fn ensure_tunnel(name: &str, device: &TunnelDevice) -> Result<Interface> {
    let mut connection = Connection::new(Socket::route()?);
    let there = match find(name)? {
        Some(interface) => interface,
        None => {
            create(&mut connection, name, device)?;
            find(name)?.ok_or_else(|| Error::NoSuchDevice(name.to_owned()))?
        }
    };
    if there.kind.as_deref() != Some(device.kind()) {
        return Err(Error::DeviceUnfit(name.to_owned()));
    }
    if !there.up || there.mtu < MTU {
        bring_up(&mut connection, there.ifindex)?;
    }
    Ok(there)
}

fn find(name: &str) -> Result<Option<Interface>> {
    Ok(list()?.into_iter().find(|interface| interface.name == name))
}

fn create(connection: &mut Connection, name: &str, device: &TunnelDevice) -> Result<()> {
    let write = |w: &mut MsgWriter, flags, seq| {
        w.begin(RTM_NEWLINK, flags, seq);
        w.raw(&ifinfomsg(0, 0, 0));
        w.string(IFLA_IFNAME, name);
        let info = w.nest(IFLA_LINKINFO);
        w.string(IFLA_INFO_KIND, device.kind());
        let data = w.nest(IFLA_INFO_DATA);
        device.write_data(w);
        w.close(data);
        w.close(info);
    };
    match connection.request(NLM_F_CREATE | NLM_F_EXCL, write, |_| Ok(())) {
        // Somebody else was faster: it is judged by what it is.
        Err(RequestError::Kernel(Errno::EEXIST)) if find(name)?.is_some() => Ok(()),
        other => other.map_err(refused("create a tunnel device")),
    }
}

fn bring_up(connection: &mut Connection, ifindex: u32) -> Result<()> {
    let write = |w: &mut MsgWriter, flags, seq| {
        w.begin(RTM_SETLINK, flags, seq);
        w.raw(&ifinfomsg(ifindex, IFF_UP, IFF_UP));
        w.u32(IFLA_MTU, MTU);
    };
    connection.request(0, write, |_| Ok(())).map_err(refused("bring a tunnel device up"))
}
