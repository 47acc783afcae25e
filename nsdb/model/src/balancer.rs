//! Load balancers (layer 4): virtual addresses, the servers behind them, and how their health is checked.
//!
//! A load balancer works at the router that names it ([`Router::load_balancer`](crate::Router)). It has pools; a pool
//! has members and VIPs. The health of members is state, not topology. All of it is kept
//! and checked; nothing in the datapath acts on it yet.

use std::net::IpAddr;

use crate::{HealthMonitorId, Kind, LoadBalancerId, PoolId, PoolMemberId, Role, RouterId, State, VipId};

/// What balances traffic to virtual addresses at a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Identity.
    pub id: LoadBalancerId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// A load balancer that is down leaves packets to the router.
    pub admin_state_up: bool,
}

/// What a pool balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolProtocol {
    /// Connections over TCP.
    Tcp,
}

/// How a pool chooses a member (MidoNet `lbMethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LbMethod {
    /// By chance, in proportion to the members' weights.
    RoundRobin,
}

/// Servers that do the same, and how connections are spread over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Identity.
    pub id: PoolId,
    /// Load balancer that it belongs to; without one it serves nothing.
    pub load_balancer: Option<LoadBalancerId>,
    /// What checks its members; without one all are taken to be well.
    pub health_monitor: Option<HealthMonitorId>,
    /// A pool that is down serves nothing.
    pub admin_state_up: bool,
    /// What is balanced.
    pub protocol: PoolProtocol,
    /// How a member is chosen.
    pub lb_method: LbMethod,
}

/// A server in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolMember {
    /// Identity.
    pub id: PoolMemberId,
    /// Pool that it is in.
    pub pool: PoolId,
    /// A member that is down gets no new connections.
    pub admin_state_up: bool,
    /// Where it is reached, IPv4.
    pub address: IpAddr,
    /// Port that it listens on; 0 if it is not set.
    pub protocol_port: u16,
    /// Share of connections, relative to the other members; at least 1.
    pub weight: u32,
}

/// What keeps a client with its member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionPersistence {
    /// The client's address.
    SourceIp,
}

/// A virtual address and port that a pool serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vip {
    /// Identity.
    pub id: VipId,
    /// Pool that serves it.
    pub pool: PoolId,
    /// A VIP that is down matches nothing.
    pub admin_state_up: bool,
    /// Address that clients connect to, IPv4.
    pub address: IpAddr,
    /// Port that clients connect to; 0 if it is not set, and then it matches nothing.
    pub protocol_port: u16,
    /// What keeps a client with its member, from one connection to the next.
    pub session_persistence: Option<SessionPersistence>,
}

/// How members are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HealthMonitorType {
    /// By opening a connection.
    Tcp,
}

/// A way to check the members of pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthMonitor {
    /// Identity.
    pub id: HealthMonitorId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// A monitor that is down checks nothing.
    pub admin_state_up: bool,
    /// How it checks.
    pub kind: HealthMonitorType,
    /// Between two checks, in seconds.
    pub delay: u32,
    /// How long a check may take, in seconds.
    pub timeout: u32,
    /// Checks in a row that must fail before a member counts as down.
    pub max_retries: u32,
}

impl State {
    /// The router that a load balancer works at.
    pub fn balanced_router(&self, balancer: LoadBalancerId) -> Option<RouterId> {
        self.referring(balancer, Role::LoadBalancer, Kind::Router).next()
    }

    /// Pools of a load balancer, ordered by id.
    pub fn pools_of(&self, balancer: LoadBalancerId) -> impl Iterator<Item = &Pool> + '_ {
        self.referring(balancer, Role::Owner, Kind::Pool).filter_map(|id| self.pool(id))
    }

    /// Pools whose members a health monitor checks, ordered by id.
    pub fn monitored_pools(&self, monitor: HealthMonitorId) -> impl Iterator<Item = &Pool> + '_ {
        self.referring(monitor, Role::HealthMonitor, Kind::Pool).filter_map(|id| self.pool(id))
    }

    /// Members of a pool, ordered by id.
    pub fn members_of(&self, pool: PoolId) -> impl Iterator<Item = &PoolMember> + '_ {
        self.referring(pool, Role::Owner, Kind::PoolMember).filter_map(|id| self.pool_member(id))
    }

    /// VIPs of a pool, ordered by id.
    pub fn vips_of(&self, pool: PoolId) -> impl Iterator<Item = &Vip> + '_ {
        self.referring(pool, Role::Owner, Kind::Vip).filter_map(|id| self.vip(id))
    }
}
