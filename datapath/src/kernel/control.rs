//! Control operations on datapaths and vports: seldom, acknowledged, on pooled connections.

use nix::errno::Errno;
use packet::DpPort;
use parking_lot::Mutex;

use super::kind_number;
use crate::codec::abi::{cmd, dp, family, vport};
use crate::codec::{self, DatapathInfo, OvsMessage, decode_datapath, decode_port};
use crate::netlink::{Connection, MsgWriter, RequestError, Socket, resolve};
use crate::{Error, PortInfo, PortSpec, Result};

/// Names that the kernel cannot take as an interface name (`dev_valid_name`).
pub(crate) fn valid_name(name: &str) -> Result<()> {
    let bad = |b: u8| b == b'/' || b == b':' || b.is_ascii_whitespace() || b == 0;
    let fits = (1..=15).contains(&name.len()) && !matches!(name, "." | "..");
    if fits && !name.bytes().any(bad) { Ok(()) } else { Err(Error::BadName(name.to_owned())) }
}

/// Ids and versions of the families, and the multicast group of port changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Families {
    pub(crate) datapath: (u16, u8),
    pub(crate) vport: (u16, u8),
    pub(crate) flow: (u16, u8),
    pub(crate) packet: (u16, u8),
    /// Not in kernels before 4.15.
    pub(crate) meter: Option<(u16, u8)>,
    pub(crate) vport_group: u32,
}

impl Families {
    fn resolve(connection: &mut Connection) -> Result<Self> {
        let mut id = |name, version| match resolve(connection, name) {
            Ok(family) => Ok((family, version)),
            Err(RequestError::Kernel(Errno::ENOENT)) => Err(Error::NoModule),
            Err(e) => Err(refused("look up the openvswitch families")(e)),
        };
        let (datapath, version) = id(family::DATAPATH, family::DATAPATH_VERSION)?;
        let (vport, _) = id(family::VPORT, family::VERSION)?;
        let (flow, _) = id(family::FLOW, family::VERSION)?;
        let (packet, _) = id(family::PACKET, family::VERSION)?;
        let meter = id(family::METER, family::VERSION).ok().map(|(meter, v)| (meter.id, v));
        let group = vport.group(family::VPORT).ok_or(Error::TooOld("port notifications"))?;
        Ok(Self {
            datapath: (datapath.id, version),
            vport: (vport.id, family::VERSION),
            flow: (flow.id, family::VERSION),
            packet: (packet.id, family::VERSION),
            meter,
            vport_group: group,
        })
    }
}

/// Turns a failed request into the error of the call, where nothing better is known.
pub(crate) fn refused(action: &'static str) -> impl Fn(RequestError) -> Error {
    move |e| match e {
        RequestError::Kernel(Errno::EPERM | Errno::EACCES) => Error::NoPrivilege { action },
        RequestError::Kernel(source) => Error::Kernel { action, source },
        RequestError::Socket(e) => Error::Socket(e),
        RequestError::Malformed(what) => Error::Malformed { action, what: what.0 },
        RequestError::TooLong => Error::Malformed { action, what: "the request is too long" },
    }
}

/// Connections and family ids; one datapath, once `dp_ifindex` is set.
pub(crate) struct Control {
    pub(crate) families: Families,
    pub(crate) dp_ifindex: u32,
    idle: Mutex<Vec<Connection>>,
}

impl Control {
    /// Connects in the network namespace of the calling thread.
    pub(crate) fn new() -> Result<Self> {
        let mut connection = Connection::new(Socket::generic()?);
        let families = Families::resolve(&mut connection)?;
        Ok(Self { families, dp_ifindex: 0, idle: Mutex::new(vec![connection]) })
    }

