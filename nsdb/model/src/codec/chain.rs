//! Chains, rules and conditions.

use std::ops::RangeInclusive;

use ipnetwork::IpNetwork;
use uuid::Uuid;

use super::field::{FieldError, id, id_bytes, ids, mac, mac_bytes, number, prefix, prefix_message, required};
use super::wire::topology as wire;
use crate::{Chain, Condition, FragmentPolicy, MaskedMac, Match, Rule};

impl From<&Chain> for wire::Chain {
    fn from(chain: &Chain) -> Self {
        Self {
            id: id_bytes(chain.id),
            tenant_id: chain.tenant_id.clone(),
            name: chain.name.clone(),
            rules: chain.rules.iter().copied().map(id_bytes).collect(),
        }
    }
}

impl TryFrom<wire::Chain> for Chain {
    type Error = FieldError;

    fn try_from(chain: wire::Chain) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &chain.id)?,
            tenant_id: chain.tenant_id,
            name: chain.name,
            rules: ids("rules", &chain.rules)?,
        })
    }
}

impl From<&Rule> for wire::Rule {
    fn from(rule: &Rule) -> Self {
        Self {
            id: id_bytes(rule.id),
            chain: id_bytes(rule.chain),
            condition: Some((&rule.condition).into()),
            action: Some((&rule.action).into()),
            meter_name: rule.meter_name.clone(),
        }
    }
}

impl TryFrom<wire::Rule> for Rule {
    type Error = FieldError;

    fn try_from(rule: wire::Rule) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &rule.id)?,
            chain: id("chain", &rule.chain)?,
            condition: required("condition", rule.condition)?.try_into()?,
            action: rule.action.ok_or_else(|| FieldError::unknown("action"))?.try_into()?,
            meter_name: rule.meter_name,
        })
    }
}

impl From<FragmentPolicy> for wire::FragmentPolicy {
    fn from(policy: FragmentPolicy) -> Self {
        match policy {
            FragmentPolicy::Any => Self::Any,
            FragmentPolicy::NonHeader => Self::NonHeader,
            FragmentPolicy::Header => Self::Header,
            FragmentPolicy::Unfragmented => Self::Unfragmented,
        }
    }
}

fn fragment_policy(policy: i32) -> Result<FragmentPolicy, FieldError> {
    match wire::FragmentPolicy::try_from(policy) {
        Ok(wire::FragmentPolicy::Any) => Ok(FragmentPolicy::Any),
        Ok(wire::FragmentPolicy::NonHeader) => Ok(FragmentPolicy::NonHeader),
        Ok(wire::FragmentPolicy::Header) => Ok(FragmentPolicy::Header),
        Ok(wire::FragmentPolicy::Unfragmented) => Ok(FragmentPolicy::Unfragmented),
        Ok(wire::FragmentPolicy::Unspecified) | Err(_) => Err(FieldError::unknown("fragment_policy")),
    }
}

impl From<&Condition> for wire::Condition {
    fn from(c: &Condition) -> Self {
        Self {
            conjunction_inv: c.conjunction_inv,
            match_forward_flow: c.match_forward_flow,
            match_return_flow: c.match_return_flow,
            in_ports: c.in_ports.as_ref().map(ids_message),
            out_ports: c.out_ports.as_ref().map(ids_message),
            port_group: c.port_group.map(id_message),
            in_port_group: c.in_port_group.map(id_message),
            out_port_group: c.out_port_group.map(id_message),
            ip_addr_group_src: c.ip_addr_group_src.map(id_message),
            ip_addr_group_dst: c.ip_addr_group_dst.map(id_message),
            dl_type: c.dl_type.map(number_message),
            dl_src: c.dl_src.map(mac_message),
            dl_dst: c.dl_dst.map(mac_message),
            nw_tos: c.nw_tos.map(number_message),
            nw_proto: c.nw_proto.map(number_message),
            nw_src: c.nw_src.map(prefix_match_message),
            nw_dst: c.nw_dst.map(prefix_match_message),
            tp_src: c.tp_src.as_ref().map(range_message),
            tp_dst: c.tp_dst.as_ref().map(range_message),
            traversed_device: c.traversed_device.map(id_message),
            fragment_policy: wire::FragmentPolicy::from(c.fragment_policy).into(),
            no_vlan: c.no_vlan,
            vlan: c.vlan.map(u32::from),
            icmp_data_src: c.icmp_data_src.map(prefix_match_message),
            icmp_data_dst: c.icmp_data_dst.map(prefix_match_message),
            match_nw_dst_rewritten: c.match_nw_dst_rewritten,
        }
    }
}

impl TryFrom<wire::Condition> for Condition {
    type Error = FieldError;

