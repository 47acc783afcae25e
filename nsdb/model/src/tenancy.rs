//! Whose an object is, who may see it, and what a tenant may do: the rules that keep tenants apart.
//!
//! - An object that says whose it is belongs to that tenant, or to the operator where it names none. Any other belongs to
//!   whom all that it hangs on ([`Role::Owner`]) belongs; what hangs on nothing is the operator's. A new kind is thereby
//!   hidden from tenants until it says otherwise.
//! - A tenant sees what belongs to it, and what is shared, each with all that hangs on it.
//! - A tenant changes what belongs to it, and nothing else. What it makes is its own, and it can neither give it away nor
//!   share it. It makes and breaks no reference to what it does not see: a filter or a binding that the operator has put
//!   on a tenant's port stays until the operator takes it off, or the port is deleted.

use crate::object::ObjectRef;
use crate::{ModelError, Object, ObjectKey, Role, State};

/// Objects that hang on each other do so in fewer steps than this (member, pool, load balancer).
const MAX_STEPS: u8 = 8;

/// Whose something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ownership<'a> {
    /// The tenant's, or the operator's.
    tenant: Option<&'a str>,
    /// Every tenant may see and use it.
    shared: bool,
}

impl<'a> ObjectRef<'a> {
    /// What the object itself says of whose it is; nothing where that depends on what it hangs on.
    fn says(self) -> Option<Ownership<'a>> {
        let shared = matches!(self, Self::QosPolicy(policy) if policy.shared == Some(true));
        let tenant = match self {
            Self::Bridge(bridge) => &bridge.tenant_id,
            Self::Router(router) => &router.tenant_id,
            Self::Chain(chain) => &chain.tenant_id,
            Self::PortGroup(group) => &group.tenant_id,
            Self::IpAddrGroup(group) => &group.tenant_id,
            Self::LoadBalancer(balancer) => &balancer.tenant_id,
            Self::HealthMonitor(monitor) => &monitor.tenant_id,
            Self::QosPolicy(policy) => &policy.tenant_id,
            _ => return None,
        };
        Some(Ownership { tenant: tenant.as_deref(), shared })
    }

    fn is_shared(self) -> bool {
        self.says().is_some_and(|says| says.shared)
    }
}

impl Object {
    /// The tenant that the object itself names as its owner.
    pub fn tenant(&self) -> Option<&str> {
        self.borrowed().says().and_then(|says| says.tenant)
    }

    /// Makes an object that can name a tenant, and does not, the tenant's.
    pub(crate) fn adopt(&mut self, tenant: &str) {
        let place = match self {
            Self::Bridge(bridge) => &mut bridge.tenant_id,
            Self::Router(router) => &mut router.tenant_id,
            Self::Chain(chain) => &mut chain.tenant_id,
            Self::PortGroup(group) => &mut group.tenant_id,
            Self::IpAddrGroup(group) => &mut group.tenant_id,
            Self::LoadBalancer(balancer) => &mut balancer.tenant_id,
            Self::HealthMonitor(monitor) => &mut monitor.tenant_id,
            Self::QosPolicy(policy) => &mut policy.tenant_id,
            _ => return,
        };
        place.get_or_insert_with(|| tenant.to_owned());
    }
}

impl State {
    /// The tenant that an object belongs to; none if it is the operator's, or not there.
    pub fn tenant(&self, key: ObjectKey) -> Option<&str> {
        self.ownership(self.stored(key)?, MAX_STEPS).tenant
    }

    pub(crate) fn is_visible(&self, object: ObjectRef<'_>, tenant: &str) -> bool {
        let Ownership { tenant: owner, shared } = self.ownership(object, MAX_STEPS);
        shared || owner == Some(tenant)
    }

    /// Whose an object is: by its own word, or by that of all that it hangs on, where these agree.
    fn ownership<'a>(&'a self, object: ObjectRef<'a>, steps: u8) -> Ownership<'a> {
        let hangs = || {
            let references = object.references().into_iter().filter(|r| r.role == Role::Owner && steps > 0);
            let mut owners = references.map(|r| {
                self.stored(r.target).map_or_else(Ownership::default, |o| self.ownership(o, steps - 1))
            });
            let first = owners.next().unwrap_or_default();
            if owners.all(|owner| owner == first) { first } else { Ownership::default() }
        };
        object.says().unwrap_or_else(hangs)
    }
}

/// Refuses what the change of one object, from what it is in `before` to what it is in `after`, has that a tenant may
/// not do. Neither state is seen by anybody.
pub(crate) fn check(tenant: &str, before: &State, after: &State, key: ObjectKey) -> Result<(), ModelError> {
    let (old, new) = (before.stored(key), after.stored(key));
    if old.is_some() && before.tenant(key) != Some(tenant) {
        return Err(ModelError::forbidden("This would change what does not belong to your tenant."));
    }
    let Some(new) = new else { return Ok(()) };
    if after.tenant(key) != Some(tenant) {
        let message = format!("The {} would not belong to your tenant, which is {tenant}.", key.kind);
        return Err(ModelError::forbidden(message));
    }
    if new.is_shared() && !old.is_some_and(ObjectRef::is_shared) {
        return Err(ModelError::forbidden("It is the operator who shares things with all tenants."));
    }
    if let (Some(ObjectRef::Port(old)), ObjectRef::Port(new)) = (old, new)
        && old.binding != new.binding
    {
        return Err(ModelError::forbidden("It is the operator who binds ports to interfaces."));
    }
    let (old, new) = (old.map(ObjectRef::references).unwrap_or_default(), new.references());
    let hides = |state: &State, target| state.stored(target).is_some_and(|o| !state.is_visible(o, tenant));
    let broken = old.iter().filter(|r| !new.contains(r)).find(|r| hides(before, r.target));
    let made = new.iter().filter(|r| !old.contains(r)).find(|r| hides(after, r.target));
    match broken.or(made) {
        Some(reference) => Err(ModelError::forbidden(format!(
            "What {} refers to belongs to the operator: leave it as it is.",
            reference.property
        ))),
        None => Ok(()),
    }
}
