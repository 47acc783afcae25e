//! Commands that look: list and show.

use std::cmp::Reverse;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::find::Holder;
use super::{Session, assignments};
use crate::codec;
use crate::error::Error;
use crate::grammar::{Command, SyntaxError};
use crate::objects::{Codec, Kind, Order};
use crate::report::Report;

impl Session {
    pub(super) async fn list(&mut self, command: &Command) -> Result<Report, Error> {
        let mut collection = self.collection(command, &command.path).await?;
        let kind = collection.child.kind;
        let wanted = self.filter(command, kind)?;
        let tenant = self.tenant.as_ref().filter(|_| kind.attribute("tenant").is_some());
        if let (Some(tenant), Holder::Address(address)) = (tenant, &mut collection.holder) {
            *address += &format!("?tenant_id={}", utf8_percent_encode(tenant, NON_ALPHANUMERIC));
        }
        let mut objects = self.all(&collection).await?;
        objects.retain(|object| codec::has(object, &wanted));
        let parent = collection.parent.as_deref();
        self.name_ports(kind, &objects).await?;
        self.sort(kind, &mut objects, parent);
        let items = objects.into_iter().map(|object| self.item(kind, object, parent)).collect();
        Ok(Report::Many(kind, items))
    }

    /// The properties of the objects that a list is to hold.
    fn filter(&self, command: &Command, kind: &'static Kind) -> Result<Map<String, Value>, Error> {
        self.wanted(&assignments(&command.rest, kind, &self.aliases)?)
    }

    /// Puts objects into the order of their kind.
    fn sort(&mut self, kind: &'static Kind, objects: &mut [Value], parent: Option<&str>) {
        if kind.order == Order::Known && kind.is_aliased() {
            for object in objects.iter() {
                self.name(kind, object, parent);
            }
        }
        let number = |object: &Value, property: &str| object.get(property).and_then(Value::as_i64);
        let rank = |object: &Value| self.aliases.rank(object.get("id")?.as_str()?, kind.word);
        match kind.order {
            Order::Ascending(property) => {
                objects.sort_by_key(|object| (number(object, property), rank(object)));
            }
            Order::Descending(property) => {
                objects.sort_by_key(|object| (Reverse(number(object, property)), rank(object)));
            }
            Order::Known => objects.sort_by_key(rank),
        }
    }

    pub(super) async fn show(&mut self, command: &Command) -> Result<Report, Error> {
        let found = self.object(command, &command.path).await?;
        self.name_ports(found.kind, std::slice::from_ref(&found.object)).await?;
        if command.rest.is_empty() {
            return Ok(Report::One(self.item(found.kind, found.object, found.parent.as_deref())));
        }
        let mut values = Vec::new();
        for (at, name) in command.rest.iter().enumerate() {
            let here = || SyntaxError::At(command.rest.get(at..).unwrap_or_default().join(" "));
            let attribute = found.kind.attribute(name).ok_or_else(here)?;
            let ids = codec::references(attribute, &found.object);
            // What is referred to is shown itself.
            let link = attribute.refers_to().filter(|link| Kind::collection(link).is_some());
            values.push(match (link, ids.as_slice()) {
                (Some(link), [id]) if !matches!(attribute.codec, Codec::References(_)) => {
                    let address = format!("{}/{id}", self.link(link).await?);
                    let object = self.get(&address).await?;
                    self.name_ports(Kind::under(link), std::slice::from_ref(&object)).await?;
                    Report::One(self.item(Kind::under(link), object, None))
                }
                _ => {
                    let word = self.word(attribute, &found.object);
                    let value = codec::property(attribute, &found.object).cloned().unwrap_or_default();
                    Report::Value(word, value)
                }
            });
        }
        Ok(if values.len() == 1 { values.remove(0) } else { Report::Several(values) })
    }
}
