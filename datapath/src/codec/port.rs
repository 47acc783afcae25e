//! Vport and datapath messages.

use packet::DpPort;

use super::OvsMessage;
use super::abi::{dp, vport};
use crate::netlink::{Malformed, ne32, ne64, string};
use crate::{DatapathStats, PortInfo, PortKind, PortStats};

/// Reads a vport message.
pub(crate) fn decode_port(message: OvsMessage<'_>) -> Result<PortInfo, Malformed> {
    let mut info = PortInfo {
        no: DpPort(0),
        name: String::new(),
        kind: PortKind::Other(0),
        stats: PortStats::default(),
        ifindex: 0,
    };
    for item in message.attrs {
        let (kind, p) = item?;
        match kind {
            vport::PORT_NO => info.no = DpPort(ne32(p)?),
            vport::NAME => info.name = string(p),
            vport::TYPE => {
                info.kind = match ne32(p)? {
                    vport::TYPE_NETDEV => PortKind::Netdev,
                    vport::TYPE_INTERNAL => PortKind::Internal,
                    other => PortKind::Other(other),
                }
            }
            vport::IFINDEX => info.ifindex = ne32(p)?,
            vport::STATS => info.stats = decode_stats(p)?,
            _ => {}
        }
    }
    Ok(info)
}

/// `struct ovs_vport_stats`.
fn decode_stats(p: &[u8]) -> Result<PortStats, Malformed> {
    let word = |i: usize| ne64(p.get(i * 8..).unwrap_or(&[]));
    Ok(PortStats {
        rx_packets: word(0)?,
        tx_packets: word(1)?,
        rx_bytes: word(2)?,
        tx_bytes: word(3)?,
        rx_errors: word(4)?,
        tx_errors: word(5)?,
        rx_dropped: word(6)?,
        tx_dropped: word(7)?,
    })
}

/// What a datapath says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DatapathInfo {
    pub(crate) name: String,
    pub(crate) ifindex: u32,
    pub(crate) stats: DatapathStats,
    /// `OVS_DP_F_*` bits.
    pub(crate) user_features: u32,
    /// Entries of the mask cache per CPU, where the kernel has one.
    pub(crate) masks_cache: Option<u32>,
}

/// Reads a datapath message.
pub(crate) fn decode_datapath(message: OvsMessage<'_>) -> Result<DatapathInfo, Malformed> {
    let mut info = DatapathInfo { ifindex: message.dp_ifindex, ..DatapathInfo::default() };
    for item in message.attrs {
        let (kind, p) = item?;
        match kind {
            dp::NAME => info.name = string(p),
            dp::USER_FEATURES => info.user_features = ne32(p)?,
            dp::MASKS_CACHE_SIZE => info.masks_cache = Some(ne32(p)?),
            dp::STATS => {
                let word = |i: usize| ne64(p.get(i * 8..).unwrap_or(&[]));
                let stats = &mut info.stats;
                (stats.hit, stats.missed, stats.lost, stats.flows) = (word(0)?, word(1)?, word(2)?, word(3)?);
            }
            dp::MEGAFLOW_STATS => {
                info.stats.mask_hit = ne64(p)?;
                info.stats.masks = ne32(p.get(8..).unwrap_or(&[]))?;
                // The third field came with kernel 5.10.
                info.stats.cache_hit = p.get(16..).and_then(|p| ne64(p).ok()).unwrap_or(0);
            }
            _ => {}
        }
    }
    Ok(info)
}
