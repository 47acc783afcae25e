//! Random changes of a world, each a valid one.

use model::{BridgeId, NextHop, PortId};
use simulation::{PortLocation, Tag, Update};

use super::{ADDRESSES, Dice, NETWORKS, PREFIXES, World};
use crate::topology::{ip, mac, network};

impl World {
    /// Changes something, and returns the tags that the topology names for it. [`World::learned`] stays behind.
    pub fn disturb(&mut self, dice: &mut Dice) -> Vec<Tag> {
        self.network.touched.clear();
        self.disturb_any(dice);
        std::mem::take(&mut self.network.touched)
    }

    fn disturb_any(&mut self, dice: &mut Dice) -> Vec<Tag> {
        let any_port = dice.pick(&self.ports);
        let exterior = dice.pick(&self.exterior);
        let bridge = dice.pick(&self.bridges);
        let (vlan, station) = (dice.pick(&[0, 0, 0, 10]), mac(1 + dice.below(8) as u8));
        match dice.below(14) {
            0 => self.network.learn(Update::MacLearned { bridge, vlan, mac: station, port: any_port }),
            1 => self.network.learn(Update::MacForgotten { bridge, vlan, mac: station }),
            2 => self.network.learn(Update::PortLost { port: exterior }),
            3 => {
                let location = PortLocation { host: Default::default(), tunnel_key: dice.below(3) as u32 };
                self.network.learn(Update::PortLocated { port: exterior, location })
            }
            4 => self.network.edit_port(any_port, |p| p.admin_state_up = !p.admin_state_up),
            5 => self.network.edit_bridge(bridge, |b| b.admin_state_up = !b.admin_state_up),
            6 => {
                let filter = self.filter(dice, 2);
                self.network.edit_port(any_port, |p| p.inbound_filter = filter)
            }
            7 => self.disturb_link(dice, bridge, any_port),
            8 if !self.chains.is_empty() => {
                let chain = dice.pick(&self.chains);
                let mut chain = self.network.state.chain(chain).expect("a chain of this world").clone();
                chain.rules.reverse();
                chain.rules.pop();
                self.network.put(chain)
            }
            9 if !self.groups.is_empty() => {
                let group = dice.pick(&self.groups);
                self.network.edit_port(any_port, |p| p.port_groups = vec![group])
            }
            10 => {
                let Some(group) = self.network.state.ip_addr_groups().next().cloned() else {
                    return Vec::new();
                };
                let addresses = ADDRESSES.iter().filter(|_| dice.one_in(3)).map(|a| ip(a)).collect();
                self.network.put(model::IpAddrGroup { addresses, ..group })
            }
            _ => self.disturb_router(dice),
        }
    }

    /// A new cable, a cut one, or a deleted port.
    fn disturb_link(&mut self, dice: &mut Dice, bridge: BridgeId, port: PortId) -> Vec<Tag> {
        let cabled: Vec<model::Port> =
            self.network.state.ports().filter(|p| p.peer.is_some()).cloned().collect();
        match dice.below(3) {
            0 if !cabled.is_empty() => {
                let near = dice.pick(&cabled);
                let far = near.peer.and_then(|peer| self.network.state.port(peer)).cloned();
                let ends = [Some(near), far].into_iter().flatten();
                let cut = ends.map(|p| model::Change::Put(model::Port { peer: None, ..p }.into()));
                self.network.change(&cut.collect::<Vec<_>>())
            }
            1 if self.ports.len() > 1 => self.delete_port(port),
            _ => {
                let near = self.network.bridge_port(bridge);
                let far = match self.routers.as_slice() {
                    [] => self.network.bridge_port(self.bridges[0]),
                    routers => {
                        let router = dice.pick(routers);
                        self.network.router_port(router, &format!("{}.1/24", dice.pick(&NETWORKS)))
                    }
                };
                self.network.link(near, far)
            }
        }
    }

    /// Deletes a port as the model does: routes by it go too, and its peer is unplugged.
    fn delete_port(&mut self, port: PortId) -> Vec<Tag> {
        self.ports.retain(|p| *p != port);
        self.router_ports.retain(|p| *p != port);
        let state = &self.network.state;
        let mut changes =
            vec![model::Change::Delete(model::ObjectKey { kind: model::Kind::Port, id: port.0 })];
        if let Some(peer) = state.port(port).and_then(|p| p.peer).and_then(|peer| state.port(peer)) {
            changes.push(model::Change::Put(model::Port { peer: None, ..peer.clone() }.into()));
        }
        for route in state.routes().filter(|route| route.next_hop.port() == Some(port)) {
            changes
                .push(model::Change::Delete(model::ObjectKey { kind: model::Kind::Route, id: route.id.0 }));
        }
        self.network.change(&changes)
    }

    fn disturb_router(&mut self, dice: &mut Dice) -> Vec<Tag> {
        if self.routers.is_empty() || self.router_ports.is_empty() {
            return Vec::new();
        }
        let router = dice.pick(&self.routers);
        let ip = ip(dice.pick(&ADDRESSES[..12]));
        let routes: Vec<model::Route> = self.network.state.router_routes(router).cloned().collect();
        match dice.below(7) {
            0 => self.network.learn(Update::ArpFailed { router, ip }),
            1 => self.network.learn(Update::ArpForgotten { router, ip }),
            2 => self.network.learn(Update::ArpLearned { router, ip, mac: mac(1 + dice.below(8) as u8) }),
            3 if !routes.is_empty() => {
                let gone = dice.pick(&routes).id;
                self.network.delete(model::ObjectKey { kind: model::Kind::Route, id: gone.0 })
            }
            4 if !routes.is_empty() => {
                let route = dice.pick(&routes);
                self.network.put(model::Route { weight: dice.pick(&[10, 100, 200]), ..route })
            }
            5 => self.network.edit_router(router, |r| r.admin_state_up = !r.admin_state_up),
            _ => {
                let id = self.network.id();
                let port = dice.pick(&self.router_ports);
                let next_hop = dice.pick(&[
                    NextHop::Blackhole,
                    NextHop::Port { port, gateway: None },
                    NextHop::Port { port, gateway: Some(ip) },
                ]);
                let (source, destination) = (network("0.0.0.0/0"), network(dice.pick(&PREFIXES)));
                let attributes = None;
                self.network.put(model::Route {
                    id,
                    router,
                    source,
                    destination,
                    next_hop,
                    weight: 100,
                    attributes,
                })
            }
        }
    }
}
