//! The control plane of the agent: one tokio task that knows what this host needs to know, and tells the workers.
//!
//! ```text
//!  documents (Interest) ─┐                      ┌─▶ Snapshot + tags ──▶ workers
//!  state tables ─────────┤                      ├─▶ datapath ports, tunnel devices
//!  interfaces, vports ───┼─▶ Control::settle ───┼─▶ active ports, stations, neighbours ──▶ NSDB
//!  workers' events ──────┤                      ├─▶ ARP requests ──▶ workers
//!  time ─────────────────┘                      ├─▶ acknowledgements, where asked for ──▶ NSDB
//!                                               └─▶ status
//! ```
//!
//! Inputs only note what changed; `settle` then does what follows from all of it. A burst of inputs is settled once.

mod cabling;
mod learned;
mod library;
mod ports;
mod publisher;
mod receipts;
mod removals;
mod stations;
mod status;
mod tables;
mod underlay;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datapath::Datapath;
use datapath::links::Interface;
use model::{DeviceId, Document, DocumentKey, HostId};
use nsdb::acknowledgements::Acknowledgements;
use nsdb::coordinator::Coordinator;
use nsdb::interest::{self, Interest};
use nsdb::presence::{Presence, Standing, register_host};
use nsdb::tables::MacKey;
use simulation::{Need, NeighbourId, Resolver, ResolverEvent, Update};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use self::cabling::Interfaces;
use self::library::Library;
use self::ports::LocalPorts;
pub(crate) use self::publisher::Publisher;
use self::receipts::Receipts;
use self::stations::Stations;
pub use self::status::{ControlStatus, NsdbStatus, PeerStatus, PortStatus};
use self::tables::{News, Tables};
use self::underlay::Underlay;
use crate::host_state;
use crate::messages::{Event, Station};
use crate::state_dir::StateDir;
use crate::writer::Writes;

/// Inputs taken at most before settling, so that a steady stream cannot put settling off.
const BURST: usize = 1024;
/// Silent stations, refused interfaces and the like are looked at this often.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Pause between two attempts to register this host again.
const REGISTER_AGAIN: Duration = Duration::from_millis(500);

/// Every interface of the host's network namespace by name.
pub(crate) type InterfaceMap = Arc<BTreeMap<String, Interface>>;

/// What the control plane listens to besides the NSDB.
pub(crate) struct Inputs {
    /// What workers ask and report.
    pub events: mpsc::Receiver<Event>,
    /// The interfaces there are.
    pub interfaces: watch::Receiver<InterfaceMap>,
    /// Ports of the datapath came or went by another's hand.
    pub vports: Arc<Notify>,
}

/// What the control plane works with.
pub(crate) struct Parts {
    /// The host's name.
    pub name: Arc<str>,
    pub coordinator: Arc<dyn Coordinator>,
    pub datapath: Arc<dyn Datapath>,
    pub state_dir: Arc<StateDir>,
    pub presence: Presence,
    pub publisher: Publisher,
    /// Set once everything that the host needs has been read for the first time.
    pub in_sync: watch::Sender<bool>,
    pub status: watch::Sender<ControlStatus>,
}

/// How the last comparison of bindings with the datapath's ports went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cabling {
    /// The bindings are not known yet.
    Untried,
    /// What is bound and there is in the datapath.
    Done,
    /// The datapath's ports could not be read.
    Failed,
}

/// The control plane.
pub(crate) struct Control {
    host: HostId,
    name: Arc<str>,
    coordinator: Arc<dyn Coordinator>,
    presence: Presence,
    publisher: Publisher,
    in_sync: watch::Sender<bool>,
    status: watch::Sender<ControlStatus>,
    interest: Interest,
    library: Library,
    tables: Tables,
    ports: LocalPorts,
    underlay: Underlay,
    stations: Stations,
    resolver: Resolver,
    state_dir: Arc<StateDir>,
    /// What this host had learned in its former life, until everything is read and it is learned anew.
    former: Vec<Update>,
    receipts: Receipts,
    acknowledgements: Acknowledgements,
    interfaces: InterfaceMap,
    /// Documents changed since the last settling.
    library_due: bool,
    /// Tunnel zones or datapath ports changed since the last settling.
    underlay_due: bool,
    /// Bindings, interfaces or datapath ports changed since the last settling.
    cabling_due: bool,
    cabling: Cabling,
    /// Ports were plugged in or out, or tables opened, since the last settling.
    publication_due: bool,
    housekeeping_at: Instant,
    /// The datapath has been deleted: this process cannot go on.
    lost: Option<datapath::Error>,
}

