//! Small topologies, written as one would draw them: every change goes through the model's state and documents into a
//! compiled [`Topology`], as it does in production.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken invariant must fail the test")]

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{
    Binding, Bridge, BridgeId, Chain, ChainId, Change, Condition, HostId, IpAddrGroup, IpAddrGroupId,
    NextHop, Object, ObjectKey, Port, PortDevice, PortGroup, PortGroupId, PortId, Route, RouteId, Router,
    RouterId, Rule, RuleAction, RuleId, State, affected_documents, document,
};
use packet::MacAddr;
use simulation::{PortLocation, Tag, Topology, Update};
use uuid::Uuid;

/// A virtual network under construction. Ids are numbers in the order of creation.
#[derive(Clone, Default)]
pub struct Network {
    /// The objects.
    pub state: State,
    /// What agents see of them, with learned state.
    pub topology: Topology,
    /// Tags that the topology has named for all changes so far.
    pub touched: Vec<Tag>,
    ids: u128,
}

/// The address that [`Network::router_port`] gives to the port.
pub fn router_mac(port: PortId) -> MacAddr {
    let [.., a, b] = *port.0.as_bytes();
    MacAddr([0x02, 0xaa, 0, 0, a, b])
}

impl Network {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fresh id.
    pub fn id<T: From<Uuid>>(&mut self) -> T {
        self.ids += 1;
        Uuid::from_u128(self.ids).into()
    }

    /// Changes objects, and returns the tags that the topology names for it.
    pub fn change(&mut self, changes: &[Change]) -> Vec<Tag> {
        let before = self.state.clone();
        self.state.apply(before.version() + 1, changes);
        let mut tags = Vec::new();
        for key in affected_documents(&before, &self.state, changes) {
            tags.extend(self.topology.update(match document(&self.state, key) {
                Some(document) => Update::Put(document),
                None => Update::Removed(key),
            }));
        }
        self.touched.extend(&tags);
        tags
    }

    /// Creates or replaces an object.
    pub fn put(&mut self, object: impl Into<Object>) -> Vec<Tag> {
        self.change(&[Change::Put(object.into())])
    }

    /// Deletes an object (and nothing that refers to it).
    pub fn delete(&mut self, key: impl Into<ObjectKey>) -> Vec<Tag> {
        self.change(&[Change::Delete(key.into())])
    }

    /// Changes learned state.
    pub fn learn(&mut self, update: Update) -> Vec<Tag> {
        let tags = self.topology.update(update);
        self.touched.extend(&tags);
        tags
    }

    /// A new bridge.
    pub fn bridge(&mut self) -> BridgeId {
        let id = self.id();
        self.put(Bridge {
            id,
            tenant_id: None,
            name: None,
            admin_state_up: true,
            mirrors: Default::default(),
            qos_policy: None,
            inbound_filter: None,
            outbound_filter: None,
        });
        id
    }

    /// A new router.
    pub fn router(&mut self) -> RouterId {
        let id = self.id();
        self.put(Router {
            id,
            tenant_id: None,
            name: None,
            admin_state_up: true,
            mirrors: Default::default(),
            inbound_filter: None,
            outbound_filter: None,
            load_balancer: None,
            as_number: 0,
            forward_chain: None,
            local_redirect_chain: None,
        });
        id
    }

    /// A new bridge port, plugged into nothing.
    pub fn bridge_port(&mut self, bridge: BridgeId) -> PortId {
        self.port(PortDevice::Bridge { bridge, vlan: None })
    }

    /// A new interior port of a VLAN-aware bridge, plugged into nothing.
    pub fn vlan_port(&mut self, bridge: BridgeId, vlan: u16) -> PortId {
        self.port(PortDevice::Bridge { bridge, vlan: Some(vlan) })
    }

    /// A new router port with an address on a network, plugged into nothing. Its Ethernet address is
    /// [`router_mac`].
    pub fn router_port(&mut self, router: RouterId, address: &str) -> PortId {
        let addresses = vec![network(address)];
        let id =
            self.port(PortDevice::Router { router, mac: MacAddr::ZERO, addresses, vtep: Default::default() });
        self.edit_port(id, |port| {
            if let PortDevice::Router { mac, .. } = &mut port.device {
                *mac = router_mac(id);
            }
        });
        id
    }

    fn port(&mut self, device: PortDevice) -> PortId {
        let id = self.id();
        self.put(Port {
            id,
            device,
            admin_state_up: true,
            mirrors: Default::default(),
            qos_policy: None,
            inbound_filter: None,
            outbound_filter: None,
            peer: None,
            binding: None,
            port_groups: Vec::new(),
            vif_id: None,
            tunnel_key: 0,
        });
        id
    }

    /// Binds a port to an interface that is there: it is exterior and active.
    pub fn plug(&mut self, port: PortId) -> PortId {
        let host = HostId(Uuid::from_u128(1 << 64));
        let interface = format!("if{}", port.0.as_u128());
        self.edit_port(port, |port| port.binding = Some(Binding { host, interface }));
        let location = PortLocation { host, tunnel_key: port.0.as_u128() as u32 };
        self.learn(Update::PortLocated { port, location });
        port
    }