    fn try_from(c: wire::Condition) -> Result<Self, FieldError> {
        Ok(Self {
            conjunction_inv: c.conjunction_inv,
            match_forward_flow: c.match_forward_flow,
            match_return_flow: c.match_return_flow,
            in_ports: ids_match("in_ports", c.in_ports)?,
            out_ports: ids_match("out_ports", c.out_ports)?,
            port_group: id_match("port_group", c.port_group)?,
            in_port_group: id_match("in_port_group", c.in_port_group)?,
            out_port_group: id_match("out_port_group", c.out_port_group)?,
            ip_addr_group_src: id_match("ip_addr_group_src", c.ip_addr_group_src)?,
            ip_addr_group_dst: id_match("ip_addr_group_dst", c.ip_addr_group_dst)?,
            dl_type: number_match("dl_type", c.dl_type)?,
            dl_src: mac_match("dl_src", c.dl_src)?,
            dl_dst: mac_match("dl_dst", c.dl_dst)?,
            nw_tos: number_match("nw_tos", c.nw_tos)?,
            nw_proto: number_match("nw_proto", c.nw_proto)?,
            nw_src: prefix_match("nw_src", c.nw_src)?,
            nw_dst: prefix_match("nw_dst", c.nw_dst)?,
            tp_src: range_match("tp_src", c.tp_src)?,
            tp_dst: range_match("tp_dst", c.tp_dst)?,
            traversed_device: id_match("traversed_device", c.traversed_device)?,
            fragment_policy: fragment_policy(c.fragment_policy)?,
            no_vlan: c.no_vlan,
            vlan: c.vlan.map(|vid| number("vlan", vid)).transpose()?,
            icmp_data_src: prefix_match("icmp_data_src", c.icmp_data_src)?,
            icmp_data_dst: prefix_match("icmp_data_dst", c.icmp_data_dst)?,
            match_nw_dst_rewritten: c.match_nw_dst_rewritten,
        })
    }
}

type Part<T> = Result<Option<Match<T>>, FieldError>;

fn id_message<T: Into<Uuid>>(part: Match<T>) -> wire::IdMatch {
    wire::IdMatch { value: id_bytes(part.value), negated: part.negated }
}

fn id_match<T: From<Uuid>>(field: &'static str, part: Option<wire::IdMatch>) -> Part<T> {
    part.map(|m| Ok(Match { value: id(field, &m.value)?, negated: m.negated })).transpose()
}

fn ids_message<T: Into<Uuid> + Copy>(part: &Match<Vec<T>>) -> wire::IdsMatch {
    wire::IdsMatch { values: part.value.iter().copied().map(id_bytes).collect(), negated: part.negated }
}

fn ids_match<T: From<Uuid>>(field: &'static str, part: Option<wire::IdsMatch>) -> Part<Vec<T>> {
    part.map(|m| Ok(Match { value: ids(field, &m.values)?, negated: m.negated })).transpose()
}

fn number_message<T: Into<u32>>(part: Match<T>) -> wire::NumberMatch {
    wire::NumberMatch { value: part.value.into(), negated: part.negated }
}

fn number_match<T: TryFrom<u32>>(field: &'static str, part: Option<wire::NumberMatch>) -> Part<T> {
    part.map(|m| Ok(Match { value: number(field, m.value)?, negated: m.negated })).transpose()
}

fn mac_message(part: Match<MaskedMac>) -> wire::MacMatch {
    let MaskedMac { addr, mask } = part.value;
    wire::MacMatch { address: mac_bytes(addr), mask: mac_bytes(mask), negated: part.negated }
}

fn mac_match(field: &'static str, part: Option<wire::MacMatch>) -> Part<MaskedMac> {
    part.map(|m| {
        let value = MaskedMac { addr: mac(field, &m.address)?, mask: mac(field, &m.mask)? };
        Ok(Match { value, negated: m.negated })
    })
    .transpose()
}

fn prefix_match_message(part: Match<IpNetwork>) -> wire::PrefixMatch {
    wire::PrefixMatch { value: Some(prefix_message(part.value)), negated: part.negated }
}

fn prefix_match(field: &'static str, part: Option<wire::PrefixMatch>) -> Part<IpNetwork> {
    part.map(|m| Ok(Match { value: prefix(field, m.value.as_ref())?, negated: m.negated })).transpose()
}

fn range_message(part: &Match<RangeInclusive<u16>>) -> wire::RangeMatch {
    let (first, last) = (*part.value.start(), *part.value.end());
    wire::RangeMatch { first: first.into(), last: last.into(), negated: part.negated }
}

fn range_match(field: &'static str, part: Option<wire::RangeMatch>) -> Part<RangeInclusive<u16>> {
    part.map(|m| {
        let value = number(field, m.first)?..=number(field, m.last)?;
        Ok(Match { value, negated: m.negated })
    })
    .transpose()
}
