//! Documents in the coordinator: one root per device, with pages below it where it is large.
//!
//! A root says which version of the topology the document is current for (its *stamp*) and is only ever replaced, by
//! compare-and-put, with a higher stamp; so any server may write any document at any time, and the newest wins.
//!
//! **No ghosts.** A writer that was stopped for long must not bring back what was deleted in the meantime. So a deleted
//! document leaves a tombstone, and a document that is not there is created in two steps: first as `pending`, which readers
//! take for absent; then, if the store's `floor` is not above the writer's version, live, by compare-and-put. Tombstones
//! are collected only once `floor` has passed them. If the tombstone was collected before the first step, the writer
//! sees the floor; if it was there, the first step fails; if it came later, the second does.
//!
//! **Pages** are immutable and named by version and content; the root lists them. A writer creates the new ones, replaces
//! the root, then deletes those that the root lists no more; a reader that misses one reads the root again. Pages are
//! cut by content, so a change of one child rewrites one page.
//!
//! **Marks.** Where somebody asked for acknowledgements of a change (see [`acknowledgements`](crate::acknowledgements)),
//! the roots of the documents that it touched bear its version and the time. Later writers carry the mark on; readers take no
//! notice of it once nobody can be waiting any more.

mod pages;
mod read;
mod root;
mod runs;
mod write;

use model::DocumentKey;
use uuid::Uuid;

pub(crate) use read::{DocumentReader, Everything, Read, read_all};
pub(crate) use write::{collect_tombstone, write_document};

/// The kinds of document with their prefixes.
const KINDS: &[&str] = &[
    "bridge",
    "router",
    "chain",
    "port-group",
    "ip-addr-group",
    "host",
    "tunnel-zone",
    "mirror",
    "l2-insertion",
    "trace-request",
    "qos-policy",
    "conf",
    "vtep",
    "load-balancer",
    "pool",
    "health-monitor",
    "service-container-group",
    "service-container",
];

/// The key of a document's root.
pub(crate) fn path(key: DocumentKey) -> String {
    format!("doc/{}", place(key))
}

/// Kind and id of a document as part of a key.
pub(crate) fn place(key: DocumentKey) -> String {
    let (kind, id): (&str, Uuid) = match key {
        DocumentKey::Bridge(id) => ("bridge", id.0),
        DocumentKey::Router(id) => ("router", id.0),
        DocumentKey::Chain(id) => ("chain", id.0),
        DocumentKey::PortGroup(id) => ("port-group", id.0),
        DocumentKey::IpAddrGroup(id) => ("ip-addr-group", id.0),
        DocumentKey::Host(id) => ("host", id.0),
        DocumentKey::TunnelZone(id) => ("tunnel-zone", id.0),
        DocumentKey::LoadBalancer(id) => ("load-balancer", id.0),
        DocumentKey::Pool(id) => ("pool", id.0),
        DocumentKey::HealthMonitor(id) => ("health-monitor", id.0),
        DocumentKey::ServiceContainerGroup(id) => ("service-container-group", id.0),
        DocumentKey::ServiceContainer(id) => ("service-container", id.0),
        DocumentKey::Vtep(id) => ("vtep", id.0),
        DocumentKey::Mirror(id) => ("mirror", id.0),
        DocumentKey::L2Insertion(id) => ("l2-insertion", id.0),
        DocumentKey::TraceRequest(id) => ("trace-request", id.0),
        DocumentKey::QosPolicy(id) => ("qos-policy", id.0),
        DocumentKey::ConfDocument(id) => ("conf", id.0),
    };
    format!("{kind}/{id}")
}

/// The document of a kind's prefix and a name below it; `None` for a name that is no id.
fn key_of(kind: &str, name: &str) -> Option<DocumentKey> {
    let id: Uuid = name.parse().ok()?;
    Some(match kind {
        "bridge" => DocumentKey::Bridge(id.into()),
        "router" => DocumentKey::Router(id.into()),
        "chain" => DocumentKey::Chain(id.into()),
        "port-group" => DocumentKey::PortGroup(id.into()),
        "ip-addr-group" => DocumentKey::IpAddrGroup(id.into()),
        "host" => DocumentKey::Host(id.into()),
        "tunnel-zone" => DocumentKey::TunnelZone(id.into()),
        "load-balancer" => DocumentKey::LoadBalancer(id.into()),
        "pool" => DocumentKey::Pool(id.into()),
        "health-monitor" => DocumentKey::HealthMonitor(id.into()),
        "service-container-group" => DocumentKey::ServiceContainerGroup(id.into()),
        "service-container" => DocumentKey::ServiceContainer(id.into()),
        "vtep" => DocumentKey::Vtep(id.into()),
        "mirror" => DocumentKey::Mirror(id.into()),
        "l2-insertion" => DocumentKey::L2Insertion(id.into()),
        "trace-request" => DocumentKey::TraceRequest(id.into()),
        "qos-policy" => DocumentKey::QosPolicy(id.into()),
        "conf" => DocumentKey::ConfDocument(id.into()),
        _ => return None,
    })
}
