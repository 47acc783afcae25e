//! Random packets that have something to do with a world.

use model::PortId;
use packet::build::frame_of;
use packet::{FlowKey, MacAddr, VLAN_PRESENT, ethertype, frag, ip_proto};

use super::{ADDRESSES, Dice, World};
use crate::topology::{ip, mac, router_mac};

impl World {
    /// Draws a frame that might come in by `port`.
    pub fn frame(&self, dice: &mut Dice, port: PortId) -> Vec<u8> {
        let key = self.key(dice, port);
        let payload = if key.ip_proto == ip_proto::ICMP && key.tp_src != 8 {
            let quoted = FlowKey { eth_type: ethertype::IPV4, ..self.ip_key(dice, FlowKey::default()) };
            frame_of(&quoted, b"quoted").split_off(14)
        } else {
            b"payload".to_vec()
        };
        frame_of(&key, &payload)
    }

    fn key(&self, dice: &mut Dice, port: PortId) -> FlowKey {
        let mut key = FlowKey { eth_src: mac(1 + dice.below(7) as u8), ..FlowKey::default() };
        if dice.one_in(30) {
            key.eth_src = MacAddr([1, 0, 0, 0, 0, 1]);
        }
        key.eth_dst = match dice.below(8) {
            0 => MacAddr::BROADCAST,
            1 => MacAddr([1, 0, 0x5e, 0, 0, 5]),
            2 | 3 => mac(1 + dice.below(8) as u8),
            _ => self.gateway_mac(dice, port),
        };
        for (tpid, tci) in
            [(&mut key.vlan_tpid, &mut key.vlan_tci), (&mut key.inner_vlan_tpid, &mut key.inner_vlan_tci)]
        {
            if !dice.one_in(6) {
                break;
            }
            *tpid = ethertype::VLAN;
            *tci = VLAN_PRESENT | dice.pick(&[0, 10, 20, 30]) | (dice.below(8) as u16) << 13;
        }
        match dice.below(12) {
            0 => FlowKey { eth_type: ethertype::IPV6, ..self.ip_key(dice, key) },
            1 => FlowKey { eth_type: dice.pick(&[0x88cc, ethertype::LLC]), ..key },
            2..=4 => self.arp_key(dice, key),
            _ => FlowKey { eth_type: ethertype::IPV4, ..self.ip_key(dice, key) },
        }
    }

    fn ip_key(&self, dice: &mut Dice, key: FlowKey) -> FlowKey {
        let proto = dice.pick(&[ip_proto::ICMP, ip_proto::TCP, ip_proto::UDP, 47]);
        let icmp = [8, 8, 0, 3, 11];
        let (tp_src, tp_dst) = match proto {
            ip_proto::ICMP => (dice.pick(&icmp), 0),
            47 => (0, 0),
            _ => (dice.pick(&[22, 80, 1000]), dice.pick(&[22, 80, 443])),
        };
        let ip_frag = dice.pick(&[frag::NONE, frag::NONE, frag::NONE, frag::FIRST, frag::LATER]);
        FlowKey {
            ip_src: packet::ip_bytes(ip(dice.pick(&ADDRESSES))),
            ip_dst: packet::ip_bytes(ip(dice.pick(&ADDRESSES))),
            ip_proto: proto,
            ip_tos: dice.pick(&[0, 0, 0x10]),
            ip_ttl: dice.pick(&[64, 64, 64, 3, 2, 1, 0]),
            ip_frag,
            tp_src,
            tp_dst,
            ..key
        }
    }

    fn arp_key(&self, dice: &mut Dice, key: FlowKey) -> FlowKey {
        let eth_dst = if dice.one_in(2) { MacAddr::BROADCAST } else { key.eth_dst };
        let sender = ip(dice.pick(&ADDRESSES[..9]));
        let target = if dice.one_in(8) { sender } else { ip(dice.pick(&ADDRESSES[..9])) };
        FlowKey {
            eth_dst,
            eth_type: ethertype::ARP,
            ip_proto: dice.pick(&[1, 1, 1, 2, 3]),
            ip_src: packet::ip_bytes(sender),
            ip_dst: packet::ip_bytes(target),
            arp_sha: key.eth_src,
            ..key
        }
    }

    /// A router port that a packet by this port may be sent to.
    fn gateway_mac(&self, dice: &mut Dice, port: PortId) -> MacAddr {
        if self.router_ports.contains(&port) {
            return router_mac(port);
        }
        let state = &self.network.state;
        let bridge = state.port(port).and_then(model::Port::bridge);
        let peers = bridge.into_iter().flat_map(|b| state.device_ports(model::DeviceId::Bridge(b)));
        let near: Vec<PortId> =
            peers.filter_map(|p| p.peer).filter(|peer| self.router_ports.contains(peer)).collect();
        match (near.as_slice(), self.router_ports.as_slice()) {
            ([], []) => mac(1),
            ([], any) => router_mac(dice.pick(any)),
            (near, _) => router_mac(dice.pick(near)),
        }
    }
}
