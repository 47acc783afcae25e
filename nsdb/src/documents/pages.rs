//! Cutting a large document into pages and putting it together again.
//!
//! A page is a document of the same kind that holds a run of the children and nothing else.

use bytes::Bytes;
use model::{
    Bridge, BridgeDocument, BridgeId, Chain, ChainDocument, DecodeError, Document, Host, HostDocument,
    HostId, IpAddrGroup, IpAddrGroupId, LbMethod, LoadBalancer, LoadBalancerDocument, Pool, PoolDocument,
    PoolId, PoolProtocol, QosPolicy, QosPolicyDocument, QosPolicyId, Router, RouterDocument, RouterId,
    TunnelZone, decode_document, encode_document,
};

use super::runs::runs;

/// Documents up to this size stay in one piece.
const WHOLE_BYTES: usize = 32 * 1024;

/// A document as it is to be stored.
pub(super) struct Paged {
    /// What stands in the root.
    pub(super) root: Bytes,
    /// The pages, in order; empty for a small document.
    pub(super) pages: Vec<Bytes>,
}

/// Cuts a document.
pub(super) fn cut(document: Document) -> Paged {
    let whole = encode(&document);
    if whole.len() <= WHOLE_BYTES {
        return Paged { root: whole, pages: Vec::new() };
    }
    let (root, pages) = split(document);
    Paged { root: encode(&root), pages: pages.iter().map(encode).collect() }
}

/// Puts a document together again.
pub(super) fn join<'a>(root: &[u8], pages: impl Iterator<Item = &'a Bytes>) -> Result<Document, JoinError> {
    let mut document = decode_document(root)?.1;
    let mut paged = false;
    for page in pages {
        extend(&mut document, decode_document(page)?.1)?;
        paged = true;
    }
    if let (Document::Chain(document), true) = (&mut document, paged) {
        document.chain.rules = document.rules.iter().map(|rule| rule.id).collect();
    }
    Ok(document)
}

/// Why a document's parts do not make a document.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("a page belongs to another document")]
    Foreign,
}

/// A document or part of one, as it stands in the coordinator. Its version stands in the root's header: a page stays the
/// same over many.
fn encode(document: &Document) -> Bytes {
    encode_document(0, document).into()
}

fn split(document: Document) -> (Document, Vec<Document>) {
    match document {
        Document::Bridge(document) => split_bridge(document),
        Document::Router(document) => split_router(document),
        Document::Chain(ChainDocument { chain, rules }) => {
            let bare = Chain { id: chain.id, tenant_id: None, name: None, rules: Vec::new() };
            let page = |rules| Document::Chain(ChainDocument { chain: bare.clone(), rules });
            let pages = runs(rules).map(page).collect();
            let chain = Chain { rules: Vec::new(), ..chain };
            (Document::Chain(ChainDocument { chain, rules: Vec::new() }), pages)
        }
        Document::IpAddrGroup(group) => {
            let id = group.id;
            let page = |run: Vec<_>| {
                Document::IpAddrGroup(IpAddrGroup {
                    addresses: run.into_iter().collect(),
                    ..bare_ip_addr_group(id)
                })
            };
            let addresses: Vec<_> = group.addresses.iter().copied().collect();
            let pages = runs(addresses).map(page).collect();
            (Document::IpAddrGroup(IpAddrGroup { addresses: Default::default(), ..group }), pages)
        }
        Document::Host(HostDocument { host, bindings, tunnel_zones }) => {
            let bare = bare_host(host.id);
            let page = |bindings| {
                Document::Host(HostDocument { host: bare.clone(), bindings, tunnel_zones: Vec::new() })
            };
            let pages = runs(bindings).map(page).collect();
            (Document::Host(HostDocument { host, bindings: Vec::new(), tunnel_zones }), pages)
        }
        Document::TunnelZone(zone) => {
            let (id, kind) = (zone.id, zone.kind);
            let page = |run: Vec<_>| {
                Document::TunnelZone(TunnelZone {
                    id,
                    name: String::new(),
                    kind,
                    members: run.into_iter().collect(),
                })
            };
            let members: Vec<_> = zone.members.into_iter().collect();
            let pages = runs(members).map(page).collect();
            (
                Document::TunnelZone(TunnelZone { id, name: zone.name, kind, members: Default::default() }),
                pages,
            )
        }
        Document::LoadBalancer(document) => split_load_balancer(document),
        Document::Pool(document) => split_pool(document),
        Document::QosPolicy(document) => split_qos_policy(document),
        Document::PortGroup(_)
        | Document::Vtep(_)
        | Document::HealthMonitor(_)
        | Document::ServiceContainerGroup(_)
        | Document::ServiceContainer(_)
        | Document::Mirror(_)
        | Document::L2Insertion(_)
        | Document::TraceRequest(_)
        | Document::ConfDocument(_) => (document, Vec::new()),
    }
}

