//! Transactions: changes to the topology that keep it valid and whole.
//!
//! A transaction works on a private copy of a [`State`]; reads through [`Transaction::state`] see what it has done so
//! far. Each operation either succeeds, leaving every object valid and every reference answered, or has no effect.
//! `finish` gives the difference to the state it began with.

mod delete;
mod dhcp;
mod fixed;
mod link;
mod port;
mod route;
mod rule;
mod station;
mod tenant;
mod vtep;
mod zone;

pub(crate) use port::MAX_TUNNEL_KEY;
pub use port::generated_mac;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::object::ObjectRef;
use crate::validate::{self, Checked};
use crate::{Change, IpAddrGroupId, ModelError, Object, ObjectKey, Role, State, Violation};

/// Changes in the making.
#[derive(Clone, Debug)]
pub struct Transaction {
    base: State,
    state: State,
    touched: BTreeSet<ObjectKey>,
    /// The tenant on whose behalf the operation under way is done.
    acting: Option<Arc<str>>,
}

impl Transaction {
    /// A transaction on top of `base`.
    pub fn new(base: &State) -> Self {
        Self { base: base.clone(), state: base.clone(), touched: BTreeSet::new(), acting: None }
    }

    /// The topology as the transaction would leave it. Its version is that of the base.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Creates an object.
    ///
    /// - A port with tunnel key 0 is given a free one; with a peer or a binding it is linked or bound as by
    ///   [`link`](Self::link) and [`bind`](Self::bind). A router port gets one Local route for each address.
    /// - A rule goes to the head of its chain; [`insert_rule`](Self::insert_rule) puts it elsewhere. A chain begins
    ///   empty.
    /// - A VTEP begins without bindings; [`bind_vtep`](Self::bind_vtep) makes them, and the ports that they need.
    ///
    /// # Errors
    /// `Duplicate` id, `Invalid` object, `NotFound` for an object that it refers to (`Invalid` where a condition, a
    /// route's next hop, a VIP, or what a rule redirects to or traces for refers to it), `Conflict` with a unique property
    /// of another object.
    pub fn create(&mut self, object: impl Into<Object>) -> Result<(), ModelError> {
        let object = object.into();
        let key = object.key();
        if self.state.contains(key) {
            return Err(ModelError::Duplicate(key));
        }
        self.all_or_nothing(|tx| match object {
            Object::Port(port) => tx.create_port(port),
            Object::Rule(rule) => tx.insert_rule(rule, 1),
            Object::Chain(chain) if !chain.rules.is_empty() => Err(ModelError::Invalid {
                key,
                violations: vec![Violation::new("rules", "a chain is created empty; insert its rules")],
            }),
            Object::Vtep(vtep) if !vtep.bindings.is_empty() => Err(ModelError::Invalid {
                key,
                violations: vec![Violation::new("bindings", "a VTEP is created without; bind it afterwards")],
            }),
            object => tx.put_checked(object),
        })
    }

    /// Replaces an object's own properties.
    ///
    /// What other operations are there for stays as it is: of a port its device, tunnel key, peer, binding and groups;
    /// of a chain its rules; of a rule its chain; of a route, a BGP network and a BGP peer its router; of an IP address
    /// group and a tunnel zone their members; of an IP address group, a load balancer and a health monitor their tenant,
    /// which clients do not see; of a DHCP subnet its bridge and its hosts; of a VTEP its bindings; of a QoS rule its
    /// policy; of a service container all but the host that it is pinned to.
    ///
    /// # Errors
    /// `NotFound` if there is no such object, else as [`create`](Self::create).
    pub fn update(&mut self, object: impl Into<Object>) -> Result<(), ModelError> {
        let object = object.into();
        let key = object.key();
        let Some(old) = self.state.object(key) else {
            return Err(ModelError::NotFound(key));
        };
        self.all_or_nothing(|tx| match (object, old) {
            (Object::Port(port), Object::Port(old)) => tx.update_port(port, &old),
            (Object::Chain(mut new), Object::Chain(old)) => {
                new.rules = old.rules;
                tx.put_checked(new.into())
            }
            (Object::Rule(mut new), Object::Rule(old)) => {
                new.chain = old.chain;
                tx.put_checked(new.into())
            }
            (Object::Route(mut new), Object::Route(old)) => {
                new.router = old.router;
                tx.put_checked(new.into())
            }
            (Object::IpAddrGroup(mut new), Object::IpAddrGroup(old)) => {
                new.addresses = old.addresses;
                new.tenant_id = old.tenant_id;
                tx.put_checked(new.into())
            }
            (Object::TunnelZone(mut new), Object::TunnelZone(old)) => {
                new.members = old.members;
                tx.put_checked(new.into())
            }
            (new, old) => tx.put_checked(fixed::with_fixed_parts_of(old, new)),
        })
    }

