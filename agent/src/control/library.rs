//! The documents that this host needs: everything its bound ports can reach, and its tunnel zones.
//!
//! Pure. What is needed follows from what is held: a document names others, those name more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{DeviceId, Document, DocumentKey, HostBinding, HostId, TunnelZone, reach};

/// What is known of a needed document.
#[derive(Clone, Debug, PartialEq)]
enum Holding {
    /// Asked for, no answer yet.
    Awaited,
    /// There is no such document.
    Absent,
    /// Its content.
    Held(Arc<Document>),
}

impl Holding {
    fn document(&self) -> Option<&Document> {
        match self {
            Self::Held(document) => Some(document),
            Self::Awaited | Self::Absent => None,
        }
    }
}

/// The documents of one host's reach.
#[derive(Debug)]
pub(crate) struct Library {
    host: HostId,
    holdings: BTreeMap<DocumentKey, Holding>,
}

/// How the reach changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Documents to ask for.
    pub wanted: Vec<DocumentKey>,
    /// Documents to forget.
    pub dropped: Vec<DocumentKey>,
}

impl Library {
    /// An empty library; [`Library::reach`] then asks for the host's own document.
    pub(crate) fn new(host: HostId) -> Self {
        Self { host, holdings: BTreeMap::new() }
    }

    /// Takes a document in; false if nobody asked for it (any more).
    pub(crate) fn put(&mut self, key: DocumentKey, document: Option<Arc<Document>>) -> bool {
        let Some(holding) = self.holdings.get_mut(&key) else { return false };
        *holding = document.map_or(Holding::Absent, Holding::Held);
        true
    }

    /// Follows the references from the host's document on, and says what came into reach and what fell out of it.
    pub(crate) fn reach(&mut self) -> Reach {
        let reached = reach(DocumentKey::Host(self.host), |key| self.held(key));
        let wanted =
            reached.iter().filter(|key| !self.holdings.contains_key(key)).copied().collect::<Vec<_>>();
        let dropped = self.holdings.keys().filter(|key| !reached.contains(key)).copied().collect::<Vec<_>>();
        self.holdings.extend(wanted.iter().map(|key| (*key, Holding::Awaited)));
        self.holdings.retain(|key, _| reached.contains(key));
        Reach { wanted, dropped }
    }

    /// Every needed document has been answered for.
    pub(crate) fn is_complete(&self) -> bool {
        !self.holdings.is_empty()
            && !self.holdings.values().any(|holding| matches!(holding, Holding::Awaited))
    }

    /// This document, and every one that can be reached from it, has been answered for.
    pub(crate) fn is_complete_from(&self, key: DocumentKey) -> bool {
        let answered = |key| self.holdings.get(key).is_some_and(|holding| *holding != Holding::Awaited);
        reach(key, |key| self.held(key)).iter().all(answered)
    }

    /// The ports bound to this host's interfaces; `None` until that is known.
    pub(crate) fn bindings(&self) -> Option<&[HostBinding]> {
        match self.holdings.get(&DocumentKey::Host(self.host))? {
            Holding::Held(document) => match &**document {
                Document::Host(host) => Some(&host.bindings),
                _ => None,
            },
            Holding::Absent => Some(&[]),
            Holding::Awaited => None,
        }
    }

    /// The tunnel zones of this host that are held.
    pub(crate) fn tunnel_zones(&self) -> impl Iterator<Item = &TunnelZone> + Clone {
        self.documents().filter_map(|document| match document {
            Document::TunnelZone(zone) => Some(zone),
            _ => None,
        })
    }

    /// The bridges and routers in reach that are held.
    pub(crate) fn devices(&self) -> BTreeSet<DeviceId> {
        let device = |document: &Document| match document {
            Document::Bridge(d) => Some(DeviceId::Bridge(d.bridge.id)),
            Document::Router(d) => Some(DeviceId::Router(d.router.id)),
            _ => None,
        };
        self.documents().filter_map(device).collect()
    }

    fn held(&self, key: DocumentKey) -> Option<&Document> {
        self.holdings.get(&key).and_then(Holding::document)
    }

    fn documents(&self) -> impl Iterator<Item = &Document> + Clone {
        self.holdings.values().filter_map(Holding::document)
    }
}

#[cfg(test)]
mod tests {
    use model::{
        Bridge, BridgeDocument, BridgeId, Chain, ChainDocument, ChainId, Host, HostDocument, PortId,
    };
    use uuid::Uuid;

