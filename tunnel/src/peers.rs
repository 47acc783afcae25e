//! How to reach each other host: the routes that the host's tunnel zones give.
//!
//! Both ends order candidates alike, so they choose the same zone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{HostId, TunnelZone, TunnelZoneId};

use crate::{Encapsulation, Family};

/// How frames for a peer leave this host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Route {
    /// The zone that gives it.
    pub zone: TunnelZoneId,
    /// Encapsulation of the zone.
    pub encapsulation: Encapsulation,
    /// This host's address in the zone: the outer source.
    pub local: IpAddr,
    /// The peer's address in the zone: the outer destination.
    pub remote: IpAddr,
}

/// The routes of one host to every peer that shares a usable zone with it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Peers {
    routes: BTreeMap<HostId, Route>,
}

impl Peers {
    /// Routes from `local` through these zones: preferred encapsulation first, then the lowest zone id.
    pub fn of<'a>(local: HostId, zones: impl IntoIterator<Item = &'a TunnelZone>) -> Self {
        let mut usable: Vec<(Encapsulation, &TunnelZone, IpAddr)> = zones
            .into_iter()
            .filter_map(|zone| {
                let addr = *zone.members.get(&local)?;
                is_unicast(addr).then_some((Encapsulation::of_zone(zone.kind)?, zone, addr))
            })
            .collect();
        usable.sort_by_key(|(encapsulation, zone, _)| (*encapsulation, zone.id));

        let mut routes = BTreeMap::new();
        for (encapsulation, zone, local_addr) in usable {
            for (peer, remote) in &zone.members {
                let reachable = *peer != local
                    && *remote != local_addr
                    && is_unicast(*remote)
                    && Family::of(*remote) == Family::of(local_addr);
                if reachable {
                    let route = Route { zone: zone.id, encapsulation, local: local_addr, remote: *remote };
                    routes.entry(*peer).or_insert(route);
                }
            }
        }
        Self { routes }
    }

    /// The route to a peer.
    pub fn route(&self, peer: HostId) -> Option<&Route> {
        self.routes.get(&peer)
    }

    /// Every peer with its route, by host id.
    pub fn iter(&self) -> impl Iterator<Item = (HostId, &Route)> {
        self.routes.iter().map(|(peer, route)| (*peer, route))
    }

    /// Peers whose route was added, changed or removed between `self` and `newer`.
    pub fn changed(&self, newer: &Self) -> Vec<HostId> {
        let gone_or_changed =
            self.routes.iter().filter(|(peer, route)| newer.routes.get(peer) != Some(route));
        let added = newer.routes.keys().filter(|peer| !self.routes.contains_key(peer));
        gone_or_changed.map(|(peer, _)| *peer).chain(added.copied()).collect()
    }
}

fn is_unicast(addr: IpAddr) -> bool {
    !addr.is_unspecified() && !addr.is_multicast() && !addr.is_loopback()
}

#[cfg(test)]
mod tests {
    use model::TunnelZoneType;
    use uuid::Uuid;

    use super::*;

    fn host(n: u128) -> HostId {
        HostId(Uuid::from_u128(n))
    }

    fn zone(id: u128, kind: TunnelZoneType, members: &[(u128, &str)]) -> TunnelZone {
        TunnelZone {
            id: TunnelZoneId(Uuid::from_u128(id)),
            name: format!("zone{id}"),
            kind,
            members: members.iter().map(|(n, addr)| (host(*n), addr.parse().unwrap())).collect(),
        }
    }

    #[test]
    fn vxlan_is_preferred_to_gre_and_the_lowest_zone_id_decides_between_equals() {
        let zones = [
            zone(1, TunnelZoneType::Gre, &[(1, "10.0.0.1"), (2, "10.0.0.2")]),
            zone(3, TunnelZoneType::Vxlan, &[(1, "10.3.0.1"), (2, "10.3.0.2")]),
            zone(2, TunnelZoneType::Vxlan, &[(1, "10.2.0.1"), (2, "10.2.0.2")]),
        ];
        let route = *Peers::of(host(1), &zones).route(host(2)).unwrap();
        assert_eq!(route.encapsulation, Encapsulation::Vxlan);
        assert_eq!((route.local, route.remote), ("10.2.0.1".parse().unwrap(), "10.2.0.2".parse().unwrap()));
        let back = *Peers::of(host(2), &zones).route(host(1)).unwrap();
        assert_eq!((back.zone, back.local, back.remote), (route.zone, route.remote, route.local));
    }

    #[test]
    fn unusable_zones_give_no_route() {
        let vtep = zone(1, TunnelZoneType::Vtep, &[(1, "10.0.0.1"), (2, "10.0.0.2")]);
        let families = zone(2, TunnelZoneType::Vxlan, &[(1, "10.0.0.1"), (2, "fd00::2")]);
        let foreign = zone(3, TunnelZoneType::Vxlan, &[(2, "10.0.0.2"), (3, "10.0.0.3")]);
        let same_address = zone(4, TunnelZoneType::Vxlan, &[(1, "10.0.0.1"), (2, "10.0.0.1")]);
        let unset = zone(5, TunnelZoneType::Vxlan, &[(1, "10.0.0.1"), (2, "0.0.0.0")]);
        for zone in [&vtep, &families, &foreign, &same_address, &unset] {
            assert_eq!(Peers::of(host(1), [zone]).iter().count(), 0, "{}", zone.name);
        }
    }

    #[test]
    fn a_less_preferred_zone_serves_where_the_preferred_one_cannot() {
        let zones = [
            zone(1, TunnelZoneType::Vxlan, &[(1, "10.0.0.1"), (2, "10.0.0.2")]),
            zone(2, TunnelZoneType::Gre, &[(1, "10.1.0.1"), (2, "10.1.0.2"), (3, "10.1.0.3")]),
        ];
        let peers = Peers::of(host(1), &zones);
        assert_eq!(peers.route(host(2)).unwrap().encapsulation, Encapsulation::Vxlan);
        assert_eq!(peers.route(host(3)).unwrap().encapsulation, Encapsulation::Gre);
    }

    #[test]
    fn changes_name_the_peers_that_moved_came_or_went() {
        let of = |members: &[(u128, &str)]| Peers::of(host(1), &[zone(1, TunnelZoneType::Gre, members)]);
        let before = of(&[(1, "10.0.0.1"), (2, "10.0.0.2"), (3, "10.0.0.3"), (4, "10.0.0.4")]);
        let after = of(&[(1, "10.0.0.1"), (2, "10.0.0.2"), (3, "10.0.0.33"), (5, "10.0.0.5")]);
        let mut changed = before.changed(&after);
        changed.sort();
        assert_eq!(changed, [host(3), host(4), host(5)]);
        assert!(after.changed(&after).is_empty());
    }
}
