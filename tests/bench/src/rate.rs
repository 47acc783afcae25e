//! Open-loop load: datagrams at a fixed rate, each a new flow, until some are lost.

use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, sendmsg, setsockopt, socket,
    sockopt,
};

use crate::{PathArgs, netns};

/// Datagrams still on their way after the last was sent get this long.
const DRAIN: Duration = Duration::from_millis(700);
/// Source ports in use: each step starts where the last one ended.
const PORTS: u32 = 60_000;

/// Tries each rate in turn and prints sent, received and lost; stops after the first step that loses.
pub(crate) fn run(path: &PathArgs, seconds: u64, rates: &[u32]) -> anyhow::Result<()> {
    let received = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let server = {
        let (port, received, stop) = (path.to.port(), Arc::clone(&received), Arc::clone(&stop));
        netns::spawn(&path.server, move || count(port, &received, &stop))?
    };
    let mut best = 0;
    let mut sent_before = 0u64;
    for &rate in rates {
        let before = received.load(Ordering::Relaxed);
        let (to, first) = (path.to, sent_before);
        let client = netns::spawn(&path.client, move || send(to, rate, seconds, first))?;
        let sent = netns::join(client)?;
        thread::sleep(DRAIN);
        sent_before += sent;
        let arrived = received.load(Ordering::Relaxed) - before;
        println!("rate {rate} sent {sent} received {arrived} lost {}", sent.saturating_sub(arrived));
        if arrived < sent {
            break;
        }
        best = sent / seconds;
    }
    stop.store(true, Ordering::Relaxed);
    netns::join(server)?;
    println!("loss_free_flows_per_s {best}");
    Ok(())
}

fn count(port: u16, received: &AtomicU64, stop: &AtomicBool) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind the receiver")?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20)).context("cannot enlarge the receive buffer")?;
    let mut buffer = [0; 256];
    while !stop.load(Ordering::Relaxed) {
        if socket.recv(&mut buffer).is_ok() {
            received.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Sends at `rate` per second for `seconds`; the n-th datagram ever has source port 1024 + n mod [`PORTS`].
fn send(to: SocketAddrV4, rate: u32, seconds: u64, first: u64) -> anyhow::Result<u64> {
    let raw = socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), SockProtocol::Raw)
        .context("cannot open a raw socket: root is needed")?;
    let destination = SockaddrIn::from(SocketAddrV4::new(*to.ip(), 0));
    let total = u64::from(rate) * seconds;
    let start = Instant::now();
    let mut datagram = datagram(to);
    for n in 0..total {
        let due = Duration::from_secs_f64(n as f64 / f64::from(rate));
        // Up to a millisecond early is on time: a timer per datagram would measure the timer.
        if let Some(wait) = due.checked_sub(start.elapsed()).filter(|w| *w > Duration::from_millis(1)) {
            thread::sleep(wait);
        }
        let port = 1024 + ((first + n) % u64::from(PORTS)) as u16;
        datagram[20..22].copy_from_slice(&port.to_be_bytes());
        sendmsg(raw.as_raw_fd(), &[IoSlice::new(&datagram)], &[], MsgFlags::empty(), Some(&destination))
            .context("sending failed")?;
    }
    Ok(total)
}

/// An IPv4 and UDP header with 8 bytes of payload; the kernel fills source address, id and IP checksum.
fn datagram(to: SocketAddrV4) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[0] = 0x45;
    bytes[8] = 64;
    bytes[9] = packet::ip_proto::UDP;
    bytes[16..20].copy_from_slice(&to.ip().octets());
    bytes[22..24].copy_from_slice(&to.port().to_be_bytes());
    bytes[24..26].copy_from_slice(&16u16.to_be_bytes());
    bytes
}
