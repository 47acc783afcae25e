//! Service container groups and service containers.

use super::field::{FieldError, id, id_bytes, optional_id};
use super::wire::topology as wire;
use crate::{ContainerPolicy, ServiceContainer, ServiceContainerGroup};

impl From<&ServiceContainerGroup> for wire::ServiceContainerGroup {
    fn from(group: &ServiceContainerGroup) -> Self {
        let policy = match group.policy {
            ContainerPolicy::Weighted => wire::ContainerPolicy::Weighted,
            ContainerPolicy::Least => wire::ContainerPolicy::Least,
        };
        Self { id: id_bytes(group.id), policy: policy.into(), port_group: group.port_group.map(id_bytes) }
    }
}

impl TryFrom<wire::ServiceContainerGroup> for ServiceContainerGroup {
    type Error = FieldError;

    fn try_from(group: wire::ServiceContainerGroup) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &group.id)?,
            policy: match wire::ContainerPolicy::try_from(group.policy) {
                Ok(wire::ContainerPolicy::Weighted) => ContainerPolicy::Weighted,
                Ok(wire::ContainerPolicy::Least) => ContainerPolicy::Least,
                Ok(wire::ContainerPolicy::Unspecified) | Err(_) => return Err(FieldError::unknown("policy")),
            },
            port_group: optional_id("port_group", group.port_group.as_deref())?,
        })
    }
}

impl From<&ServiceContainer> for wire::ServiceContainer {
    fn from(container: &ServiceContainer) -> Self {
        Self {
            id: id_bytes(container.id),
            group: container.group.map(id_bytes),
            port: container.port.map(id_bytes),
            configuration: container.configuration.map(id_bytes),
            service_type: container.service_type.clone(),
            host: container.host.map(id_bytes),
        }
    }
}

impl TryFrom<wire::ServiceContainer> for ServiceContainer {
    type Error = FieldError;

    fn try_from(container: wire::ServiceContainer) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &container.id)?,
            group: optional_id("group", container.group.as_deref())?,
            port: optional_id("port", container.port.as_deref())?,
            configuration: optional_id("configuration", container.configuration.as_deref())?,
            service_type: container.service_type,
            host: optional_id("host", container.host.as_deref())?,
        })
    }
}
