//! Documents: written by anyone, any number of times, in any order, and still true.

use std::sync::Arc;

use model::{ArpEntry, DhcpHost, DhcpSubnet, DhcpSubnetId, MacEntry};
use model::{
    BgpNetwork, BgpNetworkId, LbMethod, Pool, PoolId, PoolMember, PoolMemberId, PoolProtocol, Router,
    RouterId,
};
use model::{BridgeId, Chain, ChainId, Document, DocumentKey, Host, HostId, IpAddrGroup, IpAddrGroupId};
use model::{Condition, Rule, RuleAction, RuleId, TunnelZone, TunnelZoneId, TunnelZoneType};
use nsdb::interest::{Event, Interest};
use nsdb::store::Store;
use packet::MacAddr;

use crate::support::{
    Backend, Fault, Faulty, Session, bridge, create_bridge, eventually, id, on_all_drivers, port,
};

on_all_drivers! {
    what_a_crashed_server_left_is_finished_by_another
    what_a_crashed_server_left_is_finished_at_the_next_start
    a_crash_between_the_steps_of_a_creation_leaves_no_document
    a_slow_writer_overwrites_nothing_newer
    a_slow_writer_brings_nothing_back
    large_documents_are_read_whole
    large_pools_and_routers_are_read_whole
    a_change_of_a_large_document_rewrites_little
    tables_of_a_bridge_stand_on_pages_of_their_own
    lost_answers_do_not_harm_documents
}

/// The document as a fresh reader finds it.
async fn read(session: &Session, key: DocumentKey) -> Option<Document> {
    let (interest, mut events) = Interest::new(Arc::clone(session));
    interest.want(key);
    match events.recv().await.unwrap() {
        Event::Loaded { document, .. } | Event::Changed { document, .. } => {
            Some(Arc::unwrap_or_clone(document))
        }
        Event::Gone { .. } => None,
    }
}

fn key(number: u128) -> DocumentKey {
    DocumentKey::Bridge(BridgeId(id(number)))
}

/// A server whose document writes never end.
async fn crashing(backend: &Backend, name: &str, at: &'static str) -> Store {
    let session = Faulty::new(backend.session(name).await, [(at, Fault::Crash)]);
    Store::open(session, name).await.unwrap()
}

async fn what_a_crashed_server_left_is_finished_by_another(backend: Backend) {
    let other = Store::open(backend.session("two").await, "two").await.unwrap();
    let crashed = crashing(&backend, "one", "doc/").await;
    let (version, ()) = crashed.commit(create_bridge(1)).await.unwrap();
    other.applied(version).await;
    let found = read(&backend.session("three").await, key(1)).await;
    assert_eq!(found, model::document(&other.snapshot(), key(1)));
    assert!(found.is_some());
}

#[tokio::test(start_paused = true)]
async fn own_documents_are_written_at_once_while_those_of_another_server_are_waited_for() {
    let backend = Backend::memory();
    let store = Store::open(backend.session("two").await, "two").await.unwrap();
    let crashed = crashing(&backend, "one", "doc/").await;
    let (theirs, ()) = crashed.commit(create_bridge(1)).await.unwrap();
    store.reached(theirs).await;
    let begun = tokio::time::Instant::now();
    let (own, ()) = store.commit(create_bridge(2)).await.unwrap();
    store.applied(own).await;
    assert_eq!(begun.elapsed(), std::time::Duration::ZERO);
}

async fn what_a_crashed_server_left_is_finished_at_the_next_start(backend: Backend) {
    let crashed = crashing(&backend, "one", "doc/bridge").await;
    crashed.commit(create_bridge(1)).await.unwrap();
    crashed.commit(|tx| tx.create(port(7, 1))).await.unwrap();
    drop(crashed);
    let next = Store::open(backend.session("two").await, "two").await.unwrap();
    assert!(next.snapshot().bridge(BridgeId(id(1))).is_some());
    next.applied(2).await;
    assert_eq!(
        read(&backend.session("three").await, key(1)).await,
        model::document(&next.snapshot(), key(1))
    );
}

