//! Composing frames, for what virtual devices originate and for tests: lengths and checksums come out right.

mod arp;
mod icmp;
mod ip;
mod key;

use zerocopy::IntoBytes;

pub use arp::{arp_reply, arp_request, gratuitous_arp};
pub use icmp::{IcmpError, icmp_echo_reply, icmp_error};
pub use ip::{Ipv4Packet, Ipv6Packet, TcpSegment};
pub use key::frame_of;

use crate::MacAddr;
use crate::header::EthernetHeader;

/// An untagged frame around `payload`.
fn ethernet(src: MacAddr, dst: MacAddr, ether_type: u16, payload: &[&[u8]]) -> Vec<u8> {
    let header = EthernetHeader { dst, src, ether_type: ether_type.into() };
    let len = payload.iter().map(|part| part.len()).sum::<usize>();
    let mut frame = Vec::with_capacity(EthernetHeader::LEN + len);
    frame.extend_from_slice(header.as_bytes());
    for part in payload {
        frame.extend_from_slice(part);
    }
    frame
}
