//! What the control plane says of itself, for `midspan agent status`.

use std::net::IpAddr;

use model::{HostId, PortId};
use nsdb::presence::Standing;
use serde::Serialize;

use super::Control;

/// The state of the control plane at one moment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ControlStatus {
    /// How the NSDB is reached.
    pub nsdb: NsdbStatus,
    /// Every port bound to this host.
    pub ports: Vec<PortStatus>,
    /// Every other host that a tunnel zone leads to.
    pub peers: Vec<PeerStatus>,
    /// Stations learned on this host.
    pub stations: usize,
}

/// The state of the NSDB as seen from here.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NsdbStatus {
    /// The servers or the file.
    pub endpoint: String,
    /// Operations can be expected to succeed.
    pub connected: bool,
    /// Seconds since that has been so.
    pub since_s: u64,
    /// Why it is not connected.
    pub reason: String,
    /// Sessions so far.
    pub epoch: u64,
    /// Whether the others see this host alive: `alive`, `pending` or `displaced`.
    pub standing: &'static str,
    /// Version of the topology that has been read.
    pub version: u64,
    /// Documents held.
    pub documents: usize,
    /// Everything that the host needs has been read.
    pub in_sync: bool,
}

/// A port bound to this host.
#[derive(Clone, Debug, Serialize)]
pub struct PortStatus {
    /// The port.
    pub port: PortId,
    /// Interface that it is bound to.
    pub interface: String,
    /// Number in the datapath, if it is plugged in.
    pub dp_port: Option<u32>,
    /// Key under which other hosts send to it, if it is plugged in.
    pub tunnel_key: Option<u32>,
    /// Why it is not plugged in.
    pub problem: Option<String>,
}

/// Another host.
#[derive(Clone, Debug, Serialize)]
pub struct PeerStatus {
    /// The host.
    pub host: HostId,
    /// `vxlan` or `gre`.
    pub encapsulation: String,
    /// This host's underlay address towards it.
    pub local: IpAddr,
    /// Its underlay address.
    pub remote: IpAddr,
}

impl Control {
    pub(super) fn describe(&self) -> ControlStatus {
        let peers = self.publisher.peers().iter().map(|(host, route)| PeerStatus {
            host,
            encapsulation: route.encapsulation.to_string(),
            local: route.local,
            remote: route.remote,
        });
        ControlStatus {
            nsdb: self.describe_nsdb(),
            ports: self.describe_ports(),
            peers: peers.collect(),
            stations: self.stations.len(),
        }
    }

    fn describe_nsdb(&self) -> NsdbStatus {
        let receiver = self.coordinator.status();
        let status = receiver.borrow();
        let standing = match *self.presence.standing().borrow() {
            Standing::Alive => "alive",
            Standing::Pending => "pending",
            Standing::Displaced(_) => "displaced",
        };
        NsdbStatus {
            endpoint: status.endpoint.to_string(),
            connected: status.connected,
            since_s: status.since.elapsed().as_secs(),
            reason: status.reason.to_string(),
            epoch: status.epoch,
            standing,
            version: self.publisher.topology().version(),
            documents: self.interest.len(),
            in_sync: *self.in_sync.borrow(),
        }
    }

    fn describe_ports(&self) -> Vec<PortStatus> {
        let bindings = self.library.bindings().unwrap_or_default();
        let describe = |binding: &model::HostBinding| {
            let local = self.publisher.ports().by_port(binding.port);
            let problem = || match self.interfaces.get(&binding.interface) {
                None => "no such interface".to_owned(),
                Some(interface) if !interface.up => "the interface is down".to_owned(),
                Some(interface) if !interface.carrier => "the interface has no carrier".to_owned(),
                Some(_) => match self.ports.refused().get(&binding.interface) {
                    Some(reason) => reason.clone(),
                    None => "not attached yet".to_owned(),
                },
            };
            PortStatus {
                port: binding.port,
                interface: binding.interface.clone(),
                dp_port: local.map(|local| local.dp_port.0),
                tunnel_key: local.map(|local| local.key.number()),
                problem: local.is_none().then(problem),
            }
        };
        bindings.iter().map(describe).collect()
    }
}
