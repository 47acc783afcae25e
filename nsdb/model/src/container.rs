//! Service containers: services such as IPsec or health checks that run in a namespace of a host, at a port of the
//! virtual network; and the groups that say on which hosts. They are kept and checked; nothing runs them
//! yet.

use uuid::Uuid;

use crate::{HostId, Kind, PortGroupId, PortId, Role, ServiceContainerGroupId, ServiceContainerId, State};

/// How a host is chosen for a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContainerPolicy {
    /// By chance, in proportion to the hosts' container weights.
    #[default]
    Weighted,
    /// The host with the fewest containers.
    Least,
}

/// Containers that are placed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceContainerGroup {
    /// Identity.
    pub id: ServiceContainerGroupId,
    /// How a host is chosen.
    pub policy: ContainerPolicy,
    /// Ports whose hosts are eligible; without it every host is.
    pub port_group: Option<PortGroupId>,
}

/// A service and the port that it runs at. Whether and where it runs is state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceContainer {
    /// Identity.
    pub id: ServiceContainerId,
    /// Group that says how it is placed.
    pub group: Option<ServiceContainerGroupId>,
    /// Port that it runs at; no other container runs there. Without one it cannot run.
    pub port: Option<PortId>,
    /// Object that the service reads its configuration from, whatever the service takes that to be.
    pub configuration: Option<Uuid>,
    /// Name of the service, such as `IPSEC`, `HAPROXY` or `QUAGGA`; 1–255 characters.
    pub service_type: String,
    /// Host that it is pinned to; without one the group's policy chooses.
    pub host: Option<HostId>,
}

impl State {
    /// Containers of a group, ordered by id.
    pub fn containers_of(
        &self,
        group: ServiceContainerGroupId,
    ) -> impl Iterator<Item = &ServiceContainer> + '_ {
        self.referring(group, Role::ContainerGroup, Kind::ServiceContainer)
            .filter_map(|id| self.service_container(id))
    }

    /// The container that runs at a port.
    pub fn container_at(&self, port: PortId) -> Option<ServiceContainerId> {
        self.referring(port, Role::Owner, Kind::ServiceContainer).next()
    }
}
