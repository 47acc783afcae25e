//! Deletion, and what it does to the objects that refer to the deleted one.

use super::Transaction;
use super::rule::without;
use crate::mirror::mirror_hooks;
use crate::reference::OnDelete;
use crate::{
    ChainId, HostId, Kind, MirrorId, ModelError, Object, ObjectKey, PortGroupId, PortId, Role, RouterId,
    RuleAction,
};

impl Transaction {
    /// Deletes an object, and with it what cannot be without it:
    ///
    /// - a bridge's or router's ports and routes, a bridge's DHCP subnets and static table entries, a chain's rules, the
    ///   routes with the port as next hop, the static entries of stations behind the port, the rules that jump to the
    ///   chain; a router's BGP networks and peers, a port's service container and peering table, a load balancer's pools,
    ///   a pool's members and VIPs, a group's service containers; a port's mirrors and insertions (inspected or serving),
    ///   the trace requests on a device or port, the rules that trace for the request, a QoS policy's rules;
    /// - filters, mirrors, peers, QoS policies, group and zone memberships and targets of redirections that name it are
    ///   cleared, as are load balancers of routers, health monitors of pools, and port groups and hosts in the placement
    ///   of service containers;
    /// - conditions that name it act from now on as if it were an empty set: rules and trace requests that could never
    ///   match again are deleted, mirrors lose such conditions.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a host that has bound ports, for a router that has a load balancer, for a VTEP that has
    /// bindings and for its zone, and for a bridge that is bound to a VTEP and its port to that.
    pub fn delete(&mut self, key: impl Into<ObjectKey>) -> Result<(), ModelError> {
        let key = key.into();
        if !self.state.contains(key) {
            return Err(ModelError::NotFound(key));
        }
        let in_the_way: Vec<_> =
            self.state.referrers(key).filter(|(role, _)| role.on_delete() == OnDelete::Refuse).collect();
        if let Some((role, first)) = in_the_way.first() {
            let message = match role {
                Role::Binding => {
                    format!("The {key} is in use by {} port(s); unbind them first.", in_the_way.len())
                }
                _ => {
                    format!("The {key} is in use by {first}; remove the VTEP's bindings, or the VTEP, first.")
                }
            };
            return Err(ModelError::conflict(message, in_the_way.into_iter().map(|(_, referrer)| referrer)));
        }
        self.check_unbalanced(key)?;
        self.remove(key);
        Ok(())
    }

    /// A router is not deleted under the load balancer that works at it.
    fn check_unbalanced(&self, key: ObjectKey) -> Result<(), ModelError> {
        let router = (key.kind == Kind::Router).then(|| self.state.router(RouterId(key.id))).flatten();
        let Some(balancer) = router.and_then(|router| router.load_balancer) else { return Ok(()) };
        let message = format!(
            "The {key} is in use by load balancer {balancer}; take it off (loadBalancerId) or delete it first."
        );
        Err(ModelError::conflict(message, [balancer]))
    }

    /// Deletes without asking. Each object is taken out of the state before its referrers are treated, so that
    /// references in a circle (a chain that jumps to itself, two linked ports) come to an end.
    pub(super) fn remove(&mut self, first: ObjectKey) {
        let mut doomed = vec![first];
        while let Some(key) = doomed.pop() {
            let Some(object) = self.state.object(key) else { continue };
            self.drop_object(key);
            if let Object::Rule(rule) = &object {
                self.take_out_of_chain(rule.chain, key);
            }
            let referrers: Vec<_> = self.state.referrers(key).collect();
            for (role, referrer) in referrers {
                match role.on_delete() {
                    OnDelete::Cascade => doomed.push(referrer),
                    OnDelete::Clear | OnDelete::Refuse => doomed.extend(self.clear(role, referrer, key)),
                }
            }
        }
    }

    /// Clears a reference to `target`; gives the referrer if it has to go instead.
    fn clear(&mut self, role: Role, referrer: ObjectKey, target: ObjectKey) -> Option<ObjectKey> {
        let mut object = self.state.object(referrer)?;
        match (&mut object, role) {
            (Object::Rule(rule), Role::Target) => {
                if let RuleAction::L2Transform(transform) = &mut rule.action {
                    transform.target_port = None;
                }
            }
            (Object::Rule(rule), _) => match without(rule.condition.clone(), target) {
                Some(condition) => rule.condition = condition,
                None => return Some(referrer),
            },
            (Object::TraceRequest(request), _) => match without((*request.condition).clone(), target) {
                Some(condition) => *request.condition = condition,
                None => return Some(referrer),
            },
            (Object::Mirror(mirror), _) => {
                let kept = mirror.conditions.drain(..).filter_map(|condition| without(condition, target));
                mirror.conditions = kept.collect();
            }
            (object, Role::Filter) => clear_filter(object, ChainId(target.id)),
            (object, Role::Mirror) => clear_mirror(object, MirrorId(target.id)),
            (Object::Bridge(bridge), Role::Qos) => bridge.qos_policy = None,
            (Object::Port(port), Role::Qos) => port.qos_policy = None,
            (Object::Port(port), Role::Peer) => {
                port.peer.take_if(|peer| *peer == PortId(target.id));
            }
            (Object::Port(port), Role::Group) => port.port_groups.retain(|g| *g != PortGroupId(target.id)),
            (Object::Port(port), Role::Binding) => port.binding = None,
            (Object::TunnelZone(zone), _) => {
                zone.members.remove(&HostId(target.id));
            }
            (Object::Router(router), Role::LoadBalancer) => router.load_balancer = None,
            (Object::Pool(pool), Role::HealthMonitor) => pool.health_monitor = None,
            (Object::ServiceContainerGroup(group), Role::Placement) => group.port_group = None,
            (Object::ServiceContainer(container), Role::Placement) => container.host = None,
            _ => {}
        }
        self.put(object);
        None
    }

    fn take_out_of_chain(&mut self, chain: ChainId, rule: ObjectKey) {
        if let Some(mut chain) = self.state.chain(chain).cloned() {
            chain.rules.retain(|r| r.0 != rule.id);
            self.put(chain.into());
        }
    }
}

fn clear_filter(object: &mut Object, chain: ChainId) {
    let hooks: Vec<&mut Option<ChainId>> = match object {
        Object::Bridge(bridge) => vec![&mut bridge.inbound_filter, &mut bridge.outbound_filter],
        Object::Router(router) => vec![
            &mut router.inbound_filter,
            &mut router.outbound_filter,
            &mut router.forward_chain,
            &mut router.local_redirect_chain,
        ],
        Object::Port(port) => vec![&mut port.inbound_filter, &mut port.outbound_filter],
        Object::IpAddrGroup(group) => vec![&mut group.inbound_chain, &mut group.outbound_chain],
        _ => vec![],
    };
    for hook in hooks {
        hook.take_if(|c| *c == chain);
    }
}

fn clear_mirror(object: &mut Object, mirror: MirrorId) {
    for hook in mirror_hooks(object) {
        hook.retain(|m| *m != mirror);
    }
}
