//! The engine held against the reference forwarder on random topologies and packets, and against itself under its
//! own masks: no megaflow may be wider than its verdict is true for.
//!
//! `PAIRS=n` sets how many pairs of topology and packet are tried, `SEED=n` where to begin.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken invariant must fail the test")]

use std::collections::{BTreeMap, BTreeSet};

use harness::random::{Dice, World};
use harness::reference::{Delivered, Fate, Lesson, Reference, Result};
use packet::build::frame_of;
use packet::{FlowKey, PacketView, SetField, TunnelKey, VLAN_PRESENT};
use simulation::{Caching, Effect, Ingress, MaskMode, Outcome, Simulator, Verdict, VirtualAction};
use zerocopy::{FromBytes, IntoBytes};

const PACKETS_PER_WORLD: usize = 50;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Calls `check` with random worlds and packets.
fn with_pairs(pairs: u64, mut check: impl FnMut(u64, &World, &mut Dice, &[u8], Ingress)) {
    let first = setting("SEED", 1);
    for seed in first..first + pairs / PACKETS_PER_WORLD as u64 {
        let mut dice = Dice::new(seed);
        let world = World::new(&mut dice);
        for _ in 0..PACKETS_PER_WORLD {
            let port = dice.pick(&world.exterior);
            let frame = world.frame(&mut dice, port);
            check(seed, &world, &mut dice, &frame, Ingress::Port(port));
        }
    }
}

fn parse(frame: &[u8]) -> PacketView<'_> {
    PacketView::parse(frame, 7, TunnelKey::default()).expect("a frame")
}

/// What the actions of a verdict do to a packet.
fn carry_out(actions: &[VirtualAction], key: &FlowKey) -> Vec<Delivered> {
    let (mut src, mut dst, mut ttl) = (key.eth_src, key.eth_dst, key.ip_ttl);
    let tcis = [key.vlan_tci, key.inner_vlan_tci];
    let mut vids: Vec<u16> = tcis.iter().filter(|t| **t & VLAN_PRESENT != 0).map(|t| t & 0xfff).collect();
    let mut delivered = Vec::new();
    for action in actions {
        match *action {
            VirtualAction::Set(SetField::Ethernet { src: new_src, dst: new_dst }) => {
                src = new_src.unwrap_or(src);
                dst = new_dst.unwrap_or(dst);
            }
            VirtualAction::Set(other) => panic!("nothing rewrites {other:?}"),
            VirtualAction::PushVlan { tci, .. } => vids.insert(0, tci & 0xfff),
            VirtualAction::PopVlan => drop(vids.remove(0)),
            VirtualAction::DecTtl => ttl -= 1,
            VirtualAction::Output(port) => {
                delivered.push(Delivered { port, src, dst, vids: vids.clone(), ttl });
            }
        }
    }
    delivered.sort();
    delivered
}

/// An outcome of the engine in the reference's words.
fn result_of(outcome: &Outcome, key: &FlowKey) -> Result {
    let fate = match &outcome.verdict {
        Verdict::Forward(actions) => Fate::Delivered(carry_out(actions, key)),
        Verdict::Drop(reason) => Fate::Dropped(*reason),
        Verdict::Consumed => Fate::Consumed,
        Verdict::NeedState(need) => Fate::Needs(*need),
    };
    let (mut lessons, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for effect in &outcome.effects {
        match effect {
            Effect::LearnMac { bridge, vlan, mac, port } => {
                lessons.insert(Lesson::Mac(*bridge, *vlan, *mac, *port));
            }
            Effect::LearnArp { router, port, ip, mac } => {
                lessons.insert(Lesson::Neighbour(*router, *port, *ip, *mac));
            }
            Effect::Generate { ingress: Ingress::Emit(port), frame } => {
                assert!(PacketView::parse(frame, 0, TunnelKey::default()).is_ok());
                answers.insert(*port);
            }
            Effect::Generate { ingress, .. } => panic!("a device sends by {ingress:?}"),
        }
    }
    Result { fate, lessons, answers }
}

/// Every result that the reference allows: one for each choice among equal routes.
fn allowed(world: &World, packet: &PacketView<'_>, ingress: Ingress) -> Vec<Result> {
    let mut results = Vec::new();
    let mut scripts = vec![Vec::new()];
    while let Some(script) = scripts.pop() {
        let mut reference = Reference::new(&world.network.state, &world.learned, &script);
        results.push(reference.forward(packet.key(), packet.icmp_quoted(), ingress));
        if let Some(choices) = reference.choices.get(script.len()) {
            scripts.extend((0..*choices).map(|choice| [script.as_slice(), &[choice]].concat()));
        }
    }
    results
}

fn fate_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Forward(_) => "forward",
        Verdict::Drop(reason) => reason.label(),
        Verdict::Consumed => "consumed",
        Verdict::NeedState(_) => "need",
    }
}

