//! Acknowledgements: a change that somebody waits for is acknowledged once it is in force here, and no other.

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
