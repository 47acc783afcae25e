//! TCP connections one after the other, each with a request, an answer and a reset at its end: connect/request/response
//! as netperf's TCP_CRR has it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt,
};

use crate::latency::report;
use crate::{PathArgs, netns};

/// Source ports in use, one after the other.
const PORTS: std::ops::Range<u16> = 20_000..60_000;
/// An answer that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Connects again and again for `seconds` and prints how often, and the time that each took.
pub(crate) fn run(path: &PathArgs, seconds: u64) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let to = path.to;
    let listener = netns::join(netns::spawn(&path.server, move || {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, to.port())).context("cannot bind the server")
    })?)?;
    let server = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || serve(&listener, &stop))
    };
    let client = netns::spawn(&path.client, move || {
        let start = Instant::now();
        let mut samples = Vec::new();
        for port in PORTS.cycle() {
            if start.elapsed() >= Duration::from_secs(seconds) {
                break;
            }
            samples.push(exchange(port, to)?);
        }
        Ok((samples, start.elapsed()))
    })?;
    let result = netns::join(client);
    stop.store(true, Ordering::Relaxed);
    // The server waits for a connection: this one is not answered.
    let _ = netns::join(netns::spawn(&path.server, move || {
        Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, to.port())).map(drop)?)
    })?);
    server.join().map_err(|_| anyhow::anyhow!("the server panicked"))?;
    let (samples, took) = result?;
    let done = samples.iter().flatten().count();
    println!("connections_per_s {:.0}", done as f64 / took.as_secs_f64());
    report(&samples);
    Ok(())
}

fn serve(listener: &TcpListener, stop: &AtomicBool) {
    for stream in listener.incoming() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // The client's reset ends it.
        let _ = stream.and_then(|stream| answer(&stream));
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut byte = [0];
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.read_exact(&mut byte)?;
    stream.write_all(&byte)?;
    stream.read_exact(&mut byte)
}

/// Time of one connection from `port`: until the answer was read; `None` if it did not come.
fn exchange(port: u16, to: SocketAddrV4) -> anyhow::Result<Option<Duration>> {
    let start = Instant::now();
    let stream = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None)?;
    setsockopt(&stream, sockopt::ReuseAddr, &true)?;
    // Closing resets the connection, so that its port is free at once.
    setsockopt(&stream, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
    bind(stream.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)))
        .with_context(|| format!("cannot bind port {port}"))?;
    if connect(stream.as_raw_fd(), &SockaddrIn::from(to)).is_err() {
        return Ok(None);
    }
    let mut stream = TcpStream::from(stream);
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut byte = [1];
    let answered = stream.write_all(&byte).and_then(|()| stream.read_exact(&mut byte));
    Ok(answered.ok().map(|()| start.elapsed()))
}
