//! Health monitors, and the pools whose members they check. They are stored and served; nothing is checked yet.

use model::{HealthMonitor, HealthMonitorId, HealthMonitorType, ObjectKey};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{new_id, remove, word};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const MONITOR: Media = Media::new("HealthMonitor", &[1]);

const TYPES: &[(&str, HealthMonitorType)] = &[("TCP", HealthMonitorType::Tcp)];

fn types() -> Schema {
    choices("How members are checked: by opening a connection.", TYPES)
}

pub(super) fn routes() -> Routes {
    Routes::new().route("/health_monitors", list(MONITOR, all).merge(create::<View>(MONITOR, add))).route(
        "/health_monitors/{id}",
        one(MONITOR, get)
            .merge(update::<View>(MONITOR, replace))
            .merge(delete(|call| remove::<HealthMonitorId>(call, "id"))),
    )
}

/// A way to check the members of pools. It is stored and served; members are not checked yet. Deleted, it leaves its
/// pools without one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Down, it checks nothing.
    #[schema(default = true)]
    admin_state_up: bool,
    #[serde(rename = "type")]
    #[schema(schema_with = types)]
    kind: &'static str,
    /// Between two checks, in seconds.
    #[schema(default = 0, maximum = 2147483647)]
    delay: u32,
    /// How long a check may take, in seconds.
    #[schema(default = 0, maximum = 2147483647)]
    timeout: u32,
    /// Checks in a row that must fail before a member counts as down.
    #[schema(default = 0, maximum = 2147483647)]
    max_retries: u32,
    /// The pools that name it.
    #[schema(read_only)]
    pools: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, monitor: &HealthMonitor) -> View {
    let uri = call.links.to(format_args!("health_monitors/{}", monitor.id));
    View {
        id: monitor.id.0,
        admin_state_up: monitor.admin_state_up,
        kind: word(TYPES, monitor.kind),
        delay: monitor.delay,
        timeout: monitor.timeout,
        max_retries: monitor.max_retries,
        pools: format!("{uri}/pools"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.health_monitors().map(|monitor| view(call, monitor)).collect())
}

fn existing(call: &Call) -> Result<&HealthMonitor, Failure> {
    let id = call.id::<HealthMonitorId>("id")?;
    Ok(call.topology.health_monitor(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: HealthMonitorId, fields: &mut Fields) -> HealthMonitor {
    let kind = fields.choice("type", TYPES);
    if kind.is_none() {
        fields.missing("type");
    }
    let mut number = |property| fields.number(property, 0..=i64::from(i32::MAX)).unwrap_or(0);
    let (delay, timeout, max_retries) = (number("delay"), number("timeout"), number("maxRetries"));
    HealthMonitor {
        id,
        // Taken, for the operator to make one for a tenant, but not shown: the contract has no such property.
        tenant_id: fields.text("tenantId"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        kind: kind.unwrap_or(HealthMonitorType::Tcp),
        delay,
        timeout,
        max_retries,
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let monitor = read(new_id(fields), fields);
    let location = call.links.to(format_args!("health_monitors/{}", monitor.id));
    Ok(Edit::new(move |tx| tx.create(monitor.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let monitor = read(existing(call)?.id, fields);
    Ok(Edit::new(move |tx| tx.update(monitor.clone())))
}
