//! Random topologies and packets, drawn from small pools so that they meet: a seed gives the same ones always.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken invariant must fail the test")]

mod change;
mod packets;

use std::ops::RangeInclusive;

use model::{
    BridgeId, ChainId, Condition, FlowAction, FragmentPolicy, L2Transform, MaskedMac, Match, Nat, NatSide,
    NatTarget, NextHop, PortGroupId, PortId, RouterId, RuleAction,
};
use packet::MacAddr;
use simulation::Update;

use crate::reference::Learned;
use crate::topology::{Network, ip, mac, network};

/// A deterministic source of choices (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// True in one of `n` cases.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// A random network with what was learned in it.
pub struct World {
    /// Objects and topology.
    pub network: Network,
    /// Learned state, in plain maps.
    pub learned: Learned,
    /// Exterior ports.
    pub exterior: Vec<PortId>,
    bridges: Vec<BridgeId>,
    routers: Vec<RouterId>,
    router_ports: Vec<PortId>,
    ports: Vec<PortId>,
    chains: Vec<ChainId>,
    groups: Vec<PortGroupId>,
}

const ADDRESSES: [&str; 14] = [
    "10.0.1.1",
    "10.0.1.2",
    "10.0.1.5",
    "10.0.1.255",
    "10.0.2.1",
    "10.0.2.5",
    "10.0.2.77",
    "10.0.3.1",
    "10.1.0.9",
    "172.16.5.4",
    "192.168.1.1",
    "8.8.8.8",
    "255.255.255.255",
    "224.0.0.5",
];
const PREFIXES: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/15",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.2.64/26",
    "10.0.2.77/32",
    "172.16.0.0/12",
    "8.8.8.8/32",
];
const NETWORKS: [&str; 3] = ["10.0.1", "10.0.2", "10.0.3"];

impl World {
    /// Draws a world.
    pub fn new(dice: &mut Dice) -> Self {
        let mut world = Self {
            network: Network::new(),
            learned: Learned::default(),
            exterior: Vec::new(),
            bridges: Vec::new(),
            routers: Vec::new(),
            router_ports: Vec::new(),
            ports: Vec::new(),
            chains: Vec::new(),
            groups: Vec::new(),
        };
        for _ in 0..1 + dice.below(3) {
            let bridge = world.network.bridge();
            world.bridges.push(bridge);
            for _ in 0..1 + dice.below(3) {
                let port = world.network.vm_port(bridge);
                world.exterior.push(port);
            }
        }
        for _ in 0..dice.pick(&[0, 1, 1, 2, 3]) {
            let router = world.network.router();
            world.routers.push(router);
            world.attach_router(dice, router);
        }
        world.link_bridges(dice);
        world.ports.clone_from(&world.exterior);
        world.ports.extend(&world.router_ports);
        world.chains(dice);
        world.routes(dice);
        world.learn(dice);
        world.states(dice);
        world
    }

    fn attach_router(&mut self, dice: &mut Dice, router: RouterId) {
        for _ in 0..1 + dice.below(3) {
            let address = format!("{}.{}/24", dice.pick(&NETWORKS), dice.pick(&[1, 1, 2]));
            let port = match dice.below(6) {
                0 => {
                    let port = self.network.router_port(router, &address);
                    self.exterior.push(self.network.plug(port));
                    port
                }
                1 => self.network.router_port(router, &address),
                2 if !self.router_ports.is_empty() => {
                    let port = self.network.router_port(router, &address);
                    let peer = dice.pick(&self.router_ports);
                    if self.network.state.port(peer).is_some_and(|p| p.peer.is_none() && p.binding.is_none())
                    {
                        self.network.link(port, peer);
                    }
                    port
                }
                _ => {
                    let bridge = dice.pick(&self.bridges);
                    self.network.attach(bridge, router, &address)
                }
            };
            self.router_ports.push(port);
        }
    }

