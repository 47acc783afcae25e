//! From virtual actions to datapath actions: a port here is an output, a port elsewhere a tunnel to the host that has
//! it.
//!
//! Pure. Outputs between two header changes are put into one order (local ones by number, then tunnels), so that the
//! same set of ports always gives the same list.

use std::net::IpAddr;

use datapath::Features;
use model::HostId;
use packet::{Action, DpPort, FlowKey, FlowMask, SetField, TunnelKey, ethertype, ip_bytes, tunnel_flags};
use simulation::{Tag, VirtualAction};
use smallvec::SmallVec;

use crate::counters::ShellDrop;
use crate::snapshot::Snapshot;

/// TTL of outer headers.
const OUTER_TTL: u8 = 64;

/// [`Action::Userspace`] cookie of packets whose TTL ran out: the low byte says how often it was decremented before.
const TTL_COOKIE: u64 = 0x5454_4c00;

/// Datapath actions with what they made the flow depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Translation {
    /// In order; empty drops.
    pub actions: Vec<Action>,
    /// Peers and datapath ports that the actions name.
    pub tags: SmallVec<[Tag; 8]>,
    /// Ports that the packet could not be sent to, and why: the first one.
    pub missed: Option<ShellDrop>,
}

/// Translates the actions of a verdict for a packet with this key; adds to the mask what the translation consulted.
pub(crate) fn translate(
    virtual_actions: &[VirtualAction],
    key: &FlowKey,
    mask: &mut FlowMask,
    snapshot: &Snapshot,
    features: &Features,
) -> Translation {
    let mut out =
        Translator { snapshot, done: Translation::default(), pending: SmallVec::new(), tunnel: None };
    let ttl = TtlPlan::of(virtual_actions, key, features);
    ttl.hoist(&mut out.done.actions);
    if ttl.is_exact() {
        mask.0.ip_ttl = 0xff;
    }
    let mut decremented = 0;
    for action in virtual_actions {
        match *action {
            VirtualAction::Output(port) => out.output(port),
            VirtualAction::Set(set) => out.change(Action::Set(set)),
            VirtualAction::PushVlan { tpid, tci } => out.change(Action::PushVlan { tpid, tci }),
            VirtualAction::PopVlan => out.change(Action::PopVlan),
            VirtualAction::DecTtl if ttl.is_exact() => {
                decremented += 1;
                out.change(set_ttl(key, key.ip_ttl.saturating_sub(decremented)));
            }
            VirtualAction::DecTtl => {}
        }
    }
    out.finish()
}

/// How often the TTL of a packet that came up with this cookie was decremented by our actions before it ran out;
/// `None` if the packet came up for another reason.
pub(crate) fn decrements_of(cookie: u64) -> Option<u8> {
    (cookie & !0xff == TTL_COOKIE).then_some((cookie & 0xff) as u8)
}

/// Adds what every flow of a packet from a local port must match on, whatever the verdict was.
pub(crate) fn complete_mask(mask: &mut FlowMask) {
    mask.0.in_port = u32::MAX;
    mask.0.recirc_id = u32::MAX;
    mask.0.eth_type = u16::MAX;
}

/// How a list of virtual actions decrements the TTL.
///
/// With the kernel's DEC_TTL all decrements go first, so that a packet whose TTL runs out comes up with its other
/// headers as they were. That is not possible if a copy leaves before the first decrement; those flows, and all flows
/// of kernels without DEC_TTL, match the TTL exactly and set it.
enum TtlPlan {
    Hoisted(u8),
    Exact,
}

impl TtlPlan {
    fn of(actions: &[VirtualAction], key: &FlowKey, features: &Features) -> Self {
        let decrements = actions.iter().filter(|a| matches!(a, VirtualAction::DecTtl)).count();
        let first = actions.iter().position(|a| matches!(a, VirtualAction::Output(_)));
        let last = actions.iter().rposition(|a| matches!(a, VirtualAction::DecTtl));
        let leaves_before = matches!((first, last), (Some(output), Some(decrement)) if output < decrement);
        let is_ip = key.is_ipv4() || key.is_ipv6();
        match u8::try_from(decrements) {
            Ok(0) => Self::Hoisted(0),
            Ok(count) if features.dec_ttl && is_ip && !leaves_before => Self::Hoisted(count),
            _ => Self::Exact,
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self, Self::Exact)
    }

    fn hoist(&self, actions: &mut Vec<Action>) {
        if let Self::Hoisted(count) = *self {
            for before in 0..count {
                let cookie = TTL_COOKIE | u64::from(before);
                actions.push(Action::DecTtl { exception: vec![Action::Userspace { cookie }] });
            }
        }
    }
}

