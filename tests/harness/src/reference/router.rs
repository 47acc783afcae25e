//! Routers, plainly.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::IpNetwork;
use model::{DeviceId, NextHop, Port, PortDevice, PortId, RouteId, Router, RouterId};
use packet::{MacAddr, frag, ip_proto, v4_addr};
use simulation::{DropReason, Need};

use super::chain::Refusal;
use super::{Copy, Lesson, Reference, Stop, Walked};

/// A route, configured or implied.
#[derive(Clone)]
struct Candidate {
    id: Option<RouteId>,
    source: IpNetwork,
    destination: IpNetwork,
    next_hop: NextHop,
    weight: u32,
    /// Of implied ones, the port; keeps the order.
    order: (u8, uuid::Uuid),
}

pub(super) fn addresses(port: &Port) -> &[IpNetwork] {
    match &port.device {
        PortDevice::Router { addresses, .. } => addresses,
        PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => &[],
    }
}

fn mac_of(port: &Port) -> MacAddr {
    match port.device {
        PortDevice::Router { mac, .. } => mac,
        PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => MacAddr::ZERO,
    }
}

impl Reference<'_> {
    pub(super) fn router(&mut self, id: RouterId, input: &Port, mut copy: Copy) -> Walked {
        match copy.vids.first() {
            Some(0) => drop(copy.vids.remove(0)),
            Some(_) => return self.drop(DropReason::VlanMismatch(input.id)),
            None => {}
        }
        let broadcast_arp = copy.key.is_arp() && copy.dst == MacAddr::BROADCAST;
        if copy.dst != mac_of(input) && !broadcast_arp {
            return self.drop(DropReason::NotForRouter(input.id));
        }
        if !input.admin_state_up {
            return self.refuse(input, &copy, DropReason::PortDown(input.id));
        }
        if let Some(refusal) = self.filter(input.inbound_filter, Some(input), None, &copy)? {
            return self.refusal(input, &copy, &refusal);
        }
        let router = self.state.router(id).expect("a port's router exists").clone();
        if !router.admin_state_up {
            return self.refuse(input, &copy, DropReason::RouterDown(id));
        }
        if copy.key.is_arp() {
            return self.arp(&router, input, &copy);
        }
        if !copy.key.is_ipv4() {
            return self.drop(DropReason::UnsupportedProtocol(id));
        }
        if let Some(refusal) = self.filter(router.inbound_filter, Some(input), None, &copy)? {
            return self.refusal(input, &copy, &refusal);
        }
        let (src, dst) = (v4_addr(&copy.key.ip_src), v4_addr(&copy.key.ip_dst));
        let Some(route) = self.choose(id, src, dst) else {
            return self.refuse(input, &copy, DropReason::NoRoute(id));
        };
        match route.next_hop {
            NextHop::Local { .. } => self.local(&router, input, &copy),
            NextHop::Blackhole => self.drop(DropReason::RouteBlackhole(route.id.expect("configured"))),
            NextHop::Reject => {
                self.refuse(input, &copy, DropReason::RouteReject(route.id.expect("configured")))
            }
            NextHop::Port { port, gateway } => self.forward_by(&router, input, port, gateway, copy),
        }
    }

    fn local(&mut self, router: &Router, input: &Port, copy: &Copy) -> Walked {
        if let Some(refusal) = self.filter(router.local_redirect_chain, Some(input), None, copy)? {
            return self.refusal(input, copy, &refusal);
        }
        let key = &copy.key;
        let is_ping = key.ip_proto == ip_proto::ICMP && (key.tp_src, key.tp_dst) == (8, 0);
        if !is_ping || key.ip_frag != frag::NONE {
            return self.drop(DropReason::LocalUnserved(router.id));
        }
        self.answer(input);
        self.consumed = true;
        Ok(())
    }

    fn forward_by(
        &mut self,
        router: &Router,
        input: &Port,
        out: PortId,
        gateway: Option<IpAddr>,
        mut copy: Copy,
    ) -> Walked {
        let out = self.state.port(out).expect("a usable port exists").clone();
        if copy.ttl <= 1 {
            return self.refuse(input, &copy, DropReason::TtlExceeded(router.id));
        }
        for chain in [router.forward_chain, router.outbound_filter] {
            if let Some(refusal) = self.filter(chain, Some(input), Some(&out), &copy)? {
                return self.refusal(input, &copy, &refusal);
            }
        }
        let dst = v4_addr(&copy.key.ip_dst);
        let target = gateway.unwrap_or(IpAddr::V4(dst));
        let mac = match self.mac_by_cable(&out, target) {
            Some(mac) => Some(mac),
            None if gateway.is_none() && is_subnet_broadcast(&out, dst) => {
                return self.drop(DropReason::NeighbourUnresolved(router.id));
            }
            None => match self.learned.neighbours.get(&(router.id, target)) {
                Some(known) => *known,
                None => {
                    let (router, port) = (router.id, out.id);
                    return Err(Stop::Needs(Need::Arp { router, port, target }));
                }
            },
        };
        let Some(mac) = mac else {
            return self.refuse(input, &copy, DropReason::NeighbourUnresolved(router.id));
        };
        let arrived = copy.clone();
        (copy.src, copy.dst) = (mac_of(&out), mac);
        copy.ttl -= 1;
        if !out.admin_state_up {
            return self.refuse(input, &arrived, DropReason::PortDown(out.id));
        }
        if let Some(refusal) = self.filter(out.outbound_filter, Some(input), Some(&out), &copy)? {
            return self.refusal(input, &arrived, &refusal);
        }
        self.emit(&out, copy)
    }

    /// The address of a router port that is cabled to `out`, directly or by a bridge.
    fn mac_by_cable(&self, out: &Port, target: IpAddr) -> Option<MacAddr> {
        let peer = self.state.port(out.peer?)?;
        let Some(bridge) = peer.bridge() else { return Some(mac_of(peer)) };
        let mut ports = self.state.device_ports(DeviceId::Bridge(bridge));
        let first = ports.find(|port| self.has_ip_behind(port, target))?;
        let owner = self.router_behind(first).filter(|_| first.id != peer.id)?;
        Some(mac_of(owner))
    }

    fn arp(&mut self, router: &Router, input: &Port, copy: &Copy) -> Walked {
        let key = &copy.key;
        let (spa, tpa) = (v4_addr(&key.ip_src), v4_addr(&key.ip_dst));
        let sender_ok = key.arp_sha.0[0] & 1 == 0 && key.arp_sha != MacAddr::ZERO;
        if !(key.ip_proto == 1 || key.ip_proto == 2) || !sender_ok {
            return self.drop(DropReason::Malformed);
        }
        let own = |ip: Ipv4Addr| addresses(input).iter().any(|a| a.ip() == IpAddr::V4(ip));
        let entry = self.learned.neighbours.get(&(router.id, IpAddr::V4(spa)));
        let news = entry != Some(&Some(key.arp_sha)) || key.ip_proto == 2;
        let lesson = Lesson::Neighbour(router.id, input.id, IpAddr::V4(spa), key.arp_sha);
        if spa == tpa {
            if entry.is_some() && news && !own(spa) {
                self.lessons.insert(lesson);
            }
        } else {
            let local = own(tpa)
                || self
                    .choose(router.id, spa, tpa)
                    .is_some_and(|route| matches!(route.next_hop, NextHop::Local { .. }));
            if !local {
                return self.drop(DropReason::NotForRouter(input.id));
            }
            let near = addresses(input).iter().any(|a| a.contains(IpAddr::V4(spa)));
            if spa != Ipv4Addr::UNSPECIFIED && !own(spa) && news && (near || key.ip_proto == 2) {
                self.lessons.insert(lesson);
            }
            if key.ip_proto == 1 {
                self.answer(input);
            }
        }
        self.consumed = true;
        Ok(())
    }

    fn choose(&mut self, router: RouterId, src: Ipv4Addr, dst: Ipv4Addr) -> Option<Candidate> {
        let (src, dst) = (IpAddr::V4(src), IpAddr::V4(dst));
        let mut fitting: Vec<Candidate> = self
            .candidates(router)
            .into_iter()
            .filter(|c| c.destination.contains(dst))
            .filter(|c| c.source.prefix() == 0 || c.source.contains(src))
            .filter(|c| self.usable(c.next_hop))
            .collect();
        let longest = fitting.iter().map(|c| c.destination.prefix()).max()?;
        fitting.retain(|c| c.destination.prefix() == longest);
        let rank = |c: &Candidate| (c.order.0, if c.order.0 == 0 { c.weight } else { 0 });
        let best = fitting.iter().map(rank).min()?;
        fitting.retain(|c| rank(c) == best);
        fitting.sort_by_key(|c| c.order);
        let mut pick = 0;
        if fitting.len() > 1 {
            pick = self.script.get(self.choices.len()).copied().unwrap_or(0);
            self.choices.push(fitting.len());
        }
        Some(fitting.swap_remove(pick))
    }

    fn candidates(&self, router: RouterId) -> Vec<Candidate> {
        let mut all = Vec::new();
        for route in self.state.router_routes(router) {
            all.push(Candidate {
                id: Some(route.id),
                source: route.source,
                destination: route.destination,
                next_hop: route.next_hop,
                weight: route.weight,
                order: (0, route.id.0),
            });
        }
        for port in self.state.device_ports(DeviceId::Router(router)) {
            for address in addresses(port) {
                let any: IpNetwork = "0.0.0.0/0".parse().expect("a prefix");
                let implied = |destination, next_hop| Candidate {
                    id: None,
                    source: any,
                    destination,
                    next_hop,
                    weight: 0,
                    order: (1, port.id.0),
                };
                all.push(implied(IpNetwork::from(address.ip()), NextHop::Local { port: Some(port.id) }));
                if address.prefix() < 32 {
                    all.push(implied(*address, NextHop::Port { port: port.id, gateway: None }));
                }
            }
        }
        all
    }

    fn usable(&self, next_hop: NextHop) -> bool {
        let Some(id) = next_hop.port() else { return true };
        let Some(port) = self.state.port(id) else { return false };
        match (port.peer, &port.binding) {
            (Some(_), _) => true,
            (None, Some(_)) => self.learned.active.contains(&id),
            (None, None) => matches!(next_hop, NextHop::Local { .. }),
        }
    }

    fn refusal(&mut self, input: &Port, copy: &Copy, refusal: &Refusal) -> Walked {
        match refusal {
            Refusal::Drop(_) | Refusal::Unchanged(_) => self.drop(refusal.drop_reason()),
            Refusal::Reject(_) => self.refuse(input, copy, refusal.drop_reason()),
        }
    }

    /// Drops with an ICMP error, unless RFC 1812 §4.3.2.7 forbids one.
    fn refuse(&mut self, input: &Port, copy: &Copy, reason: DropReason) -> Walked {
        let key = &copy.key;
        if key.is_ipv4() {
            let (src, dst) = (v4_addr(&key.ip_src), v4_addr(&key.ip_dst));
            let odd_source = src.is_unspecified()
                || src.is_loopback()
                || src.is_multicast()
                || src.octets()[0] >= 240
                || is_subnet_broadcast(input, src);
            let many = dst.is_multicast()
                || dst.is_broadcast()
                || is_subnet_broadcast(input, dst)
                || copy.dst.0[0] & 1 == 1;
            let error = key.ip_proto == ip_proto::ICMP
                && key.ip_frag != frag::LATER
                && [3, 4, 5, 11, 12].contains(&key.tp_src);
            if !odd_source && !many && !error && key.ip_frag != frag::LATER {
                self.answer(input);
            }
        }
        self.drop(reason)
    }
}

fn is_subnet_broadcast(port: &Port, ip: Ipv4Addr) -> bool {
    addresses(port).iter().any(|a| matches!(a, IpNetwork::V4(n) if n.prefix() < 31 && n.broadcast() == ip))
}