impl Control {
    /// Runs until cancelled. Leaves datapath and flows in place, and what it has learned in the state directory.
    ///
    /// # Errors
    /// [`datapath::Error::NoSuchDatapath`] once somebody has deleted the datapath: upcall sockets serve it no more.
    pub(crate) async fn run(
        parts: Parts,
        mut inputs: Inputs,
        shutdown: CancellationToken,
    ) -> datapath::Result<()> {
        let (interest, mut documents) = Interest::new(Arc::clone(&parts.coordinator));
        let (tables, mut news) = Tables::new(Arc::clone(&parts.coordinator));
        let mut control = Self::new(parts, interest, tables, inputs.interfaces.borrow_and_update().clone());
        let mut standing = control.presence.standing();
        control.settle(Instant::now());
        loop {
            let wake = tokio::time::sleep_until(control.next_deadline().into());
            tokio::select! {
                Some(event) = documents.recv() => control.on_document(event),
                Some(said) = news.recv() => control.on_news(said),
                Some(event) = inputs.events.recv() => control.on_worker(event, Instant::now()),
                Ok(()) = inputs.interfaces.changed() => {
                    let interfaces = inputs.interfaces.borrow_and_update().clone();
                    control.on_interfaces(interfaces);
                }
                () = inputs.vports.notified() => control.on_vports(),
                Ok(()) = standing.changed() => on_standing(&standing.borrow_and_update()),
                () = wake => {}
                () = shutdown.cancelled() => {
                    control.keep_learned();
                    return Ok(());
                }
            }
            for _ in 0..BURST {
                if let Ok(event) = documents.try_recv() {
                    control.on_document(event);
                } else if let Ok(said) = news.try_recv() {
                    control.on_news(said);
                } else if let Ok(event) = inputs.events.try_recv() {
                    control.on_worker(event, Instant::now());
                } else {
                    break;
                }
            }
            control.settle(Instant::now());
            if let Some(lost) = control.lost.take() {
                return Err(lost);
            }
        }
    }

    fn new(parts: Parts, interest: Interest, tables: Tables, interfaces: InterfaceMap) -> Self {
        let host = parts.publisher.host();
        let former = parts.state_dir.take_learned(stations::SILENCE);
        let acknowledgements = Acknowledgements::new(Arc::clone(&parts.coordinator), host);
        Self {
            host,
            name: parts.name,
            coordinator: parts.coordinator,
            presence: parts.presence,
            publisher: parts.publisher,
            in_sync: parts.in_sync,
            status: parts.status,
            interest,
            library: Library::new(host),
            tables,
            ports: LocalPorts::new(host, Arc::clone(&parts.datapath), Arc::clone(&parts.state_dir)),
            underlay: Underlay::new(host, parts.datapath),
            stations: Stations::default(),
            resolver: Resolver::default(),
            state_dir: parts.state_dir,
            former,
            receipts: Receipts::default(),
            acknowledgements,
            interfaces,
            library_due: true,
            underlay_due: false,
            cabling_due: true,
            cabling: Cabling::Untried,
            publication_due: true,
            housekeeping_at: Instant::now(),
            lost: None,
        }
    }

    // === inputs ===

    fn on_document(&mut self, event: interest::Event) {
        let (key, version, acknowledge, document) = match event {
            interest::Event::Loaded { key, version, acknowledge, document }
            | interest::Event::Changed { key, version, acknowledge, document } => {
                (key, version, acknowledge, Some(document))
            }
            interest::Event::Gone { key } => (key, 0, 0, None),
        };
        self.publisher.reached(version);
        let gone = document.is_none();
        if self.library.put(key, document.clone()) {
            self.receipts.asked(key, version, acknowledge);
            self.publisher.update(match document {
                Some(document) => Update::Put(Document::clone(&document)),
                None => Update::Removed(key),
            });
            self.library_due = true;
            if gone {
                self.receipts.forget(key);
                // Tables of a device close with it, even if it comes back at once.
                self.settle_library();
            }
            if gone && key == DocumentKey::Host(self.host) {
                self.register();
            }
            self.cabling_due |= key == DocumentKey::Host(self.host);
            self.underlay_due |= matches!(key, DocumentKey::Host(_) | DocumentKey::TunnelZone(_));
        }
    }