fn set_ttl(key: &FlowKey, ttl: u8) -> Action {
    Action::Set(if key.is_ipv6() {
        SetField::Ipv6 { src: None, dst: None, tclass: None, hop_limit: Some(ttl) }
    } else {
        SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(ttl) }
    })
}

/// A destination of the run of outputs at hand. The order is the order of actions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Destination {
    Local(DpPort),
    Remote { dp_port: DpPort, remote: IpAddr, local: IpAddr, id: u32 },
}

struct Translator<'a> {
    snapshot: &'a Snapshot,
    done: Translation,
    pending: SmallVec<[Destination; 4]>,
    tunnel: Option<TunnelKey>,
}

impl Translator<'_> {
    fn output(&mut self, port: model::PortId) {
        if let Some(local) = self.snapshot.ports.by_port(port) {
            self.done.tags.push(Tag::DpPort(local.dp_port.0));
            self.pending.push(Destination::Local(local.dp_port));
            return;
        }
        match self.remote(port) {
            Ok(destination) => self.pending.push(destination),
            Err(reason) => {
                self.done.missed.get_or_insert(reason);
            }
        }
    }

    fn remote(&mut self, port: model::PortId) -> Result<Destination, ShellDrop> {
        self.done.tags.push(Tag::Port(port));
        let location = self.snapshot.topology.location(port).ok_or(ShellDrop::PortNowhere(port))?;
        if location.host == self.snapshot.host {
            return Err(ShellDrop::PortUnplugged(port));
        }
        self.tag_peer(location.host);
        let route =
            self.snapshot.peers.route(location.host).ok_or(ShellDrop::NoTunnelRoute(location.host))?;
        let dp_port = self.snapshot.tunnels.to_send(route).ok_or(ShellDrop::NoTunnelDevice(location.host))?;
        Ok(Destination::Remote { dp_port, remote: route.remote, local: route.local, id: location.tunnel_key })
    }

    fn tag_peer(&mut self, host: HostId) {
        let tag = Tag::TunnelRoute(host);
        if !self.done.tags.contains(&tag) {
            self.done.tags.push(tag);
        }
    }

    fn change(&mut self, action: Action) {
        self.flush();
        self.done.actions.push(action);
    }

    fn flush(&mut self) {
        self.pending.sort_unstable();
        self.pending.dedup();
        for destination in self.pending.drain(..) {
            match destination {
                Destination::Local(dp_port) => self.done.actions.push(Action::Output(dp_port)),
                Destination::Remote { dp_port, remote, local, id } => {
                    let header = outer_header(local, remote, id);
                    if self.tunnel != Some(header) {
                        self.done.actions.push(Action::SetTunnel(header));
                        self.tunnel = Some(header);
                    }
                    self.done.actions.push(Action::Output(dp_port));
                }
            }
        }
    }

    /// Header changes after the last output have no effect: they go. A list without outputs drops.
    fn finish(mut self) -> Translation {
        self.flush();
        let outputs = |action: &Action| matches!(action, Action::Output(_));
        let end = self.done.actions.iter().rposition(outputs).map_or(0, |last| last + 1);
        self.done.actions.truncate(end);
        self.done
    }
}

/// The outer header of packets to a peer, for every encapsulation: the device knows the rest.
pub(crate) fn outer_header(local: IpAddr, remote: IpAddr, id: u32) -> TunnelKey {
    // IPv4 packets are not to be fragmented on the way; IPv6 never are, and need a UDP checksum (RFC 8200 §8.1).
    let family = if remote.is_ipv6() { tunnel_flags::IPV6 | tunnel_flags::CSUM } else { tunnel_flags::DF };
    TunnelKey {
        id: u64::from(id),
        src: ip_bytes(local),
        dst: ip_bytes(remote),
        flags: tunnel_flags::KEY | family,
        ttl: OUTER_TTL,
        ..TunnelKey::default()
    }
}

/// Key and mask of the packets that other hosts send to a local port by a tunnel device.
pub(crate) fn arrival_match(tunnel_port: &crate::snapshot::TunnelPort, id: u32) -> (FlowKey, FlowMask) {
    // The kernel wants an outer destination and TTL in the key even where the mask leaves them open.
    let header = outer_header(tunnel_port.local, tunnel_port.local, id);
    let header =
        TunnelKey { src: [0; 16], flags: header.flags & !tunnel_flags::DF & !tunnel_flags::CSUM, ..header };
    // LLC is what the kernel takes for "no EtherType given".
    let in_port = tunnel_port.dp_port.0;
    let key = FlowKey { tunnel: header, in_port, eth_type: ethertype::LLC, ..FlowKey::default() };
    let mut mask = FlowMask::any();
    mask.0.tunnel.id = u64::MAX;
    mask.0.in_port = u32::MAX;
    mask.0.recirc_id = u32::MAX;
    (key, mask)
}

#[cfg(test)]
mod tests;
