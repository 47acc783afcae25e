//! The tables hold every object and attribute of midonet.md §4.3, with what can be done with it.

use crate::codec;
use crate::objects::{Access, Kind, ROOT};
use crate::{alias::Aliases, verbs::VERBS};

/// §4.3, an object a line: name: attribute(w=settable, !=negatable, c=clearable; :values) child[](+=create).
/// `(w!)` of a name without a value is one that MidoNet sets by two properties.
const SPELLED_OUT: &str = include_str!("../../tests/attributes.txt");

/// The collection that holds the objects of a line.
const PATHS: &[(&str, &str)] = &[
    ("Route", "router route"),
    ("TunnelZone", "tunnel-zone"),
    ("TunnelZoneHost", "tunnel-zone member"),
    ("PortGroup", "port-group"),
    ("PortGroupPort", "port-group member"),
    ("IpAddressGroup", "ip-address-group"),
    ("IpAddressGroupAddress", "ip-address-group ip"),
    ("Dhcp", "bridge dhcp"),
    ("DhcpHost", "bridge dhcp host"),
    ("DhcpOption121", "bridge dhcp opt121-routes"),
    ("BgpNetwork", "router bgp-network"),
    ("BgpPeer", "router bgp-peer"),
    ("MacIp", "router port remote-peers"),
    ("Router", "router"),
    ("Tenant", "tenant"),
    ("SystemState", "system-state"),
    ("ServiceContainer", "container"),
    ("ServiceContainerGroup", "container-group"),
    ("Bridge", "bridge"),
    ("Mirror", "mirror"),
    ("L2Insertion", "l2insertion"),
    ("Chain", "chain"),
    ("Condition", "mirror matches"),
    ("Rule", "chain rule"),
    ("BridgePort", "bridge port"),
    ("PortBinding", "host binding"),
    ("Host", "host"),
    ("Interface", "host interface"),
    ("RouterPort", "router port"),
    ("LoadBalancer", "load-balancer"),
    ("VIP", "load-balancer vip"),
    ("Pool", "load-balancer pool"),
    ("PoolMember", "load-balancer pool member"),
    ("HealthMonitor", "health-monitor"),
    ("PoolStatistic", "pool-statistic"),
    ("Vtep", "vtep"),
    ("VtepBinding", "vtep binding"),
    ("VtepPort", "vtep port"),
    ("TraceRequest", "tracerequest"),
    ("QOSRuleDSCP", "qos-policy dscp-rule"),
    ("QOSRuleBWLimit", "qos-policy bw-limit-rule"),
    ("QOSPolicy", "qos-policy"),
    ("Midonet", ""),
];

fn kind_at(path: &str) -> &'static Kind {
    path.split_whitespace()
        .fold(&ROOT, |kind, name| kind.child(name).unwrap_or_else(|| panic!("no {path}")).kind)
}

/// What a word such as `name(wc:a|b)` asks for and the table does not have.
fn lacks(kind: &Kind, word: &str) -> Option<String> {
    let (name, flags) =
        word.split_once('(').map_or((word, ""), |(name, flags)| (name, flags.trim_end_matches(')')));
    let (flags, values) = flags.split_once(':').unwrap_or((flags, ""));
    let lack = |what: &str| Some(format!("{word}: {what}"));
    if let Some(collection) = name.strip_suffix("[]") {
        return match kind.child(collection) {
            None => lack("no such collection"),
            Some(child) if flags.contains('+') && child.preset.is_none() => lack("cannot be created"),
            Some(_) => None,
        };
    }
    if kind.child(name).is_some() {
        return None;
    }
    let Some(attribute) = kind.attribute(name) else { return lack("no such attribute") };
    if flags.contains('w') && !attribute.is_writable() {
        return lack("cannot be set");
    }
    if flags.contains('c') && attribute.access != Access::Clear {
        return lack("cannot be cleared");
    }
    if flags.contains('!') && attribute.negation.is_none() {
        return lack("cannot be negated");
    }
    let refused = values
        .split('|')
        .filter(|value| !value.is_empty())
        .find(|value| codec::write(attribute, value, &Aliases::off(), &mut serde_json::Map::new()).is_err());
    refused.and_then(|value| lack(&format!("{value} is refused")))
}

#[test]
fn every_object_and_attribute_of_midonet_is_there() {
    let mut lacking = Vec::new();
    let mut seen = 0;
    for line in SPELLED_OUT.lines().filter(|line| !line.starts_with('#')) {
        let (object, words) = line.split_once(" : ").unwrap();
        let path =
            PATHS.iter().find(|(name, _)| *name == object).unwrap_or_else(|| panic!("{object}: where?")).1;
        seen += 1;
        lacking.extend(
            words.split(' ').filter_map(|word| Some(format!("{object} {}", lacks(kind_at(path), word)?))),
        );
    }
    assert_eq!(lacking, Vec::<String>::new());
    assert_eq!(seen, PATHS.len());
}

/// Every kind, with the path of collections to it.
fn kinds() -> Vec<(String, &'static Kind)> {
    let mut kinds = vec![(String::new(), &ROOT)];
    let mut at = 0;
    while let Some((path, kind)) = kinds.get(at).cloned() {
        kinds.extend(kind.children.iter().map(|child| (format!("{path} {}", child.name), child.kind)));
        at += 1;
    }
    kinds
}

#[test]
fn the_tables_can_be_used_in_commands() {
    for (path, kind) in kinds() {
        assert!(!kind.about.is_empty(), "{path} says nothing of itself");
        for child in kind.children {
            // A word has one meaning behind an object.
            assert!(kind.attribute(child.name).is_none(), "{path} {} is an attribute too", child.name);
            assert!(
                VERBS.iter().all(|entry| entry.name != child.name),
                "{path} {} is a verb too",
                child.name
            );
        }
        for attribute in kind.attributes() {
            assert!(!attribute.about.is_empty(), "{path} {} says nothing of itself", attribute.name);
            assert!(
                VERBS.iter().all(|entry| entry.name != attribute.name),
                "{path} {} is a verb",
                attribute.name
            );
            let link = attribute.refers_to().filter(|link| *link != "pools");
            assert!(
                link.is_none_or(|link| Kind::collection(link).is_some()),
                "{path} {} refers to nothing",
                attribute.name
            );
        }
        let names: Vec<&str> = kind.attributes().map(|attribute| attribute.name).collect();
        let is_union = kind.form.is_some();
        assert!(
            is_union || names.iter().all(|name| names.iter().filter(|n| n == &name).count() == 1),
            "{path}: {names:?}"
        );
    }
}

#[test]
fn the_examples_of_help_are_commands() {
    let of_kinds = kinds().into_iter().flat_map(|(_, kind)| kind.examples);
    let of_verbs = VERBS.iter().flat_map(|entry| entry.examples);
    for example in of_kinds.chain(of_verbs) {
        let parsed = crate::grammar::parse(example);
        assert!(matches!(parsed, Ok(Some(_))), "{example}: {parsed:?}");
    }
}
