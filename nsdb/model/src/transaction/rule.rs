//! Rules: their order in the chain, and what remains of one when an object that it names goes.

use super::Transaction;
use crate::{
    Condition, IpAddrGroupId, Kind, Match, ModelError, ObjectKey, PortGroupId, PortId, Rule, Violation,
};

impl Transaction {
    /// Inserts a rule into its chain at `position`, 1 being the head; 0 is taken as 1. The rules from there on move
    /// back by one.
    ///
    /// # Errors
    /// As [`create`](Self::create); a position behind the end of the chain (its length + 1) is `Invalid`.
    pub fn insert_rule(&mut self, rule: Rule, position: usize) -> Result<(), ModelError> {
        let key = ObjectKey::from(rule.id);
        if self.state.contains(key) {
            return Err(ModelError::Duplicate(key));
        }
        let Some(mut chain) = self.state.chain(rule.chain).cloned() else {
            return Err(ModelError::NotFound(rule.chain.into()));
        };
        let index = position.saturating_sub(1);
        if index > chain.rules.len() {
            let message = format!("must be between 1 and {}", chain.rules.len() + 1);
            return Err(ModelError::Invalid { key, violations: vec![Violation::new("position", message)] });
        }
        chain.rules.insert(index, rule.id);
        self.put_checked(rule.into())?;
        self.put(chain.into());
        Ok(())
    }
}

/// The condition freed of every mention of `target`, so that it matches exactly what it would match if `target` were
/// an empty set: "in an empty set" never holds, "not in an empty set" always does. `None` if it can never match again.
pub(super) fn without(mut condition: Condition, target: ObjectKey) -> Option<Condition> {
    let impossible = match target.kind {
        Kind::Port => {
            let port = PortId(target.id);
            [&mut condition.in_ports, &mut condition.out_ports]
                .map(|part| drop_port(part, port))
                .contains(&true)
        }
        Kind::PortGroup => {
            let group = PortGroupId(target.id);
            [&mut condition.port_group, &mut condition.in_port_group, &mut condition.out_port_group]
                .map(|part| drop_value(part, &group))
                .contains(&true)
        }
        Kind::IpAddrGroup => {
            let group = IpAddrGroupId(target.id);
            [&mut condition.ip_addr_group_src, &mut condition.ip_addr_group_dst]
                .map(|part| drop_value(part, &group))
                .contains(&true)
        }
        Kind::Bridge | Kind::Router => drop_value(&mut condition.traversed_device, &target.id),
        _ => false,
    };
    match (impossible, condition.conjunction_inv) {
        (false, false) => Some(condition),
        (false, true) => (!is_unconditional(&condition)).then_some(condition),
        (true, false) => None,
        (true, true) => {
            Some(Condition { fragment_policy: condition.fragment_policy, ..Condition::default() })
        }
    }
}

/// Takes a port out of a list; true if the part can then never hold.
fn drop_port(part: &mut Option<Match<Vec<PortId>>>, port: PortId) -> bool {
    if let Some(ports) = part {
        ports.value.retain(|p| *p != port);
    }
    part.take_if(|ports| ports.value.is_empty()).is_some_and(|ports| !ports.negated)
}

/// Takes out a part that names `value`; true if it could then never hold.
fn drop_value<T: PartialEq>(part: &mut Option<Match<T>>, value: &T) -> bool {
    part.take_if(|m| m.value == *value).is_some_and(|m| !m.negated)
}

/// Whether every packet of the right fragment kind matches the conjunction.
fn is_unconditional(condition: &Condition) -> bool {
    let any = Condition {
        conjunction_inv: condition.conjunction_inv,
        fragment_policy: condition.fragment_policy,
        ..Condition::default()
    };
    *condition == any
}
