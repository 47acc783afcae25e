//! Where the children of a large document are cut into runs, each of which becomes a page.
//!
//! Whether a run ends after a child depends on that child's id (and, for heavy ones, on the weight gathered since the last
//! end), so that inserting or removing a child moves boundaries next to it at most.

use std::net::IpAddr;

use model::{
    ArpEntry, BgpNetwork, BgpPeer, Condition, DhcpSubnet, DhcpSubnet6, HostBinding, HostId, MacEntry,
    PeeringEntry, PoolId, PoolMember, Port, PortDevice, PortEntry, PortMirrors, QosBandwidthRule,
    QosDscpRule, Route, Rule, RuleAction, Vip,
};
use uuid::Uuid;

/// A run ends at about every this many-th child…
const RUN: u64 = 64;
/// …and before a child with which it would take more than this.
const MAX_RUN_BYTES: usize = 32 * 1024;

/// What can be cut into runs.
pub(super) trait Child {
    /// Decides, scrambled, whether a run ends here.
    fn id(&self) -> Uuid;

    /// At most how many bytes it takes on a page, or little more.
    fn weight(&self) -> usize;
}

impl Child for PortEntry {
    fn id(&self) -> Uuid {
        self.port.id.0
    }

    fn weight(&self) -> usize {
        let Port { device, mirrors, port_groups, .. } = &self.port;
        let addresses = match device {
            PortDevice::Router { addresses, .. } => addresses.len(),
            PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => 0,
        };
        let PortMirrors { inbound, post_in_filter, pre_out_filter, outbound } = mirrors;
        let mirrors = inbound.len() + post_in_filter.len() + pre_out_filter.len() + outbound.len();
        270 + 24 * addresses + 20 * (mirrors + port_groups.len())
    }
}

impl Child for Route {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn weight(&self) -> usize {
        150 + self.attributes.as_ref().map_or(0, String::len)
    }
}

impl Child for Rule {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn weight(&self) -> usize {
        let Condition { in_ports, out_ports, .. } = &self.condition;
        let ports: usize = in_ports.iter().chain(out_ports).map(|ports| ports.value.len()).sum();
        let targets = match &self.action {
            RuleAction::Nat(nat) => nat.targets.len(),
            _ => 0,
        };
        let meter = self.meter_name.as_ref().map_or(0, String::len);
        450 + 20 * ports + 50 * targets + meter
    }
}

/// Children that take about as many bytes, all of them.
macro_rules! children {
    ($($child:ident: $bytes:literal),* $(,)?) => {$(
        impl Child for $child {
            fn id(&self) -> Uuid {
                self.id.0
            }

            fn weight(&self) -> usize {
                $bytes
            }
        }
    )*};
}

children! {
    ArpEntry: 50,
    BgpNetwork: 60,
    BgpPeer: 180,
    MacEntry: 70,
    PeeringEntry: 70,
    PoolMember: 70,
    QosBandwidthRule: 60,
    QosDscpRule: 50,
    Vip: 90,
}

impl Child for PoolId {
    fn id(&self) -> Uuid {
        self.0
    }

    fn weight(&self) -> usize {
        18
    }
}

impl Child for IpAddr {
    fn id(&self) -> Uuid {
        Uuid::from_u128(match self {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        })
    }

    fn weight(&self) -> usize {
        20
    }
}

impl Child for HostBinding {
    fn id(&self) -> Uuid {
        self.port.0
    }

    fn weight(&self) -> usize {
        70
    }
}

impl Child for (HostId, IpAddr) {
    fn id(&self) -> Uuid {
        self.0.0
    }

    fn weight(&self) -> usize {
        50
    }
}

impl Child for DhcpSubnet {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn weight(&self) -> usize {
        let option = |option: &model::DhcpOption| 10 + option.name.len() + option.value.len();
        let host = |host: &model::DhcpHost| {
            let name = host.name.as_ref().map_or(0, String::len);
            30 + name + host.options.iter().map(option).sum::<usize>()
        };
        100 + 20 * (self.dns_servers.len() + self.routes.len()) + self.hosts.values().map(host).sum::<usize>()
    }
}

impl Child for DhcpSubnet6 {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn weight(&self) -> usize {
        let name = |host: &model::DhcpHost6| host.name.as_ref().map_or(0, String::len);
        70 + self.hosts.iter().map(|(client, host)| 30 + client.len() + name(host)).sum::<usize>()
    }
}

/// Cuts children into runs. A child heavier than a run may be stands alone.
pub(super) fn runs<T: Child>(children: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut children = children.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = children.next()?;
        let mut weight = first.weight();
        let mut run = vec![first];
        while !run.last().is_some_and(ends_run) {
            let Some(child) = children.next_if(|child| weight + child.weight() <= MAX_RUN_BYTES) else {
                break;
            };
            weight += child.weight();
            run.push(child);
        }
        Some(run)
    })
}

fn ends_run<T: Child>(child: &T) -> bool {
    scramble(child.id()).is_multiple_of(RUN)
}

/// A fixed scrambling of an id (the finalizer of SplitMix64): the same in every process and release.
fn scramble(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    let mut x = high ^ low.rotate_left(32);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
