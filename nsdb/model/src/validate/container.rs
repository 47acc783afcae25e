//! Service containers.

use super::{Checked, MAX_NAME};
use crate::ServiceContainer;

pub(super) fn container(container: &ServiceContainer, checked: &mut Checked) {
    let length = container.service_type.chars().count();
    checked.require(
        (1..=MAX_NAME).contains(&length),
        "serviceType",
        format!("size must be between 1 and {MAX_NAME}"),
    );
    checked.require(
        container.host.is_none() || container.port.is_some(),
        "hostId",
        "a container without a port (portId) cannot run on a host",
    );
}
