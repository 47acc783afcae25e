//! Bridges, routers and routes.

use super::field::{
    FieldError, address, address_bytes, id, id_bytes, ids, ids_bytes, optional_id, prefix, prefix_message,
};
use super::wire::topology as wire;
use super::wire::topology::route::NextHop as WireHop;
use crate::{Bridge, Mirrors, NextHop, Route, Router};

impl From<&Bridge> for wire::Bridge {
    fn from(bridge: &Bridge) -> Self {
        Self {
            id: id_bytes(bridge.id),
            tenant_id: bridge.tenant_id.clone(),
            name: bridge.name.clone(),
            admin_state_up: bridge.admin_state_up,
            inbound_filter: bridge.inbound_filter.map(id_bytes),
            outbound_filter: bridge.outbound_filter.map(id_bytes),
            inbound_mirrors: ids_bytes(&bridge.mirrors.inbound),
            outbound_mirrors: ids_bytes(&bridge.mirrors.outbound),
            qos_policy: bridge.qos_policy.map(id_bytes),
        }
    }
}

impl TryFrom<wire::Bridge> for Bridge {
    type Error = FieldError;

    fn try_from(bridge: wire::Bridge) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &bridge.id)?,
            tenant_id: bridge.tenant_id,
            name: bridge.name,
            admin_state_up: bridge.admin_state_up,
            inbound_filter: optional_id("inbound_filter", bridge.inbound_filter.as_deref())?,
            outbound_filter: optional_id("outbound_filter", bridge.outbound_filter.as_deref())?,
            mirrors: mirrors(&bridge.inbound_mirrors, &bridge.outbound_mirrors)?,
            qos_policy: optional_id("qos_policy", bridge.qos_policy.as_deref())?,
        })
    }
}

impl From<&Router> for wire::Router {
    fn from(router: &Router) -> Self {
        Self {
            id: id_bytes(router.id),
            tenant_id: router.tenant_id.clone(),
            name: router.name.clone(),
            admin_state_up: router.admin_state_up,
            inbound_filter: router.inbound_filter.map(id_bytes),
            outbound_filter: router.outbound_filter.map(id_bytes),
            load_balancer: router.load_balancer.map(id_bytes),
            as_number: router.as_number,
            forward_chain: router.forward_chain.map(id_bytes),
            local_redirect_chain: router.local_redirect_chain.map(id_bytes),
            inbound_mirrors: ids_bytes(&router.mirrors.inbound),
            outbound_mirrors: ids_bytes(&router.mirrors.outbound),
        }
    }
}

impl TryFrom<wire::Router> for Router {
    type Error = FieldError;

    fn try_from(router: wire::Router) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &router.id)?,
            tenant_id: router.tenant_id,
            name: router.name,
            admin_state_up: router.admin_state_up,
            inbound_filter: optional_id("inbound_filter", router.inbound_filter.as_deref())?,
            outbound_filter: optional_id("outbound_filter", router.outbound_filter.as_deref())?,
            load_balancer: optional_id("load_balancer", router.load_balancer.as_deref())?,
            as_number: router.as_number,
            forward_chain: optional_id("forward_chain", router.forward_chain.as_deref())?,
            local_redirect_chain: optional_id(
                "local_redirect_chain",
                router.local_redirect_chain.as_deref(),
            )?,
            mirrors: mirrors(&router.inbound_mirrors, &router.outbound_mirrors)?,
        })
    }
}

fn mirrors(inbound: &[Vec<u8>], outbound: &[Vec<u8>]) -> Result<Mirrors, FieldError> {
    Ok(Mirrors { inbound: ids("inbound_mirrors", inbound)?, outbound: ids("outbound_mirrors", outbound)? })
}

impl From<&Route> for wire::Route {
    fn from(route: &Route) -> Self {
        Self {
            id: id_bytes(route.id),
            router: id_bytes(route.router),
            source: Some(prefix_message(route.source)),
            destination: Some(prefix_message(route.destination)),
            next_hop: Some((&route.next_hop).into()),
            weight: route.weight,
            attributes: route.attributes.clone(),
        }
    }
}

impl TryFrom<wire::Route> for Route {
    type Error = FieldError;

    fn try_from(route: wire::Route) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &route.id)?,
            router: id("router", &route.router)?,
            source: prefix("source", route.source.as_ref())?,
            destination: prefix("destination", route.destination.as_ref())?,
            next_hop: route.next_hop.ok_or_else(|| FieldError::unknown("next_hop"))?.try_into()?,
            weight: route.weight,
            attributes: route.attributes,
        })
    }
}

impl From<&NextHop> for WireHop {
    fn from(hop: &NextHop) -> Self {
        match *hop {
            NextHop::Port { port, gateway } => {
                Self::Port(wire::PortHop { port: id_bytes(port), gateway: gateway.map(address_bytes) })
            }
            NextHop::Local { port } => Self::Local(wire::LocalHop { port: port.map(id_bytes) }),
            NextHop::Blackhole => Self::Discard(wire::Discard::Blackhole.into()),
            NextHop::Reject => Self::Discard(wire::Discard::Reject.into()),
        }
    }
}

impl TryFrom<WireHop> for NextHop {
    type Error = FieldError;

    fn try_from(hop: WireHop) -> Result<Self, FieldError> {
        Ok(match hop {
            WireHop::Port(hop) => Self::Port {
                port: id("next_hop.port", &hop.port)?,
                gateway: hop.gateway.map(|a| address("next_hop.gateway", &a)).transpose()?,
            },
            WireHop::Local(hop) => Self::Local { port: optional_id("next_hop.port", hop.port.as_deref())? },
            WireHop::Discard(how) => match wire::Discard::try_from(how) {
                Ok(wire::Discard::Blackhole) => Self::Blackhole,
                Ok(wire::Discard::Reject) => Self::Reject,
                Ok(wire::Discard::Unspecified) | Err(_) => {
                    return Err(FieldError::unknown("next_hop.discard"));
                }
            },
        })
    }
}
