//! Prometheus metrics, filled from the counters at each scrape.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::counters::{Count, LATENCY_BOUNDS_US, WorkerCounters};
use crate::http::View;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// The time from upcall to execution, of all workers.
#[derive(Debug)]
struct Latency {
    sum_s: f64,
    /// Upper bound in seconds and packets of each bucket, not cumulated; the last is unbounded.
    buckets: Vec<(f64, u64)>,
}

impl EncodeMetric for Latency {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let count = self.buckets.iter().map(|(_, packets)| packets).sum();
        encoder.encode_histogram::<NoLabelSet>(self.sum_s, count, &self.buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// A counter or gauge of the workers: name, help, how to read it of one.
type Reading = (&'static str, &'static str, fn(&WorkerCounters) -> &Count);

const COUNTERS: [Reading; 16] = [
    ("upcalls", "Upcalls received", |w| &w.upcalls),
    ("upcall_overruns", "Upcalls lost because the socket's buffer was full", |w| &w.upcall_overruns),
    ("upcalls_malformed", "Messages on the upcall socket that could not be read", |w| &w.upcalls_malformed),
    ("packets_simulated", "Packets simulated", |w| &w.simulated),
    ("packets_executed", "Packets executed by the datapath for the agent", |w| &w.executed),
    ("packets_generated", "Packets made by virtual devices", |w| &w.generated),
    ("packets_parked", "Packets that had to wait for something to be known", |w| &w.parked),
    ("flows_installed", "Flows asked to be installed", |w| &w.flows_installed),
    ("flows_over_limit", "Flows not installed because the table was full", |w| &w.flows_over_limit),
    ("flows_corrected", "Flows simulated again because of a change", |w| &w.flows_corrected),
    ("flows_modified", "Flows whose actions changed", |w| &w.flows_modified),
    ("flows_removed", "Flows removed", |w| &w.flows_removed),
    ("flows_evicted", "Flows removed to make room", |w| &w.flows_evicted),
    ("flows_adopted", "Flows adopted from a former life of the agent", |w| &w.flows_adopted),
    ("flow_writes_failed", "Flow writes that the datapath refused", |w| &w.writes_failed),
    ("events_lost", "Events to the control plane that found no room", |w| &w.events_lost),
];

const GAUGES: [Reading; 2] = [
    ("flows", "Flows in the agent's tables", |w| &w.flows),
    ("packets_waiting", "Packets waiting for something to be known", |w| &w.waiting),
];

/// All metrics in OpenMetrics text.
pub(crate) fn render(view: &View) -> String {
    let mut registry = Registry::with_prefix("midspan");
    let workers = view.forwarding.worker_counters();
    for (name, help, read) in COUNTERS {
        let sum = workers.iter().map(|worker| read(worker).get()).sum::<u64>();
        registry.register(name, help, ConstCounter::new(sum));
    }
    for (name, help, read) in GAUGES {
        registry.register(name, help, gauge(workers.iter().map(|worker| read(worker).get()).sum()));
    }
    drops(&mut registry, view);
    latency(&mut registry, view);
    shared(&mut registry, view);
    control(&mut registry, view);
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => text,
        Err(error) => format!("# metrics cannot be written: {error}\n"),
    }
}

fn drops(registry: &mut Registry, view: &View) {
    let family = Family::<Reason, prometheus_client::metrics::counter::Counter>::default();
    for (reason, packets) in view.forwarding.worker_counters().iter().flat_map(|worker| worker.drops()) {
        family.get_or_create(&Reason { reason }).inc_by(packets);
    }
    registry.register("drops", "Packets dropped, by upcall or by a flow in the datapath, by reason", family);
}

fn latency(registry: &mut Registry, view: &View) {
    let workers = view.forwarding.worker_counters();
    let bounds =
        LATENCY_BOUNDS_US.iter().map(|us| Duration::from_micros(*us).as_secs_f64()).chain([f64::INFINITY]);
    let packets = |i: usize| workers.iter().map(|worker| worker.latency.buckets()[i]).sum();
    let latency = Latency {
        sum_s: workers
            .iter()
            .map(|worker| Duration::from_micros(worker.latency.sum_us()).as_secs_f64())
            .sum(),
        buckets: bounds.enumerate().map(|(i, bound)| (bound, packets(i))).collect(),
    };
    registry.register_with_unit("upcall_latency", "Time from upcall to execution", Unit::Seconds, latency);
}

fn shared(registry: &mut Registry, view: &View) {
    let shared = view.forwarding.shared_counters();
    registry.register("flow_writes", "Flow writes sent", ConstCounter::new(shared.writes.get()));
    registry.register("flow_dumps", "Flow dumps finished", ConstCounter::new(shared.dumps.get()));
    registry.register(
        "flow_dump_errors",
        "Flow dumps that failed",
        ConstCounter::new(shared.dump_errors.get()),
    );
    registry.register(
        "datapath_flows",
        "Flows in the datapath at the last dump",
        gauge(shared.datapath_flows.get()),
    );
    if let Ok(stats) = view.datapath.stats() {
        registry.register("datapath_hits", "Packets that matched a flow", ConstCounter::new(stats.hit));
        registry.register("datapath_misses", "Packets that matched no flow", ConstCounter::new(stats.missed));
        registry.register("datapath_lost", "Upcalls that the kernel dropped", ConstCounter::new(stats.lost));
        registry.register("datapath_masks", "Masks in use", gauge(stats.masks.into()));
    }
}

fn control(registry: &mut Registry, view: &View) {
    let status = view.control.borrow();
    let active = status.ports.iter().filter(|port| port.dp_port.is_some()).count();
    let count = |n: usize| gauge(u64::try_from(n).unwrap_or(u64::MAX));
    registry.register("nsdb_connected", "1 if the NSDB can be reached", gauge(status.nsdb.connected.into()));
    registry.register("nsdb_epoch", "Sessions with the NSDB so far", ConstCounter::new(status.nsdb.epoch));
    registry.register(
        "topology_version",
        "Version of the topology that has been read",
        gauge(status.nsdb.version),
    );
    registry.register("documents", "Documents held", count(status.nsdb.documents));
    registry.register("ports_bound", "Ports bound to this host", count(status.ports.len()));
    registry.register("ports_active", "Ports of this host that are active", count(active));
    registry.register("peers", "Hosts that a tunnel zone leads to", count(status.peers.len()));
    let uptime = gauge(view.started.elapsed().as_secs());
    registry.register_with_unit("uptime", "Time since the agent started", Unit::Seconds, uptime);
}

fn gauge(value: u64) -> Gauge<u64, AtomicU64> {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}
