//! What would happen to a packet: the workers' own simulation and translation, with every step told.

use std::collections::BTreeMap;
use std::fmt;

use datapath::Features;
use model::PortId;
use packet::text::{ActionsText, FlowText};
use packet::{FlowKey, PacketView};
use serde::{Deserialize, Serialize, Serializer};
use simulation::trace::{Record, Step, Transcript};
use simulation::{Effect, Ingress, Outcome, Simulator, Verdict};

use crate::snapshot::Snapshot;
use crate::translate::{complete_mask, translate};

/// A packet and where it enters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// Port of the virtual network by which it enters.
    pub port: PortId,
    /// The packet, as `packet::text` reads it: `eth(src=..,dst=..),ipv4(src=..,dst=..),icmp(type=8)`.
    pub packet: String,
}

/// Why a packet cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The description is not readable.
    #[error("packet: {0}")]
    Packet(#[from] packet::text::ParseKeyError),
    /// The port is not in this host's reach.
    #[error(
        "port: {0} is not known to this agent: it holds what its bound ports can reach; ask the agent of the host that \
         the port is bound to"
    )]
    Port(PortId),
}

/// The trace of a packet.
#[derive(Clone, Debug, Serialize)]
pub struct TraceReport {
    /// Where it entered.
    pub port: PortId,
    /// The packet with everything that was deduced.
    pub packet: String,
    /// Version of the topology.
    pub version: u64,
    /// Every step: an object of `step` (its kind) and what belongs to it, as texts.
    #[serde(serialize_with = "as_records")]
    pub steps: Vec<Step>,
    /// What becomes of it.
    pub verdict: String,
    /// Why it is dropped, if it is.
    pub reason: Option<String>,
    /// Datapath actions, in ovs-dpctl's syntax.
    pub actions: String,
    /// What a flow for it would match on.
    pub matches: String,
    /// State that a flow for it would depend on.
    pub tags: Vec<String>,
    /// Packets that devices would make because of it.
    pub generated: Vec<String>,
}

/// Simulates a packet against what the workers forward by. Changes nothing.
///
/// # Errors
/// The request cannot be understood, or the port is not known here.
pub(crate) fn run(
    snapshot: &Snapshot,
    features: &Features,
    request: &TraceRequest,
) -> Result<TraceReport, TraceError> {
    let mut key: FlowKey = request.packet.parse()?;
    if snapshot.topology.port(request.port).is_none() {
        return Err(TraceError::Port(request.port));
    }
    if let Some(local) = snapshot.ports.by_port(request.port) {
        key.in_port = local.dp_port.0;
    }
    let mut steps = Vec::new();
    let packet = PacketView::from_key(key);
    let outcome = Simulator::default().simulate_traced(
        &snapshot.topology,
        &packet,
        Ingress::Port(request.port),
        &mut steps,
    );
    Ok(report(snapshot, features, request.port, &key, steps, &outcome))
}

fn report(
    snapshot: &Snapshot,
    features: &Features,
    port: PortId,
    key: &FlowKey,
    steps: Vec<Step>,
    outcome: &Outcome,
) -> TraceReport {
    let mut mask = outcome.mask;
    complete_mask(&mut mask);
    let (verdict, reason, actions) = match &outcome.verdict {
        Verdict::Forward(actions) => {
            let translation = translate(actions, key, &mut mask, snapshot, features);
            let missed = translation.missed.map(|missed| crate::counters::Drop::Shell(missed).to_string());
            ("forward".to_owned(), missed, ActionsText(&translation.actions).to_string())
        }
        Verdict::Drop(reason) => ("drop".to_owned(), Some(reason.to_string()), "drop".to_owned()),
        Verdict::Consumed => ("answered by a device".to_owned(), None, String::new()),
        Verdict::NeedState(need) => (format!("waits for {need:?}"), None, String::new()),
    };
    mask.clip_to(key);
    let generated = outcome.effects.iter().filter_map(|effect| match effect {
        Effect::Generate { ingress, frame } => {
            let made = PacketView::parse(frame, 0, packet::TunnelKey::default()).ok()?;
            Some(format!("{ingress:?}: {}", made.key()))
        }
        Effect::LearnMac { .. } | Effect::LearnArp { .. } => None,
    });
    TraceReport {
        port,
        packet: key.to_string(),
        version: snapshot.topology.version(),
        steps,
        verdict,
        reason,
        actions,
        matches: FlowText { key, mask: &mask }.to_string(),
        tags: outcome.tags.iter().map(|tag| format!("{tag:?}")).collect(),
        generated: generated.collect(),
    }
}

fn as_records<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| {
        let record = Record::from(step);
        let fields = record.fields.into_iter().collect::<BTreeMap<_, _>>();
        StepRecord { step: record.step, fields }
    }))
}

#[derive(Serialize)]
struct StepRecord {
    step: &'static str,
    #[serde(flatten)]
    fields: BTreeMap<&'static str, String>,
}

impl fmt::Display for TraceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "packet   {}", self.packet)?;
        writeln!(f, "enters   port {} at topology version {}", self.port, self.version)?;
        write!(f, "{}", Transcript(&self.steps))?;
        match &self.reason {
            Some(reason) => writeln!(f, "verdict  {}: {reason}", self.verdict)?,
            None => writeln!(f, "verdict  {}", self.verdict)?,
        }
        writeln!(f, "match    {}", self.matches)?;
        if !self.actions.is_empty() {
            writeln!(f, "actions  {}", self.actions)?;
        }
        self.generated.iter().try_for_each(|made| writeln!(f, "makes    {made}"))
    }
}
