//! What an update leaves as it is.

use crate::{
    BgpNetwork, BgpPeer, DhcpSubnet, DhcpSubnet6, HealthMonitor, LoadBalancer, Object, PeeringEntry,
    QosBandwidthRule, QosDscpRule, ServiceContainer, Vtep,
};

/// The object as it is to be, with those parts of the old one that are not to be changed.
pub(super) fn with_fixed_parts_of(old: Object, new: Object) -> Object {
    match (new, old) {
        (Object::DhcpSubnet(new), Object::DhcpSubnet(old)) => {
            DhcpSubnet { bridge: old.bridge, hosts: old.hosts, ..new }.into()
        }
        (Object::DhcpSubnet6(new), Object::DhcpSubnet6(old)) => {
            DhcpSubnet6 { bridge: old.bridge, hosts: old.hosts, ..new }.into()
        }
        (Object::Vtep(new), Object::Vtep(old)) => Vtep { bindings: old.bindings, ..new }.into(),
        (Object::LoadBalancer(new), Object::LoadBalancer(old)) => {
            LoadBalancer { tenant_id: old.tenant_id, ..new }.into()
        }
        (Object::HealthMonitor(new), Object::HealthMonitor(old)) => {
            HealthMonitor { tenant_id: old.tenant_id, ..new }.into()
        }
        (Object::BgpNetwork(new), Object::BgpNetwork(old)) => BgpNetwork { router: old.router, ..new }.into(),
        (Object::BgpPeer(new), Object::BgpPeer(old)) => BgpPeer { router: old.router, ..new }.into(),
        (Object::ServiceContainer(new), Object::ServiceContainer(old)) => {
            ServiceContainer { host: new.host, ..old }.into()
        }
        (Object::PeeringEntry(new), Object::PeeringEntry(old)) => {
            PeeringEntry { address: new.address, ..old }.into()
        }
        (Object::QosBandwidthRule(new), Object::QosBandwidthRule(old)) => {
            QosBandwidthRule { policy: old.policy, ..new }.into()
        }
        (Object::QosDscpRule(new), Object::QosDscpRule(old)) => {
            QosDscpRule { policy: old.policy, ..new }.into()
        }
        (new, _) => new,
    }
}
