//! Looking up generic netlink families by name (`nlctrl`).

use super::{Attrs, Connection, MsgWriter, RequestError, ne16, ne32, string};

const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;
/// Bytes of `struct genlmsghdr`.
const GENL_HEADER: usize = 4;

/// What the kernel calls a family today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Family {
    /// Message type.
    pub(crate) id: u16,
    /// Multicast groups by name.
    pub(crate) groups: Vec<(String, u32)>,
}

impl Family {
    /// Id of a multicast group.
    pub(crate) fn group(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|(n, _)| n == name).map(|(_, id)| *id)
    }
}

/// Resolves a family; the kernel loads its module if it knows one. `ENOENT` if there is none.
pub(crate) fn resolve(connection: &mut Connection, name: &str) -> Result<Family, RequestError> {
    let mut family = Family::default();
    let write = |w: &mut MsgWriter, flags, seq| {
        w.begin_generic(GENL_ID_CTRL, flags, seq, CTRL_CMD_GETFAMILY, 1);
        w.string(CTRL_ATTR_FAMILY_NAME, name);
    };
    connection.request(0, write, |message| {
        for attr in Attrs::new(message.payload.get(GENL_HEADER..).unwrap_or(&[])) {
            match attr? {
                (CTRL_ATTR_FAMILY_ID, payload) => family.id = ne16(payload)?,
                (CTRL_ATTR_MCAST_GROUPS, payload) => {
                    for group in Attrs::new(payload) {
                        let (_, group) = group?;
                        let name = Attrs::new(group).find(CTRL_ATTR_MCAST_GRP_NAME).map(string);
                        let id = Attrs::new(group).find(CTRL_ATTR_MCAST_GRP_ID).map(ne32).transpose()?;
                        family.groups.extend(name.zip(id));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(family)
}