    /// Hosts can be deleted while they are not alive; this one is back. Costs one look if nothing was deleted.
    fn register(&self) {
        let (coordinator, host, name) = (Arc::clone(&self.coordinator), self.host, Arc::clone(&self.name));
        tokio::spawn(async move {
            while let Err(error) = register_host(&coordinator, host, &name).await {
                if !error.is_outage() {
                    return tracing::error!(%error, "this host cannot be registered again");
                }
                tokio::time::sleep(REGISTER_AGAIN).await;
            }
        });
    }

    fn on_news(&mut self, news: News) {
        let Some(News { updates, inherited, .. }) = self.tables.take(news) else { return };
        for update in updates {
            if let Update::ArpLearned { router, ip, .. } = update {
                self.resolver.handle_known_elsewhere(NeighbourId { router, ip });
            }
            self.publisher.update(update);
        }
        if !*self.in_sync.borrow() {
            self.former.extend(inherited);
        }
    }

    fn on_interfaces(&mut self, interfaces: InterfaceMap) {
        self.interfaces = interfaces;
        self.cabling_due = true;
    }

    fn on_vports(&mut self) {
        self.underlay_due = true;
        self.cabling_due = true;
    }

    fn on_worker(&mut self, event: Event, now: Instant) {
        match event {
            Event::Needed(Need::Arp { router, port, target }) => {
                self.need_neighbour(NeighbourId { router, ip: target }, port, now);
            }
            // Every document in reach is asked for as soon as it is named; the packet waits for that.
            Event::Needed(Need::Document(_)) => {}
            Event::MacSeen { station, port } => self.learn_station(station, port, now),
            Event::MacInUse(station) => self.use_station(station, now),
            Event::Corrected { worker, round } => self.on_corrected(worker, round),
            Event::MacUnused(station) => self.stations.unused(station, now),
            Event::ArpSeen { router, ip, mac, port } => {
                self.learn_neighbour(NeighbourId { router, ip }, mac, port, now);
            }
        }
    }

    fn on_corrected(&mut self, worker: usize, round: u64) {
        let Some(documents) = self.receipts.confirmed(worker, round) else { return };
        match tokio::task::block_in_place(|| self.publisher.catch_up()) {
            Writes::Done => self.acknowledgements.acknowledge(documents),
            Writes::Refused => self.receipts.again(documents),
        }
    }

    // === settling ===

    fn settle(&mut self, now: Instant) {
        if std::mem::take(&mut self.library_due) {
            self.settle_library();
        }
        if std::mem::take(&mut self.underlay_due) {
            self.settle_underlay();
        }
        if std::mem::take(&mut self.cabling_due) {
            self.settle_cabling();
        }
        if std::mem::take(&mut self.publication_due) {
            for update in self.ports.publish(&self.tables) {
                self.publisher.update(update);
            }
        }
        let synced = !*self.in_sync.borrow()
            && self.library.is_complete()
            && self.tables.are_loaded()
            && self.cabling == Cabling::Done;
        if synced {
            self.recall(now);
        }
        // What is asked for now is simulated against what is known now.
        self.publisher.publish();
        self.settle_neighbours(now);
        if now >= self.housekeeping_at {
            self.housekeeping_at = now + HOUSEKEEPING;
            self.housekeep(now);
        }
        self.publisher.publish();
        if synced {
            self.in_sync.send_replace(true);
            self.publisher.adopt_flows();
        }
        if *self.in_sync.borrow() {
            self.settle_receipts();
        }
    }

    fn settle_library(&mut self) {
        let reach = self.library.reach();
        for key in reach.wanted {
            self.interest.want(key);
        }
        for key in reach.dropped {
            self.interest.drop(key);
            self.receipts.forget(key);
            self.publisher.update(Update::Removed(key));
        }
        let devices = self.library.devices();
        self.tables.follow(&devices);
        self.resolver.retain(|neighbour| devices.contains(&DeviceId::Router(neighbour.router)));
        self.stations.retain(|bridge| devices.contains(&DeviceId::Bridge(bridge)));
        self.publication_due = true;
    }

