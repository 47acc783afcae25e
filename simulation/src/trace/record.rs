//! A step as a name and named texts: what JSON and other machine-readable renderings are made of.

use model::{DeviceId, NextHop};

use super::{Answer, Hook, RouteResult, RuleResult, Step};
use crate::{Action, Need, Neighbour, Origin};

/// A step by name, with its fields in a fixed order. Ids, addresses and prefixes are in their usual notation; fields
/// that do not apply are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Kind of step.
    pub step: &'static str,
    /// Names and values.
    pub fields: Vec<(&'static str, String)>,
}

impl Record {
    fn new(step: &'static str) -> Self {
        Self { step, fields: Vec::new() }
    }

    #[allow(clippy::needless_pass_by_value, reason = "callers pass ids and literals alike")]
    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }

    fn with_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn device(self, device: DeviceId) -> Self {
        match device {
            DeviceId::Bridge(id) => self.with("bridge", id),
            DeviceId::Router(id) => self.with("router", id),
        }
    }

    fn next_hop(self, next_hop: NextHop) -> Self {
        let kind = match next_hop {
            NextHop::Port { .. } => "port",
            NextHop::Local { .. } => "local",
            NextHop::Blackhole => "blackhole",
            NextHop::Reject => "reject",
        };
        let gateway = match next_hop {
            NextHop::Port { gateway, .. } => gateway,
            _ => None,
        };
        self.with("next_hop", kind).with_some("port", next_hop.port()).with_some("gateway", gateway)
    }

    fn origin(self, origin: Origin) -> Self {
        match origin {
            Origin::Configured(route) => self.with("route", route),
            Origin::Implied(port) => self.with("implied_by", port),
        }
    }

    fn hook(self, hook: Hook) -> Self {
        match hook {
            Hook::PortInbound(port) => self.with("hook", "port_inbound").with("port", port),
            Hook::PortOutbound(port) => self.with("hook", "port_outbound").with("port", port),
            Hook::DeviceInbound(device) => self.with("hook", "inbound").device(device),
            Hook::DeviceOutbound(device) => self.with("hook", "outbound").device(device),
            Hook::Forward(router) => self.with("hook", "forward").with("router", router),
            Hook::LocalRedirect(router) => self.with("hook", "local_redirect").with("router", router),
        }
    }

    fn rule_action(self, action: Action) -> Self {
        let target = match action {
            Action::Jump(chain) => Some(chain),
            _ => None,
        };
        self.with("action", action.name()).with_some("jump_chain", target)
    }

    fn rule_result(self, result: RuleResult) -> Self {
        match result {
            RuleResult::Matched => self.with("result", "matched"),
            RuleResult::Failed(field) => self.with("result", "failed").with("field", field),
            RuleResult::Inverted => self.with("result", "inverted"),
            RuleResult::VisitedBefore => self.with("result", "visited_before"),
            RuleResult::NoConnection => self.with("result", "no_connection"),
        }
    }

    fn answer(self, answer: Answer) -> Self {
        match answer {
            Answer::ArpReply => self.with("answer", "arp_reply"),
            Answer::EchoReply => self.with("answer", "echo_reply"),
            Answer::IcmpError(error) => {
                let (kind, code) = error.type_and_code();
                self.with("answer", "icmp_error").with("icmp_type", kind).with("icmp_code", code)
            }
        }
    }
}

impl From<&Step> for Record {
    fn from(step: &Step) -> Self {
        match step {
            Step::Entered { device, port } => Self::new("entered").device(*device).with("port", port),
            Step::Left { port } => Self::new("left").with("port", port),
            Step::Chain { chain, hook } => Self::new("chain").with("chain", chain).hook(*hook),
            Step::Rule { chain, rule, action, result } => {
                let rule = Self::new("rule").with("chain", chain).with("rule", rule);
                rule.rule_action(*action).rule_result(*result)
            }
            Step::ChainEnd { chain } => Self::new("chain_end").with("chain", chain),
            Step::Station { bridge, vlan, mac, port } => {
                let station = Self::new("station").with("bridge", bridge).with("vlan", vlan);
                station.with("mac", mac).with_some("port", port.as_ref())
            }
            Step::Learned { bridge, vlan, mac, port } => {
                let learned = Self::new("learned").with("bridge", bridge).with("vlan", vlan);
                learned.with("mac", mac).with("port", port)
            }
            Step::Flood { bridge } => Self::new("flood").with("bridge", bridge),
            Step::Route { router, prefix, source, origin, weight, next_hop, result } => {
                let route = Self::new("route").with("router", router).origin(*origin);
                let route = route.with("prefix", prefix).with("source", source).with("weight", weight);
                route.next_hop(*next_hop).with("result", name_of(*result))
            }
            Step::RouteChosen { router, origin, next_hop } => {
                Self::new("route_chosen").with("router", router).origin(*origin).next_hop(*next_hop)
            }
            Step::Neighbour { router, ip, known } => {
                let neighbour = Self::new("neighbour").with("router", router).with("ip", ip);
                match known {
                    Some(Neighbour::Resolved(mac)) => neighbour.with("mac", mac),
                    Some(Neighbour::Failed) => neighbour.with("state", "failed"),
                    None => neighbour.with("state", "unresolved"),
                }
            }
            Step::Routed { src, dst } => Self::new("routed").with("eth_src", src).with("eth_dst", dst),
            Step::VlanPushed { vid } => Self::new("vlan_pushed").with("vid", vid),
            Step::VlanPopped => Self::new("vlan_popped"),
            Step::Answered { port, answer } => Self::new("answered").with("port", port).answer(*answer),
            Step::Output { port } => Self::new("output").with("port", port),
            Step::Consumed => Self::new("consumed"),
            Step::Dropped(reason) => {
                Self::new("dropped").with("reason", reason.label()).with_some("culprit", reason.culprit())
            }
            Step::Stopped(Need::Document(key)) => Self::new("stopped").with("document", format!("{key:?}")),
            Step::Stopped(Need::Arp { router, port, target }) => {
                let stopped = Self::new("stopped").with("router", router);
                stopped.with("port", port).with("arp_target", target)
            }
        }
    }
}

fn name_of(result: RouteResult) -> &'static str {
    match result {
        RouteResult::Candidate => "candidate",
        RouteResult::OtherSource => "other_source",
        RouteResult::PortUnusable => "port_unusable",
        RouteResult::Outweighed => "outweighed",
    }
}