fn split_load_balancer(document: LoadBalancerDocument) -> (Document, Vec<Document>) {
    let LoadBalancerDocument { load_balancer, pools } = document;
    let bare = LoadBalancer { id: load_balancer.id, tenant_id: None, admin_state_up: false };
    let page = |pools| Document::LoadBalancer(LoadBalancerDocument { load_balancer: bare.clone(), pools });
    let pages = runs(pools).map(page).collect();
    (Document::LoadBalancer(LoadBalancerDocument { load_balancer, pools: Vec::new() }), pages)
}

fn split_pool(document: PoolDocument) -> (Document, Vec<Document>) {
    let PoolDocument { pool, members, vips } = document;
    let page = |members, vips| Document::Pool(PoolDocument { pool: bare_pool(pool.id), members, vips });
    let members = runs(members).map(|members| page(members, Vec::new()));
    let pages = members.chain(runs(vips).map(|vips| page(Vec::new(), vips))).collect();
    (Document::Pool(PoolDocument { pool, members: Vec::new(), vips: Vec::new() }), pages)
}

fn split_qos_policy(document: QosPolicyDocument) -> (Document, Vec<Document>) {
    let QosPolicyDocument { policy, bandwidth_rules, dscp_rules } = document;
    let bare = bare_qos_policy(policy.id);
    let page = |bandwidth_rules, dscp_rules| {
        Document::QosPolicy(QosPolicyDocument { policy: bare.clone(), bandwidth_rules, dscp_rules })
    };
    let limits = runs(bandwidth_rules).map(|limits| page(limits, Vec::new()));
    let pages = limits.chain(runs(dscp_rules).map(|marks| page(Vec::new(), marks))).collect();
    let (bandwidth_rules, dscp_rules) = (Vec::new(), Vec::new());
    (Document::QosPolicy(QosPolicyDocument { policy, bandwidth_rules, dscp_rules }), pages)
}

fn split_router(document: RouterDocument) -> (Document, Vec<Document>) {
    let RouterDocument { router, ports, routes, bgp_networks, bgp_peers, peering } = document;
    let empty = |router| RouterDocument {
        router,
        ports: Vec::new(),
        routes: Vec::new(),
        bgp_networks: Vec::new(),
        bgp_peers: Vec::new(),
        peering: Vec::new(),
    };
    let bare = empty(bare_router(router.id));
    let page = || bare.clone();
    let pages = runs(ports)
        .map(|ports| RouterDocument { ports, ..page() })
        .chain(runs(routes).map(|routes| RouterDocument { routes, ..page() }))
        .chain(runs(bgp_networks).map(|bgp_networks| RouterDocument { bgp_networks, ..page() }))
        .chain(runs(bgp_peers).map(|bgp_peers| RouterDocument { bgp_peers, ..page() }))
        .chain(runs(peering).map(|peering| RouterDocument { peering, ..page() }));
    (Document::Router(empty(router)), pages.map(Document::Router).collect())
}