    fn settle_underlay(&mut self) {
        let ways = tokio::task::block_in_place(|| self.underlay.reconcile(self.library.tunnel_zones()));
        self.publisher.set_underlay(ways.peers, ways.tunnels);
    }

    /// Until the bindings are known nothing is touched: ports of a former life keep forwarding.
    fn settle_cabling(&mut self) {
        self.presence.publish(host_state::of(&self.interfaces, self.underlay.names()));
        let Some(bindings) = self.library.bindings() else { return };
        let interfaces: Interfaces =
            self.interfaces.values().map(|i| (i.name.clone(), i.up && i.carrier)).collect();
        let spared = self.underlay.names();
        match tokio::task::block_in_place(|| self.ports.reconcile(bindings, &interfaces, spared)) {
            Ok(changed) => {
                if changed {
                    self.publication_due = true;
                    self.publisher.set_ports(self.ports.local());
                }
            }
            Err(error @ datapath::Error::NoSuchDatapath(_)) => self.lost = Some(error),
            Err(error) => {
                if std::mem::replace(&mut self.cabling, Cabling::Failed) != Cabling::Failed {
                    tracing::error!(%error, "the datapath's ports cannot be read; trying again every second");
                }
                return;
            }
        }
        self.cabling = Cabling::Done;
    }

    fn settle_neighbours(&mut self, now: Instant) {
        while let Some(event) = self.resolver.poll(now) {
            match event {
                ResolverEvent::Ask { port, neighbour } => {
                    let request = self.publisher.topology().arp_request(port, neighbour.ip);
                    if !request.is_some_and(|frame| self.publisher.emit(port, frame)) {
                        tracing::debug!(%port, ip = %neighbour.ip, "ARP request put off");
                    }
                }
                ResolverEvent::Failed(neighbour) => self.fail_neighbour(neighbour),
                ResolverEvent::Forgotten(neighbour) => self.forget_neighbour(neighbour),
            }
        }
    }

    /// What is due here is published. The host's own document is in force once its bindings are cabled, a tunnel zone
    /// once its devices are there: until then they stay due, as both are tried again every second.
    fn settle_receipts(&mut self) {
        let (library, cabled, tunnelled) =
            (&self.library, self.cabling == Cabling::Done, !self.underlay.has_failed());
        let round = self.receipts.begin(self.publisher.workers(), |key| {
            let in_force = match key {
                DocumentKey::Host(_) => cabled,
                DocumentKey::TunnelZone(_) => tunnelled,
                _ => true,
            };
            in_force && library.is_complete_from(key)
        });
        if let Some(round) = round {
            self.publisher.confirm(round);
        }
    }

    fn housekeep(&mut self, now: Instant) {
        // The table then says whether nobody, or another host, knows the station.
        for Station { bridge, vlan, mac } in self.stations.expire(now) {
            if let Some(table) = self.tables.stations(bridge)
                && let Err(error) = table.remove(MacKey { vlan, mac })
            {
                tracing::debug!(%bridge, %error, "station is not withdrawn");
            }
        }
        // An interface may be free by now that another bridge or datapath had; a tunnel device may succeed.
        self.cabling_due |= self.cabling == Cabling::Failed || !self.ports.refused().is_empty();
        self.underlay_due |= self.underlay.has_failed();
        // A table that had no room for a port may have it now.
        self.publication_due = true;
        self.status.send_replace(self.describe());
    }

    fn next_deadline(&self) -> Instant {
        self.resolver
            .next_deadline()
            .map_or(self.housekeeping_at, |deadline| deadline.min(self.housekeeping_at))
    }
}

/// Says when others stop, or start, seeing this host.
fn on_standing(standing: &Standing) {
    match standing {
        Standing::Alive => tracing::info!("this host is alive in the NSDB"),
        Standing::Pending => {
            tracing::warn!("the NSDB is out of reach; forwarding goes on with what is known");
        }
        Standing::Displaced(other) => tracing::error!(
            machine = other.machine,
            pid = other.pid,
            "another agent runs under this host's id: stop one of them, and give it an id of its own with --host-id"
        ),
    }
}

#[cfg(test)]
mod tests;