    /// A new bridge port that a VM is plugged into.
    pub fn vm_port(&mut self, bridge: BridgeId) -> PortId {
        let port = self.bridge_port(bridge);
        self.plug(port)
    }

    /// A cable between two ports.
    pub fn link(&mut self, a: PortId, b: PortId) -> Vec<Tag> {
        let mut changes = Vec::new();
        for (id, peer) in [(a, b), (b, a)] {
            let port = self.state.port(id).expect("a port of this network").clone();
            changes.push(Change::Put(Port { peer: Some(peer), ..port }.into()));
        }
        self.change(&changes)
    }

    /// A new bridge port cabled to a new port of a router with this address; the router's port.
    pub fn attach(&mut self, bridge: BridgeId, router: RouterId, address: &str) -> PortId {
        let port = self.router_port(router, address);
        let peer = self.bridge_port(bridge);
        self.link(port, peer);
        port
    }

    /// A new route of weight 100.
    pub fn route(&mut self, router: RouterId, destination: &str, next_hop: NextHop) -> RouteId {
        self.route_from(router, "0.0.0.0/0", destination, next_hop, 100)
    }

    /// A new route for packets of a source prefix.
    pub fn route_from(
        &mut self,
        router: RouterId,
        source: &str,
        destination: &str,
        next_hop: NextHop,
        weight: u32,
    ) -> RouteId {
        let (id, source, destination) = (self.id(), network(source), network(destination));
        self.put(Route { id, router, source, destination, next_hop, weight, attributes: None });
        id
    }

    /// A new chain; its rules' ids follow the chain's own.
    pub fn chain(&mut self, rules: Vec<(Condition, RuleAction)>) -> ChainId {
        let chain: ChainId = self.id();
        self.put(Chain { id: chain, tenant_id: None, name: None, rules: Vec::new() });
        for (condition, action) in rules {
            self.rule(chain, condition, action);
        }
        chain
    }

    /// A new rule at the end of a chain.
    pub fn rule(&mut self, chain: ChainId, condition: Condition, action: RuleAction) -> RuleId {
        let id: RuleId = self.id();
        let mut owner = self.state.chain(chain).expect("a chain of this network").clone();
        owner.rules.push(id);
        let rule = Rule { id, chain, condition, action, meter_name: None };
        self.change(&[Change::Put(rule.into()), Change::Put(owner.into())]);
        id
    }

    /// A new group of ports.
    pub fn port_group(&mut self, ports: &[PortId]) -> PortGroupId {
        let id = self.id();
        self.put(PortGroup { id, tenant_id: None, name: None, stateful: false });
        for port in ports {
            self.edit_port(*port, |port| port.port_groups.push(id));
        }
        id
    }

    /// A new group of addresses.
    pub fn address_group(&mut self, addresses: &[&str]) -> IpAddrGroupId {
        let id = self.id();
        self.put(IpAddrGroup {
            id,
            tenant_id: None,
            name: None,
            inbound_chain: None,
            outbound_chain: None,
            addresses: addresses.iter().map(|a| ip(a)).collect(),
        });
        id
    }

    /// Changes a port.
    pub fn edit_port(&mut self, id: PortId, edit: impl FnOnce(&mut Port)) -> Vec<Tag> {
        let mut port = self.state.port(id).expect("a port of this network").clone();
        edit(&mut port);
        self.put(port)
    }

    /// Changes a bridge.
    pub fn edit_bridge(&mut self, id: BridgeId, edit: impl FnOnce(&mut Bridge)) -> Vec<Tag> {
        let mut bridge = self.state.bridge(id).expect("a bridge of this network").clone();
        edit(&mut bridge);
        self.put(bridge)
    }

    /// Changes a router.
    pub fn edit_router(&mut self, id: RouterId, edit: impl FnOnce(&mut Router)) -> Vec<Tag> {
        let mut router = self.state.router(id).expect("a router of this network").clone();
        edit(&mut router);
        self.put(router)
    }

    /// A bridge learns where a station is, untagged.
    pub fn station(&mut self, bridge: BridgeId, mac: MacAddr, port: PortId) -> Vec<Tag> {
        self.learn(Update::MacLearned { bridge, vlan: 0, mac, port })
    }

    /// A router learns a neighbour.
    pub fn neighbour(&mut self, router: RouterId, ip: &str, mac: MacAddr) -> Vec<Tag> {
        self.learn(Update::ArpLearned { router, ip: self::ip(ip), mac })
    }
}

/// Out of a port, to a gateway.
pub fn via(port: PortId, gateway: &str) -> NextHop {
    NextHop::Port { port, gateway: Some(ip(gateway)) }
}

/// Out of a port, straight to the destination.
pub fn connected(port: PortId) -> NextHop {
    NextHop::Port { port, gateway: None }
}

/// An address from its text.
pub fn ip(text: &str) -> IpAddr {
    text.parse().expect("an IP address")
}

/// A prefix (or an address on a network) from its text.
pub fn network(text: &str) -> IpNetwork {
    text.parse().expect("an IP prefix")
}

/// A station's address: `02:00:00:00:00:n`.
pub fn mac(n: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, n])
}
