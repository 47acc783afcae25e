//! The indexes of a [`State`](crate::State): derived from the objects, kept in step by `State::apply`.
//!
//! Persistent like the state itself: a clone is O(1) and shares everything. All look-ups are O(log n).

use imbl::{OrdMap, OrdSet};
use uuid::Uuid;

use crate::reference::{MAX_ID, MIN_ID};
use crate::{HostId, Kind, Object, ObjectKey, PortId, Role, TunnelZoneId};

/// A reference seen from its target, in the order in which it is looked up.
type Edge = (ObjectKey, Role, ObjectKey);

/// Secondary orders of the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    edges: OrdSet<Edge>,
    interfaces: OrdMap<(HostId, String), PortId>,
    tunnel_keys: OrdMap<u32, PortId>,
    zone_names: OrdMap<String, TunnelZoneId>,
}

impl Index {
    /// Enters an object that is not in the index.
    pub(crate) fn insert(&mut self, object: &Object) {
        let source = object.key();
        for reference in object.references() {
            self.edges.insert((reference.target, reference.role, source));
        }
        match object {
            Object::Port(port) => {
                self.tunnel_keys.insert(port.tunnel_key, port.id);
                if let Some(binding) = &port.binding {
                    self.interfaces.insert((binding.host, binding.interface.clone()), port.id);
                }
            }
            Object::TunnelZone(zone) => {
                self.zone_names.insert(zone.name.clone(), zone.id);
            }
            _ => {}
        }
    }

    /// Takes out an object as it was entered.
    ///
    /// Where two objects claim the same unique name, which a transaction never lets happen but a foreign log might,
    /// only the claimant's own entry goes.
    pub(crate) fn remove(&mut self, object: &Object) {
        let source = object.key();
        for reference in object.references() {
            self.edges.remove(&(reference.target, reference.role, source));
        }
        match object {
            Object::Port(port) => {
                if self.tunnel_keys.get(&port.tunnel_key) == Some(&port.id) {
                    self.tunnel_keys.remove(&port.tunnel_key);
                }
                if let Some(binding) = &port.binding {
                    let key = (binding.host, binding.interface.clone());
                    if self.interfaces.get(&key) == Some(&port.id) {
                        self.interfaces.remove(&key);
                    }
                }
            }
            Object::TunnelZone(zone) if self.zone_names.get(&zone.name) == Some(&zone.id) => {
                self.zone_names.remove(&zone.name);
            }
            _ => {}
        }
    }

    /// Objects that refer to `target` in any role, with the role, in stable order.
    pub(crate) fn referrers(&self, target: ObjectKey) -> impl Iterator<Item = (Role, ObjectKey)> + '_ {
        let first = (target, Role::Owner, ObjectKey { kind: Kind::Bridge, id: MIN_ID });
        self.edges
            .range(first..)
            .take_while(move |(at, ..)| *at == target)
            .map(|&(_, role, source)| (role, source))
    }

    /// Ids of the objects of one kind that refer to `target` in one role, in order.
    pub(crate) fn referrers_of(
        &self,
        target: ObjectKey,
        role: Role,
        kind: Kind,
    ) -> impl Iterator<Item = Uuid> + '_ {
        let first = (target, role, ObjectKey { kind, id: MIN_ID });
        let last = (target, role, ObjectKey { kind, id: MAX_ID });
        self.edges.range(first..=last).map(|&(_, _, source)| source.id)
    }

    pub(crate) fn bound_port(&self, host: HostId, interface: &str) -> Option<PortId> {
        self.interfaces.get(&(host, interface.to_owned())).copied()
    }

    pub(crate) fn zone_named(&self, name: &str) -> Option<TunnelZoneId> {
        self.zone_names.get(name).copied()
    }

    pub(crate) fn port_with_tunnel_key(&self, key: u32) -> Option<PortId> {
        self.tunnel_keys.get(&key).copied()
    }

    /// A tunnel key that no port has, from 1 to `max`: one above the largest, or else the smallest gap.
    pub(crate) fn free_tunnel_key(&self, max: u32) -> Option<u32> {
        let largest = self.tunnel_keys.get_max().map_or(0, |(key, _)| *key);
        if largest < max {
            return Some(largest + 1);
        }
        (1..=max).zip(self.tunnel_keys.range(1..)).find(|(free, (key, _))| free != *key).map(|(free, _)| free)
    }
}
