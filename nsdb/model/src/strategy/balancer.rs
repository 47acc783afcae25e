//! Load balancers and all that hangs on them.

use proptest::option;
use proptest::prelude::*;

use super::Values;
use crate::{
    HealthMonitor, HealthMonitorType, LbMethod, LoadBalancer, Object, Pool, PoolMember, PoolProtocol,
    SessionPersistence, Vip,
};

/// Load balancers, pools, members, VIPs and health monitors.
pub(super) fn balanced(values: Values) -> impl Strategy<Value = Object> {
    prop_oneof![
        load_balancer(values).prop_map(Object::from),
        pool(values).prop_map(Object::from),
        pool_member(values).prop_map(Object::from),
        vip(values).prop_map(Object::from),
        health_monitor(values).prop_map(Object::from),
    ]
}

pub(super) fn load_balancer(v: Values) -> impl Strategy<Value = LoadBalancer> {
    (v.id(), v.tenant(), any::<bool>()).prop_map(|(id, tenant_id, admin_state_up)| LoadBalancer {
        id,
        tenant_id,
        admin_state_up,
    })
}

pub(super) fn pool(v: Values) -> impl Strategy<Value = Pool> {
    (v.id(), option::weighted(0.8, v.id()), v.optional_id(), any::<bool>()).prop_map(
        |(id, load_balancer, health_monitor, admin_state_up)| Pool {
            id,
            load_balancer,
            health_monitor,
            admin_state_up,
            protocol: PoolProtocol::Tcp,
            lb_method: LbMethod::RoundRobin,
        },
    )
}

pub(super) fn pool_member(v: Values) -> impl Strategy<Value = PoolMember> {
    (v.id(), v.id(), any::<bool>(), v.address(), any::<u16>(), v.number(1..5)).prop_map(
        |(id, pool, admin_state_up, address, protocol_port, weight)| PoolMember {
            id,
            pool,
            admin_state_up,
            address,
            protocol_port,
            weight,
        },
    )
}

pub(super) fn vip(v: Values) -> impl Strategy<Value = Vip> {
    let persistence = option::of(Just(SessionPersistence::SourceIp));
    (v.id(), v.id(), any::<bool>(), v.address(), any::<u16>(), persistence).prop_map(
        |(id, pool, admin_state_up, address, protocol_port, session_persistence)| Vip {
            id,
            pool,
            admin_state_up,
            address,
            protocol_port,
            session_persistence,
        },
    )
}

pub(super) fn health_monitor(v: Values) -> impl Strategy<Value = HealthMonitor> {
    let times = (v.number(0..60), v.number(0..60), v.number(0..9));
    (v.id(), v.text(), any::<bool>(), times).prop_map(
        |(id, tenant_id, admin_state_up, (delay, timeout, max_retries))| HealthMonitor {
            id,
            tenant_id,
            admin_state_up,
            kind: HealthMonitorType::Tcp,
            delay,
            timeout,
            max_retries,
        },
    )
}
