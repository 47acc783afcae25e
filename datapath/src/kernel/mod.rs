//! The datapath of the `openvswitch` kernel module, over generic netlink.
//!
//! Any thread may call [`KernelDatapath`]; what it hands out opens sockets of its own, in the network namespace of the
//! calling thread. The datapath, its ports and its flows outlive the process.

mod control;
mod dump;
mod events;
mod execute;
mod probe;
mod upcall;
mod writer;

use std::sync::Arc;

use packet::DpPort;
use parking_lot::Mutex;

use self::upcall::KernelUpcalls;
use crate::codec::DatapathInfo;
use crate::codec::abi::dp;
use crate::{
    Datapath, DatapathStats, Dispatch, DumpDetail, Error, Executor, Features, FlowDump, FlowWriter,
    PortEvents, PortInfo, PortKind, PortSpec, Result, UpcallSource,
};

pub(crate) use self::control::{Control, Families, refused, valid_name};
pub(crate) use self::dump::{delete as delete_flow, monotonic_ms, raw as raw_flows};

/// A kernel datapath that this process serves.
pub struct KernelDatapath {
    name: String,
    control: Arc<Control>,
    features: Features,
    /// Upcall sockets that are not out; `None` where one is.
    upcalls: Arc<Vec<Mutex<Option<KernelUpcalls>>>>,
    /// Netlink port ids of all upcall sockets, by worker.
    port_ids: Vec<u32>,
}

impl KernelDatapath {
    /// Whether this kernel has the datapath at all, and this process may serve one. Changes nothing.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::TooOld`], [`Error::NoPrivilege`].
    pub fn check() -> Result<()> {
        // The kernel looks at privilege first and at the datapath then, of which this names none.
        match Control::new()?.flush_flows() {
            Err(Error::NoPrivilege { .. }) => Err(Error::NoPrivilege { action: "serve a datapath" }),
            _ => Ok(()),
        }
    }

    /// Opens datapath `name`, or makes it, and takes over its upcalls with `workers` queues (at least one).
    ///
    /// What an earlier process left (ports, flows, counters) stays as it is.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::NoPrivilege`], [`Error::BadName`], [`Error::NameTaken`], [`Error::TooOld`].
    pub fn create_or_adopt(name: &str, workers: usize) -> Result<Self> {
        valid_name(name)?;
        let mut control = Control::new()?;
        let upcalls = (0..workers.max(1)).map(|_| KernelUpcalls::open(&control.families));
        let upcalls = upcalls.collect::<Result<Vec<_>>>()?;
        let port_ids: Vec<u32> = upcalls.iter().map(KernelUpcalls::port_id).collect();
        let (info, dispatch) = Self::claim(&control, name, &port_ids)?;
        control.dp_ifindex = info.ifindex;
        let mut features = probe::probe(&control, &info)?;
        features.dispatch = dispatch;
        tracing::info!(datapath = name, workers = port_ids.len(), "datapath features: {features}");
        if !features.ufid || !features.set_masked {
            return Err(Error::TooOld(if features.ufid { "SET_MASKED" } else { "flow identifiers" }));
        }
        let upcalls = upcalls.into_iter().map(|upcalls| Mutex::new(Some(upcalls.serving(info.ifindex))));
        let datapath = Self {
            name: name.to_owned(),
            control: Arc::new(control),
            features,
            upcalls: Arc::new(upcalls.collect()),
            port_ids,
        };
        if dispatch == Dispatch::PerVport {
            for port in datapath.ports()? {
                datapath.control.set_port_pids(port.no, &datapath.port_ids)?;
            }
        }
        Ok(datapath)
    }

