//! What hangs on routers and their ports: BGP, service containers, peering tables.

use proptest::option;
use proptest::prelude::*;

use super::Values;
use crate::{
    BgpNetwork, BgpPeer, ContainerPolicy, Object, Password, PeeringEntry, RouterVtep, ServiceContainer,
    ServiceContainerGroup,
};

/// BGP networks and peers, service containers and their groups, peering entries.
pub(super) fn attached(values: Values) -> impl Strategy<Value = Object> {
    prop_oneof![
        bgp_network(values).prop_map(Object::from),
        bgp_peer(values).prop_map(Object::from),
        service_container_group(values).prop_map(Object::from),
        service_container(values).prop_map(Object::from),
        peering_entry(values).prop_map(Object::from),
    ]
}

pub(super) fn router_vtep(v: Values) -> impl Strategy<Value = RouterVtep> {
    (option::of(v.number(0..1 << 24)), option::of(any::<bool>()))
        .prop_map(|(vni, off_ramp)| RouterVtep { vni, off_ramp })
}

pub(super) fn bgp_network(v: Values) -> impl Strategy<Value = BgpNetwork> {
    (v.id(), v.id(), v.prefix()).prop_map(|(id, router, subnet)| BgpNetwork { id, router, subnet })
}

pub(super) fn bgp_peer(v: Values) -> impl Strategy<Value = BgpPeer> {
    let seconds = || option::of(v.number(5..3600));
    let times = (seconds(), seconds(), seconds());
    let password = option::of(".{0,20}".prop_map(Password));
    (v.id(), v.id(), v.number(1..4), v.address(), times, password).prop_map(
        |(id, router, as_number, address, (keep_alive, hold_time, connect_retry), password)| BgpPeer {
            id,
            router,
            as_number,
            address,
            keep_alive,
            hold_time,
            connect_retry,
            password,
        },
    )
}

pub(super) fn service_container_group(v: Values) -> impl Strategy<Value = ServiceContainerGroup> {
    let policies = prop_oneof![Just(ContainerPolicy::Weighted), Just(ContainerPolicy::Least)];
    (v.id(), policies, v.optional_id()).prop_map(|(id, policy, port_group)| ServiceContainerGroup {
        id,
        policy,
        port_group,
    })
}

pub(super) fn service_container(v: Values) -> impl Strategy<Value = ServiceContainer> {
    let service_type = if v == Values::Wild { ".{0,300}" } else { "[A-Z]{1,6}" };
    let placed = (option::of(v.id()), option::of(v.id()), v.optional_id());
    (v.id(), placed, option::of(any::<u128>()), service_type).prop_map(
        |(id, (group, port, host), configuration, service_type)| ServiceContainer {
            id,
            group,
            port,
            configuration: configuration.map(uuid::Uuid::from_u128),
            service_type,
            host,
        },
    )
}

pub(super) fn peering_entry(v: Values) -> impl Strategy<Value = PeeringEntry> {
    (v.id(), v.mac(), v.address()).prop_map(|(port, mac, address)| PeeringEntry::new(port, mac, address))
}
