//! Hosts, tunnel zones and interface names.

use super::{Checked, MAX_NAME, is_unicast};
use crate::{Host, TunnelZone};

/// Longest name of a Linux network interface (`IFNAMSIZ` less the closing zero).
const MAX_INTERFACE_NAME: usize = 15;

pub(super) fn host(host: &Host, checked: &mut Checked) {
    checked.text("name", host.name.as_deref());
    checked.require(host.container_limit >= -1, "containerLimit", "must be -1 (no limit) or more");
    let max = i32::MAX.unsigned_abs();
    let within = |weight: u32| weight <= max;
    checked.require(
        within(host.flooding_proxy_weight),
        "floodingProxyWeight",
        format!("must be between 0 and {max}"),
    );
    checked.require(within(host.container_weight), "containerWeight", format!("must be between 0 and {max}"));
}

pub(super) fn tunnel_zone(zone: &TunnelZone, checked: &mut Checked) {
    let length = zone.name.chars().count();
    checked.require(
        (1..=MAX_NAME).contains(&length),
        "name",
        format!("size must be between 1 and {MAX_NAME}"),
    );
    for address in zone.members.values() {
        checked.require(
            is_unicast(*address),
            "ipAddress",
            format!("{address} is not an address that a host can be reached at"),
        );
    }
}

/// Checks an interface name as the kernel does (`dev_valid_name`, net/core/dev.c).
pub(crate) fn interface_name(name: &str, checked: &mut Checked) {
    let size = (1..=MAX_INTERFACE_NAME).contains(&name.len());
    checked.require(size, "interfaceName", format!("size must be between 1 and {MAX_INTERFACE_NAME}"));
    let characters = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
    checked.require(
        !name.contains(characters) && name != "." && name != "..",
        "interfaceName",
        "is not a name that an interface can have",
    );
}
