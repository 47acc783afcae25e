//! What this host learns from packets: told to the other hosts by the tables, kept from one life of the agent to the next.
//!
//! A life that is killed leaves its entries in the tables until its session is over; one that is told to end leaves them
//! in the state directory. The next life takes both over before it serves packets. Otherwise it would depend on packets
//! to be taught again, and those of running flows never come up.

use std::net::IpAddr;
use std::time::Instant;

use model::{PortId, RouterId};
use nsdb::tables::MacKey;
use packet::MacAddr;
use simulation::{Neighbour, NeighbourId, Update};

use super::Control;
use crate::messages::Station;

impl Control {
    /// A station was seen behind a port of this host.
    pub(super) fn learn_station(&mut self, station: Station, port: PortId, now: Instant) {
        let Station { bridge, vlan, mac } = station;
        if self.tables.stations(bridge).is_none() {
            return;
        }
        if !self.stations.seen(station, now) {
            return tracing::debug!(%bridge, %mac, "too many stations: this one is not learned");
        }
        self.publisher.update(Update::MacLearned { bridge, vlan, mac, port });
        self.tell_station(station, port);
    }

    /// A station came into use by flows of this host. One that another host told of is this host's to tell of from now
    /// on: the other one may forget it at any time.
    pub(super) fn use_station(&mut self, station: Station, now: Instant) {
        let Station { bridge, vlan, mac } = station;
        if self.stations.in_use(station, now)
            && let Some(port) = self.publisher.topology().station(bridge, vlan, mac)
            && !self.is_elsewhere(port)
        {
            self.tell_station(station, port);
        }
    }

    /// A neighbour said by this port of the router who it is.
    pub(super) fn learn_neighbour(
        &mut self,
        neighbour: NeighbourId,
        mac: MacAddr,
        port: PortId,
        now: Instant,
    ) {
        let NeighbourId { router, ip } = neighbour;
        let Some(table) = self.tables.neighbours(router) else { return };
        if let Err(error) = table.set(ip, mac) {
            tracing::debug!(%router, %error, "neighbour is known on this host only");
        }
        self.resolver.handle_heard(neighbour, port, now);
        self.publisher.update(Update::ArpLearned { router, ip, mac });
    }

    /// A packet waits for a neighbour. It may have become known since the worker said so: the answer to another question
    /// would then be no news to this host, and the neighbour would seem to fail.
    pub(super) fn need_neighbour(&mut self, neighbour: NeighbourId, port: PortId, now: Instant) {
        let NeighbourId { router, ip } = neighbour;
        if self.tables.neighbours(router).is_some()
            && self.publisher.topology().neighbour(router, ip).is_none()
            && let Err(error) = self.resolver.request(neighbour, port, now)
        {
            tracing::debug!(%router, %ip, %error, "neighbour is not asked for");
        }
    }

    /// A neighbour does not answer here. What another host has heard stands.
    pub(super) fn fail_neighbour(&mut self, NeighbourId { router, ip }: NeighbourId) {
        if self.tables.neighbours(router).is_none_or(|table| table.get(&ip).is_none()) {
            self.publisher.update(Update::ArpFailed { router, ip });
        }
    }

    /// This host knows nothing of a neighbour any more. The table then says whether nobody, or another host, knows it.
    pub(super) fn forget_neighbour(&mut self, NeighbourId { router, ip }: NeighbourId) {
        let Some(table) = self.tables.neighbours(router) else { return };
        if table.get(&ip).is_none() {
            self.publisher.update(Update::ArpForgotten { router, ip });
        } else if let Err(error) = table.remove(ip) {
            tracing::debug!(%router, %error, "neighbour is not withdrawn");
        }
    }

    /// Learns anew what this host had learned in its former life, but for what another host has told since.
    pub(super) fn recall(&mut self, now: Instant) {
        for update in std::mem::take(&mut self.former) {
            match update {
                Update::MacLearned { bridge, vlan, mac, port } => {
                    let known =
                        self.tables.stations(bridge).and_then(|table| table.get(&MacKey { vlan, mac }));
                    if known.is_none_or(|known| known == port) && !self.is_elsewhere(port) {
                        self.learn_station(Station { bridge, vlan, mac }, port, now);
                    }
                }
                Update::ArpLearned { router, ip, mac } => self.recall_neighbour(router, ip, mac, now),
                // Ports are published as they are plugged in.
                _ => {}
            }
        }
    }

    fn recall_neighbour(&mut self, router: RouterId, ip: IpAddr, mac: MacAddr, now: Instant) {
        let known = self.tables.neighbours(router).and_then(|table| table.get(&ip));
        if known.is_none_or(|known| known == mac)
            && let Some(port) = self.publisher.topology().port_towards(router, ip)
        {
            self.learn_neighbour(NeighbourId { router, ip }, mac, port, now);
        }
    }

    /// Keeps what this host has learned for its next life: the tables' entries go with the session.
    pub(super) fn keep_learned(&self) {
        let topology = self.publisher.topology();
        let stations = self.stations.iter().filter_map(|&Station { bridge, vlan, mac }| {
            let port = topology.station(bridge, vlan, mac)?;
            Some(Update::MacLearned { bridge, vlan, mac, port })
        });
        let neighbours = self.resolver.known().filter_map(|NeighbourId { router, ip }| {
            let Neighbour::Resolved(mac) = topology.neighbour(router, ip)? else { return None };
            Some(Update::ArpLearned { router, ip, mac })
        });
        // What has not been recalled yet is not to be lost.
        let learned: Vec<Update> = self.former.iter().cloned().chain(stations).chain(neighbours).collect();
        if let Err(error) = self.state_dir.keep_learned(&learned) {
            tracing::warn!(%error, "stations and neighbours must be learned anew at the next start");
        }
    }

    fn tell_station(&self, Station { bridge, vlan, mac }: Station, port: PortId) {
        if let Some(table) = self.tables.stations(bridge)
            && let Err(error) = table.set(MacKey { vlan, mac }, port)
        {
            tracing::debug!(%bridge, %error, "station is known on this host only");
        }
    }

    /// True for a port that another host has plugged in: what is behind it is that host's to tell.
    fn is_elsewhere(&self, port: PortId) -> bool {
        self.publisher.topology().location(port).is_some_and(|location| location.host != self.host)
    }
}
