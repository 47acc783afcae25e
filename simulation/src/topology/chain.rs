//! Chains and address groups as the simulation reads them: conditions as short lists of tests, cheapest first, so
//! that a rule that does not apply is left after reading as little of the packet as can be.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::{Range, RangeInclusive};

use ipnetwork::IpNetwork;
use model::{
    ChainDocument, ChainId, Condition, FragmentPolicy, IpAddrGroup, IpAddrGroupId, MaskedMac, Match, NatSide,
    PortGroupId, PortId, Rule, RuleAction, RuleId,
};

use super::router::{left_aligned, network};
use super::trie::Trie;

/// A chain, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Identity.
    pub id: ChainId,
    pub(crate) rules: Box<[CompiledRule]>,
    /// Tests of all rules, one rule's after the other's.
    tests: Box<[Test]>,
}

/// A rule, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompiledRule {
    pub(crate) id: RuleId,
    pub(crate) action: Action,
    pub(crate) fragments: FragmentPolicy,
    /// The conjunction of all tests is negated.
    pub(crate) inverted: bool,
    tests: Range<u32>,
}

/// What a rule does, as far as the simulation tells rules apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Let the packet pass.
    Accept,
    /// Drop silently.
    Drop,
    /// Drop, and say so.
    Reject,
    /// Go on with the next rule.
    Continue,
    /// Back to the calling chain.
    Return,
    /// Evaluate another chain.
    Jump(ChainId),
    /// Translate addresses.
    Nat(NatSide),
    /// Translate packets of translated connections back.
    ReverseNat(NatSide),
    /// Change the VLAN tag or redirect.
    L2Transform,
    /// Trace for a request.
    Trace,
}

impl Action {
    /// The type of the rule in the REST API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
            Self::Reject => "reject",
            Self::Continue => "continue",
            Self::Return => "return",
            Self::Jump(_) => "jump",
            Self::Nat(NatSide::Destination) => "dnat",
            Self::Nat(NatSide::Source) => "snat",
            Self::ReverseNat(NatSide::Destination) => "rev_dnat",
            Self::ReverseNat(NatSide::Source) => "rev_snat",
            Self::L2Transform => "l2_transform",
            Self::Trace => "trace",
        }
    }
}

impl From<&RuleAction> for Action {
    fn from(action: &RuleAction) -> Self {
        match action {
            RuleAction::Accept => Self::Accept,
            RuleAction::Drop => Self::Drop,
            RuleAction::Reject => Self::Reject,
            RuleAction::Continue => Self::Continue,
            RuleAction::Return => Self::Return,
            RuleAction::Jump(chain) => Self::Jump(*chain),
            RuleAction::Nat(nat) => Self::Nat(nat.side),
            RuleAction::ReverseNat { side, .. } => Self::ReverseNat(*side),
            RuleAction::L2Transform(_) => Self::L2Transform,
            RuleAction::Trace { .. } => Self::Trace,
        }
    }
}

/// One field of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) subject: Subject,
    pub(crate) negated: bool,
}

/// What a test looks at, and what it looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    InPort(Box<[PortId]>),
    OutPort(Box<[PortId]>),
    IngressGroup(PortGroupId),
    InPortGroup(PortGroupId),
    OutPortGroup(PortGroupId),
    TraversedDevice(uuid::Uuid),
    NwDstRewritten,
    ForwardFlow,
    ReturnFlow,
    DlType(u16),
    Untagged,
    Vlan(u16),
    NwProto(u8),
    NwDst(IpNetwork),
    NwSrc(IpNetwork),
    DstGroup(IpAddrGroupId),
    SrcGroup(IpAddrGroupId),
    TpDst(RangeInclusive<u16>),
    TpSrc(RangeInclusive<u16>),
    NwTos(u8),
    DlSrc(MaskedMac),
    DlDst(MaskedMac),
    IcmpDataSrc(IpNetwork),
    IcmpDataDst(IpNetwork),
}

impl Chain {
    pub(super) fn compile(document: &ChainDocument) -> Self {
        let mut tests = Vec::new();
        let rules = document.rules.iter().map(|rule| CompiledRule::compile(rule, &mut tests)).collect();
        Self { id: document.chain.id, rules, tests: tests.into() }
    }