#[test]
fn the_engine_agrees_with_the_reference() {
    let mut simulator = Simulator::new(MaskMode::Megaflow);
    let (mut pairs, mut fates) = (0u64, BTreeMap::<&str, u64>::new());
    with_pairs(setting("PAIRS", 100_000), |seed, world, _, frame, ingress| {
        let packet = parse(frame);
        let outcome = simulator.simulate(&world.network.topology, &packet, ingress);
        let result = result_of(&outcome, packet.key());
        let expected = allowed(world, &packet, ingress);
        if !expected.contains(&result) {
            let mut steps = Vec::new();
            simulator.simulate_traced(&world.network.topology, &packet, ingress, &mut steps);
            let key = packet.key();
            panic!("seed {seed}: {key:?}\nengine {result:?}\nreference {expected:?}\nsteps {steps:#?}");
        }
        pairs += 1;
        *fates.entry(fate_name(&outcome.verdict)).or_default() += 1;
    });
    println!("{pairs} pairs, 0 mismatches: {fates:?}");
    // The generator must reach every kind of fate, or it proves little.
    for name in ["forward", "consumed", "need", "rule", "rule_reject", "no_route", "ttl_exceeded", "hairpin"]
    {
        assert!(fates.get(name).is_some_and(|count| *count * 2000 > pairs), "{name}: {fates:?}");
    }
}

/// A packet that agrees with `key` on the bits of the mask and has those of `other` elsewhere, if there is one.
fn disturbed(key: &FlowKey, outcome: &Outcome, other: &[u8]) -> Option<Vec<u8>> {
    let mask = outcome.mask.0;
    let bits = key.as_bytes().iter().zip(other).zip(mask.as_bytes());
    let bytes: Vec<u8> = bits.map(|((mine, theirs), mask)| (mine & mask) | (theirs & !mask)).collect();
    let wanted = FlowKey::read_from_bytes(&bytes).expect("the size of a key");
    let frame = frame_of(&wanted, b"other");
    let made = *parse(&frame).key();
    (outcome.mask.matches(key, &made) && made != *key).then_some(frame)
}

fn decrements(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Forward(actions) => actions.iter().filter(|a| **a == VirtualAction::DecTtl).count(),
        _ => 0,
    }
}

#[test]
fn no_megaflow_is_wider_than_its_verdict_is_true_for() {
    let mut simulator = Simulator::new(MaskMode::Megaflow);
    let mut tried = 0u64;
    with_pairs(setting("PAIRS", 40_000) / 4, |seed, world, dice, frame, ingress| {
        let packet = parse(frame);
        let outcome = simulator.simulate(&world.network.topology, &packet, ingress);
        let (Caching::Flow(_), Ingress::Port(port)) = (outcome.caching, ingress) else { return };
        let key = *packet.key();
        let mut others: Vec<Vec<u8>> = Vec::new();
        for _ in 0..6 {
            others.push(parse(&world.frame(dice, port)).key().as_bytes().to_vec());
        }
        for _ in 0..30 {
            let mut flipped = key.as_bytes().to_vec();
            let bit = dice.below(flipped.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            others.push(flipped);
        }
        for other in others {
            let Some(frame) = disturbed(&key, &outcome, &other) else { continue };
            let other = parse(&frame);
            if usize::from(other.key().ip_ttl) <= decrements(&outcome.verdict) {
                continue; // the decrement in the datapath notices
            }
            tried += 1;
            let again = simulator.simulate(&world.network.topology, &other, ingress);
            let lessons = |outcome: &Outcome| result_of(outcome, &key).lessons;
            if (&again.verdict, lessons(&again)) != (&outcome.verdict, lessons(&outcome)) {
                let mut steps = Vec::new();
                simulator.simulate_traced(&world.network.topology, &other, ingress, &mut steps);
                let (mask, other) = (outcome.mask, other.key());
                let (first, second) = (outcome.verdict, again.verdict);
                panic!("seed {seed}: {key:?}\n{mask:?}\n{first:?}\n{other:?}\n{second:?}\n{steps:#?}");
            }
        }
    });
    println!("{tried} packets under the masks of others: 0 differ");
    assert!(tried > 10_000);
}

#[test]
fn a_change_names_every_flow_whose_verdict_it_changes() {
    let mut simulator = Simulator::new(MaskMode::Megaflow);
    let (mut changed, mut kept) = (0u64, 0u64);
    let first = setting("SEED", 1);
    for seed in first..first + setting("PAIRS", 40_000) / 100 {
        let mut dice = Dice::new(seed);
        let mut world = World::new(&mut dice);
        let frames: Vec<(Ingress, Vec<u8>)> = (0..40)
            .map(|_| {
                let port = dice.pick(&world.exterior);
                (Ingress::Port(port), world.frame(&mut dice, port))
            })
            .collect();
        for _ in 0..10 {
            let before = world.network.topology.clone();
            let tags: BTreeSet<String> =
                world.disturb(&mut dice).iter().map(|tag| format!("{tag:?}")).collect();
            for (ingress, frame) in &frames {
                let packet = parse(frame);
                let old = simulator.simulate(&before, &packet, *ingress);
                let new = simulator.simulate(&world.network.topology, &packet, *ingress);
                if !matches!(old.caching, Caching::Flow(_)) {
                    continue;
                }
                let touched = old.tags.iter().any(|tag| tags.contains(&format!("{tag:?}")));
                if old.verdict != new.verdict || !new.mask.is_wider_or_equal(&old.mask) {
                    assert!(touched, "seed {seed}: {tags:?}\n{:?}\n{old:?}\n{new:?}", packet.key());
                    changed += 1;
                } else if !touched {
                    kept += 1;
                }
            }
        }
    }
    println!("{changed} verdicts changed, all of them named; {kept} flows left alone");
    assert!(changed > 1000 && kept > 5 * changed);
}
