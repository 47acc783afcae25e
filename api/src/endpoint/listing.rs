//! What part of a list is asked for: filters on any property, and pages.
//!
//! `?name=red&adminStateUp=true` gives the objects that show this; of null, the text is empty; a list shows each of its
//! items. Names that are no properties mean nothing. `?page_size=100` gives the first objects and a `Link` to the next,
//! which goes on behind the object that `page_after` names, also if that is gone meanwhile.

use axum::http::{HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Call;
use super::pick::pick;
use crate::failure::Failure;
use crate::links::BASE;
use crate::openapi::properties;

/// Number of objects in a page.
pub(crate) const PAGE_SIZE: &str = "page_size";
/// Behind which object a page begins.
pub(crate) const PAGE_AFTER: &str = "page_after";
/// The largest page.
const LARGEST_PAGE: usize = 10_000;

/// A part of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Where the next part is.
    pub(super) link: Option<(HeaderName, HeaderValue)>,
}

/// Of all ids, in their order, those that a page of their objects can begin with, and one more: what is not on the page need
/// not be shown to find it. All of them where the query may ask for something else than a page.
pub(crate) fn window<T: Copy + Into<Uuid>>(call: &Call, mut ids: Vec<T>) -> Vec<T> {
    if call.query().any(|(name, _)| name != PAGE_SIZE && name != PAGE_AFTER) {
        return ids;
    }
    if let Some(after) = call.filter(PAGE_AFTER).and_then(|after| after.parse::<Uuid>().ok()) {
        ids.drain(..ids.partition_point(|id| (*id).into() <= after));
    }
    if let Some(size) = call.filter(PAGE_SIZE).and_then(|size| size.parse::<usize>().ok()) {
        ids.truncate(size.saturating_add(1));
    }
    ids
}

/// The part of a list that a call asks for.
pub(super) fn page<T: Serialize + ToSchema>(call: &Call, mut items: Vec<T>) -> Result<Page<T>, Failure> {
    filter(call, &mut items);
    if let Some(after) = call.filter(PAGE_AFTER) {
        items.drain(..start(&items, after)?);
    }
    let Some(size) = size(call)? else { return Ok(Page { items, link: None }) };
    if items.len() <= size {
        return Ok(Page { items, link: None });
    }
    items.truncate(size);
    let link = items.last().and_then(|last| next(call, &name(last)));
    Ok(Page { items, link })
}

fn filter<T: Serialize + ToSchema>(call: &Call, items: &mut Vec<T>) {
    if call.query().next().is_none() {
        return;
    }
    let properties = properties(&T::schema());
    let wanted: Vec<_> = call.query().filter(|(name, _)| properties.iter().any(|p| p == name)).collect();
    for (name, text) in wanted {
        items.retain(|item| pick(item, name).is_some_and(|value| shows(&value, text)));
    }
}

/// Whether a value reads as this text.
fn shows(value: &Value, text: &str) -> bool {
    match value {
        Value::Null => text.is_empty(),
        Value::String(shown) => shown == text,
        Value::Array(items) if items.is_empty() => text.is_empty(),
        Value::Array(items) => items.iter().any(|item| shows(item, text)),
        other => serde_json::from_str(text).is_ok_and(|meant: Value| meant == *other),
    }
}

fn size(call: &Call) -> Result<Option<usize>, Failure> {
    let Some(text) = call.filter(PAGE_SIZE) else { return Ok(None) };
    let size = text.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    let wrong =
        || Failure::parameter(PAGE_SIZE, format!("must be a whole number between 1 and {LARGEST_PAGE}"));
    size.map(Some).ok_or_else(wrong)
}

/// What tells an object from the others of its list: its id, else its address.
fn name<T: Serialize>(item: &T) -> String {
    let text = |property| match pick(item, property) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    text("id").or_else(|| text("uri").map(|uri| behind_base(&uri).to_owned())).unwrap_or_default()
}

fn behind_base(uri: &str) -> &str {
    uri.split_once(BASE).map_or(uri, |(_, path)| path)
}

/// The index that a page behind this object begins at. Where it is gone, the order of the others tells.
fn start<T: Serialize>(items: &[T], after: &str) -> Result<usize, Failure> {
    let names: Vec<String> = items.iter().map(name).collect();
    match names.iter().position(|name| name == after) {
        Some(index) => Ok(index + 1),
        None if names.is_sorted() => Ok(names.partition_point(|name| name.as_str() < after)),
        None => {
            let message =
                format!("`{after}` is not in this list any more, which has an order of its own: begin anew");
            Err(Failure::parameter(PAGE_AFTER, message))
        }
    }
}

/// The link to what follows an object.
fn next(call: &Call, last: &str) -> Option<(HeaderName, HeaderValue)> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let kept = call.query().filter(|(name, _)| *name != PAGE_AFTER);
    let kept: Vec<_> = kept.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value))).collect();
    let query = format!("{}{PAGE_AFTER}={}", kept.concat(), encoded(last));
    let link = format!("<{}?{query}>; rel=\"next\"", call.target());
    Some((header::LINK, HeaderValue::try_from(link).ok()?))
}
