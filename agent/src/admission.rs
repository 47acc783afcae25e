//! Which upcalls are served: token buckets from the host over the class of port to the port itself.
//!
//! Pure: `now` is an argument. A packet needs a token of its port, its class and the host. Each worker has its own
//! buckets with its share of the rates, so that no lock is needed.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::snapshot::PortClass;

/// Ports with a bucket; beyond it, full buckets are forgotten.
const MAX_PORTS: usize = 8192;

/// A sustained rate and what may come at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Packets per second.
    pub per_second: f64,
    /// Packets at once.
    pub burst: f64,
}

/// The budgets of one worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// All ports together.
    pub host: Rate,
    /// All tunnel devices together.
    pub tunnel: Rate,
    /// All guests' ports together.
    pub guest: Rate,
    /// All uplinks together.
    pub gateway: Rate,
    /// Any one port that is not a tunnel device.
    pub port: Rate,
    /// Refusals in a row after which a port is shut for a while.
    pub flood: u32,
    /// How long a flooding port is shut.
    pub shut: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        let rate = |per_second: f64| Rate { per_second, burst: per_second / 4.0 };
        Self {
            host: rate(200_000.0),
            tunnel: rate(100_000.0),
            guest: rate(150_000.0),
            gateway: rate(150_000.0),
            port: rate(50_000.0),
            flood: 4096,
            shut: Duration::from_secs(1),
        }
    }
}

/// What becomes of an upcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is served.
    Admit,
    /// It is dropped.
    Refuse,
    /// It is dropped, and so should the port's next packets be, in the datapath, for this long.
    ShutPort(Duration),
}

/// Token buckets of one worker.
#[derive(Debug)]
pub struct Admitter {
    budget: Budget,
    host: Bucket,
    classes: [Bucket; 3],
    ports: FxHashMap<u32, PortState>,
}

#[derive(Debug)]
struct PortState {
    bucket: Bucket,
    refused: u32,
}

impl Admitter {
    /// Full buckets.
    pub fn new(budget: Budget, now: Instant) -> Self {
        Self {
            budget,
            host: Bucket::full(budget.host, now),
            classes: [budget.tunnel, budget.guest, budget.gateway].map(|rate| Bucket::full(rate, now)),
            ports: FxHashMap::default(),
        }
    }

    /// Decides on one upcall from a datapath port.
    pub fn admit(&mut self, dp_port: u32, class: PortClass, now: Instant) -> Admission {
        let (index, class_rate) = match class {
            PortClass::Tunnel => (0, self.budget.tunnel),
            PortClass::Guest => (1, self.budget.guest),
            PortClass::Gateway => (2, self.budget.gateway),
        };
        if self.ports.len() >= MAX_PORTS {
            let rate = self.budget.port;
            self.ports.retain(|_, port| !port.bucket.is_full(rate, now));
        }
        let rate = self.budget.port;
        let port = self
            .ports
            .entry(dp_port)
            .or_insert_with(|| PortState { bucket: Bucket::full(rate, now), refused: 0 });
        let own = class == PortClass::Tunnel || port.bucket.has(rate, now);
        if !own {
            port.refused += 1;
            if port.refused >= self.budget.flood {
                port.refused = 0;
                return Admission::ShutPort(self.budget.shut);
            }
            return Admission::Refuse;
        }
        if !self.classes[index].has(class_rate, now) || !self.host.has(self.budget.host, now) {
            return Admission::Refuse;
        }
        port.refused = 0;
        if class != PortClass::Tunnel {
            port.bucket.tokens -= 1.0;
        }
        self.classes[index].tokens -= 1.0;
        self.host.tokens -= 1.0;
        Admission::Admit
    }
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, filled: now }
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * rate.per_second).min(rate.burst);
        self.filled = self.filled.max(now);
    }

    fn has(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        self.tokens >= 1.0
    }

    fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        self.tokens >= rate.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        let rate = |per_second, burst| Rate { per_second, burst };
        Budget {
            host: rate(100.0, 100.0),
            tunnel: rate(50.0, 50.0),
            guest: rate(50.0, 50.0),
            gateway: rate(50.0, 50.0),
            port: rate(10.0, 10.0),
            flood: 100,
            shut: Duration::from_secs(1),
        }
    }

    fn admitted(
        admitter: &mut Admitter,
        dp_port: u32,
        class: PortClass,
        now: Instant,
        tries: usize,
    ) -> usize {
        (0..tries).filter(|_| admitter.admit(dp_port, class, now) == Admission::Admit).count()
    }

    #[test]
    fn a_flooding_port_spends_its_own_budget_and_nobody_elses() {
        let now = Instant::now();
        let mut admitter = Admitter::new(budget(), now);
        assert_eq!(admitted(&mut admitter, 1, PortClass::Guest, now, 60), 10);
        assert_eq!(admitted(&mut admitter, 2, PortClass::Guest, now, 10), 10);
        assert_eq!(admitted(&mut admitter, 9, PortClass::Tunnel, now, 60), 50);
    }

    #[test]
    fn tokens_return_with_time_up_to_the_burst() {
        let start = Instant::now();
        let mut admitter = Admitter::new(budget(), start);
        assert_eq!(admitted(&mut admitter, 1, PortClass::Guest, start, 20), 10);
        let later = start + Duration::from_millis(500);
        assert_eq!(admitted(&mut admitter, 1, PortClass::Guest, later, 20), 5);
        let much_later = start + Duration::from_secs(60);
        assert_eq!(admitted(&mut admitter, 1, PortClass::Guest, much_later, 20), 10);
    }

    #[test]
    fn all_guests_together_cannot_spend_what_tunnels_need() {
        let now = Instant::now();
        let mut admitter = Admitter::new(budget(), now);
        let guests: usize =
            (0..20).map(|port| admitted(&mut admitter, port, PortClass::Guest, now, 10)).sum();
        assert_eq!(guests, 50);
        assert_eq!(admitted(&mut admitter, 99, PortClass::Tunnel, now, 60), 50);
    }

    #[test]
    fn a_port_that_keeps_flooding_is_shut() {
        let now = Instant::now();
        let mut admitter = Admitter::new(budget(), now);
        let verdicts: Vec<_> = (0..110).map(|_| admitter.admit(1, PortClass::Guest, now)).collect();
        assert_eq!(verdicts[108], Admission::Refuse);
        assert_eq!(verdicts[109], Admission::ShutPort(Duration::from_secs(1)));
    }
}
