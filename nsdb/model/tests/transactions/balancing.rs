//! Load balancers: who has which, what goes with what, and what their properties may be.

use model::{
    HealthMonitor, HealthMonitorId, HealthMonitorType, LbMethod, LoadBalancer, LoadBalancerId, ModelError,
    ObjectKey, Pool, PoolId, PoolMember, PoolProtocol, Router, RouterId, Transaction, Vip,
};

use crate::fixture::*;

fn load_balancer(n: u128) -> LoadBalancer {
    LoadBalancer { id: id(n), tenant_id: None, admin_state_up: true }
}

fn pool(n: u128, load_balancer: u128) -> Pool {
    Pool {
        id: id(n),
        load_balancer: Some(id(load_balancer)),
        health_monitor: None,
        admin_state_up: true,
        protocol: PoolProtocol::Tcp,
        lb_method: LbMethod::RoundRobin,
    }
}

fn member(n: u128, pool: u128) -> PoolMember {
    PoolMember {
        id: id(n),
        pool: id(pool),
        admin_state_up: true,
        address: ip("10.0.0.50"),
        protocol_port: 8080,
        weight: 1,
    }
}

fn vip(n: u128, pool: u128) -> Vip {
    Vip {
        id: id(n),
        pool: id(pool),
        admin_state_up: true,
        address: ip("10.0.0.100"),
        protocol_port: 80,
        session_persistence: None,
    }
}

fn monitor(n: u128) -> HealthMonitor {
    HealthMonitor {
        id: id(n),
        tenant_id: None,
        admin_state_up: true,
        kind: HealthMonitorType::Tcp,
        delay: 5,
        timeout: 10,
        max_retries: 3,
    }
}

/// Router 3 with load balancer 10, which has pool 11 with member 12 and VIP 13; health monitor 14.
fn begin_balanced() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(load_balancer(10)).expect("a load balancer");
    tx.update(Router { load_balancer: Some(id(10)), ..router(3) }).expect("it is free");
    tx.create(pool(11, 10)).expect("a pool");
    tx.create(member(12, 11)).expect("a member");
    tx.create(vip(13, 11)).expect("a VIP");
    tx.create(monitor(14)).expect("a monitor");
    tx
}

#[test]
fn a_load_balancer_knows_its_router_and_pools() {
    let tx = begin_balanced();
    assert_eq!(tx.state().balanced_router(id(10)), Some(id(3)));
    assert_eq!(tx.state().pools_of(id(10)).map(|pool| pool.id).collect::<Vec<_>>(), [id(11)]);
    assert_eq!(tx.state().members_of(id(11)).count(), 1);
    assert_eq!(tx.state().vips_of(id(11)).count(), 1);
}

#[test]
fn a_load_balancer_works_at_one_router() {
    let mut tx = begin_balanced();
    let second = Router { load_balancer: Some(id(10)), ..router(20) };
    let (message, keys) = conflict(tx.create(second.clone()));
    assert!(message.contains(&RouterId(id(3)).to_string()), "{message}");
    assert_eq!(keys, [ObjectKey::from(RouterId(id(3)))]);
    tx.update(router(3)).expect("it gives the load balancer up");
    tx.create(second).expect("it is free");
}

#[test]
fn a_router_is_not_deleted_under_its_load_balancer() {
    let mut tx = begin_balanced();
    let (message, keys) = conflict(tx.delete(RouterId(id(3))));
    assert!(message.contains(&LoadBalancerId(id(10)).to_string()), "{message}");
    assert_eq!(keys, [ObjectKey::from(LoadBalancerId(id(10)))]);
    tx.update(router(3)).expect("it gives the load balancer up");
    tx.delete(RouterId(id(3))).expect("nothing is in the way");
}

#[test]
fn a_load_balancer_takes_its_pools_and_leaves_its_router() {
    let mut tx = begin_balanced();
    tx.delete(LoadBalancerId(id(10))).expect("it is there");
    assert_eq!(tx.state().router(id(3)), Some(&router(3)));
    let state = tx.state();
    assert_eq!((state.pools().count(), state.pool_members().count(), state.vips().count()), (0, 0, 0));
    assert_eq!(state.health_monitors().count(), 1);
}

#[test]
fn a_pool_stays_without_its_monitor() {
    let mut tx = begin_balanced();
    tx.update(Pool { health_monitor: Some(id(14)), ..pool(11, 10) }).expect("valid");
    assert_eq!(tx.state().monitored_pools(id(14)).count(), 1);
    tx.delete(HealthMonitorId(id(14))).expect("it is there");
    assert_eq!(tx.state().pool(id(11)), Some(&pool(11, 10)));
}

