//! Network interfaces of the calling thread's network namespace: list, watch, and the tunnel devices that we make.
//!
//! rtnetlink (`linux/rtnetlink.h`, `linux/if_link.h`) over the same sockets and codec as the datapath. Everything blocks
//! for a kernel exchange at most.

mod monitor;
mod tunnel;

use std::collections::BTreeMap;
use std::net::IpAddr;

use packet::MacAddr;

use crate::Result;
use crate::kernel::refused;
use crate::netlink::{Attrs, Connection, Malformed, Message, MsgWriter, Socket, ne32, string};

pub use self::monitor::Monitor;
pub use self::tunnel::{TunnelDevice, ensure_tunnel};

const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_SETLINK: u16 = 19;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
const IFF_LOWER_UP: u32 = 1 << 16;

/// `struct ifinfomsg`: family, padding, type, index, flags, change.
const IFINFOMSG: usize = 16;
/// `struct ifaddrmsg`: family, prefix length, flags, scope, index.
const IFADDRMSG: usize = 8;

/// A network interface as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Kernel name, 1–15 bytes.
    pub name: String,
    /// Index in its network namespace.
    pub ifindex: u32,
    /// Ethernet address, if it has one.
    pub mac: Option<MacAddr>,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// A carrier is there.
    pub carrier: bool,
    /// It is the loopback.
    pub loopback: bool,
    /// Kind of software device (`veth`, `tun`, `vxlan`, `openvswitch`…), `None` for hardware.
    pub kind: Option<String>,
    /// IPv4 and IPv6 addresses.
    pub addresses: Vec<IpAddr>,
}

/// Every interface, in order of index.
///
/// # Errors
/// The kernel refuses, or answers what cannot be read.
pub fn list() -> Result<Vec<Interface>> {
    let mut connection = Connection::new(Socket::route()?);
    let mut interfaces = BTreeMap::new();
    let ask_links = |w: &mut MsgWriter, flags, seq| {
        w.begin(RTM_GETLINK, flags, seq);
        w.raw(&[0; IFINFOMSG]);
    };
    let take_link = |message: &Message<'_>| {
        if message.kind == RTM_NEWLINK {
            let interface = read_link(message.payload)?;
            interfaces.insert(interface.ifindex, interface);
        }
        Ok(())
    };
    connection.dump(ask_links, take_link).map_err(refused("list interfaces"))?;
    let ask_addresses = |w: &mut MsgWriter, flags, seq| {
        w.begin(RTM_GETADDR, flags, seq);
        w.raw(&[0; IFADDRMSG]);
    };
    let take_address = |message: &Message<'_>| {
        if message.kind == RTM_NEWADDR
            && let Some((ifindex, address)) = read_address(message.payload)?
            && let Some(interface) = interfaces.get_mut(&ifindex)
        {
            interface.addresses.push(address);
        }
        Ok(())
    };
    connection.dump(ask_addresses, take_address).map_err(refused("list addresses"))?;
    Ok(interfaces.into_values().collect())
}

fn read_link(payload: &[u8]) -> std::result::Result<Interface, Malformed> {
    let (header, rest) = payload.split_at_checked(IFINFOMSG).ok_or(Malformed("ifinfomsg"))?;
    let (ifindex, flags) = (word(header, 4), word(header, 8));
    let find = |attribute| Attrs::new(rest).find(attribute);
    let kind = find(IFLA_LINKINFO).and_then(|info| Attrs::new(info).find(IFLA_INFO_KIND)).map(string);
    let mac = find(IFLA_ADDRESS).and_then(|bytes| <[u8; 6]>::try_from(bytes).ok()).map(MacAddr);
    Ok(Interface {
        name: string(find(IFLA_IFNAME).ok_or(Malformed("IFLA_IFNAME"))?),
        ifindex,
        mac,
        mtu: find(IFLA_MTU).map(ne32).transpose()?.unwrap_or(0),
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
        loopback: flags & IFF_LOOPBACK != 0,
        kind,
        addresses: Vec::new(),
    })
}

/// Index of the interface and its address; on point-to-point links that is `IFA_LOCAL`.
fn read_address(payload: &[u8]) -> std::result::Result<Option<(u32, IpAddr)>, Malformed> {
    let (header, rest) = payload.split_at_checked(IFADDRMSG).ok_or(Malformed("ifaddrmsg"))?;
    let find = |attribute| Attrs::new(rest).find(attribute);
    let Some(bytes) = find(IFA_LOCAL).or_else(|| find(IFA_ADDRESS)) else { return Ok(None) };
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    Ok(v4.or_else(|_| v6()).ok().map(|address| (word(header, 4), address)))
}

/// A host-order word of a header that is long enough.
fn word(header: &[u8], at: usize) -> u32 {
    header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

/// An `ifinfomsg` for a request about any, or this, interface.
fn ifinfomsg(ifindex: u32, flags: u32, change: u32) -> [u8; IFINFOMSG] {
    let mut header = [0; IFINFOMSG];
    header[4..8].copy_from_slice(&ifindex.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..16].copy_from_slice(&change.to_ne_bytes());
    header
}
