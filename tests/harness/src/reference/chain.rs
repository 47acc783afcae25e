//! Chains and conditions, plainly.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{ChainId, Condition, DocumentKey, FragmentPolicy, Match, Port, PortGroupId, RuleAction, RuleId};
use packet::{FlowKey, MacAddr, frag, ip_proto};
use simulation::DropReason;

use super::{Copy, Reference, Stop, need};

/// A chain did not let a packet pass.
pub(super) enum Refusal {
    Drop(RuleId),
    Reject(RuleId),
    /// The rule would change the packet, which the engine cannot do.
    Unchanged(RuleId),
}

impl Refusal {
    pub(super) fn drop_reason(&self) -> DropReason {
        match self {
            Self::Drop(rule) => DropReason::Rule(*rule),
            Self::Reject(rule) => DropReason::RuleReject(*rule),
            Self::Unchanged(rule) => DropReason::NeedsTranslation(*rule),
        }
    }
}

enum Decision {
    Accept,
    Refuse(Refusal),
    None,
}

impl Reference<'_> {
    pub(super) fn filter_untagged(
        &mut self,
        chain: Option<ChainId>,
        input: Option<&Port>,
        output: Option<&Port>,
        copy: &Copy,
    ) -> Result<Option<Refusal>, Stop> {
        if copy.vids.first().is_some_and(|vid| *vid != 0) {
            return Ok(None);
        }
        self.filter(chain, input, output, copy)
    }

    pub(super) fn filter(
        &mut self,
        chain: Option<ChainId>,
        input: Option<&Port>,
        output: Option<&Port>,
        copy: &Copy,
    ) -> Result<Option<Refusal>, Stop> {
        let Some(chain) = chain else { return Ok(None) };
        match self.evaluate(chain, &mut Vec::new(), input, output, copy)? {
            Decision::Refuse(refusal) => Ok(Some(refusal)),
            Decision::Accept | Decision::None => Ok(None),
        }
    }

    fn evaluate(
        &mut self,
        id: ChainId,
        visited: &mut Vec<ChainId>,
        input: Option<&Port>,
        output: Option<&Port>,
        copy: &Copy,
    ) -> Result<Decision, Stop> {
        visited.push(id);
        let chain = self.state.chain(id).ok_or(need(DocumentKey::Chain(id)))?;
        for rule in &chain.rules {
            let rule = self.state.rule(*rule).expect("a chain's rules exist");
            if !self.matches(&rule.condition, input, output, copy)? {
                continue;
            }
            match &rule.action {
                RuleAction::Accept => return Ok(Decision::Accept),
                RuleAction::Drop => return Ok(Decision::Refuse(Refusal::Drop(rule.id))),
                RuleAction::Reject => return Ok(Decision::Refuse(Refusal::Reject(rule.id))),
                RuleAction::Return => return Ok(Decision::None),
                RuleAction::Nat(_) | RuleAction::L2Transform(_) => {
                    return Ok(Decision::Refuse(Refusal::Unchanged(rule.id)));
                }
                // No connection was ever translated that could be translated back; a trace leaves no mark.
                RuleAction::ReverseNat { .. } | RuleAction::Trace { .. } | RuleAction::Continue => {}
                RuleAction::Jump(target) if visited.contains(target) => {}
                RuleAction::Jump(target) => match self.evaluate(*target, visited, input, output, copy)? {
                    Decision::None => {}
                    decision => return Ok(decision),
                },
            }
        }
        Ok(Decision::None)
    }

    fn matches(
        &self,
        c: &Condition,
        input: Option<&Port>,
        output: Option<&Port>,
        copy: &Copy,
    ) -> Result<bool, Stop> {
        let key = &copy.key;
        let is_ip = key.is_ipv4() || key.is_ipv6();
        let fragment = if is_ip { key.ip_frag } else { frag::NONE };
        let covered = match c.fragment_policy {
            FragmentPolicy::Any => true,
            FragmentPolicy::NonHeader => fragment == frag::LATER,
            FragmentPolicy::Header => fragment != frag::LATER,
            FragmentPolicy::Unfragmented => fragment == frag::NONE,
        };
        if !covered {
            return Ok(false);
        }
        let entered = copy.entered_by.and_then(|port| self.state.port(port));
        let vid = copy.vids.first().copied();
        let transport = transport(key);
        let errs = is_ip && is_icmp_error(key);
        let quoted = copy.quoted.filter(|_| errs);
        let quoted_addr = |bytes: [u8; 16]| {
            if key.is_ipv4() { IpAddr::V4(packet::v4_addr(&bytes)) } else { IpAddr::V6(bytes.into()) }
        };
        let before = &copy.path[..copy.path.len() - 1];
        let all = is(&c.in_ports, |ports| input.is_some_and(|p| ports.contains(&p.id)))
            && is(&c.out_ports, |ports| output.is_some_and(|p| ports.contains(&p.id)))
            && is(&c.port_group, |group| member(entered, *group))
            && is(&c.in_port_group, |group| member(input, *group))
            && is(&c.out_port_group, |group| member(output, *group))
            && is(&c.traversed_device, |device| before.contains(device))
            && is(&c.dl_type, |value| key.eth_type == *value)
            && is(&c.dl_src, |m| masked(copy.src, m.mask) == masked(m.addr, m.mask))
            && is(&c.dl_dst, |m| masked(copy.dst, m.mask) == masked(m.addr, m.mask))
            && is(&c.nw_tos, |value| is_ip && key.ip_tos == *value)
            && is(&c.nw_proto, |value| is_ip && key.ip_proto == *value)
            && is(&c.nw_src, |prefix| inside(key.src_ip(), prefix))
            && is(&c.nw_dst, |prefix| inside(key.dst_ip(), prefix))
            && is(&c.tp_src, |range| transport.is_some_and(|(src, _)| range.contains(&src)))
            && is(&c.tp_dst, |range| transport.is_some_and(|(_, dst)| range.contains(&dst)))
            && is(&c.icmp_data_src, |prefix| quoted.is_some_and(|q| prefix.contains(quoted_addr(q.src))))
            && is(&c.icmp_data_dst, |prefix| quoted.is_some_and(|q| prefix.contains(quoted_addr(q.dst))))
            && (!c.no_vlan || vid.is_none_or(|vid| vid == 0))
            && c.vlan.is_none_or(|wanted| vid == Some(wanted))
            && !c.match_return_flow
            && !c.match_nw_dst_rewritten
            && self.in_group(&c.ip_addr_group_src, key.src_ip())
            && self.in_group(&c.ip_addr_group_dst, key.dst_ip());
        Ok(all != c.conjunction_inv)
    }

    fn in_group(&self, group: &Option<Match<model::IpAddrGroupId>>, addr: Option<IpAddr>) -> bool {
        is(group, |group| {
            let group = self.state.ip_addr_group(*group).expect("groups exist");
            addr.is_some_and(|addr| group.addresses.contains(&addr))
        })
    }
}

