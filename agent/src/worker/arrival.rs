//! Packets from other hosts: a flow per tunnel device and local port outputs them without simulation. Worker 0 keeps
//! those flows in step with the local ports; a packet that comes before its flow is served the same way.

use std::sync::Arc;
use std::time::Instant;

use datapath::{Ufid, Upcall};
use packet::{Action, DpPort, FlowKey, FlowMask, VLAN_PRESENT, tunnel_flags};
use rustc_hash::FxHashMap;
use simulation::Ingress;
use tunnel::WireKey;

use super::forward::Decision;
use super::{Core, Origin};
use crate::counters::ShellDrop;
use crate::flow_table::{KeyOrigin, Life, NewFlow};
use crate::snapshot::{LocalPort, PortMap, TunnelPorts};
use crate::translate::arrival_match;
use crate::writer::{FlowBody, FlowWrite};

/// The flows for packets from other hosts.
#[derive(Default)]
pub(super) struct Arrivals {
    flows: FxHashMap<ArrivalKey, Arrival>,
    made_for: Option<(Arc<PortMap>, Arc<TunnelPorts>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ArrivalKey {
    in_port: u32,
    tunnel_id: u64,
    family: u16,
}

/// Where packets under a tunnel key go.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    /// The local port's number in the datapath.
    pub(super) output: DpPort,
    /// Name of the flow, if it is in the table.
    pub(super) ufid: Option<Ufid>,
    key: FlowKey,
    mask: FlowMask,
}

impl ArrivalKey {
    fn of(key: &FlowKey) -> Self {
        let family = key.tunnel.flags & tunnel_flags::IPV6;
        Self { in_port: key.in_port, tunnel_id: key.tunnel.id, family }
    }
}

impl Arrivals {
    /// Where packets with this key should go.
    pub(super) fn wanted(&self, key: &FlowKey) -> Option<Arrival> {
        self.flows.get(&ArrivalKey::of(key)).copied()
    }

    /// Notes under which name the flow for this key is in the table.
    pub(super) fn installed(&mut self, key: &FlowKey, ufid: Option<Ufid>) {
        if let Some(arrival) = self.flows.get_mut(&ArrivalKey::of(key)) {
            arrival.ufid = ufid;
        }
    }

    fn is_made_for(&self, ports: &Arc<PortMap>, tunnels: &Arc<TunnelPorts>) -> bool {
        self.made_for.as_ref().is_some_and(|(p, t)| Arc::ptr_eq(p, ports) && Arc::ptr_eq(t, tunnels))
    }
}

impl Core {
    /// Brings the flows for arriving packets in step with the local ports and tunnel devices.
    pub(super) fn sync_arrivals(&mut self, now: Instant) {
        let (ports, tunnels) = (Arc::clone(&self.snapshot.ports), Arc::clone(&self.snapshot.tunnels));
        if self.arrivals.is_made_for(&ports, &tunnels) {
            return;
        }
        let mut wanted = FxHashMap::default();
        for device in &tunnels.0 {
            for local in ports.iter() {
                let (key, mask) = arrival_match(device, local.key.wire().encode());
                let arrival = Arrival { output: local.dp_port, ufid: None, key, mask };
                wanted.insert(ArrivalKey::of(&key), arrival);
            }
        }
        for (key, old) in std::mem::take(&mut self.arrivals.flows) {
            match wanted.get_mut(&key) {
                Some(new) if new.output == old.output => new.ufid = old.ufid,
                _ => {
                    if let Some(ufid) = old.ufid {
                        self.remove(ufid);
                    }
                }
            }
        }
        self.arrivals = Arrivals { flows: wanted, made_for: Some((ports, tunnels)) };
        self.install_arrivals(now);
    }

    /// Installs those of the flows for arriving packets that are not in the table.
    pub(super) fn install_arrivals(&mut self, now: Instant) {
        let missing: Vec<Arrival> =
            self.arrivals.flows.values().filter(|arrival| arrival.ufid.is_none()).copied().collect();
        for arrival in missing {
            self.install_arrival(arrival, now);
        }
    }

    /// Installs the flow for packets that arrive for one local port, under a new name.
    pub(super) fn install_arrival(&mut self, arrival: Arrival, now: Instant) {
        let Arrival { output, key, mask, .. } = arrival;
        let actions = vec![Action::Output(output)];
        let new = NewFlow {
            key,
            origin: KeyOrigin::Dump,
            mask,
            actions: &actions,
            dropped: None,
            tags: &[],
            life: Life::Kept,
        };
        let Some(ufid) = self.insert(&new, now) else { return };
        self.arrivals.installed(&key, Some(ufid));
        self.unsent.push(FlowWrite::Put(Box::new(FlowBody { ufid, key, mask, actions })));
    }

    /// Serves a packet that came by a tunnel and met no flow.
    pub(super) fn arrive(&mut self, upcall: &Upcall<'_>, now: Instant) {
        let key = match WireKey::decode(upcall.key.tunnel.id) {
            Ok(WireKey::Port { key, .. }) => key,
            Ok(WireKey::External(_) | WireKey::FlowState) | Err(_) => {
                return self.counters.dropped(ShellDrop::NotAPortKey);
            }
        };
        let Some(local) = self.snapshot.ports.by_key(key).copied() else {
            return self.counters.dropped(ShellDrop::UnknownTunnelKey);
        };
        let origin = Origin::of(upcall, Ingress::Port(local.port));
        self.execute(upcall.packet, &upcall.key, &[Action::Output(local.dp_port)], &origin);
        if is_tagged(&upcall.key) {
            self.install(&upcall.key, KeyOrigin::Packet, tagged_arrival(&upcall.key, &local), now);
        }
    }

    /// The flow for a tagged packet with this key; `None` if no port here has its tunnel key.
    pub(super) fn decide_tagged_arrival(&self, key: &FlowKey) -> Option<Decision> {
        let Ok(WireKey::Port { key: port, .. }) = WireKey::decode(key.tunnel.id) else { return None };
        self.snapshot.ports.by_key(port).map(|local| tagged_arrival(key, local))
    }
}

/// The kernel always matches whether a packet is tagged, and what is behind the tag by its EtherType: tagged packets need
/// flows of their own.
pub(super) fn is_tagged(key: &FlowKey) -> bool {
    key.vlan_tci & VLAN_PRESENT != 0
}

fn tagged_arrival(key: &FlowKey, local: &LocalPort) -> Decision {
    let mut mask = FlowMask::any();
    mask.0.tunnel.id = u64::MAX;
    mask.0.in_port = u32::MAX;
    mask.0.recirc_id = u32::MAX;
    mask.0.vlan_tci = VLAN_PRESENT;
    mask.0.eth_type = u16::MAX;
    mask.clip_to(key);
    let actions = vec![Action::Output(local.dp_port)];
    let tags = [simulation::Tag::DpPort(local.dp_port.0)].into_iter().collect();
    Decision { actions, mask, dropped: None, tags, life: Life::Idle }
}
