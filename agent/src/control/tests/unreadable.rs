//! A datapath whose ports cannot be read for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datapath::{
    Datapath, DatapathStats, DpPort, DumpDetail, Error, Executor, Features, FlowDump, FlowWriter,
    MemoryDatapath, PortEvents, PortInfo, PortSpec, Result, UpcallSource,
};
use tokio::time::sleep;

use super::{Lab, PORT, eventually};

/// The memory datapath, but for its ports while they are unreadable.
struct Unreadable {
    datapath: MemoryDatapath,
    unreadable: AtomicBool,
}

impl Datapath for Unreadable {
    fn name(&self) -> &str {
        self.datapath.name()
    }

    fn features(&self) -> &Features {
        self.datapath.features()
    }

    fn workers(&self) -> usize {
        self.datapath.workers()
    }

    fn ports(&self) -> Result<Vec<PortInfo>> {
        if self.unreadable.load(Ordering::Relaxed) {
            return Err(Error::Malformed { action: "read ports", what: "nothing in it" });
        }
        self.datapath.ports()
    }

    fn add_port(&self, spec: &PortSpec) -> Result<DpPort> {
        self.datapath.add_port(spec)
    }

    fn remove_port(&self, port: DpPort) -> Result<()> {
        self.datapath.remove_port(port)
    }

    fn port_events(&self) -> Result<Box<dyn PortEvents>> {
        self.datapath.port_events()
    }

    fn stats(&self) -> Result<DatapathStats> {
        self.datapath.stats()
    }

    fn upcall_source(&self, worker: usize) -> Result<Box<dyn UpcallSource>> {
        self.datapath.upcall_source(worker)
    }

    fn flow_writer(&self) -> Result<Box<dyn FlowWriter>> {
        self.datapath.flow_writer()
    }

    fn executor(&self) -> Result<Box<dyn Executor>> {
        self.datapath.executor()
    }

    fn dump_flows(&self, detail: DumpDetail, each: &mut dyn FnMut(&FlowDump)) -> Result<usize> {
        self.datapath.dump_flows(detail, each)
    }

    fn retain_flows(&self, keep: &mut dyn FnMut(&FlowDump) -> bool) -> Result<usize> {
        self.datapath.retain_flows(keep)
    }

    fn flush_flows(&self) -> Result<()> {
        self.datapath.flush_flows()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_in_sync_only_when_it_has_read_the_ports_of_the_datapath() {
    let mut lab = Lab::new().await;
    lab.terminate().await;
    eventually("the port is nowhere", || lab.active.get(&PORT).is_none()).await;
    let datapath = Arc::new(Unreadable {
        datapath: MemoryDatapath::new("midspan", 1),
        unreadable: AtomicBool::new(true),
    });
    lab.start_on(datapath.clone()).await;
    sleep(Duration::from_millis(300)).await;
    assert!(!*lab.agent().in_sync.borrow());
    assert_eq!(lab.active.get(&PORT), None);
    datapath.unreadable.store(false, Ordering::Relaxed);
    eventually("the agent is in sync", || *lab.agent().in_sync.borrow()).await;
    eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
}