    use super::*;

    const HOST: HostId = HostId(Uuid::from_u128(1));
    const BRIDGE: BridgeId = BridgeId(Uuid::from_u128(2));
    const CHAIN: ChainId = ChainId(Uuid::from_u128(3));

    fn host(bindings: Vec<HostBinding>) -> Arc<Document> {
        let host = Host {
            id: HOST,
            name: None,
            flooding_proxy_weight: 1,
            container_weight: 1,
            container_limit: -1,
            enforce_container_limit: false,
        };
        Arc::new(Document::Host(HostDocument { host, bindings, tunnel_zones: vec![] }))
    }

    /// A port of the bridge, bound here.
    fn binding(bridge: BridgeId) -> HostBinding {
        let port = PortId(Uuid::from_u128(0x100 + bridge.0.as_u128()));
        HostBinding { port, device: DeviceId::Bridge(bridge), interface: format!("tap{port}") }
    }

    fn bridge_with_filter() -> Arc<Document> {
        let bridge = Bridge {
            id: BRIDGE,
            tenant_id: None,
            name: None,
            admin_state_up: true,
            mirrors: Default::default(),
            qos_policy: None,
            inbound_filter: Some(CHAIN),
            outbound_filter: None,
        };
        Arc::new(Document::Bridge(BridgeDocument::of_ports(bridge, vec![])))
    }

    /// A library that has walked from the host to a bridge and its chain.
    fn walked() -> Library {
        let mut library = Library::new(HOST);
        assert_eq!(library.reach().wanted, [DocumentKey::Host(HOST)]);
        library.put(DocumentKey::Host(HOST), Some(host(vec![binding(BRIDGE)])));
        assert_eq!(library.reach().wanted, [DocumentKey::Bridge(BRIDGE)]);
        library.put(DocumentKey::Bridge(BRIDGE), Some(bridge_with_filter()));
        assert_eq!(library.reach().wanted, [DocumentKey::Chain(CHAIN)]);
        library
    }

    #[test]
    fn references_are_followed_from_the_host_on() {
        let mut library = walked();
        assert!(!library.is_complete());
        let chain = Chain { id: CHAIN, tenant_id: None, name: None, rules: vec![] };
        library.put(
            DocumentKey::Chain(CHAIN),
            Some(Arc::new(Document::Chain(ChainDocument { chain, rules: vec![] }))),
        );
        assert_eq!(library.reach(), Reach::default());
        assert!(library.is_complete());
        assert_eq!(library.devices(), BTreeSet::from([DeviceId::Bridge(BRIDGE)]));
    }

    #[test]
    fn a_part_is_complete_when_all_that_can_be_reached_from_it_has_been_answered_for() {
        let mut library = walked();
        assert!(!library.is_complete_from(DocumentKey::Bridge(BRIDGE)), "its chain is missing");
        library.put(DocumentKey::Chain(CHAIN), None);
        assert!(library.is_complete_from(DocumentKey::Bridge(BRIDGE)));
        let other = BridgeId(Uuid::from_u128(4));
        library.put(DocumentKey::Host(HOST), Some(host(vec![binding(BRIDGE), binding(other)])));
        assert_eq!(library.reach().wanted, [DocumentKey::Bridge(other)]);
        assert!(!library.is_complete_from(DocumentKey::Host(HOST)), "a bridge is missing");
        assert!(library.is_complete_from(DocumentKey::Bridge(BRIDGE)), "but not to this one");
    }

    #[test]
    fn what_falls_out_of_reach_is_dropped() {
        let mut library = walked();
        library.put(DocumentKey::Host(HOST), Some(host(vec![])));
        assert_eq!(library.reach().dropped, [DocumentKey::Bridge(BRIDGE), DocumentKey::Chain(CHAIN)]);
        assert!(
            !library.put(DocumentKey::Bridge(BRIDGE), Some(bridge_with_filter())),
            "nobody asks for it any more"
        );
    }

    #[test]
    fn a_document_that_does_not_exist_is_an_answer() {
        let mut library = walked();
        library.put(DocumentKey::Chain(CHAIN), None);
        assert!(library.is_complete());
    }

    #[test]
    fn a_host_unknown_to_the_nsdb_has_no_bindings() {
        let mut library = Library::new(HOST);
        library.reach();
        assert_eq!(library.bindings(), None);
        library.put(DocumentKey::Host(HOST), None);
        assert_eq!(library.bindings(), Some(&[][..]));
    }
}