fn split_bridge(document: BridgeDocument) -> (Document, Vec<Document>) {
    let BridgeDocument { bridge, ports, dhcp_subnets, dhcp_subnets6, mac_entries, arp_entries } = document;
    let bare = || BridgeDocument::of_ports(bare_bridge(bridge.id), Vec::new());
    let pages = std::iter::empty()
        .chain(runs(ports).map(|ports| BridgeDocument { ports, ..bare() }))
        .chain(runs(dhcp_subnets).map(|dhcp_subnets| BridgeDocument { dhcp_subnets, ..bare() }))
        .chain(runs(dhcp_subnets6).map(|dhcp_subnets6| BridgeDocument { dhcp_subnets6, ..bare() }))
        .chain(runs(mac_entries).map(|mac_entries| BridgeDocument { mac_entries, ..bare() }))
        .chain(runs(arp_entries).map(|arp_entries| BridgeDocument { arp_entries, ..bare() }))
        .map(Document::Bridge)
        .collect();
    (Document::Bridge(BridgeDocument::of_ports(bridge, Vec::new())), pages)
}

fn extend(document: &mut Document, page: Document) -> Result<(), JoinError> {
    if document.key() != page.key() {
        return Err(JoinError::Foreign);
    }
    match (document, page) {
        (Document::Bridge(document), Document::Bridge(page)) => {
            document.ports.extend(page.ports);
            document.dhcp_subnets.extend(page.dhcp_subnets);
            document.dhcp_subnets6.extend(page.dhcp_subnets6);
            document.mac_entries.extend(page.mac_entries);
            document.arp_entries.extend(page.arp_entries);
        }
        (Document::Router(document), Document::Router(page)) => {
            document.ports.extend(page.ports);
            document.routes.extend(page.routes);
            document.bgp_networks.extend(page.bgp_networks);
            document.bgp_peers.extend(page.bgp_peers);
            document.peering.extend(page.peering);
        }
        (Document::Chain(document), Document::Chain(page)) => document.rules.extend(page.rules),
        (Document::IpAddrGroup(document), Document::IpAddrGroup(page)) => {
            document.addresses.extend(page.addresses);
        }
        (Document::Host(document), Document::Host(page)) => document.bindings.extend(page.bindings),
        (Document::TunnelZone(document), Document::TunnelZone(page)) => document.members.extend(page.members),
        (Document::LoadBalancer(document), Document::LoadBalancer(page)) => document.pools.extend(page.pools),
        (Document::Pool(document), Document::Pool(page)) => {
            document.members.extend(page.members);
            document.vips.extend(page.vips);
        }
        (Document::QosPolicy(document), Document::QosPolicy(page)) => {
            document.bandwidth_rules.extend(page.bandwidth_rules);
            document.dscp_rules.extend(page.dscp_rules);
        }
        _ => return Err(JoinError::Foreign),
    }
    Ok(())
}

fn bare_bridge(id: BridgeId) -> Bridge {
    Bridge {
        id,
        tenant_id: None,
        name: None,
        admin_state_up: false,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
    }
}

fn bare_router(id: RouterId) -> Router {
    Router {
        id,
        tenant_id: None,
        name: None,
        admin_state_up: false,
        mirrors: Default::default(),
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 0,
        forward_chain: None,
        local_redirect_chain: None,
    }
}

fn bare_pool(id: PoolId) -> Pool {
    Pool {
        id,
        load_balancer: None,
        health_monitor: None,
        admin_state_up: false,
        protocol: PoolProtocol::Tcp,
        lb_method: LbMethod::RoundRobin,
    }
}

fn bare_ip_addr_group(id: IpAddrGroupId) -> IpAddrGroup {
    IpAddrGroup {
        id,
        tenant_id: None,
        name: None,
        inbound_chain: None,
        outbound_chain: None,
        addresses: Default::default(),
    }
}

fn bare_qos_policy(id: QosPolicyId) -> QosPolicy {
    QosPolicy { id, tenant_id: None, name: None, description: None, shared: None }
}

fn bare_host(id: HostId) -> Host {
    Host {
        id,
        name: None,
        flooding_proxy_weight: 0,
        container_weight: 0,
        container_limit: 0,
        enforce_container_limit: false,
    }
}

#[cfg(test)]
mod tests {
    use model::all_documents;
    use model::strategy::topology;
    use model::{DhcpHost, DhcpOption, DhcpSubnet, DhcpSubnetId, MirrorId, Port, PortDevice, PortEntry};
    use packet::MacAddr;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::runs::Child;
    use super::*;
    use crate::coordinator::MAX_VALUE_BYTES;

    /// Most bytes of what a page says of its device.
    const BARE_BYTES: usize = 64;

