//! A datapath whose ports cannot be read for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datapath::{
    Datapath, DatapathStats, DpPort, DumpDetail, Error, Executor, Features, FlowDump, FlowWriter,
    MemoryDatapath, PortEvents, PortInfo, PortSpec, Result, UpcallSource,
};
use nsdb::presence::Hosts;
use tokio::time::sleep;

use super::{HOST, Lab, PORT, eventually};

/// The memory datapath, but for its ports while they are unreadable.
struct Unreadable {
    datapath: MemoryDatapath,
    unreadable: AtomicBool,
}

impl Unreadable {
    fn new(unreadable: bool) -> Arc<Self> {
        let datapath = MemoryDatapath::new("midspan", 1);
        Arc::new(Self { datapath, unreadable: AtomicBool::new(unreadable) })
    }
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
    let datapath = Unreadable::new(true);
    lab.start_on(datapath.clone()).await;
    sleep(Duration::from_millis(300)).await;
    assert!(!*lab.agent().in_sync.borrow());
    assert_eq!(lab.active.get(&PORT), None);
    datapath.unreadable.store(false, Ordering::Relaxed);
    eventually("the agent is in sync", || *lab.agent().in_sync.borrow()).await;
    eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_unbound_while_the_ports_cannot_be_read_is_acknowledged_once_it_is_unplugged() {
    let mut lab = Lab::new().await;
    lab.terminate().await;
    let datapath = Unreadable::new(false);
    lab.start_on(datapath.clone()).await;
    let plugged = || lab.agent().forwarding.snapshot().ports.by_port(PORT).is_some();
    eventually("the port is plugged in", || plugged() && *lab.agent().in_sync.borrow()).await;
    datapath.unreadable.store(true, Ordering::Relaxed);
    let hosts = Hosts::open(lab.memory.clone());
    let unbound = lab.store.commit_acknowledged(|tx| tx.unbind(PORT)).await.unwrap();
    let missing = lab.store.unacknowledged(&unbound, &hosts, Duration::from_millis(300)).await;
    assert_eq!((missing, plugged()), ([HOST].into(), true));
    datapath.unreadable.store(false, Ordering::Relaxed);
    let missing = lab.store.unacknowledged(&unbound, &hosts, Duration::from_secs(10)).await;
    assert_eq!((missing, plugged()), ([].into(), false));
}
