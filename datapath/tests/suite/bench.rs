//! A datapath on the bench: the fixture, its upcall sources, one writer and one executor.

use std::time::{Duration, Instant};

use datapath::{
    Datapath, DumpDetail, Executor, FlowDump, FlowOutcome, FlowWriter, OpError, PacketContext, Ufid,
    UpcallKind, UpcallSource,
};
use packet::{Action, DpPort, FlowKey, FlowMask, PacketView, TunnelKey};

use super::Fixture;

/// How long to wait for what must come.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for what must not come.
pub const MOMENT: Duration = Duration::from_millis(30);

/// An upcall, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upcalled {
    pub kind: UpcallKind,
    pub key: FlowKey,
    pub packet: Vec<u8>,
    pub userdata: Option<u64>,
    pub context: PacketContext,
}

pub struct Bench {
    pub fixture: Box<dyn Fixture>,
    pub sources: Vec<Box<dyn UpcallSource>>,
    pub writer: Box<dyn FlowWriter>,
    pub executor: Box<dyn Executor>,
    next_flow: u32,
}

impl Bench {
    pub fn new(fixture: impl Fixture + 'static) -> Self {
        let dp = fixture.datapath();
        let sources = (0..dp.workers()).map(|worker| dp.upcall_source(worker).unwrap()).collect();
        let (writer, executor) = (dp.flow_writer().unwrap(), dp.executor().unwrap());
        Self { fixture: Box::new(fixture), sources, writer, executor, next_flow: 0 }
    }

    pub fn dp(&self) -> &dyn Datapath {
        self.fixture.datapath()
    }

    pub fn add_port(&mut self) -> DpPort {
        self.fixture.add_port()
    }

    pub fn ports<const N: usize>(&mut self) -> [DpPort; N] {
        std::array::from_fn(|_| self.fixture.add_port())
    }

    pub fn inject(&mut self, port: DpPort, frame: &[u8]) {
        self.fixture.inject(port, frame);
    }

    /// The frames that left by `port`, exactly `expected` of them.
    pub fn arrived(&mut self, port: DpPort, expected: usize) -> Vec<Vec<u8>> {
        let frames = self.fixture.arrived(port, expected);
        assert_eq!(frames.len(), expected, "frames out of port {}", port.0);
        frames
    }

    /// Waits for `expected` upcalls over all workers (or a moment, if zero) and returns all there are.
    pub fn upcalls(&mut self, expected: usize) -> Vec<Upcalled> {
        let mut upcalls = Vec::new();
        let deadline = Instant::now() + if expected == 0 { MOMENT } else { PATIENCE };
        loop {
            for source in &mut self.sources {
                let mut keep = |u: datapath::Upcall<'_>| {
                    upcalls.push(Upcalled {
                        kind: u.kind,
                        key: u.key,
                        packet: u.packet.to_vec(),
                        userdata: u.userdata,
                        context: u.context,
                    });
                };
                source.recv(Duration::from_millis(2), &mut keep).unwrap();
            }
            if (expected > 0 && upcalls.len() >= expected) || Instant::now() > deadline {
                assert_eq!(upcalls.len(), expected, "upcalls: {upcalls:?}");
                return upcalls;
            }
        }
    }

    pub fn upcall(&mut self) -> Upcalled {
        self.upcalls(1).remove(0)
    }

    /// Takes what is queued, whatever it is.
    pub fn drain(&mut self) -> usize {
        let mut n = 0;
        for source in &mut self.sources {
            loop {
                match source.recv(MOMENT, &mut |_| ()).unwrap() {
                    0 => break,
                    more => n += more,
                }
            }
        }
        n
    }

    /// The key that `frame` has when it comes in by `port`.
    pub fn key(&self, port: DpPort, frame: &[u8]) -> FlowKey {
        *PacketView::parse(frame, port.0, TunnelKey::default()).unwrap().key()
    }

    pub fn flow_id(&mut self) -> Ufid {
        self.next_flow += 1;
        Ufid::of_slot(self.next_flow, 1)
    }

    /// Installs a flow that must be accepted.
    pub fn put(&mut self, key: &FlowKey, mask: &FlowMask, actions: &[Action]) -> Ufid {
        let ufid = self.flow_id();
        self.writer.put(ufid, key, mask, actions);
        assert_eq!(self.flush(), []);
        ufid
    }

    /// Installs the exact flow of `frame` at `port`.
    pub fn put_exact(&mut self, port: DpPort, frame: &[u8], actions: &[Action]) -> Ufid {
        self.put(&self.key(port, frame), &FlowMask::exact(), actions)
    }

    pub fn flush(&mut self) -> Vec<FlowOutcome> {
        let mut outcomes = Vec::new();
        self.writer.flush(&mut |outcome| outcomes.push(outcome));
        outcomes
    }

    /// Flushes, and returns the error of the one operation that fails.
    pub fn flush_error(&mut self) -> OpError {
        match self.flush()[..] {
            [FlowOutcome::Failed { error, .. }] => error,
            ref other => panic!("one failure expected: {other:?}"),
        }
    }

    pub fn dump(&self, detail: DumpDetail) -> Vec<FlowDump> {
        let mut flows = Vec::new();
        let n = self.dp().dump_flows(detail, &mut |flow| flows.push(flow.clone())).unwrap();
        assert_eq!(n, flows.len());
        flows.sort_by_key(|flow| flow.ufid);
        flows
    }

    /// The only flow there is.
    pub fn the_flow(&self) -> FlowDump {
        let mut flows = self.dump(DumpDetail::Full);
        assert_eq!(flows.len(), 1, "{flows:?}");
        flows.remove(0)
    }
}
