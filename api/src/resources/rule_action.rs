//! What a rule does, on the wire: its `type`, and the properties that only rules of a type have.
//!
//! In the datapath NAT and L2 transformation are not carried out yet: what such a rule applies to is dropped. A rule that
//! translates back never applies, and one that traces changes nothing.

use std::net::{IpAddr, Ipv4Addr};

use model::{ChainId, FlowAction, L2Transform, Nat, NatSide, NatTarget, PortId, RuleAction};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::address_text;
use crate::endpoint::Call;
use crate::fields::Fields;
use crate::openapi::choices;

/// Reads what a rule of a type does.
type Read = fn(&mut Fields) -> RuleAction;

/// Types of rules, as `type` names them.
const TYPES: &[(&str, Read)] = &[
    ("accept", |_| RuleAction::Accept),
    ("drop", |_| RuleAction::Drop),
    ("reject", |_| RuleAction::Reject),
    ("continue", |_| RuleAction::Continue),
    ("return", |_| RuleAction::Return),
    ("jump", jump),
    ("dnat", |fields| nat(fields, NatSide::Destination)),
    ("snat", |fields| nat(fields, NatSide::Source)),
    ("rev_dnat", |fields| reverse_nat(fields, NatSide::Destination)),
    ("rev_snat", |fields| reverse_nat(fields, NatSide::Source)),
    ("l2_transform", l2_transform),
    ("trace", trace),
];

/// What follows a change of the packet, as `flowAction` names it.
const FLOW_ACTIONS: &[(&str, FlowAction)] = &[
    ("accept", FlowAction::Accept),
    ("continue", FlowAction::Continue),
    ("return", FlowAction::Return),
    ("redirect", FlowAction::Redirect),
];

pub(super) fn types() -> Schema {
    let about = "What happens to packets that meet the conditions. Not carried out in the datapath yet: what a rule of \
                 type dnat, snat or l2_transform applies to is dropped, one of type rev_dnat or rev_snat never applies, \
                 and one of type trace changes nothing.";
    choices(about, TYPES)
}

fn flow_actions() -> Schema {
    let about = "What follows: `accept`, `continue` or `return` behind NAT, `accept` or `redirect` behind l2_transform.";
    choices(about, FLOW_ACTIONS)
}

/// What only rules of some types have.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Own {
    /// Decides by itself.
    Nothing {},
    /// Type jump.
    #[serde(rename_all = "camelCase")]
    Jump {
        /// The chain that is asked next; what returns from it goes on behind this rule.
        jump_chain_id: Uuid,
        /// Its name.
        #[schema(read_only)]
        jump_chain_name: Option<String>,
    },
    /// Types dnat and snat.
    #[serde(rename_all = "camelCase")]
    Nat {
        #[schema(schema_with = flow_actions)]
        flow_action: &'static str,
        /// What the destination (dnat) or source (snat) becomes: one of these, at least one.
        #[schema(required = true)]
        nat_targets: Vec<Target>,
    },
    /// Types rev_dnat and rev_snat.
    #[serde(rename_all = "camelCase")]
    ReverseNat {
        #[schema(schema_with = flow_actions)]
        flow_action: &'static str,
    },
    /// Type l2_transform.
    #[serde(rename_all = "camelCase")]
    L2Transform {
        #[schema(schema_with = flow_actions)]
        flow_action: &'static str,
        /// Takes the outermost VLAN tag off.
        #[schema(default = false)]
        pop_vlan: bool,
        /// Puts a VLAN tag on: VID with priority in the upper three bits; 0 for none.
        #[schema(default = 0, maximum = 65535)]
        push_vlan: u16,
        /// The port that a redirected packet goes to.
        target_port_id: Option<Uuid>,
        /// The packet enters by the target port, rather than leaving by it.
        #[schema(default = false)]
        ingress: bool,
        /// The packet passes where the target port is down.
        #[schema(default = false)]
        fail_open: bool,
    },
    /// Type trace.
    #[serde(rename_all = "camelCase")]
    Trace {
        /// The trace request that it traces for.
        request_id: Uuid,
        /// Packets to trace at most.
        #[schema(default = 0, maximum = 9223372036854775807_u64)]
        limit: u64,
    },
}

/// A range of addresses, and of ports behind each of them; ends included.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NatTarget)]
pub(super) struct Target {
    /// First address.
    address_from: String,
    /// Last address.
    address_to: String,
    /// First port; 0 together with `portTo` leaves the port as it is.
    #[schema(default = 0, maximum = 65535)]
    port_from: u16,
    /// Last port.
    #[schema(default = 0, maximum = 65535)]
    port_to: u16,
}