    /// Makes the datapath or finds it, and directs its upcalls at `port_ids`.
    fn claim(control: &Control, name: &str, port_ids: &[u32]) -> Result<(DatapathInfo, Dispatch)> {
        let per_cpu = dp::F_UNALIGNED | dp::F_DISPATCH_UPCALL_PER_CPU;
        let per_vport = dp::F_UNALIGNED | dp::F_VPORT_PIDS;
        match control.create_or_set(name, per_cpu, Some(port_ids)) {
            Ok(info) => Ok((info, Dispatch::PerCpu)),
            Err(Error::Kernel { source: nix::errno::Errno::EOPNOTSUPP, .. }) => {
                Ok((control.create_or_set(name, per_vport, None)?, Dispatch::PerVport))
            }
            Err(e) => Err(e),
        }
    }

    /// Deletes datapath `name` with its ports and flows. Interfaces of netdev ports stay.
    ///
    /// # Errors
    /// [`Error::NoSuchDatapath`] and what [`KernelDatapath::create_or_adopt`] can say.
    pub fn delete(name: &str) -> Result<()> {
        Control::new()?.delete_datapath(name)
    }

    /// Index of the datapath's local interface, by which the kernel knows the datapath.
    pub fn ifindex(&self) -> u32 {
        self.control.dp_ifindex
    }

    /// What to put into userspace actions: under per-CPU dispatch any number will do.
    fn action_pid(&self) -> u32 {
        match self.features.dispatch {
            Dispatch::PerCpu => u32::MAX,
            Dispatch::PerVport => self.port_ids[0],
        }
    }
}

impl Datapath for KernelDatapath {
    fn name(&self) -> &str {
        &self.name
    }

    fn features(&self) -> &Features {
        &self.features
    }

    fn workers(&self) -> usize {
        self.port_ids.len()
    }

    fn ports(&self) -> Result<Vec<PortInfo>> {
        self.control.ports().map_err(|error| match error {
            Error::Kernel { source: nix::errno::Errno::ENODEV, .. } => {
                Error::NoSuchDatapath(self.name.clone())
            }
            error => error,
        })
    }

    fn add_port(&self, spec: &PortSpec) -> Result<DpPort> {
        valid_name(&spec.name)?;
        let port_ids: &[u32] = match self.features.dispatch {
            Dispatch::PerCpu => &[0],
            Dispatch::PerVport => &self.port_ids,
        };
        self.control.add_port(spec, port_ids)
    }

    fn remove_port(&self, port: DpPort) -> Result<()> {
        self.control.remove_port(port)
    }

    fn port_events(&self) -> Result<Box<dyn PortEvents>> {
        Ok(Box::new(events::KernelPortEvents::open(&self.control)?))
    }

    fn stats(&self) -> Result<DatapathStats> {
        Ok(self.control.datapath(&self.name)?.stats)
    }

    fn upcall_source(&self, worker: usize) -> Result<Box<dyn UpcallSource>> {
        let taken = self.upcalls.get(worker).and_then(|slot| slot.lock().take());
        let socket = taken.ok_or(Error::WorkerTaken(worker))?;
        Ok(Box::new(upcall::KernelUpcallSource::new(socket, worker, Arc::clone(&self.upcalls))))
    }

    fn flow_writer(&self) -> Result<Box<dyn FlowWriter>> {
        Ok(Box::new(writer::KernelFlowWriter::open(&self.control, self.action_pid())?))
    }

    fn executor(&self) -> Result<Box<dyn Executor>> {
        Ok(Box::new(execute::KernelExecutor::open(&self.control, self.action_pid())?))
    }

    fn dump_flows(&self, detail: DumpDetail, each: &mut dyn FnMut(&FlowDump)) -> Result<usize> {
        dump::dump(&self.control, detail, each)
    }

    fn retain_flows(&self, keep: &mut dyn FnMut(&FlowDump) -> bool) -> Result<usize> {
        dump::retain(&self.control, keep)
    }

    fn flush_flows(&self) -> Result<()> {
        self.control.flush_flows()
    }
}

/// The kind number of a port to be made.
fn kind_number(kind: PortKind) -> u32 {
    match kind {
        PortKind::Netdev => crate::codec::abi::vport::TYPE_NETDEV,
        PortKind::Internal => crate::codec::abi::vport::TYPE_INTERNAL,
        PortKind::Other(number) => number,
    }
}
