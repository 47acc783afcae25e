//! Choosing a route: longest destination prefix, source prefix, usable port, lowest weight, and a hash of the
//! connection among equals.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use model::NextHop;
use packet::{Field, frag};
use rustc_hash::FxHasher;

use super::Walk;
use super::condition::in_prefix;
use crate::Tag;
use crate::topology::{Destination, Link, RouteEntry, Router, any_of};
use crate::trace::{RouteResult, Step, Tracer};

impl<'a, T: Tracer> Walk<'a, T> {
    /// The route for an address, or `None` if there is none.
    pub(super) fn choose_route(&mut self, router: &'a Router, addr: IpAddr) -> Option<&'a RouteEntry> {
        let id = router.config.id;
        let (mut found, decided) = router.lookup(addr);
        self.seen.ip_dst_prefix(decided);
        while let Some(destination) = found {
            let prefix = destination.value.prefix;
            self.tag(Tag::Route { router: id, prefix });
            if let Some(route) = self.best(router, destination.value) {
                let (origin, next_hop) = (route.origin, route.next_hop);
                self.trace(|| Step::RouteChosen { router: id, origin, next_hop });
                return Some(route);
            }
            found = destination.shorter();
        }
        self.tag(Tag::Route { router: id, prefix: any_of(addr) });
        None
    }

    /// The best usable route of one prefix. Routes stand in order of preference.
    fn best(&mut self, router: &Router, destination: &'a Destination) -> Option<&'a RouteEntry> {
        let mut best: Option<&RouteEntry> = None;
        let mut equals = 0u64;
        for route in &destination.routes {
            let result = match best {
                Some(best) if best.rank() != route.rank() => RouteResult::Outweighed,
                _ => self.suits(route),
            };
            self.trace(|| Step::Route {
                router: router.config.id,
                prefix: destination.prefix,
                source: route.source,
                origin: route.origin,
                weight: route.weight,
                next_hop: route.next_hop,
                result,
            });
            match result {
                RouteResult::Candidate => {
                    equals += 1;
                    best.get_or_insert(route);
                }
                RouteResult::Outweighed if !T::ENABLED => break,
                _ => {}
            }
        }
        let best = best?;
        if equals == 1 {
            return Some(best);
        }
        let chosen = self.connection_hash() % equals;
        let equal = destination.routes.iter().filter(|route| route.rank() == best.rank());
        let mut suiting = equal.filter(|route| self.suits(route) == RouteResult::Candidate);
        suiting.nth(chosen as usize)
    }

    fn suits(&mut self, route: &RouteEntry) -> RouteResult {
        if route.source.prefix() > 0 {
            let (inside, decided) = in_prefix(self.seen.ip_src(), route.source);
            self.seen.ip_src_prefix(decided);
            if !inside {
                return RouteResult::OtherSource;
            }
        }
        if self.is_usable(route.next_hop) { RouteResult::Candidate } else { RouteResult::PortUnusable }
    }

    /// A route by an exterior port needs it active; one that sends out needs the port plugged in.
    fn is_usable(&self, next_hop: NextHop) -> bool {
        let Some(id) = next_hop.port() else { return true };
        match self.topology.port(id).map(|port| port.link) {
            Some(Link::Exterior) => self.topology.location(id).is_some(),
            Some(Link::Interior { .. }) => true,
            Some(Link::Unplugged) => matches!(next_hop, NextHop::Local { .. }),
            None => false,
        }
    }

    /// The same for all packets of a connection in one direction, and on every host. Fragments go by addresses and
    /// protocol alone, or those of one datagram would part.
    fn connection_hash(&mut self) -> u64 {
        let key = self.seen.key;
        let mut hasher = FxHasher::default();
        (key.ip_src, key.ip_dst, key.ip_proto).hash(&mut hasher);
        self.seen.mask.add_all(&[Field::IpSrc, Field::IpDst, Field::IpProto]);
        if self.seen.fragment() == frag::NONE {
            (self.seen.tp_src(), self.seen.tp_dst()).hash(&mut hasher);
        }
        hasher.finish() >> 32
    }
}
