//! What an update leaves as it is.

use crate::{BgpNetwork, BgpPeer, HealthMonitor, LoadBalancer, Object, PeeringEntry, ServiceContainer};

/// The object as it is to be, with those parts of the old one that are not to be changed.
pub(super) fn with_fixed_parts_of(old: Object, new: Object) -> Object {
    match (new, old) {
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
        (new, _) => new,
    }
}
