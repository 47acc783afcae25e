//! One new flow at a time, there and back.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{PathArgs, netns};

/// First source port; the following ones are used one after the other.
const FIRST_PORT: u16 = 20_000;
/// An echo that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends `count` datagrams, each from a fresh port and after the echo of the one before, and prints the times.
pub(crate) fn run(path: &PathArgs, count: u16) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let server = {
        let (to, stop) = (path.to, Arc::clone(&stop));
        netns::spawn(&path.server, move || echo(to.port(), &stop))?
    };
    let to = path.to;
    let client = netns::spawn(&path.client, move || {
        // The first exchange resolves addresses; it is not a flow's set-up time.
        let mut warm_up = 0;
        while exchange(FIRST_PORT - 1, to)?.is_none() {
            warm_up += 1;
            anyhow::ensure!(warm_up < 10, "{to} does not echo: is the topology up?");
        }
        (0..count).map(|i| exchange(FIRST_PORT + i, to)).collect::<anyhow::Result<Vec<_>>>()
    })?;
    let samples = netns::join(client);
    stop.store(true, Ordering::Relaxed);
    netns::join(server)?;
    report(&samples?);
    Ok(())
}

fn echo(port: u16, stop: &AtomicBool) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).context("cannot bind the echo server")?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut buffer = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(&buffer[..length], from)?;
        }
    }
    Ok(())
}

/// Round trip of one datagram from `port`; `None` if it did not come back.
fn exchange(port: u16, to: std::net::SocketAddrV4) -> anyhow::Result<Option<Duration>> {
    let socket =
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).with_context(|| format!("cannot bind port {port}"))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    socket.send_to(b"midspan", to)?;
    let mut buffer = [0; 64];
    Ok(socket.recv_from(&mut buffer).ok().map(|_| start.elapsed()))
}

/// Prints how many came back, how many did not, and percentiles of the times.
pub(crate) fn report(samples: &[Option<Duration>]) {
    let mut times: Vec<_> = samples.iter().flatten().map(Duration::as_micros).collect();
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0);
    println!(
        "flows {} lost {} p50_us {} p90_us {} p99_us {} max_us {}",
        samples.len(),
        samples.len() - times.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}