    fn link_bridges(&mut self, dice: &mut Dice) {
        for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
            let (a, b) = (dice.pick(&self.bridges), dice.pick(&self.bridges));
            if a == b && !dice.one_in(8) {
                continue;
            }
            let near = match dice.below(3) {
                0 => self.network.vlan_port(a, dice.pick(&[10, 20])),
                _ => self.network.bridge_port(a),
            };
            let far = self.network.bridge_port(b);
            self.network.link(near, far);
        }
    }

    fn chains(&mut self, dice: &mut Dice) {
        for _ in 0..dice.below(3) {
            let members: Vec<PortId> = self.ports.iter().copied().filter(|_| dice.one_in(2)).collect();
            let group = self.network.port_group(&members);
            self.groups.push(group);
        }
        for _ in 0..dice.below(5) {
            let chain = self.network.chain(Vec::new());
            self.chains.push(chain);
        }
        for chain in self.chains.clone() {
            for _ in 0..dice.below(5) {
                let condition = self.condition(dice);
                let action = self.action(dice);
                self.network.rule(chain, condition, action);
            }
        }
        for port in self.ports.clone() {
            let (inbound, outbound) = (self.filter(dice, 4), self.filter(dice, 4));
            self.network.edit_port(port, |p| (p.inbound_filter, p.outbound_filter) = (inbound, outbound));
        }
        for bridge in self.bridges.clone() {
            let (inbound, outbound) = (self.filter(dice, 3), self.filter(dice, 3));
            self.network.edit_bridge(bridge, |b| (b.inbound_filter, b.outbound_filter) = (inbound, outbound));
        }
        for router in self.routers.clone() {
            let chains: [_; 4] = std::array::from_fn(|_| self.filter(dice, 4));
            self.network.edit_router(router, |r| {
                [r.inbound_filter, r.outbound_filter, r.forward_chain, r.local_redirect_chain] = chains;
            });
        }
    }

    fn filter(&self, dice: &mut Dice, one_in: usize) -> Option<ChainId> {
        (!self.chains.is_empty() && dice.one_in(one_in)).then(|| dice.pick(&self.chains))
    }

    fn action(&self, dice: &mut Dice) -> RuleAction {
        match dice.below(12) {
            0 => RuleAction::Accept,
            1 | 2 => RuleAction::Drop,
            3 => RuleAction::Reject,
            4 => RuleAction::Continue,
            5 => RuleAction::Return,
            6..=8 => RuleAction::Jump(dice.pick(&self.chains)),
            _ => changing_action(dice),
        }
    }

    /// A condition with one to three fields.
    fn condition(&mut self, dice: &mut Dice) -> Condition {
        let mut c = Condition { conjunction_inv: dice.one_in(8), ..Condition::default() };
        for _ in 0..1 + dice.below(3) {
            self.draw_field(dice, &mut c);
        }
        c
    }

    fn draw_field(&mut self, dice: &mut Dice, c: &mut Condition) {
        let negated = dice.one_in(4);
        let prefix = network(dice.pick(&PREFIXES));
        match dice.below(24) {
            0 => c.in_ports = Some(Match { value: vec![dice.pick(&self.ports)], negated }),
            1 => c.out_ports = Some(Match { value: vec![dice.pick(&self.ports)], negated }),
            2 => c.dl_type = Some(Match { value: dice.pick(&[0x0800, 0x0806, 0x86dd]), negated }),
            3 => c.dl_src = Some(Match { value: masked_mac(dice), negated }),
            4 => c.dl_dst = Some(Match { value: masked_mac(dice), negated }),
            5 => c.nw_tos = Some(Match { value: dice.pick(&[0, 0x10]), negated }),
            6 | 7 => c.nw_proto = Some(Match { value: dice.pick(&[1, 6, 17]), negated }),
            8 | 9 => c.nw_src = Some(Match { value: prefix, negated }),
            10 | 11 => c.nw_dst = Some(Match { value: prefix, negated }),
            12 => c.tp_src = Some(Match { value: ports(dice), negated }),
            13 | 14 => c.tp_dst = Some(Match { value: ports(dice), negated }),
            15 => {
                let device = match self.routers.as_slice() {
                    routers if !routers.is_empty() && dice.one_in(2) => dice.pick(routers).0,
                    _ => dice.pick(&self.bridges).0,
                };
                c.traversed_device = Some(Match { value: device, negated });
            }
            16 => {
                let policies =
                    [FragmentPolicy::NonHeader, FragmentPolicy::Header, FragmentPolicy::Unfragmented];
                c.fragment_policy = dice.pick(&policies);
            }
            17 => c.no_vlan = true,
            18 => c.vlan = Some(dice.pick(&[0, 10])),
            19 => c.icmp_data_src = Some(Match { value: prefix, negated }),
            20 => c.icmp_data_dst = Some(Match { value: prefix, negated }),
            21 => {
                let members: Vec<&str> = ADDRESSES.iter().copied().filter(|_| dice.one_in(4)).collect();
                let value = self.network.address_group(&members);
                let field = Some(Match { value, negated });
                if dice.one_in(2) { c.ip_addr_group_src = field } else { c.ip_addr_group_dst = field }
            }
            22 => {
                if dice.one_in(2) {
                    c.match_forward_flow = true;
                } else {
                    c.match_return_flow = true;
                }
            }
            _ if self.groups.is_empty() => {}
            _ => {
                let field = Some(Match { value: dice.pick(&self.groups), negated });
                match dice.below(3) {
                    0 => c.port_group = field,
                    1 => c.in_port_group = field,
                    _ => c.out_port_group = field,
                }
            }
        }
    }

    fn routes(&mut self, dice: &mut Dice) {
        for router in self.routers.clone() {
            let device = model::DeviceId::Router(router);
            let own: Vec<PortId> = self.network.state.device_ports(device).map(|p| p.id).collect();
            for _ in 0..dice.below(5) {
                let port = dice.pick(&own);
                let next_hop = match dice.below(8) {
                    0 => NextHop::Blackhole,
                    1 => NextHop::Reject,
                    2 => NextHop::Local { port: Some(port) },
                    3 => NextHop::Port { port, gateway: None },
                    _ => NextHop::Port { port, gateway: Some(ip(dice.pick(&ADDRESSES[..9]))) },
                };
                let source = if dice.one_in(4) { dice.pick(&PREFIXES) } else { "0.0.0.0/0" };
                let weight = dice.pick(&[100, 100, 50]);
                self.network.route_from(router, source, dice.pick(&PREFIXES), next_hop, weight);
            }
        }
    }

    fn learn(&mut self, dice: &mut Dice) {
        for bridge in self.bridges.clone() {
            let device = model::DeviceId::Bridge(bridge);
            let own: Vec<PortId> = self.network.state.device_ports(device).map(|p| p.id).collect();
            for n in 1..8 {
                if dice.one_in(3) {
                    continue;
                }
                let (vlan, port) = (dice.pick(&[0, 0, 0, 10]), dice.pick(&own));
                self.network.learn(Update::MacLearned { bridge, vlan, mac: mac(n), port });
                self.learned.macs.insert((bridge, vlan, mac(n)), port);
            }
        }
        for router in self.routers.clone() {
            for text in &ADDRESSES[..12] {
                let ip = ip(text);
                match dice.below(4) {
                    0 => {}
                    1 if dice.one_in(2) => {
                        self.network.learn(Update::ArpFailed { router, ip });
                        self.learned.neighbours.insert((router, ip), None);
                    }
                    _ => {
                        let mac = mac(1 + dice.below(7) as u8);
                        self.network.learn(Update::ArpLearned { router, ip, mac });
                        self.learned.neighbours.insert((router, ip), Some(mac));
                    }
                }
            }
        }
    }

    /// Some ports are inactive, some devices and ports are down.
    fn states(&mut self, dice: &mut Dice) {
        for port in self.exterior.clone() {
            if dice.one_in(8) {
                self.network.learn(Update::PortLost { port });
            } else {
                self.learned.active.insert(port);
            }
        }
        for port in self.ports.clone() {
            if dice.one_in(16) {
                self.network.edit_port(port, |p| p.admin_state_up = false);
            }
        }
        for bridge in self.bridges.clone() {
            if dice.one_in(16) {
                self.network.edit_bridge(bridge, |b| b.admin_state_up = false);
            }
        }
        for router in self.routers.clone() {
            if dice.one_in(16) {
                self.network.edit_router(router, |r| r.admin_state_up = false);
            }
        }
    }
}

