//! The stations that this host has learned: which of them still have flows, and which have been silent for too long.
//!
//! Pure. The workers say when a station's first flow comes and its last one goes; a station without flows is kept for a
//! while, because silence is how most stations spend their time.

use std::time::{Duration, Instant};

use model::BridgeId;
use rustc_hash::FxHashMap;

use crate::messages::Station;

/// A station without flows is forgotten after this long (MidoNet `mac_port_mapping_expire`, 15 s).
pub(crate) const SILENCE: Duration = Duration::from_secs(15);

/// Stations kept at most, whatever addresses guests send from: each is a key of the NSDB.
const CAPACITY: usize = 1 << 16;

/// What is known of a station learned here.
#[derive(Debug)]
struct Sighting {
    /// Workers that have flows from it.
    workers: u32,
    /// When it last was seen or had a flow; only counts while it has none.
    silent_since: Instant,
}

/// Every station learned on this host.
#[derive(Debug, Default)]
pub(crate) struct Stations {
    sightings: FxHashMap<Station, Sighting>,
}

impl Stations {
    /// A station was seen. False if there is no room to remember it.
    pub(crate) fn seen(&mut self, station: Station, now: Instant) -> bool {
        if let Some(sighting) = self.sightings.get_mut(&station) {
            sighting.silent_since = now;
            return true;
        }
        let has_room = self.sightings.len() < CAPACITY;
        if has_room {
            self.sightings.insert(station, Sighting { workers: 0, silent_since: now });
        }
        has_room
    }

    /// One more worker has flows from a station. True if the station was not known here: it was learned elsewhere, or has
    /// just been forgotten.
    pub(crate) fn in_use(&mut self, station: Station, now: Instant) -> bool {
        let is_new = !self.sightings.contains_key(&station);
        self.seen(station, now);
        if let Some(sighting) = self.sightings.get_mut(&station) {
            sighting.workers += 1;
        }
        is_new
    }

    /// A worker's last flow from a station is gone.
    pub(crate) fn unused(&mut self, station: Station, now: Instant) {
        if let Some(sighting) = self.sightings.get_mut(&station) {
            sighting.workers = sighting.workers.saturating_sub(1);
            sighting.silent_since = now;
        }
    }

    /// Forgets, and returns, the stations that have been silent for too long.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Station> {
        let silent =
            |s: &Sighting| s.workers == 0 && now.saturating_duration_since(s.silent_since) >= SILENCE;
        self.sightings.extract_if(|_, sighting| silent(sighting)).map(|(station, _)| station).collect()
    }

    /// Forgets the stations of bridges that are out of reach.
    pub(crate) fn retain(&mut self, in_reach: impl Fn(BridgeId) -> bool) {
        self.sightings.retain(|station, _| in_reach(station.bridge));
    }

    /// Every station, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Station> {
        self.sightings.keys()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.sightings.len()
    }
}

#[cfg(test)]
mod tests {
    use packet::MacAddr;
    use uuid::Uuid;

    use super::*;

    fn station(last: u8) -> Station {
        Station { bridge: BridgeId(Uuid::from_u128(1)), vlan: 0, mac: MacAddr([2, 0, 0, 0, 0, last]) }
    }

    #[test]
    fn a_silent_station_is_forgotten() {
        let (mut stations, start) = (Stations::default(), Instant::now());
        stations.seen(station(1), start);
        assert_eq!(stations.expire(start + SILENCE / 2), []);
        assert_eq!(stations.expire(start + SILENCE), [station(1)]);
        assert_eq!(stations.len(), 0);
    }

    #[test]
    fn a_station_with_flows_is_kept_until_it_has_been_without_for_a_while() {
        let (mut stations, start) = (Stations::default(), Instant::now());
        stations.seen(station(1), start);
        stations.in_use(station(1), start);
        assert_eq!(stations.expire(start + 10 * SILENCE), []);
        stations.unused(station(1), start + 10 * SILENCE);
        assert_eq!(stations.expire(start + 10 * SILENCE), []);
        assert_eq!(stations.expire(start + 11 * SILENCE), [station(1)]);
    }

    #[test]
    fn flows_on_two_workers_both_keep_a_station() {
        let (mut stations, start) = (Stations::default(), Instant::now());
        stations.seen(station(1), start);
        stations.in_use(station(1), start);
        stations.in_use(station(1), start);
        stations.unused(station(1), start);
        assert_eq!(stations.expire(start + 2 * SILENCE), []);
    }

    #[test]
    fn the_table_is_bounded() {
        let (mut stations, start) = (Stations::default(), Instant::now());
        for vlan in 0..=u16::MAX {
            assert!(stations.seen(Station { vlan, ..station(1) }, start));
        }
        assert_eq!((stations.seen(station(2), start), stations.seen(station(1), start)), (false, true));
    }

    #[test]
    fn stations_of_a_bridge_out_of_reach_are_forgotten_silently() {
        let mut stations = Stations::default();
        stations.seen(station(1), Instant::now());
        stations.retain(|_| false);
        assert_eq!(stations.len(), 0);
    }
}
