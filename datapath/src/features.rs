//! What a datapath can do. Filled once, by trial, when the datapath is opened.

use std::fmt;

/// How upcalls reach their workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dispatch {
    /// One queue per CPU (`OVS_DP_F_DISPATCH_UPCALL_PER_CPU`, kernel ≥ 5.15).
    #[default]
    PerCpu,
    /// Each port lists its queues (`OVS_DP_F_VPORT_PIDS`).
    PerVport,
}

/// Optional abilities of a datapath; what is missing must not be used in actions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// How upcalls are spread.
    pub dispatch: Dispatch,
    /// Flows by UFID (kernel ≥ 4.0); without it the datapath is refused.
    pub ufid: bool,
    /// `SET_MASKED` (kernel ≥ 4.0); without it the datapath is refused.
    pub set_masked: bool,
    /// `CLONE` (kernel ≥ 4.12).
    pub clone: bool,
    /// `CT` (kernel ≥ 4.3 with conntrack).
    pub ct: bool,
    /// `CT` with zones (`CONFIG_NF_CONNTRACK_ZONES`).
    pub ct_zone: bool,
    /// [`packet::Action::DecTtl`] (kernel ≥ 5.11); else set an exact TTL.
    pub dec_ttl: bool,
    /// `CHECK_PKT_LEN` (kernel ≥ 5.2).
    pub check_pkt_len: bool,
    /// Meters (kernel ≥ 4.15).
    pub meter: bool,
    /// [`packet::Action::Drop`] (kernel ≥ 6.6); else drop by an empty action list.
    pub drop_reason: bool,
    /// `PSAMPLE` (kernel ≥ 6.11).
    pub psample: bool,
    /// A mask cache whose size can be set (kernel ≥ 5.10).
    pub masks_cache: bool,
}

impl fmt::Display for Features {
    /// One line, for the log: `+` has it, `-` lacks it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dispatch = match self.dispatch {
            Dispatch::PerCpu => "per-cpu",
            Dispatch::PerVport => "per-vport",
        };
        write!(f, "upcalls {dispatch}")?;
        for (has, name) in [
            (self.ufid, "ufid"),
            (self.set_masked, "set_masked"),
            (self.clone, "clone"),
            (self.ct, "ct"),
            (self.ct_zone, "ct_zone"),
            (self.dec_ttl, "dec_ttl"),
            (self.check_pkt_len, "check_pkt_len"),
            (self.meter, "meter"),
            (self.drop_reason, "drop_reason"),
            (self.psample, "psample"),
            (self.masks_cache, "masks_cache"),
        ] {
            write!(f, " {}{name}", if has { '+' } else { '-' })?;
        }
        Ok(())
    }
}
