//! Open-loop load: datagrams at a fixed rate, each a new flow, until some are lost.

use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
/// Source ports in use: more datagrams than these in a step would not all be new flows.
const PORTS: u32 = 60_000;
/// First source port.
const FIRST_PORT: u16 = 1024;

/// Tries each rate in turn and prints sent, received and lost; stops after the first step that loses.
pub(crate) fn run(path: &PathArgs, seconds: u64, rates: &[u32]) -> anyhow::Result<()> {
    let mut best = 0;
    for (step, &rate) in (0..).zip(rates) {
        let total = u64::from(rate) * seconds;
        anyhow::ensure!(
            total <= u64::from(PORTS),
            "{rate}/s for {seconds} s: at most {PORTS} new flows a step"
        );
        let port = path.to.port().checked_add(step).context("more steps than ports")?;
        let to = SocketAddrV4::new(*path.to.ip(), port);
        let arrived = step_at(path, to, rate, total)?;
        println!("rate {rate} sent {total} received {arrived} lost {}", total.saturating_sub(arrived));
        if arrived < total {
            break;
        }
        best = rate;
    }
    println!("loss_free_flows_per_s {best}");
    Ok(())
}

/// Sends and counts what arrives.
fn step_at(path: &PathArgs, to: SocketAddrV4, rate: u32, total: u64) -> anyhow::Result<u64> {
    let stop = Arc::new(AtomicBool::new(false));
    let receiver = bound(&path.server, to.port())?;
    let server = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || count(&receiver, &stop))
    };
    netns::join(netns::spawn(&path.client, move || send(to, rate, total))?)?;
    thread::sleep(DRAIN);
    stop.store(true, Ordering::Relaxed);
    server.join().map_err(|_| anyhow::anyhow!("the receiver panicked"))
}

/// A receiver's socket in a namespace.
fn bound(namespace: &str, port: u16) -> anyhow::Result<UdpSocket> {
    netns::join(netns::spawn(namespace, move || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind the receiver")?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20))
            .context("cannot enlarge the receive buffer")?;
        Ok(socket)
    })?)
}

fn count(socket: &UdpSocket, stop: &AtomicBool) -> u64 {
    let mut buffer = [0; 256];
    let mut received = 0;
    while !stop.load(Ordering::Relaxed) {
        received += u64::from(socket.recv(&mut buffer).is_ok());
    }
    received
}

/// Sends `total` datagrams at `rate` per second, each from the next source port.
fn send(to: SocketAddrV4, rate: u32, total: u64) -> anyhow::Result<()> {
    let raw = socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), SockProtocol::Raw)
        .context("cannot open a raw socket: root is needed")?;
    let destination = SockaddrIn::from(SocketAddrV4::new(*to.ip(), 0));
    let start = Instant::now();
    let mut datagram = datagram(to);
    for n in 0..total {
        let due = Duration::from_secs_f64(n as f64 / f64::from(rate));
        // Up to a millisecond early is on time: a timer per datagram would measure the timer.
        if let Some(wait) = due.checked_sub(start.elapsed()).filter(|w| *w > Duration::from_millis(1)) {
            thread::sleep(wait);
        }
        let port = FIRST_PORT + n as u16;
        datagram[20..22].copy_from_slice(&port.to_be_bytes());
        sendmsg(raw.as_raw_fd(), &[IoSlice::new(&datagram)], &[], MsgFlags::empty(), Some(&destination))
            .context("sending failed")?;
    }
    Ok(())
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
