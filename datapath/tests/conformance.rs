//! The conformance suite on the memory datapath.

#![allow(clippy::unwrap_used, reason = "tests")]

mod suite;

use datapath::{Datapath, MemoryDatapath, PortSpec};
use packet::DpPort;
use suite::Fixture;

struct Memory {
    datapath: MemoryDatapath,
    interfaces: u32,
}

impl Memory {
    fn new() -> Self {
        let datapath = MemoryDatapath::new("mem", 2);
        datapath.create_interface("lo");
        Self { datapath, interfaces: 0 }
    }
}

impl Fixture for Memory {
    fn datapath(&self) -> &dyn Datapath {
        &self.datapath
    }

    fn add_port(&mut self) -> DpPort {
        let name = self.spare_interface();
        self.datapath.add_port(&PortSpec::netdev(name)).unwrap()
    }

    fn inject(&mut self, port: DpPort, frame: &[u8]) {
        assert!(self.datapath.inject(port, frame), "no port {}", port.0);
    }

    fn arrived(&mut self, port: DpPort, _expected: usize) -> Vec<Vec<u8>> {
        self.datapath.take_output(port).into_iter().map(|output| output.frame).collect()
    }

    fn vanish(&mut self, port: DpPort) {
        let ports = self.datapath.ports().unwrap();
        let port = ports.iter().find(|p| p.no == port).unwrap();
        self.datapath.delete_interface(&port.name);
    }

    fn spare_interface(&mut self) -> String {
        self.interfaces += 1;
        let name = format!("if{}", self.interfaces);
        self.datapath.create_interface(&name);
        name
    }

    fn too_many_upcalls(&self) -> usize {
        10_000
    }
}

conformance_suite!([] Memory::new());