fn is<T>(field: &Option<Match<T>>, holds: impl FnOnce(&T) -> bool) -> bool {
    field.as_ref().is_none_or(|field| holds(&field.value) != field.negated)
}

fn member(port: Option<&Port>, group: PortGroupId) -> bool {
    port.is_some_and(|port| port.port_groups.contains(&group))
}

fn masked(mac: MacAddr, mask: MacAddr) -> [u8; 6] {
    std::array::from_fn(|i| mac.0[i] & mask.0[i])
}

fn inside(addr: Option<IpAddr>, prefix: &IpNetwork) -> bool {
    addr.is_some_and(|addr| prefix.contains(addr))
}

fn transport(key: &FlowKey) -> Option<(u16, u16)> {
    use ip_proto::{ICMP, ICMPV6, SCTP, TCP, UDP};
    let is_ip = key.is_ipv4() || key.is_ipv6();
    let known = [TCP, UDP, SCTP, ICMP, ICMPV6].contains(&key.ip_proto);
    (is_ip && known && key.ip_frag != frag::LATER).then_some((key.tp_src, key.tp_dst))
}

fn is_icmp_error(key: &FlowKey) -> bool {
    if key.ip_frag == frag::LATER {
        return false;
    }
    match (key.is_ipv4(), key.ip_proto) {
        (true, ip_proto::ICMP) => [3, 4, 5, 11, 12].contains(&key.tp_src),
        (false, ip_proto::ICMPV6) => key.tp_src < 128,
        _ => false,
    }
}
