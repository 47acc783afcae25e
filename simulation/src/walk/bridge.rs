//! Bridges: learning, forwarding by station, flooding, and the VLANs of VLAN-aware bridges.
//!
//! An interior port with a VLAN is an access port of a VLAN-aware bridge: what comes in by it is tagged, what goes
//! out by it is untagged. All other ports are trunks. Chains are for untagged frames.

use model::{BridgeId, DeviceId};
use packet::{Field, MacAddr, ethertype};

use super::chain::Passage;
use super::headers::MAX_TAGS;
use super::{Frame, Halt, Passing, Walk, Walked, need_device};
use crate::topology::{Bridge, Link, Port, PortKind, RouterPeer};
use crate::trace::{Hook, Step, Tracer};
use crate::{DropReason, Effect, Tag};

/// A frame that is inside a bridge.
struct Switched<'a> {
    bridge: &'a Bridge,
    input: &'a Port,
    /// VID, 0 for untagged.
    vlan: u16,
    frame: Frame<'a>,
}

/// Where a frame for everybody goes.
enum GroupTarget<'a> {
    Everybody,
    /// Everybody and the routers: an ARP announcement.
    EverybodyAndRouters,
    /// An ARP request for a router's address.
    Router(&'a RouterPeer),
}

impl<'a, T: Tracer> Walk<'a, T> {
    /// A frame enters a bridge, past the filter of its port.
    pub(super) fn bridge(&mut self, id: BridgeId, input: &'a Port, mut frame: Frame<'a>) -> Walked {
        let Some(bridge) = self.topology.bridge(id) else { return Err(need_device(DeviceId::Bridge(id))) };
        self.tag(Tag::Bridge(id));
        if !bridge.config.admin_state_up {
            return self.drop(DropReason::BridgeDown(id));
        }
        if let PortKind::Bridge { vlan: Some(vid), .. } = input.kind {
            if self.seen.tags(&frame.headers) == MAX_TAGS || !frame.headers.vlan.push(vid) {
                return self.drop(DropReason::VlanMismatch(input.id));
            }
            self.trace(|| Step::VlanPushed { vid });
        }
        let src = self.seen.eth_src(&frame.headers);
        if !src.is_station() {
            return self.drop(DropReason::BadSourceMac(input.id));
        }
        let vlan = self.seen.vid(&frame.headers).unwrap_or(0);
        self.learn(id, vlan, src, input);
        if vlan == 0 {
            let passing = Passing { input: Some(input), output: None };
            let hook = Hook::DeviceInbound(DeviceId::Bridge(id));
            if let Passage::Refused { reason, .. } =
                self.apply(bridge.config.inbound_filter, hook, passing, &frame)?
            {
                return self.drop(reason);
            }
        }
        let dst = self.seen.eth_dst(&frame.headers);
        let switched = Switched { bridge, input, vlan, frame };
        if dst.is_multicast() {
            self.switch_group(&switched, dst)
        } else {
            self.switch_station(&switched, dst)
        }
    }

    /// Router ports are known by configuration; everybody else by what they send.
    fn learn(&mut self, bridge: BridgeId, vlan: u16, mac: MacAddr, input: &Port) {
        if matches!(input.link, Link::Interior { device: Some(DeviceId::Router(_)), .. }) {
            return;
        }
        self.tag(Tag::MacSource { bridge, vlan, mac });
        if self.topology.station(bridge, vlan, mac) == Some(input.id) {
            return;
        }
        let learned = |effect: &Effect| matches!(effect, Effect::LearnMac { bridge: b, vlan: v, mac: m, .. } if (*b, *v, *m) == (bridge, vlan, mac));
        if !self.effects.iter().any(learned) {
            self.trace(|| Step::Learned { bridge, vlan, mac, port: input.id });
            self.effects.push(Effect::LearnMac { bridge, vlan, mac, port: input.id });
        }
    }

    fn switch_station(&mut self, switched: &Switched<'a>, mac: MacAddr) -> Walked {
        let Switched { bridge, input, vlan, .. } = *switched;
        let id = bridge.config.id;
        self.tag(Tag::Mac { bridge: id, vlan, mac });
        let router = if vlan == 0 { bridge.router_by_mac(mac).map(|peer| peer.port) } else { None };
        let port = router.or_else(|| self.topology.station(id, vlan, mac));
        self.trace(|| Step::Station { bridge: id, vlan, mac, port });
        let known = port.and_then(|port| self.topology.port(port));
        match known.filter(|port| port.device() == DeviceId::Bridge(id)) {
            Some(port) if port.id == input.id => self.drop(DropReason::Hairpin(id)),
            Some(port) => {
                self.tag(Tag::Port(port.id));
                self.switch_out(switched, port)
            }
            None => self.need_peers(bridge, vlan).and_then(|()| self.flood(switched)),
        }
    }