/// The second step of a creation is a put.
async fn a_crash_between_the_steps_of_a_creation_leaves_no_document(backend: Backend) {
    let session = backend.session("two").await;
    session.create("doc/bridge/00000000-0000-0000-0000-000000000001", "pending 1\n".into()).await.unwrap();
    assert_eq!(read(&session, key(1)).await, None);
    let store = Store::open(Arc::clone(&session), "two").await.unwrap();
    assert_eq!(store.snapshot().bridges().count(), 0);
    let (version, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(version).await;
    assert_eq!(read(&session, key(1)).await, model::document(&store.snapshot(), key(1)));
}

/// Two servers write the same documents; the one that stands at the older version is stopped for long in between.
async fn a_slow_writer_overwrites_nothing_newer(backend: Backend) {
    let slow = backend.session("one").await;
    let gate = crate::support::Gate::new(slow, "doc/");
    let one = Store::open(gate.clone(), "one").await.unwrap();
    let two = Store::open(backend.session("two").await, "two").await.unwrap();
    gate.close();
    one.commit(create_bridge(1)).await.unwrap();
    let (version, ()) =
        two.commit(|tx| tx.update(model::Bridge { name: Some("new".into()), ..bridge(1) })).await.unwrap();
    two.applied(version).await;
    let written = read(&backend.session("three").await, key(1)).await;
    gate.open();
    one.applied(version).await;
    gate.drained().await;
    assert_eq!(read(&backend.session("three").await, key(1)).await, written);
    assert_eq!(written, model::document(&two.snapshot(), key(1)));
}

async fn a_slow_writer_brings_nothing_back(backend: Backend) {
    let gate = crate::support::Gate::new(backend.session("one").await, "doc/");
    let one = Store::open(gate.clone(), "one").await.unwrap();
    let session = backend.session("two").await;
    let short = nsdb::store::Options { retained_entries: 5, compaction_batch: 1, ..Default::default() };
    let two = Store::open_with(Arc::clone(&session), "two", short).await.unwrap();
    gate.close();
    one.commit(create_bridge(1)).await.unwrap();
    let (version, ()) = two.commit(|tx| tx.delete(BridgeId(id(1)))).await.unwrap();
    two.applied(version).await;
    for number in 0..20 {
        let renamed = model::Bridge { name: Some(number.to_string()), ..bridge(2) };
        let (version, ()) = two.commit(move |tx| tx.create_or_update(renamed.clone())).await.unwrap();
        two.applied(version).await;
    }
    let root = "doc/bridge/00000000-0000-0000-0000-000000000001";
    eventually("the tombstone is collected", async || session.get(root).await.unwrap().is_none()).await;
    gate.open();
    gate.drained().await;
    one.reached(two.version()).await;
    one.applied(two.version()).await;
    assert_eq!(read(&session, key(1)).await, None);
    let fresh = Store::open(session, "three").await.unwrap();
    assert_eq!(fresh.snapshot(), two.snapshot());
}

async fn large_documents_are_read_whole(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open(Arc::clone(&session), "one").await.unwrap();
    store
        .commit(|tx| {
            tx.create(bridge(1))?;
            (0..1500).try_for_each(|number| tx.create(port(10_000 + number, 1)))
        })
        .await
        .unwrap();
    store
        .commit(|tx| {
            tx.create(Chain { id: ChainId(id(2)), tenant_id: None, name: Some("c".into()), rules: vec![] })?;
            (0..1500).try_for_each(|number| {
                let action = if number % 2 == 0 { RuleAction::Drop } else { RuleAction::Accept };
                tx.insert_rule(
                    Rule {
                        id: RuleId(id(20_000 + number * 7919 % 1500)),
                        chain: ChainId(id(2)),
                        condition: Condition {
                            dl_type: Some(model::Match::is(0x0800)),
                            ..Default::default()
                        },
                        action,
                        meter_name: None,
                    },
                    1,
                )
            })
        })
        .await
        .unwrap();
    store
        .commit(|tx| {
            let addresses = (0..4000u32).map(|n| std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into());
            tx.create(IpAddrGroup {
                id: IpAddrGroupId(id(3)),
                tenant_id: None,
                name: None,
                inbound_chain: None,
                outbound_chain: None,
                addresses: addresses.collect(),
            })
        })
        .await
        .unwrap();
    let (version, ()) = store
        .commit(|tx| {
            let mut members = std::collections::BTreeMap::new();
            for number in 0..1500u32 {
                let host = HostId(id(50_000 + u128::from(number)));
                tx.create(Host {
                    id: host,
                    name: Some(format!("host-{number}")),
                    flooding_proxy_weight: 1,
                    container_weight: 1,
                    container_limit: -1,
                    enforce_container_limit: false,
                })?;
                members.insert(host, std::net::Ipv4Addr::from_bits(0xc000_0200 + number).into());
            }
            tx.create(TunnelZone {
                id: TunnelZoneId(id(4)),
                name: "zone".into(),
                kind: TunnelZoneType::Vxlan,
                members,
            })
        })
        .await
        .unwrap();
    store.applied(version).await;
    let keys = [
        key(1),
        DocumentKey::Chain(ChainId(id(2))),
        DocumentKey::IpAddrGroup(IpAddrGroupId(id(3))),
        DocumentKey::TunnelZone(TunnelZoneId(id(4))),
    ];
    for key in keys {
        let found = read(&session, key).await;
        assert!(found.is_some());
        assert_eq!(found, model::document(&store.snapshot(), key));
    }
    let fresh = Store::open(session, "two").await.unwrap();
    assert_eq!(fresh.snapshot(), store.snapshot());
}

async fn large_pools_and_routers_are_read_whole(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open(Arc::clone(&session), "one").await.unwrap();
    let (version, ()) = store
        .commit(|tx| {
            tx.create(router(1))?;
            (0..1500).try_for_each(|number| tx.create(bgp_network(10_000 + number, 1)))?;
            tx.create(pool(2))?;
            (0..1500).try_for_each(|number| tx.create(pool_member(20_000 + number, 2)))
        })
        .await
        .unwrap();
    store.applied(version).await;
    for key in [DocumentKey::Router(RouterId(id(1))), DocumentKey::Pool(PoolId(id(2)))] {
        let found = read(&session, key).await;
        assert!(found.is_some());
        assert_eq!(found, model::document(&store.snapshot(), key));
    }
    let fresh = Store::open(session, "two").await.unwrap();
    assert_eq!(fresh.snapshot(), store.snapshot());
}

fn router(number: u128) -> Router {
    Router {
        id: RouterId(id(number)),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 65000,
        mirrors: Default::default(),
        forward_chain: None,
        local_redirect_chain: None,
    }
}

fn bgp_network(number: u128, router: u128) -> BgpNetwork {
    let subnet = "10.0.0.0/24".parse().unwrap();
    BgpNetwork { id: BgpNetworkId(id(number)), router: RouterId(id(router)), subnet }
}

fn pool(number: u128) -> Pool {
    Pool {
        id: PoolId(id(number)),
        load_balancer: None,
        health_monitor: None,
        admin_state_up: true,
        protocol: PoolProtocol::Tcp,
        lb_method: LbMethod::RoundRobin,
    }
}

fn pool_member(number: u128, pool: u128) -> PoolMember {
    PoolMember {
        id: PoolMemberId(id(number)),
        pool: PoolId(id(pool)),
        admin_state_up: true,
        address: [10, 0, 0, 5].into(),
        protocol_port: 80,
        weight: 1,
    }
}

async fn a_change_of_a_large_document_rewrites_little(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open(Arc::clone(&session), "one").await.unwrap();
    let (version, ()) = store
        .commit(|tx| {
            tx.create(bridge(1))?;
            (0..2000).try_for_each(|number| tx.create(port(10_000 + number, 1)))
        })
        .await
        .unwrap();
    store.applied(version).await;
    let root = "doc/bridge/00000000-0000-0000-0000-000000000001";
    let before = session.list(root).await.unwrap();
    assert!(before.len() > 4, "{before:?}");
    for page in &before {
        let (value, _) = session.get(&format!("{root}/{page}")).await.unwrap().unwrap();
        assert!(value.len() < 64 * 1024);
    }
    let (version, ()) = store.commit(|tx| tx.delete(model::PortId(id(10_777)))).await.unwrap();
    store.applied(version).await;
    eventually("pages are swept", async || session.list(root).await.unwrap().len() == before.len()).await;
    let after = session.list(root).await.unwrap();
    let kept = after.iter().filter(|page| before.contains(page)).count();
    assert_eq!(kept, before.len() - 1, "one page was rewritten");
}

async fn tables_of_a_bridge_stand_on_pages_of_their_own(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open(Arc::clone(&session), "one").await.unwrap();
    let bridge_id = BridgeId(id(1));
    let station = |number: u16| MacAddr([2, 0, 0, 0, (number >> 8) as u8, number as u8]);
    let host = |number: u32| {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0100 + number);
        (station(number as u16), DhcpHost { address, name: Some("h".repeat(20)), options: Vec::new() })
    };
    let subnet = DhcpSubnet {
        id: DhcpSubnetId(id(3)),
        bridge: bridge_id,
        prefix: "10.0.0.0/16".parse().unwrap(),
        default_gateway: None,
        server: None,
        dns_servers: Vec::new(),
        interface_mtu: None,
        routes: Vec::new(),
        hosts: (0..500).map(host).collect(),
        enabled: true,
    };
    let (version, ()) = store
        .commit(move |tx| {
            tx.create(bridge(1))?;
            tx.create(port(2, 1))?;
            tx.create(subnet.clone())?;
            for number in 0..1000 {
                let address = std::net::Ipv4Addr::from_bits(0x0a00_0100 + u32::from(number));
                tx.create(MacEntry::new(bridge_id, 0, station(number), model::PortId(id(2))))?;
                tx.create(ArpEntry::new(bridge_id, address, station(number)))?;
            }
            Ok::<_, model::ModelError>(())
        })
        .await
        .unwrap();
    store.applied(version).await;
    assert_eq!(read(&session, key(1)).await, model::document(&store.snapshot(), key(1)));
    let fresh = Store::open(Arc::clone(&session), "two").await.unwrap();
    assert_eq!(fresh.snapshot(), store.snapshot());

    let root = "doc/bridge/00000000-0000-0000-0000-000000000001";
    let before = session.list(root).await.unwrap();
    let gone = MacEntry::id_of(bridge_id, 0, station(7));
    let (version, ()) = store.commit(move |tx| tx.delete(gone)).await.unwrap();
    store.applied(version).await;
    eventually("pages are swept", async || session.list(root).await.unwrap().len() <= before.len()).await;
    let after = session.list(root).await.unwrap();
    let new = after.iter().filter(|page| !before.contains(page)).count();
    assert_eq!(new, 1, "one page was rewritten");
}

async fn lost_answers_do_not_harm_documents(backend: Backend) {
    let faults = ["doc/", "doc/", "progress", "doc/", "progress", "doc/"];
    let faults = faults.into_iter().flat_map(|key| [(key, Fault::LostAnswer), (key, Fault::LostRequest)]);
    let faulty = Faulty::new(backend.session("one").await, faults);
    let store = Store::open(faulty.clone(), "one").await.unwrap();
    for number in 0..20 {
        let (version, ()) = store.commit(create_bridge(number)).await.unwrap();
        store.applied(version).await;
    }
    assert!(faulty.exhausted());
    let session = backend.session("two").await;
    for number in 0..20 {
        assert_eq!(read(&session, key(number)).await, model::document(&store.snapshot(), key(number)));
    }
}