#[test]
fn the_tenant_stays() {
    let mut tx = begin_with_devices();
    let tenant_id = Some("t".to_owned());
    tx.create(LoadBalancer { tenant_id: tenant_id.clone(), ..load_balancer(10) }).expect("a load balancer");
    tx.create(HealthMonitor { tenant_id: tenant_id.clone(), ..monitor(14) }).expect("a monitor");
    tx.update(load_balancer(10)).expect("valid");
    tx.update(monitor(14)).expect("valid");
    assert_eq!(tx.state().load_balancer(id(10)).expect("it stays").tenant_id, tenant_id);
    assert_eq!(tx.state().health_monitor(id(14)).expect("it stays").tenant_id, tenant_id);
}

#[test]
fn a_pool_may_move_and_may_be_without_a_load_balancer() {
    let mut tx = begin_balanced();
    tx.create(load_balancer(15)).expect("a load balancer");
    tx.update(pool(11, 15)).expect("valid");
    assert_eq!(tx.state().pools_of(id(10)).count(), 0);
    tx.update(Pool { load_balancer: None, ..pool(11, 15) }).expect("valid");
    tx.delete(LoadBalancerId(id(15))).expect("it is there");
    assert_eq!(tx.state().members_of(id(11)).count(), 1);
}

#[test]
fn what_is_named_must_be_there() {
    let mut tx = begin_balanced();
    let balancer = ObjectKey::from(LoadBalancerId(id(99)));
    assert_eq!(tx.create(pool(20, 99)), Err(ModelError::NotFound(balancer)));
    let unbalanced = Router { load_balancer: Some(id(99)), ..router(3) };
    assert_eq!(tx.update(unbalanced), Err(ModelError::NotFound(balancer)));
    let monitored = Pool { health_monitor: Some(id(99)), ..pool(11, 10) };
    assert_eq!(tx.update(monitored), Err(ModelError::NotFound(HealthMonitorId(id(99)).into())));
    assert_eq!(tx.create(member(20, 99)), Err(ModelError::NotFound(PoolId(id(99)).into())));
    assert_eq!(violated(tx.create(vip(20, 99))), "poolId");
}

#[test]
fn addresses_are_those_of_machines() {
    let mut tx = begin_balanced();
    for address in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "2001:db8::1"].map(ip) {
        assert_eq!(violated(tx.create(Vip { address, ..vip(20, 11) })), "address");
        assert_eq!(violated(tx.create(PoolMember { address, ..member(20, 11) })), "address");
    }
}

#[test]
fn numbers_are_bounded() {
    let mut tx = begin_balanced();
    assert_eq!(violated(tx.create(PoolMember { weight: 0, ..member(20, 11) })), "weight");
    assert_eq!(violated(tx.create(PoolMember { weight: 1 << 31, ..member(20, 11) })), "weight");
    for (wrong, property) in [
        (HealthMonitor { delay: 1 << 31, ..monitor(20) }, "delay"),
        (HealthMonitor { timeout: 1 << 31, ..monitor(20) }, "timeout"),
        (HealthMonitor { max_retries: 1 << 31, ..monitor(20) }, "maxRetries"),
        (HealthMonitor { tenant_id: Some("x".repeat(256)), ..monitor(20) }, "tenantId"),
    ] {
        assert_eq!(violated(tx.create(wrong)), property);
    }
    let foreign = LoadBalancer { tenant_id: Some("x".repeat(256)), ..load_balancer(20) };
    assert_eq!(violated(tx.create(foreign)), "tenantId");
}

#[test]
fn a_load_balancer_and_a_health_monitor_keep_their_tenant_when_they_are_replaced() {
    let mut tx = begin_with_devices();
    tx.on_behalf_of("t1", |tx| {
        tx.create(load_balancer(20))?;
        tx.create(monitor(21))?;
        tx.create(Pool { health_monitor: Some(id(21)), ..pool(22, 20) })
    })
    .expect("t1 may");
    tx.update(load_balancer(20)).expect("the operator may");
    tx.update(monitor(21)).expect("the operator may");
    for key in [LoadBalancerId(id(20)).into(), HealthMonitorId(id(21)).into(), PoolId(id(22)).into()] {
        assert_eq!(tx.state().tenant(key), Some("t1"));
    }
    let refused = tx.on_behalf_of("t2", |tx| tx.create(pool(23, 20)));
    assert_eq!(refused, Err(ModelError::NotFound(LoadBalancerId(id(20)).into())));
}

#[test]
fn a_tenant_s_load_balancer_does_not_show_it_the_router_of_another() {
    let mut tx = begin_with_devices();
    tx.on_behalf_of("t1", |tx| tx.create(load_balancer(20))).expect("t1 may");
    tx.update(Router { load_balancer: Some(id(20)), ..router(3) }).expect("the operator may");
    assert_eq!(tx.state().balanced_router(id(20)), Some(id(3)));
    assert_eq!(tx.state().seen_by("t1").balanced_router(id(20)), None);
}
