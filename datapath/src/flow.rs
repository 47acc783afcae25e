//! Flows as the agent names, counts and dumps them.

use packet::{Action, FlowKey, FlowMask};

use crate::OpError;

/// The agent's 128-bit name for a flow (`OVS_FLOW_ATTR_UFID`).
///
/// Ours are a tag, the generation of the slot and the slot's index, so a dumped flow finds its record without a hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ufid(pub u128);

impl Ufid {
    /// The upper half of every UFID of ours: `midspan` and a layout version.
    const TAG: u64 = u64::from_be_bytes(*b"midspan\x01");

    /// Names slot `index` in its `generation`th use.
    pub const fn of_slot(index: u32, generation: u32) -> Self {
        Self(((Self::TAG as u128) << 64) | ((generation as u128) << 32) | index as u128)
    }

    /// Slot index and generation, if this UFID is of ours.
    pub const fn slot(self) -> Option<(u32, u32)> {
        if (self.0 >> 64) as u64 == Self::TAG { Some((self.0 as u32, (self.0 >> 32) as u32)) } else { None }
    }
}

impl std::fmt::Display for Ufid {
    /// As ovs-dpctl prints it: `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` of the sixteen bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            (bits >> 80) & 0xffff,
            (bits >> 64) & 0xffff,
            (bits >> 48) & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
}

impl std::fmt::Debug for Ufid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The text is not a UFID.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is not a flow identifier: write 32 hexadecimal digits as dump-flows shows them, as in 6d696473-7061-6e01-0000-000100000005"
)]
pub struct ParseUfidError(pub String);

impl std::str::FromStr for Ufid {
    type Err = ParseUfidError;

    /// Reads what [`Ufid`]'s display writes, with or without `ufid:` before it.
    fn from_str(text: &str) -> Result<Self, ParseUfidError> {
        let error = || ParseUfidError(text.to_owned());
        let digits = text.strip_prefix("ufid:").unwrap_or(text).replace('-', "");
        if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(error());
        }
        u128::from_str_radix(&digits, 16).map(Self).map_err(|_| error())
    }
}

/// Counters of one flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FlowStats {
    /// Packets matched.
    pub packets: u64,
    /// Bytes matched.
    pub bytes: u64,
    /// Milliseconds since the last match; `None` if it never matched.
    pub used_ms_ago: Option<u64>,
    /// TCP flags seen, or-ed (`OVS_FLOW_ATTR_TCP_FLAGS`).
    pub tcp_flags: u8,
}

/// How much of each flow a dump carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DumpDetail {
    /// Key, mask and actions too.
    Full,
    /// UFID and counters only: for idle expiry and statistics.
    StatsOnly,
}

/// One flow as dumped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlowDump {
    /// Its UFID; `None` for flows installed without one, or with one that is not sixteen bytes long.
    pub ufid: Option<Ufid>,
    /// The masked key. `None` if omitted, or if it has fields that [`FlowKey`] does not know.
    pub key: Option<FlowKey>,
    /// The mask. `None` if omitted, or if it has fields that [`FlowKey`] does not know.
    pub mask: Option<FlowMask>,
    /// The actions. `None` if omitted, or if [`Action`] cannot express them.
    pub actions: Option<Vec<Action>>,
    /// Counters.
    pub stats: FlowStats,
}

/// Whether a change or a deletion returns the flow's counters of that moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WantStats {
    /// Return them.
    Yes,
    /// Do not: cheaper.
    No,
}

/// Kind of a flow write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlowOp {
    /// A new flow.
    Put,
    /// New actions.
    Modify,
    /// A deletion.
    Delete,
}

/// What a flush has to tell of one operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlowOutcome {
    /// The operation had no effect.
    Failed {
        /// The flow.
        ufid: Ufid,
        /// What was asked.
        op: FlowOp,
        /// Why it failed.
        error: OpError,
    },
    /// A change of actions that asked for counters.
    Modified {
        /// The flow.
        ufid: Ufid,
        /// Its counters when the actions changed.
        stats: FlowStats,
    },
    /// A deletion that asked for counters.
    Deleted {
        /// The flow.
        ufid: Ufid,
        /// Its last counters.
        stats: FlowStats,
    },
}
