//! What to call objects, and their attributes in words.

use serde_json::Value;

use super::Session;
use crate::codec;
use crate::error::Error;
use crate::objects::{Attribute, BRIDGE, Kind, PORT, ROUTER};
use crate::report::{Item, Name};

/// So many ports whose names are not known are asked for one by one; more, all at once.
const FEW: usize = 4;

impl Session {
    /// An object with the words for it. `parent` is the id of the object below which it stands.
    pub(super) fn item(&mut self, kind: &'static Kind, object: Value, parent: Option<&str>) -> Item {
        let kind = kind.of(&object);
        let name = self.name(kind, &object, parent);
        let words =
            kind.attributes().filter_map(|attribute| Some((attribute, self.word(attribute, &object)?)));
        let words = words.collect();
        Item { kind, name, words, object }
    }

    /// The name of an object: qualified by its parent's. None if its kind has none.
    pub(super) fn name(&mut self, kind: &Kind, object: &Value, parent: Option<&str>) -> Option<Name> {
        let id = object.get(kind.key).and_then(Value::as_str).filter(|_| kind.is_aliased())?;
        let device = self.device_name(object);
        let full = self.aliases.name(kind.word, id, parent.or(device.as_deref()));
        let short = self.aliases.below(&full, parent).to_owned();
        Some(Name { short, full })
    }

    /// Names the device of a port; gives its id.
    fn device_name(&mut self, port: &Value) -> Option<String> {
        let id = port.get("deviceId")?.as_str()?.to_owned();
        let of_router = port.get("device")?.as_str()?.contains("/routers/");
        self.aliases.name(if of_router { ROUTER.word } else { BRIDGE.word }, &id, None);
        Some(id)
    }

    /// The value of an attribute in words.
    pub(super) fn word(&mut self, attribute: &Attribute, object: &Value) -> Option<String> {
        let aliases = &mut self.aliases;
        let kind = attribute.refers_to().map(Kind::under);
        codec::read(attribute, object, &mut |id| match kind {
            Some(kind) if kind.is_aliased() && kind.word != PORT.word => aliases.name(kind.word, id, None),
            _ => aliases.known(id),
        })
    }

    /// Sees to it that ports that objects refer to have names that tell their device.
    pub(super) async fn name_ports(&mut self, kind: &'static Kind, objects: &[Value]) -> Result<(), Error> {
        let mut unknown: Vec<&str> = Vec::new();
        for object in objects {
            let of_ports = kind.of(object).attributes().filter(|a| a.refers_to() == Some("ports"));
            unknown.extend(of_ports.flat_map(|attribute| codec::references(attribute, object)));
        }
        unknown.retain(|id| !self.aliases.has(id));
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let address = self.link("ports").await?;
        let ports = if unknown.len() > FEW {
            self.items(&address).await?
        } else {
            let mut ports = Vec::new();
            for id in &unknown {
                match self.get(&format!("{address}/{id}")).await {
                    Ok(port) => ports.push(port),
                    // It has gone since: its id will do.
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
            ports
        };
        let is_wanted = |port: &&Value| {
            let id = port.get("id").and_then(Value::as_str);
            id.is_some_and(|id| unknown.binary_search(&id).is_ok())
        };
        for port in ports.iter().filter(is_wanted) {
            self.name(&PORT, port, None);
        }
        Ok(())
    }
}
