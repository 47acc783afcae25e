//! The conformance suite on the kernel datapath, and what only the kernel can show. Needs the lab:
//! `tests/lab/run-kernel-tests`.
//!
//! Each port is one end of a veth pair whose other end is a port of a second datapath, the tester: it injects by
//! executing an output, and sees what arrives as upcalls.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod adoption;
mod interfaces;
mod ovs_dpctl;
#[path = "../suite/mod.rs"]
mod suite;
mod tunnels;

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use datapath::{Datapath, Executor, KernelDatapath, PacketContext, PortSpec, UpcallSource};
use packet::{Action, DpPort, FlowKey};
use suite::Fixture;
use suite::bench::{MOMENT, PATIENCE};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Runs a program that must succeed, and returns what it prints.
fn run(command: &str) -> String {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

struct Kernel {
    datapath: KernelDatapath,
    tester: KernelDatapath,
    executor: Box<dyn Executor>,
    source: Box<dyn UpcallSource>,
    id: u32,
    interfaces: u32,
    /// Our port, the tester's port at the other end, the interface's name.
    cables: Vec<(DpPort, DpPort, String)>,
    /// Frames that arrived at a tester's port and were not asked for yet.
    waiting: Vec<(DpPort, Vec<u8>)>,
}

impl Kernel {
    fn new() -> Self {
        // No router solicitations and the like of the guest's own.
        std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let datapath = KernelDatapath::create_or_adopt(&format!("dut{id}"), 2).unwrap();
        let tester = KernelDatapath::create_or_adopt(&format!("tester{id}"), 1).unwrap();
        let (executor, source) = (tester.executor().unwrap(), tester.upcall_source(0).unwrap());
        Self { datapath, tester, executor, source, id, interfaces: 0, cables: vec![], waiting: vec![] }
    }

    fn far_end(&self, port: DpPort) -> DpPort {
        self.cables.iter().find(|cable| cable.0 == port).unwrap().1
    }

    /// Takes in what arrived at the tester.
    fn take(&mut self, wait: Duration) {
        let waiting = &mut self.waiting;
        self.source.recv(wait, &mut |u| waiting.push((DpPort(u.key.in_port), u.packet.to_vec()))).unwrap();
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        let _ = KernelDatapath::delete(self.datapath.name());
        let _ = KernelDatapath::delete(self.tester.name());
        for i in 1..=self.interfaces {
            let _ = Command::new("ip").args(["link", "del", &format!("d{}-{i}", self.id)]).output();
        }
    }
}

impl Fixture for Kernel {
    fn datapath(&self) -> &dyn Datapath {
        &self.datapath
    }

    fn add_port(&mut self) -> DpPort {
        let name = self.spare_interface();
        let far = self.tester.add_port(&PortSpec::netdev(name.replacen('d', "t", 1))).unwrap();
        let port = self.datapath.add_port(&PortSpec::netdev(&name)).unwrap();
        self.cables.push((port, far, name));
        port
    }

    fn inject(&mut self, port: DpPort, frame: &[u8]) {
        let actions = [Action::Output(self.far_end(port))];
        let sent = self.executor.execute(frame, &FlowKey::default(), &actions, PacketContext::default());
        assert_eq!(sent.unwrap().done, 1);
    }

    fn arrived(&mut self, port: DpPort, expected: usize) -> Vec<Vec<u8>> {
        let far = self.far_end(port);
        let deadline = Instant::now() + if expected == 0 { MOMENT } else { PATIENCE };
        loop {
            self.take(Duration::from_millis(5));
            let here = self.waiting.iter().filter(|(at, _)| *at == far).count();
            if (expected > 0 && here >= expected) || Instant::now() > deadline {
                let (here, rest) =
                    std::mem::take(&mut self.waiting).into_iter().partition(|(at, _)| *at == far);
                self.waiting = rest;
                return Vec::into_iter(here).map(|(_, frame)| frame).collect();
            }
        }
    }

    fn vanish(&mut self, port: DpPort) {
        let name = &self.cables.iter().find(|cable| cable.0 == port).unwrap().2;
        run(&format!("ip link del {name}"));
    }

    fn spare_interface(&mut self) -> String {
        self.interfaces += 1;
        let (near, far) =
            (format!("d{}-{}", self.id, self.interfaces), format!("t{}-{}", self.id, self.interfaces));
        run(&format!("ip link add {near} type veth peer name {far}"));
        run(&format!("ip link set {near} up"));
        run(&format!("ip link set {far} up"));
        near
    }

    fn too_many_upcalls(&self) -> usize {
        20_000
    }
}

conformance_suite!([ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"] Kernel::new());