    /// What the children on a page weigh together.
    fn weight(page: &Document) -> usize {
        fn sum<T: Child>(children: &[T]) -> usize {
            children.iter().map(Child::weight).sum()
        }
        match page {
            Document::Bridge(page) => {
                let BridgeDocument { ports, dhcp_subnets, dhcp_subnets6, mac_entries, arp_entries, .. } =
                    page;
                sum(ports) + sum(dhcp_subnets) + sum(dhcp_subnets6) + sum(mac_entries) + sum(arp_entries)
            }
            Document::Router(page) => {
                let RouterDocument { ports, routes, bgp_networks, bgp_peers, peering, .. } = page;
                sum(ports) + sum(routes) + sum(bgp_networks) + sum(bgp_peers) + sum(peering)
            }
            Document::Chain(page) => sum(&page.rules),
            Document::IpAddrGroup(page) => page.addresses.iter().map(Child::weight).sum(),
            Document::Host(page) => sum(&page.bindings),
            Document::TunnelZone(page) => sum(&page.members.clone().into_iter().collect::<Vec<_>>()),
            Document::LoadBalancer(page) => sum(&page.pools),
            Document::Pool(page) => sum(&page.members) + sum(&page.vips),
            Document::QosPolicy(page) => sum(&page.bandwidth_rules) + sum(&page.dscp_rules),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn pages_take_no_more_than_they_weigh(state in topology(60)) {
            for page in all_documents(&state).flat_map(|document| split(document).1) {
                let bytes = encode(&page).len();
                prop_assert!(bytes <= weight(&page) + BARE_BYTES, "{bytes} of {}: {page:?}", weight(&page));
            }
        }
    }

    fn subnet(number: u128, hosts: u16) -> DhcpSubnet {
        let option = DhcpOption { name: "n".repeat(200), value: "v".repeat(200) };
        let host = |number: u16| {
            let [high, low] = number.to_be_bytes();
            let options = vec![option.clone(); 4];
            let host = DhcpHost { address: [10, 0, high, low].into(), name: None, options };
            (MacAddr([2, 0, 0, 0, high, low]), host)
        };
        DhcpSubnet {
            id: DhcpSubnetId(Uuid::from_u128(number)),
            bridge: BridgeId::default(),
            prefix: "10.0.0.0/16".parse().unwrap(),
            default_gateway: None,
            server: None,
            dns_servers: Vec::new(),
            interface_mtu: None,
            routes: Vec::new(),
            hosts: (0..hosts).map(host).collect(),
            enabled: true,
        }
    }

    /// A page of some subnets and a very large one was too large to be written.
    #[test]
    fn a_large_subnet_stands_on_a_page_of_its_own() {
        let document = BridgeDocument {
            dhcp_subnets: vec![subnet(1, 15), subnet(2, 590)],
            ..BridgeDocument::of_ports(bare_bridge(BridgeId::default()), Vec::new())
        };
        let pages = cut(Document::Bridge(document)).pages;
        assert_eq!(pages.len(), 2);
        assert!(pages.iter().all(|page| page.len() <= MAX_VALUE_BYTES));
    }

    /// The mirrors of ports did not count, so that pages of ports with many were too large to be written.
    #[test]
    fn ports_with_many_mirrors_stand_on_many_pages() {
        let port = |number: u128| {
            let mut port = Port {
                id: Uuid::from_u128(number).into(),
                device: PortDevice::Bridge { bridge: BridgeId::default(), vlan: None },
                admin_state_up: true,
                mirrors: Default::default(),
                qos_policy: None,
                inbound_filter: None,
                outbound_filter: None,
                peer: None,
                binding: None,
                port_groups: Vec::new(),
                vif_id: None,
                tunnel_key: 1,
            };
            port.mirrors.inbound = (0..1000).map(|number| MirrorId(Uuid::from_u128(number))).collect();
            PortEntry { port, peer_device: None }
        };
        let ports = (0..64).map(port).collect();
        let document = BridgeDocument::of_ports(bare_bridge(BridgeId::default()), ports);
        let pages = cut(Document::Bridge(document)).pages;
        assert!(pages.iter().all(|page| page.len() <= 32 * 1024));
    }
}
