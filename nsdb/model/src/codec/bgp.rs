//! BGP networks and peers.

use super::field::{FieldError, address, address_bytes, id, id_bytes, prefix, prefix_message};
use super::wire::topology as wire;
use crate::{BgpNetwork, BgpPeer, Password};

impl From<&BgpNetwork> for wire::BgpNetwork {
    fn from(network: &BgpNetwork) -> Self {
        Self {
            id: id_bytes(network.id),
            router: id_bytes(network.router),
            subnet: Some(prefix_message(network.subnet)),
        }
    }
}

impl TryFrom<wire::BgpNetwork> for BgpNetwork {
    type Error = FieldError;

    fn try_from(network: wire::BgpNetwork) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &network.id)?,
            router: id("router", &network.router)?,
            subnet: prefix("subnet", network.subnet.as_ref())?,
        })
    }
}

impl From<&BgpPeer> for wire::BgpPeer {
    fn from(peer: &BgpPeer) -> Self {
        Self {
            id: id_bytes(peer.id),
            router: id_bytes(peer.router),
            as_number: peer.as_number,
            address: address_bytes(peer.address),
            keep_alive: peer.keep_alive,
            hold_time: peer.hold_time,
            connect_retry: peer.connect_retry,
            password: peer.password.as_ref().map(|password| password.0.clone()),
        }
    }
}

impl TryFrom<wire::BgpPeer> for BgpPeer {
    type Error = FieldError;

    fn try_from(peer: wire::BgpPeer) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &peer.id)?,
            router: id("router", &peer.router)?,
            as_number: peer.as_number,
            address: address("address", &peer.address)?,
            keep_alive: peer.keep_alive,
            hold_time: peer.hold_time,
            connect_retry: peer.connect_retry,
            password: peer.password.map(Password),
        })
    }
}
