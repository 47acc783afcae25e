//! Bridges, routers and routes.

use super::{Checked, is_unicast};
use crate::{Bridge, Mirrors, NextHop, PortDevice, Route, Router, State};

pub(super) fn bridge(bridge: &Bridge, checked: &mut Checked) {
    checked.text("name", bridge.name.as_deref());
    checked.text("tenantId", bridge.tenant_id.as_deref());
    mirrors(&bridge.mirrors, checked);
}

pub(super) fn router(router: &Router, checked: &mut Checked) {
    checked.text("name", router.name.as_deref());
    checked.text("tenantId", router.tenant_id.as_deref());
    mirrors(&router.mirrors, checked);
}

fn mirrors(mirrors: &Mirrors, checked: &mut Checked) {
    checked.mirrors("inboundMirrorIds", &mirrors.inbound);
    checked.mirrors("outboundMirrorIds", &mirrors.outbound);
}

pub(super) fn route(route: &Route, checked: &mut Checked) {
    checked.text("attributes", route.attributes.as_deref());
    let max = i32::MAX.unsigned_abs();
    checked.require(route.weight <= max, "weight", format!("must be between 0 and {max}"));
    checked.require(
        route.source.is_ipv4() == route.destination.is_ipv4(),
        "srcNetworkAddr",
        "must be of the same IP version as dstNetworkAddr",
    );
    if let NextHop::Port { gateway: Some(gateway), .. } = route.next_hop {
        checked.require(is_unicast(gateway), "nextHopGateway", format!("{gateway} is not a unicast address"));
        checked.require(
            gateway.is_ipv4() == route.destination.is_ipv4(),
            "nextHopGateway",
            "must be of the same IP version as dstNetworkAddr",
        );
    }
}

/// The next hop port must be one of the router's own, and the gateway another machine.
pub(super) fn route_in_context(state: &State, route: &Route, checked: &mut Checked) {
    let Some(port) = route.next_hop.port().and_then(|id| state.port(id)) else { return };
    checked.require(
        port.router() == Some(route.router),
        "nextHopPort",
        format!("port {} is not a port of router {}", port.id, route.router),
    );
    if let (NextHop::Port { gateway: Some(gateway), .. }, PortDevice::Router { addresses, .. }) =
        (route.next_hop, &port.device)
    {
        checked.require(
            !addresses.iter().any(|own| own.ip() == gateway),
            "nextHopGateway",
            format!("{gateway} is the address of the next hop port itself"),
        );
    }
}
