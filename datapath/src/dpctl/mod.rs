//! Looking at, and editing, any datapath of this network namespace: ours, another agent's, ovs-vswitchd's.
//!
//! Nothing here touches a datapath's features or upcalls, so an inspected datapath keeps working as it was. Flows that
//! [`packet::FlowKey`] or [`packet::Action`] cannot express are shown all the same. Each [`Inspector`] blocks and
//! belongs to one datapath.

mod text;

use crate::codec::abi::{dp, flow as attr};
use crate::codec::{DatapathInfo, RawFlow, decode_ufid, encode_ufid};
use crate::kernel::{Control, delete_flow, monotonic_ms, raw_flows, valid_name};
use crate::{DumpDetail, Error, PortKind, PortSpec, Result, Ufid};

pub use self::text::Detail;

/// Names of the datapaths in this network namespace.
///
/// # Errors
/// [`Error::NoModule`].
pub fn datapaths() -> Result<Vec<String>> {
    Ok(Control::new()?.datapaths()?.into_iter().map(|dp| dp.name).collect())
}

/// Makes a datapath that nobody serves: its misses are dropped.
///
/// # Errors
/// [`Error::DatapathExists`], [`Error::NameTaken`], [`Error::BadName`], [`Error::NoPrivilege`].
pub fn add_datapath(name: &str) -> Result<()> {
    valid_name(name)?;
    let control = Control::new()?;
    if control.create(name, dp::F_UNALIGNED, None)? {
        return Ok(());
    }
    let exists = control.datapaths()?.iter().any(|dp| dp.name == name);
    Err(if exists { Error::DatapathExists(name.to_owned()) } else { Error::NameTaken(name.to_owned()) })
}

/// Deletes a datapath with its ports and flows.
///
/// # Errors
/// [`Error::NoSuchDatapath`], [`Error::NoPrivilege`].
pub fn delete_datapath(name: &str) -> Result<()> {
    Control::new()?.delete_datapath(name)
}

/// One datapath, opened to look at.
pub struct Inspector {
    name: String,
    control: Control,
}

impl Inspector {
    /// Opens datapath `name`; `system@name` is the same.
    ///
    /// # Errors
    /// [`Error::NoSuchDatapath`], [`Error::NoModule`].
    pub fn open(name: &str) -> Result<Self> {
        let name = name.strip_prefix("system@").unwrap_or(name);
        let mut control = Control::new()?;
        control.dp_ifindex = control.datapath(name)?.ifindex;
        Ok(Self { name: name.to_owned(), control })
    }

    /// Counters and ports, in the form of `ovs-dpctl show`; `detail` adds each port's counters.
    pub fn show(&self, detail: Detail) -> Result<String> {
        let info: DatapathInfo = self.control.datapath(&self.name)?;
        Ok(text::datapath(&info, &self.control.ports()?, detail))
    }

    /// Hands each flow to `each` as one line, in the form of `ovs-dpctl dump-flows`; `detail` adds the UFID.
    pub fn dump_flows(&self, detail: Detail, each: &mut dyn FnMut(String)) -> Result<()> {
        let now = monotonic_ms();
        raw_flows(&self.control, DumpDetail::Full, &mut |flow: &RawFlow<'_>| {
            each(text::flow(flow, now, detail)?);
            Ok(())
        })
    }

    /// The flow of that UFID, as a line; `None` if there is none.
    pub fn get_flow(&self, ufid: Ufid) -> Result<Option<String>> {
        let now = monotonic_ms();
        let mut found = None;
        raw_flows(&self.control, DumpDetail::Full, &mut |flow: &RawFlow<'_>| {
            if flow.ufid.and_then(decode_ufid) == Some(ufid) {
                found = Some(text::flow(flow, now, Detail::More)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Deletes the flow of that UFID; false if there is none.
    pub fn delete_flow(&self, ufid: Ufid) -> Result<bool> {
        delete_flow(&self.control, attr::UFID, &encode_ufid(ufid))
    }

    /// Deletes every flow.
    pub fn delete_flows(&self) -> Result<()> {
        self.control.flush_flows()
    }

    /// Adds a port whose misses nobody gets.
    ///
    /// # Errors
    /// As [`crate::Datapath::add_port`].
    pub fn add_port(&self, spec: &PortSpec) -> Result<()> {
        valid_name(&spec.name)?;
        self.control.add_port(spec, &[0]).map(drop)
    }

    /// Removes the port of that interface name.
    ///
    /// # Errors
    /// [`Error::NoPortNamed`].
    pub fn delete_port(&self, name: &str) -> Result<()> {
        self.control.remove_port(self.control.port_number(name)?)
    }
}

/// The word for a kind of port.
fn kind_name(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Netdev => "netdev",
        PortKind::Internal => "internal",
        PortKind::Other(3) => "gre",
        PortKind::Other(4) => "vxlan",
        PortKind::Other(5) => "geneve",
        PortKind::Other(_) => "unknown",
    }
}