    /// Runs `f` with a connection of its own, so that a callback may make requests too.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Connection) -> T) -> Result<T> {
        let idle = self.idle.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::new(Socket::generic()?),
        };
        let result = f(&mut connection);
        self.idle.lock().push(connection);
        Ok(result)
    }

    /// Makes datapath `name`; false if an interface of that name exists.
    pub(crate) fn create(&self, name: &str, features: u32, per_cpu_pids: Option<&[u32]>) -> Result<bool> {
        match self.configure(cmd::NEW, name, features, per_cpu_pids)? {
            Ok(()) => Ok(true),
            Err(RequestError::Kernel(Errno::EEXIST)) => Ok(false),
            Err(e) => Err(refused("create the datapath")(e)),
        }
    }

    /// Makes datapath `name` with these features, or sets them if it exists.
    pub(super) fn create_or_set(
        &self,
        name: &str,
        features: u32,
        per_cpu_pids: Option<&[u32]>,
    ) -> Result<DatapathInfo> {
        if !self.create(name, features, per_cpu_pids)? {
            match self.configure(cmd::SET, name, features, per_cpu_pids)? {
                Ok(()) => {}
                Err(RequestError::Kernel(Errno::ENODEV)) => return Err(Error::NameTaken(name.to_owned())),
                Err(e) => return Err(refused("configure the datapath")(e)),
            }
        }
        self.datapath(name)
    }

    fn configure(
        &self,
        command: u8,
        name: &str,
        features: u32,
        per_cpu_pids: Option<&[u32]>,
    ) -> Result<std::result::Result<(), RequestError>> {
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.datapath, flags, seq, command, 0);
            w.string(dp::NAME, name);
            if command == cmd::NEW {
                w.u32(dp::UPCALL_PID, 0);
            }
            w.u32(dp::USER_FEATURES, features);
            if let Some(pids) = per_cpu_pids {
                port_ids(w, dp::PER_CPU_PIDS, pids);
            }
        };
        self.with(|c| c.request(0, write, |_| Ok(())))
    }

    /// What the kernel says of datapath `name`.
    pub(crate) fn datapath(&self, name: &str) -> Result<DatapathInfo> {
        let mut info = DatapathInfo::default();
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.datapath, flags, seq, cmd::GET, 0);
            w.string(dp::NAME, name);
        };
        let answer = self.with(|c| {
            c.request(0, write, |m| {
                info = decode_datapath(OvsMessage::parse(m.payload)?)?;
                Ok(())
            })
        })?;
        match answer {
            Ok(()) => Ok(info),
            Err(RequestError::Kernel(Errno::ENODEV)) => Err(Error::NoSuchDatapath(name.to_owned())),
            Err(e) => Err(refused("read the datapath")(e)),
        }
    }

    /// Every datapath of the network namespace.
    pub(crate) fn datapaths(&self) -> Result<Vec<DatapathInfo>> {
        let mut all = Vec::new();
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.datapath, flags, seq, cmd::GET, 0);
        };
        self.with(|c| {
            c.dump(write, |m| {
                all.push(decode_datapath(OvsMessage::parse(m.payload)?)?);
                Ok(())
            })
        })?
        .map_err(refused("list the datapaths"))?;
        Ok(all)
    }

    pub(crate) fn delete_datapath(&self, name: &str) -> Result<()> {
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.datapath, flags, seq, cmd::DEL, 0);
            w.string(dp::NAME, name);
        };
        match self.with(|c| c.request(0, write, |_| Ok(())))? {
            Ok(()) => Ok(()),
            Err(RequestError::Kernel(Errno::ENODEV)) => Err(Error::NoSuchDatapath(name.to_owned())),
            Err(e) => Err(refused("delete the datapath")(e)),
        }
    }

    /// Every port of the datapath.
    pub(crate) fn ports(&self) -> Result<Vec<PortInfo>> {
        let mut ports = Vec::new();
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.vport, flags, seq, cmd::GET, self.dp_ifindex);
        };
        self.with(|c| {
            c.dump(write, |m| {
                ports.push(decode_port(OvsMessage::parse(m.payload)?)?);
                Ok(())
            })
        })?
        .map_err(refused("list the ports"))?;
        ports.sort_by_key(|port| port.no);
        Ok(ports)
    }

    pub(crate) fn add_port(&self, spec: &PortSpec, pids: &[u32]) -> Result<DpPort> {
        let mut made = None;
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.vport, flags, seq, cmd::NEW, self.dp_ifindex);
            w.u32(vport::TYPE, kind_number(spec.kind));
            w.string(vport::NAME, &spec.name);
            if let Some(no) = spec.desired_no {
                w.u32(vport::PORT_NO, no.0);
            }
            port_ids(w, vport::UPCALL_PID, pids);
        };
        let answer = self.with(|c| {
            c.request(0, write, |m| {
                made = Some(decode_port(OvsMessage::parse(m.payload)?)?.no);
                Ok(())
            })
        })?;
        let name = || spec.name.clone();
        match answer {
            Ok(()) => made.map_or_else(|| self.port_number(&spec.name), Ok),
            Err(RequestError::Kernel(Errno::ENODEV)) => Err(Error::NoSuchDevice(name())),
            Err(RequestError::Kernel(Errno::EBUSY)) => Err(self.why_busy(spec)?),
            Err(RequestError::Kernel(Errno::EEXIST)) => {
                let here = self.ports()?.iter().any(|port| port.name == spec.name);
                Err(if here { Error::PortExists(name()) } else { Error::NameTaken(name()) })
            }
            Err(RequestError::Kernel(Errno::EINVAL)) => Err(Error::DeviceUnfit(name())),
            Err(RequestError::Kernel(Errno::EFBIG)) => Err(Error::NoFreePort),
            Err(e) => Err(refused("add a port")(e)),
        }
    }

    /// Number of the port named `name`.
    pub(crate) fn port_number(&self, name: &str) -> Result<DpPort> {
        let ports = self.ports()?;
        let port = ports.iter().find(|port| port.name == name);
        port.map(|port| port.no).ok_or_else(|| Error::NoPortNamed(name.to_owned()))
    }

    /// The kernel says the same of a port here, of a number in use and of a device elsewhere.
    fn why_busy(&self, spec: &PortSpec) -> Result<Error> {
        let here =
            self.ports()?.iter().any(|port| port.name == spec.name || Some(port.no) == spec.desired_no);
        let name = spec.name.clone();
        Ok(if here { Error::PortExists(name) } else { Error::DeviceBusy(name) })
    }

    pub(crate) fn remove_port(&self, port: DpPort) -> Result<()> {
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.vport, flags, seq, cmd::DEL, self.dp_ifindex);
            w.u32(vport::PORT_NO, port.0);
        };
        match self.with(|c| c.request(0, write, |_| Ok(())))? {
            Ok(()) => Ok(()),
            Err(RequestError::Kernel(Errno::ENODEV | Errno::ENOENT)) => Err(Error::NoSuchPort(port)),
            Err(RequestError::Kernel(Errno::EINVAL)) if port.0 == 0 => Err(Error::LocalPort),
            Err(e) => Err(refused("remove a port")(e)),
        }
    }

    /// Under per-vport dispatch: directs the upcalls of a port.
    pub(super) fn set_port_pids(&self, port: DpPort, pids: &[u32]) -> Result<()> {
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.vport, flags, seq, cmd::SET, self.dp_ifindex);
            w.u32(vport::PORT_NO, port.0);
            port_ids(w, vport::UPCALL_PID, pids);
        };
        match self.with(|c| c.request(0, write, |_| Ok(())))? {
            // Gone meanwhile.
            Ok(()) | Err(RequestError::Kernel(Errno::ENODEV)) => Ok(()),
            Err(e) => Err(refused("direct the upcalls of a port")(e)),
        }
    }

    pub(crate) fn flush_flows(&self) -> Result<()> {
        let write = |w: &mut MsgWriter, flags, seq| {
            codec::begin(w, self.families.flow, flags, seq, cmd::DEL, self.dp_ifindex);
        };
        self.with(|c| c.request(0, write, |_| Ok(())))?.map_err(refused("delete all flows"))
    }
}

fn port_ids(w: &mut MsgWriter, kind: u16, pids: &[u32]) {
    let nest = w.nest(kind);
    for pid in pids {
        w.raw(&pid.to_ne_bytes());
    }
    w.close(nest);
}
