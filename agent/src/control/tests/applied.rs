//! Acknowledgements: a change that somebody waits for is acknowledged once it is in force here, and no other.

use model::{Host, HostDocument};
use nsdb::presence::Hosts;

use super::*;

impl Lab {
    /// Changes something that the agent needs to know, and waits until it has applied it.
    async fn change_applied(
        &self,
        change: impl FnMut(&mut model::Transaction) -> Result<(), model::ModelError> + Send + 'static,
    ) {
        let hosts = Hosts::open(self.memory.clone());
        let committed = self.store.commit_acknowledged(change).await.unwrap();
        let missing = self.store.unacknowledged(&committed, &hosts, Duration::from_secs(10)).await;
        assert!(hosts.is_alive(HOST), "so it was waited for");
        assert_eq!(missing, [].into());
    }

    /// The versions of a document that the agent acknowledges.
    async fn acknowledged(&self, document: &str) -> Vec<String> {
        let names = self.memory.list(&format!("applied/{document}")).await.unwrap();
        names.iter().map(|name| name.rsplit(',').next().unwrap_or_default().to_owned()).collect()
    }
}

fn renamed(name: &str) -> Bridge {
    Bridge { name: Some(name.to_owned()), ..bridge() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_acknowledged_when_somebody_asks_and_else_not() {
    let lab = Lab::new().await;
    lab.change(|tx| tx.update(renamed("quietly"))).await;
    assert!(lab.memory.list("applied").await.unwrap().is_empty());
    lab.change_applied(|tx| tx.update(renamed("red"))).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version.as_str()]);
    lab.change(|tx| tx.update(renamed("quietly again"))).await;
    lab.change_applied(|tx| tx.update(TunnelZone { name: "other".into(), ..zone() })).await;
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_comes_to_need_a_device_acknowledges_it_with_the_binding() {
    let lab = Lab::new().await;
    lab.change_applied(|tx| tx.unbind(PORT)).await;
    lab.change_applied(|tx| tx.bind(PORT, HOST, "tap1")).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version.as_str()]);
    eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_device_is_acknowledged_by_the_host_that_needed_it() {
    let lab = Lab::new().await;
    lab.change_applied(|tx| tx.delete(BRIDGE)).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("host/{HOST}")).await, [version]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_started_again_acknowledges_what_was_asked_while_it_was_away() {
    let mut lab = Lab::new().await;
    lab.terminate().await;
    lab.change(|tx| tx.update(renamed("quietly"))).await;
    let asked = lab.store.commit_acknowledged(|tx| tx.update(renamed("red"))).await.unwrap();
    lab.start().await;
    let hosts = Hosts::open(lab.memory.clone());
    eventually("the agent is back", || hosts.is_alive(HOST)).await;
    assert_eq!(lab.store.unacknowledged(&asked, &hosts, Duration::from_secs(10)).await, [].into());
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [asked.version.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_zone_is_acknowledged_once_its_device_could_be_made() {
    let (memory, state) = (Memory::new("api"), tempfile::tempdir().unwrap());
    let mut control = idle(&memory, state.path()).await;
    let host = Host {
        id: HOST,
        name: None,
        flooding_proxy_weight: 1,
        container_weight: 1,
        container_limit: -1,
        enforce_container_limit: false,
    };
    let host = HostDocument { host, bindings: Vec::new(), tunnel_zones: vec![zone().id] };
    for (document, acknowledge) in [(Document::Host(host), 0), (Document::TunnelZone(zone()), 7)] {
        control.settle_library();
        let (key, document) = (document.key(), Arc::new(document));
        control.on_document(interest::Event::Loaded { key, version: 7, acknowledge, document });
    }
    control.underlay.failed.insert("midspan-vxlan", "no such module".to_owned());
    control.settle_receipts();
    assert_eq!(control.receipts.confirmed(0, 1), None);
    control.underlay.failed.clear();
    control.settle_receipts();
    assert_eq!(control.receipts.confirmed(0, 1), Some([(DocumentKey::TunnelZone(zone().id), 7)].into()));
}
