//! Chains and their rules.

use super::conditions::CONDITION;
use super::{CHAIN_REF, Codec, Kind, NAME, Order, PORT_REF, TENANT, TRUE_FALSE, open, write};

pub(crate) static CHAIN: Kind = Kind {
    word: "chain",
    about: "a list of rules that packets go through, one after the other",
    template: "chainTemplate",
    attributes: &[&[TENANT, write("name", "name", NAME, "what people call it")]],
    children: &[open("rule", &RULE, "rules")],
    examples: &[
        "chain create name guard",
        "chain chain0 add rule ethertype 2048 proto 6 dst-port 22 src !10.0.0.0/8 type drop",
        "bridge bridge0 set infilter chain0",
        "chain chain0 list rule",
    ],
    ..Kind::PLAIN
};

pub(crate) static RULE: Kind = Kind {
    word: "rule",
    about: "what becomes of packets for which its conditions hold. Cannot be changed: delete it and add another. snat, dnat and l2_transform are not carried out yet: they drop what they match",
    template: "ruleTemplate",
    order: Order::Ascending("position"),
    attributes: &[
        &CONDITION,
        &[
            write("chain", "chainId", CHAIN_REF, "the chain").asked(),
            write("pos", "position", Codec::Number, "its place in the chain, from 1; others move down"),
            write("type", "type", Codec::RuleType, "what becomes of packets"),
            write(
                "action",
                "flowAction",
                ACTION,
                "what becomes of packets that are translated or transformed",
            ),
            write("jump-to", "jumpChainId", CHAIN_REF, "the chain that type jump leads through"),
            write("target-port", "targetPortId", PORT_REF, "where type redirect sends packets"),
            write("ingress", "ingress", TRUE_FALSE, "redirect: true to have packets come in by the port"),
            write(
                "fail-open",
                "failOpen",
                TRUE_FALSE,
                "redirect: true to let packets go on while the port is down",
            ),
            write("pop-vlan", "popVlan", TRUE_FALSE, "true: the VLAN tag is taken off"),
            write("push-vlan", "pushVlan", Codec::Number, "VLAN tag that is put on"),
            write(
                "target",
                "natTargets",
                Codec::Targets,
                "addresses and ports that dnat and snat translate to",
            ),
            write(
                "traceid",
                "requestId",
                Codec::Reference("traceRequests"),
                "the trace request of type trace",
            ),
            write("tracelimit", "limit", Codec::Number, "how many packets type trace is for"),
        ],
    ],
    examples: &[
        "chain chain0 add rule type accept",
        "chain chain0 add rule pos 2 ethertype 2048 proto 1 src 10.0.0.11 type drop",
        "chain chain0 add rule type snat target 203.0.113.1-203.0.113.4:1024-65535 action accept",
        "chain chain0 add rule type jump jump-to chain1",
        "chain chain0 delete rule rule0",
    ],
    ..Kind::PLAIN
};

const ACTION: Codec = Codec::Words(&[
    ("accept", "accept"),
    ("continue", "continue"),
    ("redirect", "redirect"),
    ("return", "return"),
]);