pub(super) fn kind(action: &RuleAction) -> &'static str {
    match action {
        RuleAction::Accept => "accept",
        RuleAction::Drop => "drop",
        RuleAction::Reject => "reject",
        RuleAction::Continue => "continue",
        RuleAction::Return => "return",
        RuleAction::Jump(_) => "jump",
        RuleAction::Nat(Nat { side: NatSide::Destination, .. }) => "dnat",
        RuleAction::Nat(Nat { side: NatSide::Source, .. }) => "snat",
        RuleAction::ReverseNat { side: NatSide::Destination, .. } => "rev_dnat",
        RuleAction::ReverseNat { side: NatSide::Source, .. } => "rev_snat",
        RuleAction::L2Transform(_) => "l2_transform",
        RuleAction::Trace { .. } => "trace",
    }
}

pub(super) fn own(call: &Call, action: &RuleAction) -> Own {
    match action {
        RuleAction::Jump(chain) => Own::Jump {
            jump_chain_id: chain.0,
            jump_chain_name: call.topology.chain(*chain).and_then(|c| c.name.clone()),
        },
        RuleAction::Nat(nat) => Own::Nat {
            flow_action: flow_action_name(nat.flow_action),
            nat_targets: nat.targets.iter().map(target_view).collect(),
        },
        RuleAction::ReverseNat { flow_action, .. } => {
            Own::ReverseNat { flow_action: flow_action_name(*flow_action) }
        }
        RuleAction::L2Transform(transform) => Own::L2Transform {
            flow_action: flow_action_name(transform.flow_action),
            pop_vlan: transform.pop_vlan,
            push_vlan: transform.push_vlan,
            target_port_id: transform.target_port.map(Uuid::from),
            ingress: transform.ingress,
            fail_open: transform.fail_open,
        },
        RuleAction::Trace { request, limit } => Own::Trace { request_id: request.0, limit: *limit },
        _ => Own::Nothing {},
    }
}

fn target_view(target: &NatTarget) -> Target {
    Target {
        address_from: address_text(target.first),
        address_to: address_text(target.last),
        port_from: target.ports.as_ref().map_or(0, |ports| *ports.start()),
        port_to: target.ports.as_ref().map_or(0, |ports| *ports.end()),
    }
}

fn flow_action_name(action: FlowAction) -> &'static str {
    FLOW_ACTIONS.iter().find(|(_, known)| *known == action).map_or("accept", |(name, _)| name)
}

pub(super) fn read(fields: &mut Fields) -> RuleAction {
    match fields.choice("type", TYPES) {
        Some(read) => read(fields),
        None => {
            fields.missing("type");
            RuleAction::Continue
        }
    }
}

fn jump(fields: &mut Fields) -> RuleAction {
    let chain = fields.id::<ChainId>("jumpChainId");
    RuleAction::Jump(fields.required("jumpChainId", chain))
}

fn nat(fields: &mut Fields, side: NatSide) -> RuleAction {
    let flow_action = flow_action(fields);
    RuleAction::Nat(Nat { side, targets: fields.objects("natTargets", target), flow_action })
}

fn target(fields: &mut Fields) -> NatTarget {
    let first = address(fields, "addressFrom");
    let last = address(fields, "addressTo");
    let mut port = |property| fields.number::<u16>(property, 0..=0xffff).unwrap_or(0);
    let (from, to) = (port("portFrom"), port("portTo"));
    NatTarget { first, last, ports: (from != 0 || to != 0).then_some(from..=to) }
}

/// An address that must be there.
fn address(fields: &mut Fields, property: &str) -> IpAddr {
    fields.parsed(property, "an IP address").unwrap_or_else(|| {
        fields.missing(property);
        Ipv4Addr::UNSPECIFIED.into()
    })
}

fn reverse_nat(fields: &mut Fields, side: NatSide) -> RuleAction {
    RuleAction::ReverseNat { side, flow_action: flow_action(fields) }
}

fn l2_transform(fields: &mut Fields) -> RuleAction {
    RuleAction::L2Transform(L2Transform {
        flow_action: flow_action(fields),
        pop_vlan: fields.flag("popVlan").unwrap_or(false),
        push_vlan: fields.number("pushVlan", 0..=0xffff).unwrap_or(0),
        target_port: fields.id::<PortId>("targetPortId"),
        ingress: fields.flag("ingress").unwrap_or(false),
        fail_open: fields.flag("failOpen").unwrap_or(false),
    })
}

fn trace(fields: &mut Fields) -> RuleAction {
    let request = fields.id("requestId");
    let request = fields.required("requestId", request);
    RuleAction::Trace { request, limit: fields.number("limit", 0..=i64::MAX).unwrap_or(0) }
}

fn flow_action(fields: &mut Fields) -> FlowAction {
    fields.choice("flowAction", FLOW_ACTIONS).unwrap_or_else(|| {
        fields.missing("flowAction");
        FlowAction::Accept
    })
}
