//! Bridges, plainly.

use std::net::IpAddr;

use model::{BridgeId, DeviceId, Port, PortDevice};
use packet::MacAddr;
use simulation::DropReason;

use super::{Copy, Lesson, Reference, Walked};

impl Reference<'_> {
    pub(super) fn bridge(&mut self, id: BridgeId, input: &Port, mut copy: Copy) -> Walked {
        let bridge = self.state.bridge(id).expect("a port's bridge exists").clone();
        if !bridge.admin_state_up {
            return self.drop(DropReason::BridgeDown(id));
        }
        if let PortDevice::Bridge { vlan: Some(vid), .. } = input.device {
            if copy.vids.len() == 2 {
                return self.drop(DropReason::VlanMismatch(input.id));
            }
            copy.vids.insert(0, vid);
        }
        if copy.src.0[0] & 1 == 1 || copy.src == MacAddr::ZERO {
            return self.drop(DropReason::BadSourceMac(input.id));
        }
        let vid = copy.vids.first().copied().unwrap_or(0);
        let known = self.learned.macs.get(&(id, vid, copy.src)) == Some(&input.id);
        let taught = |l: &Lesson| matches!(l, Lesson::Mac(b, v, m, _) if (*b, *v, *m) == (id, vid, copy.src));
        if self.router_behind(input).is_none() && !known && !self.lessons.iter().any(taught) {
            self.lessons.insert(Lesson::Mac(id, vid, copy.src, input.id));
        }
        if let Some(refusal) = self.filter_untagged(bridge.inbound_filter, Some(input), None, &copy)? {
            return self.drop(refusal.drop_reason());
        }

        let ports: Vec<Port> = self.state.device_ports(DeviceId::Bridge(id)).cloned().collect();
        let routers: Vec<&Port> = ports.iter().filter(|p| self.router_behind(p).is_some()).collect();
        let is_group = copy.dst.0[0] & 1 == 1;
        let mut targets: Vec<&Port> = Vec::new();
        if !is_group {
            let router = routers.iter().find(|p| vid == 0 && self.mac_behind(p) == Some(copy.dst));
            let station = self.learned.macs.get(&(id, vid, copy.dst));
            let station = station.and_then(|port| ports.iter().find(|p| p.id == *port));
            if let Some(port) = router.copied().or(station) {
                if port.id == input.id {
                    return self.drop(DropReason::Hairpin(id));
                }
                return self.switch_out(&bridge, input, port, &copy, vid);
            }
        } else if copy.dst == MacAddr::BROADCAST && copy.key.is_arp() && vid == 0 {
            let (spa, tpa) = (copy.key.src_ip(), copy.key.dst_ip());
            let others: Vec<&Port> = routers.iter().copied().filter(|p| p.id != input.id).collect();
            if spa == tpa {
                targets = others;
            } else if copy.key.ip_proto == 1 {
                let asked = others.iter().find(|p| tpa.is_some_and(|ip| self.has_ip_behind(p, ip)));
                // Of several ports with the address, only the first counts.
                let first = routers.iter().find(|p| tpa.is_some_and(|ip| self.has_ip_behind(p, ip)));
                if let (Some(port), Some(first)) = (asked, first)
                    && port.id == first.id
                {
                    return self.switch_out(&bridge, input, port, &copy, vid);
                }
            }
        }
        for port in targets {
            self.switch_out(&bridge, input, port, &copy, vid)?;
        }
        self.flood(&bridge, input, &ports, &copy, vid)
    }

    fn flood(
        &mut self,
        bridge: &model::Bridge,
        input: &Port,
        ports: &[Port],
        copy: &Copy,
        vid: u16,
    ) -> Walked {
        let mut count = 0;
        for port in ports {
            let plugged = match (port.peer, &port.binding) {
                (Some(_), _) => self.router_behind(port).is_none(),
                (None, Some(_)) => self.learned.active.contains(&port.id),
                (None, None) => false,
            };
            let carried = match port.device {
                PortDevice::Bridge { vlan: Some(wanted), .. } if port.peer.is_some() => wanted == vid,
                _ => true,
            };
            if plugged && carried && port.id != input.id {
                count += 1;
                self.switch_out(bridge, input, port, copy, vid)?;
            }
        }
        if count == 0 { self.drop(DropReason::NoFloodTarget(bridge.id)) } else { Ok(()) }
    }

    fn switch_out(
        &mut self,
        bridge: &model::Bridge,
        input: &Port,
        out: &Port,
        copy: &Copy,
        vid: u16,
    ) -> Walked {
        let mut copy = copy.clone();
        if let Some(refusal) = self.filter_untagged(bridge.outbound_filter, Some(input), Some(out), &copy)? {
            return self.drop(refusal.drop_reason());
        }
        if let PortDevice::Bridge { vlan: Some(wanted), .. } = out.device {
            if wanted != vid {
                return self.drop(DropReason::VlanMismatch(out.id));
            }
            copy.vids.remove(0);
        }
        if !out.admin_state_up {
            return self.drop(DropReason::PortDown(out.id));
        }
        if let Some(refusal) = self.filter_untagged(out.outbound_filter, Some(input), Some(out), &copy)? {
            return self.drop(refusal.drop_reason());
        }
        self.emit(out, copy)
    }

    /// The router port at the other end of a cable.
    pub(super) fn router_behind(&self, port: &Port) -> Option<&Port> {
        let peer = self.state.port(port.peer?)?;
        peer.router().map(|_| peer)
    }

    fn mac_behind(&self, port: &Port) -> Option<MacAddr> {
        match self.router_behind(port)?.device {
            PortDevice::Router { mac, .. } => Some(mac),
            PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => None,
        }
    }

    pub(super) fn has_ip_behind(&self, port: &Port, ip: IpAddr) -> bool {
        self.router_behind(port)
            .is_some_and(|peer| super::router::addresses(peer).iter().any(|a| a.ip() == ip))
    }
}
