//! The underlay: tunnel devices for the encapsulations that this host's zones use, and the ways to the other hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use datapath::links::{self, TunnelDevice};
use datapath::{Datapath, PortSpec};
use model::{HostId, TunnelZone};
use packet::DpPort;
use tunnel::{Encapsulation, Family, Peers};

use crate::snapshot::{TunnelPort, TunnelPorts};

/// UDP port of VXLAN (IANA).
const VXLAN_PORT: u16 = 4789;

/// Name of the device for an encapsulation and family. One VXLAN device serves both families.
fn device_name(encapsulation: Encapsulation, family: Family) -> &'static str {
    match (encapsulation, family) {
        (Encapsulation::Vxlan, _) => "midspan-vxlan",
        (Encapsulation::Gre, Family::V4) => "midspan-gre",
        (Encapsulation::Gre, Family::V6) => "midspan-gre6",
    }
}

fn device(encapsulation: Encapsulation, family: Family) -> TunnelDevice {
    match (encapsulation, family) {
        (Encapsulation::Vxlan, _) => TunnelDevice::Vxlan { port: VXLAN_PORT },
        (Encapsulation::Gre, Family::V4) => TunnelDevice::Gre,
        (Encapsulation::Gre, Family::V6) => TunnelDevice::Gre6,
    }
}

/// The tunnel devices of this host.
pub(crate) struct Underlay {
    host: HostId,
    datapath: Arc<dyn Datapath>,
    /// Names that are never a guest's: every tunnel device there can be.
    names: BTreeSet<String>,
    /// Devices that could not be made, each said once.
    pub(super) failed: BTreeMap<&'static str, String>,
}

/// What the workers need to know of the underlay.
pub(crate) struct Ways {
    pub peers: Peers,
    pub tunnels: TunnelPorts,
}

impl Underlay {
    /// No device yet.
    pub(crate) fn new(host: HostId, datapath: Arc<dyn Datapath>) -> Self {
        let names = ["midspan-vxlan", "midspan-gre", "midspan-gre6"].map(str::to_owned).into();
        Self { host, datapath, names, failed: BTreeMap::new() }
    }

    /// Interfaces that are tunnel devices of ours.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Makes the devices that the zones need, or finds them there, and says how every other host is reached. Devices
    /// that no zone needs any more stay, unused. Blocks for some netlink exchanges.
    pub(crate) fn reconcile<'a>(&mut self, zones: impl Iterator<Item = &'a TunnelZone> + Clone) -> Ways {
        let mut tunnels: Vec<TunnelPort> = Vec::new();
        let host = self.host;
        let needed = zones.clone().filter_map(|zone| needed(zone, host));
        let names: Vec<_> = needed.clone().map(|(e, local)| device_name(e, Family::of(local))).collect();
        self.failed.retain(|name, _| names.contains(name));
        for (encapsulation, local) in needed {
            let family = Family::of(local);
            let there = |t: &TunnelPort| t.encapsulation == encapsulation && Family::of(t.local) == family;
            if !tunnels.iter().any(there)
                && let Some(dp_port) = self.ensure(encapsulation, family)
            {
                tunnels.push(TunnelPort { encapsulation, dp_port, local });
            }
        }
        Ways { peers: Peers::of(self.host, zones), tunnels: TunnelPorts(tunnels) }
    }

    /// True if a device that a zone needs could not be made.
    pub(crate) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    fn ensure(&mut self, encapsulation: Encapsulation, family: Family) -> Option<DpPort> {
        let name = device_name(encapsulation, family);
        match self.attach(name, &device(encapsulation, family)) {
            Ok(dp_port) => {
                self.failed.remove(name);
                Some(dp_port)
            }
            Err(error) => {
                let reason = error.to_string();
                if self.failed.insert(name, reason.clone()).as_ref() != Some(&reason) {
                    tracing::error!(device = name, reason, "tunnel device cannot be made");
                }
                None
            }
        }
    }

    /// Makes or adopts the device and its port in the datapath.
    fn attach(&self, name: &str, device: &TunnelDevice) -> datapath::Result<DpPort> {
        links::ensure_tunnel(name, device)?;
        if let Some(port) = self.datapath.ports()?.into_iter().find(|port| port.name == name) {
            return Ok(port.no);
        }
        self.datapath.add_port(&PortSpec::netdev(name))
    }
}

/// The device that a zone needs on this host.
fn needed(zone: &TunnelZone, host: HostId) -> Option<(Encapsulation, IpAddr)> {
    Some((Encapsulation::of_zone(zone.kind)?, *zone.members.get(&host)?))
}
