//! Strategies for random objects, operations and topologies (feature `proptest`), for the tests of this crate and of
//! those above it.
//!
//! Ids come from a small pool, so that objects refer to each other often.

mod balancer;
mod document;
mod object;
mod operation;
mod router;
mod rule;
mod service;
mod switching;
mod value;

use proptest::collection::vec;
use proptest::prelude::*;

pub use document::{change, document, log_entry};
pub use object::object;
pub use operation::{Operation, operation};
pub use rule::condition;
pub use value::Values;

use crate::{Kind, State, Transaction};

/// Valid topologies, made by trying to create `size` to twice as many objects, each after those that it may refer to,
/// trying those that were refused once more, as some refer back (a bridge to a mirror to a port of another bridge), and
/// then up to `size` random operations. Each is a transaction of its own, and those that are refused leave no trace. The
/// version of the topology is the number of transactions that took effect.
pub fn topology(size: usize) -> impl Strategy<Value = State> {
    let objects = vec(object(Values::Plausible), size..=2 * size);
    (objects, vec(operation(), 0..=size)).prop_map(|(mut objects, operations)| {
        objects.sort_by_key(|object| rank(object.key().kind));
        let creations: Vec<_> =
            objects.into_iter().map(|object| Operation::Create(Box::new(object))).collect();
        let mut state = State::new();
        for operation in creations.iter().chain(&creations).chain(&operations) {
            let mut transaction = Transaction::new(&state);
            if operation.run(&mut transaction).is_ok() {
                state.apply(state.version() + 1, &transaction.finish());
            }
        }
        state
    })
}

/// Objects of a kind refer to those of lower rank; mirrors besides are referred to from below.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Chain | Kind::PortGroup | Kind::Host | Kind::QosPolicy | Kind::ConfDocument => 0,
        Kind::LoadBalancer | Kind::HealthMonitor => 0,
        Kind::Bridge | Kind::Router | Kind::TunnelZone | Kind::IpAddrGroup => 1,
        Kind::Pool | Kind::ServiceContainerGroup | Kind::QosBandwidthRule | Kind::QosDscpRule => 1,
        Kind::Port | Kind::DhcpSubnet | Kind::DhcpSubnet6 | Kind::ArpEntry | Kind::Vtep => 2,
        Kind::PoolMember | Kind::Vip | Kind::BgpNetwork | Kind::BgpPeer => 2,
        Kind::Route | Kind::MacEntry | Kind::ServiceContainer | Kind::PeeringEntry => 3,
        Kind::TraceRequest | Kind::Mirror | Kind::L2Insertion => 3,
        Kind::Rule => 4,
    }
}
