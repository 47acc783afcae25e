//! Documents, changes and log entries of any content, valid or not.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::object::{bridge, chain, host, ip_addr_group, port, port_group, route, router, tunnel_zone};
use super::rule::rule;
use super::{Values, object};
use crate::{
    BridgeDocument, ChainDocument, Change, DeviceId, Document, Effect, Fate, HostBinding, HostDocument,
    LogEntry, PortEntry, RouterDocument,
};

/// A put or delete of any object.
pub fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        object(Values::Wild).prop_map(Change::Put),
        object(Values::Wild).prop_map(|object| Change::Delete(object.key())),
    ]
}

/// A log entry with any changes.
pub fn log_entry() -> impl Strategy<Value = LogEntry> {
    let changes = vec((change(), effect()), 0..4);
    let acknowledge = btree_set(document().prop_map(|document| document.key()), 0..3);
    (any::<u64>(), changes, ".{0,20}", any::<u64>(), acknowledge).prop_map(
        |(version, changes, author, committed_at_ms, acknowledge)| {
            let (changes, effects) = changes.into_iter().unzip();
            LogEntry { version, changes, effects, author, committed_at_ms, acknowledge }
        },
    )
}

fn effect() -> impl Strategy<Value = Effect> {
    let fate = prop_oneof![Just(Fate::Created), Just(Fate::Updated), Just(Fate::Deleted)];
    let tenant = || option::of("[ab]{0,2}");
    (fate, tenant(), tenant()).prop_map(|(fate, before, after)| Effect { fate, before, after })
}

/// A document of any kind whose parts need not fit each other.
pub fn document() -> impl Strategy<Value = Document> {
    let v = Values::Wild;
    prop_oneof![
        (bridge(v), vec(port_entry(), 0..4))
            .prop_map(|(bridge, ports)| Document::Bridge(BridgeDocument { bridge, ports })),
        (router(v), vec(port_entry(), 0..4), vec(route(v), 0..4)).prop_map(|(router, ports, routes)| {
            Document::Router(RouterDocument { router, ports, routes })
        }),
        (chain(v), vec(rule(v), 0..4))
            .prop_map(|(chain, rules)| Document::Chain(ChainDocument { chain, rules })),
        port_group(v).prop_map(Document::PortGroup),
        ip_addr_group(v).prop_map(Document::IpAddrGroup),
        (host(v), vec(host_binding(), 0..4), vec(v.id(), 0..4)).prop_map(|(host, bindings, tunnel_zones)| {
            Document::Host(HostDocument { host, bindings, tunnel_zones })
        }),
        tunnel_zone(v).prop_map(Document::TunnelZone),
    ]
}

fn device_id() -> impl Strategy<Value = DeviceId> {
    let v = Values::Wild;
    prop_oneof![v.id().prop_map(DeviceId::Bridge), v.id().prop_map(DeviceId::Router)]
}

fn port_entry() -> impl Strategy<Value = PortEntry> {
    (port(Values::Wild), option::of(device_id()))
        .prop_map(|(port, peer_device)| PortEntry { port, peer_device })
}

fn host_binding() -> impl Strategy<Value = HostBinding> {
    (Values::Wild.id(), device_id(), ".{0,15}").prop_map(|(port, device, interface)| HostBinding {
        port,
        device,
        interface,
    })
}
