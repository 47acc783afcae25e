//! The Local routes that router ports make for their own addresses.
//!
//! A router port has one route `0.0.0.0/0 → address/32` (or `::/0 → address/128`), next hop Local on the port, weight 0,
//! for each of its addresses. It comes with the address and goes with it; in between it is a route like any other and
//! can be deleted by hand.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::{IpNetwork, Ipv4Network, Ipv6Network};
use uuid::Uuid;

use super::Transaction;
use crate::{ModelError, NextHop, Port, PortDevice, PortId, Route, RouteId, RouterId};

impl Transaction {
    /// Makes and removes Local routes for the addresses in which `new` differs from `old`.
    pub(super) fn sync_local_routes(&mut self, old: Option<&Port>, new: &Port) -> Result<(), ModelError> {
        let before = old.map(addresses).unwrap_or_default();
        let after = addresses(new);
        for address in before.difference(&after) {
            self.drop_object(local_route_id(new.id, *address).into());
        }
        let Some(router) = new.router() else { return Ok(()) };
        for address in after.difference(&before) {
            let route = local_route(router, new.id, *address);
            if self.state.route(route.id).is_some() {
                return Err(ModelError::Duplicate(route.id.into()));
            }
            self.put_checked(route.into())?;
        }
        Ok(())
    }
}

fn addresses(port: &Port) -> BTreeSet<IpAddr> {
    match &port.device {
        PortDevice::Router { addresses, .. } => addresses.iter().map(IpNetwork::ip).collect(),
        PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => BTreeSet::new(),
    }
}

/// The route is named after the port and the address (UUID version 5 in the port's namespace, RFC 9562 §5.5), so that
/// it is found again without being marked.
fn local_route_id(port: PortId, address: IpAddr) -> RouteId {
    RouteId(Uuid::new_v5(&port.0, address.to_string().as_bytes()))
}

fn local_route(router: RouterId, port: PortId, address: IpAddr) -> Route {
    let any = match address {
        IpAddr::V4(_) => Ipv4Network::new_checked(Ipv4Addr::UNSPECIFIED, 0).map(IpNetwork::V4),
        IpAddr::V6(_) => Ipv6Network::new_checked(Ipv6Addr::UNSPECIFIED, 0).map(IpNetwork::V6),
    };
    let host = IpNetwork::from(address);
    Route {
        id: local_route_id(port, address),
        router,
        source: any.unwrap_or(host),
        destination: host,
        next_hop: NextHop::Local { port: Some(port) },
        weight: 0,
        attributes: None,
    }
}
