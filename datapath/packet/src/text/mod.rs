//! Keys, masks and actions as text, in the syntax that `ovs-dpctl` prints and operators know, and back.

mod action;
mod fields;
mod flow;
mod read;

pub use action::ActionsText;
pub use flow::FlowText;
pub use read::ParseKeyError;

use std::fmt;

use crate::{TunnelKey, tunnel_flags, v4_addr};

/// Writes comma-separated items.
struct List<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    separator: &'static str,
}

impl<'a, 'f> List<'a, 'f> {
    fn new(out: &'a mut fmt::Formatter<'f>) -> Self {
        Self { out, separator: "" }
    }

    fn item(&mut self, item: fmt::Arguments<'_>) -> fmt::Result {
        self.out.write_str(std::mem::replace(&mut self.separator, ","))?;
        self.out.write_fmt(item)
    }
}

/// Names of the bits of [`TunnelKey::flags`].
const TUNNEL_FLAGS: [(u16, &str); 3] =
    [(tunnel_flags::DF, "df"), (tunnel_flags::CSUM, "csum"), (tunnel_flags::KEY, "key")];

/// Names of TCP's flag bits, from the lowest.
const TCP_FLAGS: [&str; 9] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"];

/// An outer address, of the family that the flags tell.
struct OuterAddress<'a>(&'a TunnelKey, &'a [u8; 16]);

impl fmt::Display for OuterAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.flags & tunnel_flags::IPV6 {
            0 => v4_addr(self.1).fmt(f),
            _ => std::net::Ipv6Addr::from(*self.1).fmt(f),
        }
    }
}
