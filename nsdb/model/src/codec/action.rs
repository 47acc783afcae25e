//! What rules do.

use std::ops::RangeInclusive;

use super::field::{FieldError, address, address_bytes, id, id_bytes, number, optional_id};
use super::wire::topology as wire;
use super::wire::topology::rule::Action;
use crate::{FlowAction, L2Transform, Nat, NatSide, NatTarget, RuleAction};

impl From<&RuleAction> for Action {
    fn from(action: &RuleAction) -> Self {
        let verdict = match action {
            RuleAction::Accept => wire::Verdict::Accept,
            RuleAction::Drop => wire::Verdict::Drop,
            RuleAction::Reject => wire::Verdict::Reject,
            RuleAction::Continue => wire::Verdict::Continue,
            RuleAction::Return => wire::Verdict::Return,
            RuleAction::Jump(chain) => return Self::Jump(id_bytes(*chain)),
            RuleAction::Nat(nat) => return Self::Nat(nat.into()),
            RuleAction::ReverseNat { side, flow_action } => {
                return Self::ReverseNat(wire::ReverseNat {
                    side: wire::NatSide::from(*side).into(),
                    flow_action: wire::FlowAction::from(*flow_action).into(),
                });
            }
            RuleAction::L2Transform(transform) => return Self::L2Transform(transform.into()),
            RuleAction::Trace { request, limit } => {
                return Self::Trace(wire::RequestedTrace { request: id_bytes(*request), limit: *limit });
            }
        };
        Self::Verdict(verdict.into())
    }
}

impl TryFrom<Action> for RuleAction {
    type Error = FieldError;

    fn try_from(action: Action) -> Result<Self, FieldError> {
        let verdict = match action {
            Action::Verdict(verdict) => verdict,
            Action::Jump(chain) => return Ok(Self::Jump(id("jump", &chain)?)),
            Action::Nat(nat) => return Ok(Self::Nat(nat.try_into()?)),
            Action::ReverseNat(nat) => {
                let (side, flow_action) = (side(nat.side)?, flow_action(nat.flow_action)?);
                return Ok(Self::ReverseNat { side, flow_action });
            }
            Action::L2Transform(transform) => return Ok(Self::L2Transform(transform.try_into()?)),
            Action::Trace(trace) => {
                return Ok(Self::Trace { request: id("trace.request", &trace.request)?, limit: trace.limit });
            }
        };
        match wire::Verdict::try_from(verdict) {
            Ok(wire::Verdict::Accept) => Ok(Self::Accept),
            Ok(wire::Verdict::Drop) => Ok(Self::Drop),
            Ok(wire::Verdict::Reject) => Ok(Self::Reject),
            Ok(wire::Verdict::Continue) => Ok(Self::Continue),
            Ok(wire::Verdict::Return) => Ok(Self::Return),
            Ok(wire::Verdict::Unspecified) | Err(_) => Err(FieldError::unknown("verdict")),
        }
    }
}

impl From<&Nat> for wire::Nat {
    fn from(nat: &Nat) -> Self {
        Self {
            side: wire::NatSide::from(nat.side).into(),
            targets: nat.targets.iter().map(Into::into).collect(),
            flow_action: wire::FlowAction::from(nat.flow_action).into(),
        }
    }
}

impl TryFrom<wire::Nat> for Nat {
    type Error = FieldError;

    fn try_from(nat: wire::Nat) -> Result<Self, FieldError> {
        Ok(Self {
            side: side(nat.side)?,
            targets: nat.targets.into_iter().map(NatTarget::try_from).collect::<Result<_, _>>()?,
            flow_action: flow_action(nat.flow_action)?,
        })
    }
}

impl From<&NatTarget> for wire::NatTarget {
    fn from(target: &NatTarget) -> Self {
        let ports = |ports: &RangeInclusive<u16>| wire::PortRange {
            first: (*ports.start()).into(),
            last: (*ports.end()).into(),
        };
        Self {
            first: address_bytes(target.first),
            last: address_bytes(target.last),
            ports: target.ports.as_ref().map(ports),
        }
    }
}

impl TryFrom<wire::NatTarget> for NatTarget {
    type Error = FieldError;

    fn try_from(target: wire::NatTarget) -> Result<Self, FieldError> {
        let ports = |ports: wire::PortRange| {
            Ok(number("nat.targets.ports", ports.first)?..=number("nat.targets.ports", ports.last)?)
        };
        Ok(Self {
            first: address("nat.targets.first", &target.first)?,
            last: address("nat.targets.last", &target.last)?,
            ports: target.ports.map(ports).transpose()?,
        })
    }
}

impl From<&L2Transform> for wire::L2Transform {
    fn from(transform: &L2Transform) -> Self {
        Self {
            pop_vlan: transform.pop_vlan,
            push_vlan: transform.push_vlan.into(),
            target_port: transform.target_port.map(id_bytes),
            ingress: transform.ingress,
            fail_open: transform.fail_open,
            flow_action: wire::FlowAction::from(transform.flow_action).into(),
        }
    }
}

impl TryFrom<wire::L2Transform> for L2Transform {
    type Error = FieldError;

    fn try_from(transform: wire::L2Transform) -> Result<Self, FieldError> {
        Ok(Self {
            pop_vlan: transform.pop_vlan,
            push_vlan: number("l2_transform.push_vlan", transform.push_vlan)?,
            target_port: optional_id("l2_transform.target_port", transform.target_port.as_deref())?,
            ingress: transform.ingress,
            fail_open: transform.fail_open,
            flow_action: flow_action(transform.flow_action)?,
        })
    }
}

impl From<NatSide> for wire::NatSide {
    fn from(side: NatSide) -> Self {
        match side {
            NatSide::Source => Self::Source,
            NatSide::Destination => Self::Destination,
        }
    }
}

fn side(side: i32) -> Result<NatSide, FieldError> {
    match wire::NatSide::try_from(side) {
        Ok(wire::NatSide::Source) => Ok(NatSide::Source),
        Ok(wire::NatSide::Destination) => Ok(NatSide::Destination),
        Ok(wire::NatSide::Unspecified) | Err(_) => Err(FieldError::unknown("side")),
    }
}

impl From<FlowAction> for wire::FlowAction {
    fn from(action: FlowAction) -> Self {
        match action {
            FlowAction::Accept => Self::Accept,
            FlowAction::Continue => Self::Continue,
            FlowAction::Return => Self::Return,
            FlowAction::Redirect => Self::Redirect,
        }
    }
}

fn flow_action(action: i32) -> Result<FlowAction, FieldError> {
    match wire::FlowAction::try_from(action) {
        Ok(wire::FlowAction::Accept) => Ok(FlowAction::Accept),
        Ok(wire::FlowAction::Continue) => Ok(FlowAction::Continue),
        Ok(wire::FlowAction::Return) => Ok(FlowAction::Return),
        Ok(wire::FlowAction::Redirect) => Ok(FlowAction::Redirect),
        Ok(wire::FlowAction::Unspecified) | Err(_) => Err(FieldError::unknown("flow_action")),
    }
}
