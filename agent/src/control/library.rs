//! The documents that this host needs: everything its bound ports can reach, and its tunnel zones.
//!
//! Pure. What is needed follows from what is held: a document names others, those name more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use model::{
    ChainId, Condition, DeviceId, Document, DocumentKey, HostBinding, HostId, PortEntry, Rule, RuleAction,
    TunnelZone,
};

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
        let mut reached = BTreeSet::new();
        let mut open = VecDeque::from([DocumentKey::Host(self.host)]);
        while let Some(key) = open.pop_front() {
            if reached.insert(key)
                && let Some(Holding::Held(document)) = self.holdings.get(&key)
            {
                open.extend(references(document));
            }
        }
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

    fn documents(&self) -> impl Iterator<Item = &Document> + Clone {
        self.holdings.values().filter_map(|holding| match holding {
            Holding::Held(document) => Some(&**document),
            Holding::Awaited | Holding::Absent => None,
        })
    }
}

/// The documents that a document names.
fn references(document: &Document) -> Vec<DocumentKey> {
    match document {
        Document::Host(d) => {
            let devices = d.bindings.iter().map(|binding| device_key(binding.device));
            devices.chain(d.tunnel_zones.iter().map(|zone| DocumentKey::TunnelZone(*zone))).collect()
        }
        Document::Bridge(d) => {
            let own = [d.bridge.inbound_filter, d.bridge.outbound_filter];
            chains(own).chain(d.ports.iter().flat_map(port_references)).collect()
        }
        Document::Router(d) => {
            let r = &d.router;
            let own = [r.inbound_filter, r.outbound_filter, r.forward_chain, r.local_redirect_chain];
            chains(own).chain(d.ports.iter().flat_map(port_references)).collect()
        }
        Document::Chain(d) => d.rules.iter().flat_map(rule_references).collect(),
        Document::PortGroup(_) | Document::IpAddrGroup(_) | Document::TunnelZone(_) => Vec::new(),
        // Not simulated yet.
        Document::Vtep(_) | Document::LoadBalancer(_) | Document::Pool(_) | Document::HealthMonitor(_) => {
            Vec::new()
        }
        Document::ServiceContainerGroup(_) | Document::ServiceContainer(_) => Vec::new(),
        // Never loaded: they have no effect in the datapath yet.
        Document::Mirror(_)
        | Document::L2Insertion(_)
        | Document::TraceRequest(_)
        | Document::QosPolicy(_)
        | Document::ConfDocument(_) => Vec::new(),
    }
}

fn chains(ids: impl IntoIterator<Item = Option<ChainId>>) -> impl Iterator<Item = DocumentKey> {
    ids.into_iter().flatten().map(DocumentKey::Chain)
}

fn device_key(device: DeviceId) -> DocumentKey {
    match device {
        DeviceId::Bridge(id) => DocumentKey::Bridge(id),
        DeviceId::Router(id) => DocumentKey::Router(id),
    }
}

fn port_references(entry: &PortEntry) -> impl Iterator<Item = DocumentKey> {
    chains([entry.port.inbound_filter, entry.port.outbound_filter]).chain(entry.peer_device.map(device_key))
}

fn rule_references(rule: &Rule) -> impl Iterator<Item = DocumentKey> {
    let jump = match rule.action {
        RuleAction::Jump(chain) => Some(DocumentKey::Chain(chain)),
        _ => None,
    };
    let Condition { ip_addr_group_src, ip_addr_group_dst, .. } = &rule.condition;
    let groups = [ip_addr_group_src, ip_addr_group_dst];
    jump.into_iter().chain(groups.into_iter().flatten().map(|group| DocumentKey::IpAddrGroup(group.value)))
}

#[cfg(test)]
mod tests {
    use model::{Bridge, BridgeDocument, BridgeId, Chain, ChainDocument, Host, HostDocument, PortId};
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

    fn bound() -> Arc<Document> {
        let port = PortId(Uuid::from_u128(9));
        host(vec![HostBinding { port, device: DeviceId::Bridge(BRIDGE), interface: "tap1".into() }])
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
        library.put(DocumentKey::Host(HOST), Some(bound()));
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
