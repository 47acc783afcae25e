//! Encapsulations and the bytes that they take from the underlay's MTU.

use std::fmt;
use std::net::IpAddr;

use model::TunnelZoneType;

const ETHERNET: u16 = 14;
const IPV4: u16 = 20;
const IPV6: u16 = 40;
const UDP: u16 = 8;
const VXLAN: u16 = 8;
const GRE_WITH_KEY: u16 = 8;

/// The smallest MTU that every IPv4 link must carry (RFC 791).
const MIN_GUEST_MTU: u16 = 68;

/// How a frame is carried between hosts. The order is the order of preference: VXLAN's UDP source port spreads
/// connections over the underlay's paths, which GRE cannot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Encapsulation {
    /// RFC 7348.
    Vxlan,
    /// Ethernet in GRE with key, RFC 2784 and 2890.
    Gre,
}

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vxlan => "vxlan",
            Self::Gre => "gre",
        })
    }
}

/// Address family of the underlay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The underlay's MTU leaves no room for a guest's packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "underlay MTU {underlay} leaves no usable MTU inside {encapsulation:?}: raise it to at least {least}"
)]
pub struct UnderlayTooSmall {
    /// MTU of the underlay's interface.
    pub underlay: u16,
    /// The encapsulation.
    pub encapsulation: Encapsulation,
    /// Least MTU that would do.
    pub least: u16,
}

impl Encapsulation {
    /// The encapsulation of a zone, `None` for zones that carry nothing between agents.
    pub fn of_zone(kind: TunnelZoneType) -> Option<Self> {
        match kind {
            TunnelZoneType::Vxlan => Some(Self::Vxlan),
            TunnelZoneType::Gre => Some(Self::Gre),
            TunnelZoneType::Vtep => None,
        }
    }

    /// Bytes of the underlay's MTU that a guest's IP packet cannot use: outer IP to inner Ethernet.
    pub fn overhead(self, family: Family) -> u16 {
        let ip = match family {
            Family::V4 => IPV4,
            Family::V6 => IPV6,
        };
        let shim = match self {
            Self::Vxlan => UDP + VXLAN,
            Self::Gre => GRE_WITH_KEY,
        };
        ip + shim + ETHERNET
    }
}

impl Family {
    /// The family of an address.
    pub fn of(addr: IpAddr) -> Self {
        if addr.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// The MTU to offer to guests: the least of what each of the host's zones, with its underlay's MTU, leaves.
/// `None` without zones: nothing is encapsulated.
pub fn guest_mtu(
    zones: impl IntoIterator<Item = (Encapsulation, Family, u16)>,
) -> Result<Option<u16>, UnderlayTooSmall> {
    let mut least = None;
    for (encapsulation, family, underlay) in zones {
        let overhead = encapsulation.overhead(family);
        let inside = underlay.checked_sub(overhead).filter(|mtu| *mtu >= MIN_GUEST_MTU);
        let inside =
            inside.ok_or(UnderlayTooSmall { underlay, encapsulation, least: overhead + MIN_GUEST_MTU })?;
        least = Some(least.map_or(inside, |mtu: u16| mtu.min(inside)));
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overheads_count_outer_ip_to_inner_ethernet() {
        assert_eq!(Encapsulation::Vxlan.overhead(Family::V4), 50);
        assert_eq!(Encapsulation::Vxlan.overhead(Family::V6), 70);
        assert_eq!(Encapsulation::Gre.overhead(Family::V4), 42);
        assert_eq!(Encapsulation::Gre.overhead(Family::V6), 62);
    }

    #[test]
    fn the_tightest_zone_decides_the_guest_mtu() {
        let zones = [(Encapsulation::Vxlan, Family::V4, 1500), (Encapsulation::Gre, Family::V6, 1500)];
        assert_eq!(guest_mtu(zones), Ok(Some(1438)));
        assert_eq!(guest_mtu([]), Ok(None));
    }

    #[test]
    fn an_underlay_without_room_says_what_it_needs() {
        let error = guest_mtu([(Encapsulation::Vxlan, Family::V6, 100)]).unwrap_err();
        assert_eq!(error.least, 138);
    }
}
