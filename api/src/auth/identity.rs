//! Who calls, and what that allows: the three roles (midonet.md §3.2).

use std::str::FromStr;
use std::sync::Arc;

use model::{ModelError, State, Transaction};
use serde::{Deserialize, Serialize};

/// A role that a user can hold, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The operator: everything.
    Admin,
    /// Reads and writes what belongs to its tenant.
    TenantAdmin,
    /// Reads what belongs to its tenant.
    TenantUser,
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "admin" => Ok(Self::Admin),
            "tenant-admin" => Ok(Self::TenantAdmin),
            "tenant-user" => Ok(Self::TenantUser),
            _ => Err("one of admin, tenant-admin, tenant-user is expected".to_owned()),
        }
    }
}

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Everything.
    Operator,
    /// See what its tenant may see and, in the right role, change what belongs to it.
    Tenant { id: Arc<str>, access: Access },
}

/// What a tenant's user may do with what belongs to the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

/// Somebody whose token was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The name of the user.
    pub(crate) user: Arc<str>,
    pub(crate) caller: Caller,
}

impl Caller {
    /// What the strongest of some roles allows; nothing without a role, or without the tenant that it is for.
    pub(crate) fn of(roles: impl IntoIterator<Item = Role>, tenant: Option<&str>) -> Option<Self> {
        let access = match roles.into_iter().min()? {
            Role::Admin => return Some(Self::Operator),
            Role::TenantAdmin => Access::Write,
            Role::TenantUser => Access::Read,
        };
        Some(Self::Tenant { id: tenant?.into(), access })
    }

    /// The tenant whose user it is; none of the operator.
    pub(crate) fn tenant(&self) -> Option<Arc<str>> {
        match self {
            Self::Operator => None,
            Self::Tenant { id, .. } => Some(Arc::clone(id)),
        }
    }

    /// The topology as the caller sees it.
    pub(crate) fn view(&self, topology: State) -> State {
        match self {
            Self::Operator => topology,
            Self::Tenant { id, .. } => topology.seen_by(id),
        }
    }

    /// Does a change as far as the caller may.
    pub(crate) fn carry_out<T, E: From<ModelError>>(
        &self,
        tx: &mut Transaction,
        mut change: impl FnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Operator => change(tx),
            Self::Tenant { id, .. } => tx.on_behalf_of(id, change),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_role_counts() {
        let roles = [Role::TenantUser, Role::TenantAdmin];
        let writer = Caller::Tenant { id: "t1".into(), access: Access::Write };
        assert_eq!(Caller::of(roles, Some("t1")), Some(writer));
        assert_eq!(Caller::of([Role::TenantUser, Role::Admin], None), Some(Caller::Operator));
    }

    #[test]
    fn a_tenant_s_role_is_nothing_without_a_tenant() {
        assert_eq!(Caller::of([Role::TenantAdmin], None), None);
        assert_eq!(Caller::of([], Some("t1")), None);
    }
}
