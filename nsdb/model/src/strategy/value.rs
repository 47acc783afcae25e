//! The values that fields take.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;
use packet::MacAddr;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// Which values fields take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Whatever the type can hold, valid or not.
    Wild,
    /// Such that objects are mostly valid, and fit each other.
    Plausible,
}

impl Values {
    pub(super) fn id<T: From<Uuid> + std::fmt::Debug>(self) -> BoxedStrategy<T> {
        match self {
            Self::Wild => any::<u128>().prop_map(|n| Uuid::from_u128(n).into()).boxed(),
            Self::Plausible => (1..=6u128).prop_map(|n| Uuid::from_u128(n).into()).boxed(),
        }
    }

    /// A reference that is mostly absent, so that plausible objects do not depend on too much.
    pub(super) fn optional_id<T: From<Uuid> + std::fmt::Debug + Clone + 'static>(
        self,
    ) -> BoxedStrategy<Option<T>> {
        let present = if self == Self::Wild { 0.5 } else { 0.2 };
        option::weighted(present, self.id()).boxed()
    }

    pub(super) fn text(self) -> BoxedStrategy<Option<String>> {
        match self {
            Self::Wild => option::of(".{0,300}").boxed(),
            Self::Plausible => option::of("[a-z]{0,4}").boxed(),
        }
    }

    pub(super) fn tenant(self) -> BoxedStrategy<Option<String>> {
        match self {
            Self::Wild => self.text(),
            Self::Plausible => option::of("t[12]").boxed(),
        }
    }

    pub(super) fn number(self, plausible: std::ops::Range<u32>) -> BoxedStrategy<u32> {
        match self {
            Self::Wild => any::<u32>().boxed(),
            Self::Plausible => plausible.boxed(),
        }
    }

    pub(super) fn mac(self) -> BoxedStrategy<MacAddr> {
        match self {
            Self::Wild => any::<[u8; 6]>().prop_map(MacAddr).boxed(),
            Self::Plausible => any::<[u8; 3]>().prop_map(crate::generated_mac).boxed(),
        }
    }

    pub(super) fn address(self) -> BoxedStrategy<IpAddr> {
        match self {
            Self::Wild => prop_oneof![
                any::<u32>().prop_map(|n| IpAddr::V4(Ipv4Addr::from_bits(n))),
                any::<u128>().prop_map(|n| IpAddr::V6(Ipv6Addr::from_bits(n))),
            ]
            .boxed(),
            Self::Plausible => (0..3u8, 1..5u8).prop_map(|(a, b)| Ipv4Addr::new(10, 0, a, b).into()).boxed(),
        }
    }

    pub(super) fn prefix(self) -> BoxedStrategy<IpNetwork> {
        let lengths = match self {
            Self::Wild => (0..=128u8).boxed(),
            Self::Plausible => prop_oneof![Just(0u8), Just(8), Just(24), Just(32)].boxed(),
        };
        (self.address(), lengths)
            .prop_map(|(address, length)| {
                let length = if address.is_ipv4() { length % 33 } else { length };
                IpNetwork::new(address, length).unwrap_or_else(|_| address.into())
            })
            .boxed()
    }
}
