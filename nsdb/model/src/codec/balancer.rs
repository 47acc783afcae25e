//! Load balancers, pools, members, VIPs and health monitors.

use super::field::{FieldError, address, address_bytes, id, id_bytes, number, optional_id};
use super::wire::topology as wire;
use crate::{
    HealthMonitor, HealthMonitorType, LbMethod, LoadBalancer, Pool, PoolMember, PoolProtocol,
    SessionPersistence, Vip,
};

impl From<&LoadBalancer> for wire::LoadBalancer {
    fn from(balancer: &LoadBalancer) -> Self {
        Self {
            id: id_bytes(balancer.id),
            tenant_id: balancer.tenant_id.clone(),
            admin_state_up: balancer.admin_state_up,
        }
    }
}

impl TryFrom<wire::LoadBalancer> for LoadBalancer {
    type Error = FieldError;

    fn try_from(balancer: wire::LoadBalancer) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &balancer.id)?,
            tenant_id: balancer.tenant_id,
            admin_state_up: balancer.admin_state_up,
        })
    }
}

impl From<&Pool> for wire::Pool {
    fn from(pool: &Pool) -> Self {
        let protocol = match pool.protocol {
            PoolProtocol::Tcp => wire::PoolProtocol::Tcp,
        };
        let lb_method = match pool.lb_method {
            LbMethod::RoundRobin => wire::LbMethod::RoundRobin,
        };
        Self {
            id: id_bytes(pool.id),
            load_balancer: pool.load_balancer.map(id_bytes),
            health_monitor: pool.health_monitor.map(id_bytes),
            admin_state_up: pool.admin_state_up,
            protocol: protocol.into(),
            lb_method: lb_method.into(),
        }
    }
}

impl TryFrom<wire::Pool> for Pool {
    type Error = FieldError;

    fn try_from(pool: wire::Pool) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &pool.id)?,
            load_balancer: optional_id("load_balancer", pool.load_balancer.as_deref())?,
            health_monitor: optional_id("health_monitor", pool.health_monitor.as_deref())?,
            admin_state_up: pool.admin_state_up,
            protocol: match wire::PoolProtocol::try_from(pool.protocol) {
                Ok(wire::PoolProtocol::Tcp) => PoolProtocol::Tcp,
                Ok(wire::PoolProtocol::Unspecified) | Err(_) => return Err(FieldError::unknown("protocol")),
            },
            lb_method: match wire::LbMethod::try_from(pool.lb_method) {
                Ok(wire::LbMethod::RoundRobin) => LbMethod::RoundRobin,
                Ok(wire::LbMethod::Unspecified) | Err(_) => return Err(FieldError::unknown("lb_method")),
            },
        })
    }
}

impl From<&PoolMember> for wire::PoolMember {
    fn from(member: &PoolMember) -> Self {
        Self {
            id: id_bytes(member.id),
            pool: id_bytes(member.pool),
            admin_state_up: member.admin_state_up,
            address: address_bytes(member.address),
            protocol_port: member.protocol_port.into(),
            weight: member.weight,
        }
    }
}

impl TryFrom<wire::PoolMember> for PoolMember {
    type Error = FieldError;

    fn try_from(member: wire::PoolMember) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &member.id)?,
            pool: id("pool", &member.pool)?,
            admin_state_up: member.admin_state_up,
            address: address("address", &member.address)?,
            protocol_port: number("protocol_port", member.protocol_port)?,
            weight: member.weight,
        })
    }
}

impl From<&Vip> for wire::Vip {
    fn from(vip: &Vip) -> Self {
        let persistence = |persistence| match persistence {
            SessionPersistence::SourceIp => i32::from(wire::SessionPersistence::SourceIp),
        };
        Self {
            id: id_bytes(vip.id),
            pool: id_bytes(vip.pool),
            admin_state_up: vip.admin_state_up,
            address: address_bytes(vip.address),
            protocol_port: vip.protocol_port.into(),
            session_persistence: vip.session_persistence.map(persistence),
        }
    }
}

impl TryFrom<wire::Vip> for Vip {
    type Error = FieldError;

    fn try_from(vip: wire::Vip) -> Result<Self, FieldError> {
        let persistence = |value| match wire::SessionPersistence::try_from(value) {
            Ok(wire::SessionPersistence::SourceIp) => Ok(SessionPersistence::SourceIp),
            Ok(wire::SessionPersistence::Unspecified) | Err(_) => {
                Err(FieldError::unknown("session_persistence"))
            }
        };
        Ok(Self {
            id: id("id", &vip.id)?,
            pool: id("pool", &vip.pool)?,
            admin_state_up: vip.admin_state_up,
            address: address("address", &vip.address)?,
            protocol_port: number("protocol_port", vip.protocol_port)?,
            session_persistence: vip.session_persistence.map(persistence).transpose()?,
        })
    }
}

impl From<&HealthMonitor> for wire::HealthMonitor {
    fn from(monitor: &HealthMonitor) -> Self {
        let kind = match monitor.kind {
            HealthMonitorType::Tcp => wire::HealthMonitorType::Tcp,
        };
        Self {
            id: id_bytes(monitor.id),
            tenant_id: monitor.tenant_id.clone(),
            admin_state_up: monitor.admin_state_up,
            r#type: kind.into(),
            delay: monitor.delay,
            timeout: monitor.timeout,
            max_retries: monitor.max_retries,
        }
    }
}

impl TryFrom<wire::HealthMonitor> for HealthMonitor {
    type Error = FieldError;

    fn try_from(monitor: wire::HealthMonitor) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &monitor.id)?,
            tenant_id: monitor.tenant_id,
            admin_state_up: monitor.admin_state_up,
            kind: match wire::HealthMonitorType::try_from(monitor.r#type) {
                Ok(wire::HealthMonitorType::Tcp) => HealthMonitorType::Tcp,
                Ok(wire::HealthMonitorType::Unspecified) | Err(_) => {
                    return Err(FieldError::unknown("type"));
                }
            },
            delay: monitor.delay,
            timeout: monitor.timeout,
            max_retries: monitor.max_retries,
        })
    }
}
