//! BGP networks and peers.

use super::Checked;
use crate::{BgpNetwork, BgpPeer};

/// Longest key of TCP MD5 signatures in the kernel (`TCP_MD5SIG_MAXKEYLEN`), in bytes.
const MAX_PASSWORD: usize = 80;

pub(super) fn network(network: &BgpNetwork, checked: &mut Checked) {
    checked.require(network.subnet.is_ipv4(), "subnetAddress", "must be an IPv4 address");
}

pub(super) fn peer(peer: &BgpPeer, checked: &mut Checked) {
    checked.require(peer.as_number >= 1, "asNumber", "must be greater than or equal to 1");
    checked.ipv4("address", peer.address);
    for (property, seconds, max) in [
        ("keepAlive", peer.keep_alive, 3600),
        ("holdTime", peer.hold_time, 7200),
        ("connectRetry", peer.connect_retry, 3600),
    ] {
        let within = seconds.is_none_or(|seconds| (5..=max).contains(&seconds));
        checked.require(within, property, format!("must be between 5 and {max}"));
    }
    let length = peer.password.as_ref().map_or(0, |password| password.0.len());
    checked.require(length <= MAX_PASSWORD, "password", format!("size must be between 0 and {MAX_PASSWORD}"));
}