    /// Creates the object, or replaces its own properties if it is there.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`update`](Self::update).
    pub fn create_or_update(&mut self, object: impl Into<Object>) -> Result<(), ModelError> {
        let object = object.into();
        if self.state.contains(object.key()) { self.update(object) } else { self.create(object) }
    }

    /// Adds an address to an IP address group. Adding a member again changes nothing.
    ///
    /// # Errors
    /// `NotFound` group.
    pub fn add_address(&mut self, group: IpAddrGroupId, address: std::net::IpAddr) -> Result<(), ModelError> {
        let mut group = self.state.ip_addr_group(group).cloned().ok_or(ModelError::NotFound(group.into()))?;
        if group.addresses.insert(address) { self.put_checked(group.into()) } else { Ok(()) }
    }

    /// Takes an address out of an IP address group, if it is in it.
    ///
    /// # Errors
    /// `NotFound` group.
    pub fn remove_address(
        &mut self,
        group: IpAddrGroupId,
        address: std::net::IpAddr,
    ) -> Result<(), ModelError> {
        let mut group = self.state.ip_addr_group(group).cloned().ok_or(ModelError::NotFound(group.into()))?;
        if group.addresses.remove(&address) { self.put_checked(group.into()) } else { Ok(()) }
    }

    /// The changes made, ordered by key: none for an object that is as it was.
    pub fn finish(self) -> Vec<Change> {
        let changed = |key: ObjectKey| {
            let (before, after) = (self.base.object(key), self.state.object(key));
            match after {
                after if after == before => None,
                Some(after) => Some(Change::Put(after)),
                None => Some(Change::Delete(key)),
            }
        };
        self.touched.iter().copied().filter_map(changed).collect()
    }

    /// Runs an operation of several steps; if one fails, none has happened.
    fn all_or_nothing<T>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        let before = self.state.clone();
        let result = operation(self);
        if result.is_err() {
            self.state = before;
        }
        result
    }

    /// Puts an object after checking it, in normal form, against the rules for itself, its references and what must
    /// be unique.
    fn put_checked(&mut self, mut object: Object) -> Result<(), ModelError> {
        validate::normalize(&mut object);
        let mut checked = Checked::new(object.key());
        validate::object(&object, &mut checked);
        self.check_references(&object, &mut checked)?;
        validate::in_context(&self.state, &object, &mut checked);
        checked.finish()?;
        validate::unique(&self.state, &object)?;
        self.put(object);
        Ok(())
    }

    /// A missing target is a violation where the reference is a detail of the object, else the target is not found.
    /// References that the object makes already have been checked, perhaps in the name of one who sees more.
    fn check_references(&self, object: &Object, checked: &mut Checked) -> Result<(), ModelError> {
        let kept = self.state.stored(object.key()).map(ObjectRef::references).unwrap_or_default();
        for reference in object.references().into_iter().filter(|reference| !kept.contains(reference)) {
            let found = match reference.role {
                Role::Traversed => self.state.device(reference.target.id).is_some(),
                _ => self.state.contains(reference.target),
            };
            match reference.role {
                _ if found => {}
                Role::Owner if matches!(object, Object::Vip(_)) => {
                    checked.violation(reference.property, format!("there is no {}", reference.target));
                }
                Role::Condition | Role::NextHop | Role::Vtep | Role::Target | Role::Traced => {
                    checked.violation(reference.property, format!("there is no {}", reference.target));
                }
                Role::Traversed => {
                    let id = reference.target.id;
                    checked.violation(reference.property, format!("there is no bridge or router {id}"));
                }
                _ => return Err(ModelError::NotFound(reference.target)),
            }
        }
        Ok(())
    }

    fn put(&mut self, mut object: Object) {
        if let Some(tenant) = &self.acting {
            object.adopt(tenant);
        }
        self.touched.insert(object.key());
        self.state.put(object);
    }

    fn drop_object(&mut self, key: ObjectKey) {
        self.touched.insert(key);
        self.state.delete(key);
    }
}