    /// Tests of one rule.
    #[inline]
    pub(crate) fn tests(&self, rule: &CompiledRule) -> &[Test] {
        &self.tests[rule.tests.start as usize..rule.tests.end as usize]
    }
}

impl CompiledRule {
    fn compile(rule: &Rule, tests: &mut Vec<Test>) -> Self {
        let start = tests.len() as u32;
        push_tests(&rule.condition, tests);
        Self {
            id: rule.id,
            action: Action::from(&rule.action),
            fragments: rule.condition.fragment_policy,
            inverted: rule.condition.conjunction_inv,
            tests: start..tests.len() as u32,
        }
    }
}

fn push_tests(condition: &Condition, tests: &mut Vec<Test>) {
    let mut flag = |wanted: bool, subject: Subject| {
        if wanted {
            tests.push(Test { subject, negated: false });
        }
    };
    flag(condition.match_nw_dst_rewritten, Subject::NwDstRewritten);
    flag(condition.match_forward_flow, Subject::ForwardFlow);
    flag(condition.match_return_flow, Subject::ReturnFlow);
    flag(condition.no_vlan, Subject::Untagged);
    flag(condition.vlan.is_some(), Subject::Vlan(condition.vlan.unwrap_or_default()));
    let c = condition;
    push(tests, &c.in_ports, |ports| Subject::InPort(ports.clone().into()));
    push(tests, &c.out_ports, |ports| Subject::OutPort(ports.clone().into()));
    push(tests, &c.port_group, |group| Subject::IngressGroup(*group));
    push(tests, &c.in_port_group, |group| Subject::InPortGroup(*group));
    push(tests, &c.out_port_group, |group| Subject::OutPortGroup(*group));
    push(tests, &c.traversed_device, |device| Subject::TraversedDevice(*device));
    push(tests, &c.dl_type, |value| Subject::DlType(*value));
    push(tests, &c.nw_proto, |value| Subject::NwProto(*value));
    push(tests, &c.nw_dst, |prefix| Subject::NwDst(network(*prefix)));
    push(tests, &c.nw_src, |prefix| Subject::NwSrc(network(*prefix)));
    push(tests, &c.ip_addr_group_dst, |group| Subject::DstGroup(*group));
    push(tests, &c.ip_addr_group_src, |group| Subject::SrcGroup(*group));
    push(tests, &c.tp_dst, |range| Subject::TpDst(range.clone()));
    push(tests, &c.tp_src, |range| Subject::TpSrc(range.clone()));
    push(tests, &c.nw_tos, |value| Subject::NwTos(*value));
    push(tests, &c.dl_src, |mac| Subject::DlSrc(*mac));
    push(tests, &c.dl_dst, |mac| Subject::DlDst(*mac));
    push(tests, &c.icmp_data_src, |prefix| Subject::IcmpDataSrc(network(*prefix)));
    push(tests, &c.icmp_data_dst, |prefix| Subject::IcmpDataDst(network(*prefix)));
}

fn push<T>(tests: &mut Vec<Test>, field: &Option<Match<T>>, subject: impl FnOnce(&T) -> Subject) {
    if let Some(field) = field {
        tests.push(Test { subject: subject(&field.value), negated: field.negated });
    }
}

/// The members of an IP address group.
#[derive(Clone, Debug)]
pub(crate) struct AddressSet {
    addresses: BTreeSet<IpAddr>,
    v4: Trie<()>,
    v6: Trie<()>,
}

impl AddressSet {
    pub(super) fn compile(group: &IpAddrGroup) -> Self {
        let of_family = |v4: bool| group.addresses.iter().filter(move |a| a.is_ipv4() == v4);
        Self {
            v4: Trie::build(of_family(true).map(|a| (left_aligned(*a), 32, ()))),
            v6: Trie::build(of_family(false).map(|a| (left_aligned(*a), 128, ()))),
            addresses: group.addresses.clone(),
        }
    }

    pub(super) fn is_of(&self, group: &IpAddrGroup) -> bool {
        self.addresses == group.addresses
    }

    /// Whether an address is a member, and how many of its leading bits decided that.
    #[inline]
    pub(crate) fn contains(&self, addr: IpAddr) -> (bool, u8) {
        let trie = if addr.is_ipv4() { &self.v4 } else { &self.v6 };
        let (found, decided) = trie.lookup(left_aligned(addr));
        (found.is_some(), decided)
    }
}