/// An action of a rule that changes packets, or would have them traced.
fn changing_action(dice: &mut Dice) -> RuleAction {
    let side = dice.pick(&[NatSide::Source, NatSide::Destination]);
    let flow_action = dice.pick(&[FlowAction::Accept, FlowAction::Continue, FlowAction::Return]);
    match dice.below(4) {
        0 => {
            let address = ip(dice.pick(&ADDRESSES));
            let targets = vec![NatTarget { first: address, last: address, ports: None }];
            RuleAction::Nat(Nat { side, targets, flow_action })
        }
        1 => RuleAction::ReverseNat { side, flow_action },
        2 => RuleAction::L2Transform(L2Transform {
            pop_vlan: dice.one_in(2),
            push_vlan: dice.pick(&[0, 10]),
            target_port: None,
            ingress: false,
            fail_open: dice.one_in(2),
            flow_action: dice.pick(&[FlowAction::Accept, FlowAction::Redirect]),
        }),
        _ => RuleAction::Trace { request: Default::default(), limit: dice.bits() },
    }
}

fn masked_mac(dice: &mut Dice) -> MaskedMac {
    let masks = [MacAddr::BROADCAST, MacAddr([0xff, 0xff, 0, 0, 0, 0]), MacAddr([1, 0, 0, 0, 0, 0])];
    MaskedMac { addr: mac(1 + dice.below(7) as u8), mask: dice.pick(&masks) }
}

fn ports(dice: &mut Dice) -> RangeInclusive<u16> {
    dice.pick(&[22..=22, 80..=80, 1..=1023, 400..=500])
}
