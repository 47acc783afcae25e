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
use crate::{ModelError, Object, ObjectKey, Reference, Role, State};

/// Objects that hang on each other do so in fewer steps than this (member, pool, load balancer).
const MAX_STEPS: u8 = 8;

/// What an object says itself of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim<'a> {
    /// It belongs to the tenant, or to the operator.
    Says {
        tenant: Option<&'a str>,
        /// Every tenant may see and use it.
        shared: bool,
    },
    /// Nothing: that depends on what it hangs on.
    Hangs,
}

impl<'a> Claim<'a> {
    fn of(tenant: &'a Option<String>) -> Self {
        Self::Says { tenant: tenant.as_deref(), shared: false }
    }

    fn is_shared(self) -> bool {
        matches!(self, Self::Says { shared: true, .. })
    }
}

impl<'a> ObjectRef<'a> {
    fn claim(self) -> Claim<'a> {
        match self {
            Self::Bridge(bridge) => Claim::of(&bridge.tenant_id),
            Self::Router(router) => Claim::of(&router.tenant_id),
            Self::Chain(chain) => Claim::of(&chain.tenant_id),
            Self::PortGroup(group) => Claim::of(&group.tenant_id),
            Self::IpAddrGroup(group) => Claim::of(&group.tenant_id),
            _ => Claim::Hangs,
        }
    }
}

impl Object {
    /// The tenant that the object itself names as its owner.
    pub fn tenant(&self) -> Option<&str> {
        match self.borrowed().claim() {
            Claim::Says { tenant, .. } => tenant,
            Claim::Hangs => None,
        }
    }

    /// Makes an object that can name a tenant, and does not, the tenant's.
    pub(crate) fn adopt(&mut self, tenant: &str) {
        let place = match self {
            Self::Bridge(bridge) => &mut bridge.tenant_id,
            Self::Router(router) => &mut router.tenant_id,
            Self::Chain(chain) => &mut chain.tenant_id,
            Self::PortGroup(group) => &mut group.tenant_id,
            Self::IpAddrGroup(group) => &mut group.tenant_id,
            _ => return,
        };
        place.get_or_insert_with(|| tenant.to_owned());
    }
}

impl State {
    pub(crate) fn is_visible(&self, object: ObjectRef<'_>, tenant: &str) -> bool {
        self.every_claim(object, MAX_STEPS, &|owner, shared| shared || owner == Some(tenant))
    }

    fn belongs(&self, object: ObjectRef<'_>, tenant: &str) -> bool {
        self.every_claim(object, MAX_STEPS, &|owner, _| owner == Some(tenant))
    }

    /// Whether there is a claim to the object, its own or that of what it hangs on, and `holds` of each.
    fn every_claim(
        &self,
        object: ObjectRef<'_>,
        steps: u8,
        holds: &impl Fn(Option<&str>, bool) -> bool,
    ) -> bool {
        match object.claim() {
            Claim::Says { tenant, shared } => holds(tenant, shared),
            Claim::Hangs if steps == 0 => false,
            Claim::Hangs => {
                let references = object.references();
                let mut owners = references.iter().filter(|r| r.role == Role::Owner).peekable();
                let holds_of = |owner: &Reference| {
                    self.stored(owner.target).is_some_and(|o| self.every_claim(o, steps - 1, holds))
                };
                owners.peek().is_some() && owners.all(holds_of)
            }
        }
    }
}

/// Refuses what the change of one object, from what it is in `before` to what it is in `after`, has that a tenant may
/// not do. Neither state is seen by anybody.
pub(crate) fn check(tenant: &str, before: &State, after: &State, key: ObjectKey) -> Result<(), ModelError> {
    let (old, new) = (before.stored(key), after.stored(key));
    if old.is_some_and(|old| !before.belongs(old, tenant)) {
        return Err(ModelError::forbidden("This would change what does not belong to your tenant."));
    }
    let Some(new) = new else { return Ok(()) };
    if !after.belongs(new, tenant) {
        let message = format!("The {} would not belong to your tenant, which is {tenant}.", key.kind);
        return Err(ModelError::forbidden(message));
    }
    if new.claim().is_shared() && !old.is_some_and(|old| old.claim().is_shared()) {
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