    fn switch_group(&mut self, switched: &Switched<'a>, mac: MacAddr) -> Walked {
        match self.group_target(switched, mac)? {
            GroupTarget::Everybody => self.flood(switched),
            GroupTarget::Router(peer) => match self.topology.port(peer.port) {
                Some(port) => {
                    self.tag(Tag::Port(port.id));
                    self.tag(Tag::Flood(switched.bridge.config.id));
                    self.switch_out(switched, port)
                }
                None => self.drop(DropReason::PortUnknown(peer.port)),
            },
            GroupTarget::EverybodyAndRouters => {
                self.per_packet = true;
                for peer in switched.bridge.routers.iter().filter(|peer| peer.port != switched.input.id) {
                    if let Some(port) = self.topology.port(peer.port) {
                        self.switch_out(switched, port)?;
                    }
                }
                self.flood(switched)
            }
        }
    }

    /// Broadcast ARP is the only traffic to a group that a router has a part in.
    fn group_target(&mut self, switched: &Switched<'a>, mac: MacAddr) -> Result<GroupTarget<'a>, Halt> {
        let bridge = switched.bridge;
        if self.seen.eth_type() != ethertype::ARP || !mac.is_broadcast() || switched.vlan != 0 {
            return Ok(GroupTarget::Everybody);
        }
        self.need_peers(bridge, switched.vlan)?;
        if bridge.routers.is_empty() {
            return Ok(GroupTarget::Everybody);
        }
        self.seen.mask.add_all(&[Field::IpSrc, Field::IpDst]);
        let (Some(sender), Some(target)) = (self.seen.ip_src(), self.seen.ip_dst()) else {
            return Ok(GroupTarget::Everybody);
        };
        if sender == target {
            return Ok(GroupTarget::EverybodyAndRouters);
        }
        let is_request = u16::from(self.seen.proto()) == packet::header::arp_op::REQUEST;
        let peer = bridge.router_by_ip(target).filter(|peer| is_request && peer.port != switched.input.id);
        Ok(peer.map_or(GroupTarget::Everybody, GroupTarget::Router))
    }

    /// Addresses that nobody has learned may be those of a router that is not loaded.
    fn need_peers(&self, bridge: &Bridge, vlan: u16) -> Walked {
        match bridge.missing {
            Some(key) if vlan == 0 => Err(Halt::Need(crate::Need::Document(key))),
            _ => Ok(()),
        }
    }

    fn flood(&mut self, switched: &Switched<'a>) -> Walked {
        let Switched { bridge, input, vlan, .. } = *switched;
        let id = bridge.config.id;
        // Stands for each port of the bridge as well.
        self.tag(Tag::Flood(id));
        self.trace(|| Step::Flood { bridge: id });
        let mut copies = 0u32;
        for target in &bridge.flood {
            let carried = target.vlan.is_none_or(|vid| vid == vlan);
            if !carried || target.port == input.id {
                continue;
            }
            let Some(port) = self.topology.port(target.port) else { continue };
            if port.link == Link::Exterior && self.topology.location(port.id).is_none() {
                continue;
            }
            copies += 1;
            self.switch_out(switched, port)?;
        }
        if copies == 0 { self.drop(DropReason::NoFloodTarget(id)) } else { Ok(()) }
    }

    /// A copy of the frame leaves the bridge by a port.
    fn switch_out(&mut self, switched: &Switched<'a>, output: &'a Port) -> Walked {
        let Switched { bridge, input, vlan, .. } = *switched;
        let mut frame = switched.frame.clone();
        if vlan == 0 {
            let passing = Passing { input: Some(input), output: Some(output) };
            let hook = Hook::DeviceOutbound(DeviceId::Bridge(bridge.config.id));
            if let Passage::Refused { reason, .. } =
                self.apply(bridge.config.outbound_filter, hook, passing, &frame)?
            {
                return self.drop(reason);
            }
        }
        if let PortKind::Bridge { vlan: Some(vid), .. } = output.kind {
            if vid != vlan {
                return self.drop(DropReason::VlanMismatch(output.id));
            }
            frame.headers.vlan.pop();
            self.trace(|| Step::VlanPopped);
        }
        match self.pass_out(output, Some(input), &frame)? {
            Passage::Accepted => self.emit(output, frame),
            Passage::Refused { reason, .. } => self.drop(reason),
        }
    }
}
