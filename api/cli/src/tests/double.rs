//! A test double of the REST API: keeps in memory whatever is put into it, in the shapes that were recorded from
//! MidoNet 5.8 (`tests/recorded.json`; VTEPs, containers of groups, tunnel peers and statistics were not recorded and
//! have the fields of midonet.md §3.4). It knows no rules but those that the command line shows: positions of rules,
//! links of ports, the local route of an address, names of tunnel zones.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

const RECORDED: &str = include_str!("../../tests/recorded.json");

/// Lists that show objects of other collections: which, and by which property of theirs they belong here.
const VIEWS: &[(&str, &str, &str)] = &[
    ("ports", "ports/", ""),
    ("load_balancers/*/vips", "vips/", "loadBalancerId"),
    ("health_monitors/*/pools", "pools/", "healthMonitorId"),
];

/// A server that ends with the runtime of its test.
pub(super) struct Double {
    pub(super) url: String,
    stored: Arc<Mutex<Stored>>,
}

struct Stored {
    base: String,
    shapes: Map<String, Value>,
    /// Address below the base, the collection, and the object.
    objects: Vec<(String, String, Value)>,
    /// Method, address and body of what was asked for.
    requests: Vec<(String, String, Value)>,
}

impl Double {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/midonet-api", listener.local_addr().unwrap());
        let shapes = serde_json::from_str(RECORDED).unwrap();
        let stored = Stored { base: url.clone(), shapes, objects: Vec::new(), requests: Vec::new() };
        let stored = Arc::new(Mutex::new(stored));
        let service = Router::new().fallback(answer).with_state(Arc::clone(&stored));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { url, stored }
    }

    /// Puts an object there as if it had always been.
    pub(super) fn has(&self, collection: &str, properties: &Value) -> String {
        let (at, _) = self.stored.lock().unwrap().create(collection, properties).unwrap();
        at.rsplit('/').next().unwrap().to_owned()
    }

    /// What was sent to change something since the last call: method, the last parts of the address, the body.
    pub(super) fn changes(&self) -> Vec<(String, String, Value)> {
        let mut requests = std::mem::take(&mut self.stored.lock().unwrap().requests);
        requests.retain(|(method, ..)| method != "GET");
        requests
    }
}

async fn answer(State(stored): State<Arc<Mutex<Stored>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = parts.uri.path().strip_prefix("/midonet-api").unwrap().trim_matches('/').to_owned();
    let mut stored = stored.lock().unwrap();
    let at = stored.base.clone() + "/";
    stored.requests.push((parts.method.to_string(), path.clone(), body.clone()));
    match (parts.method.as_str(), path.strip_suffix("/link")) {
        ("POST", Some(port)) => stored.link(port, Some(&body["peerId"])).into_response(),
        ("DELETE", Some(port)) => stored.link(port, None).into_response(),
        ("GET", _) => stored.get(&path).map_or_else(not_found, |value| value.to_string().into_response()),
        ("POST", _) => match stored.create(&path, &body) {
            Ok((address, _)) => (StatusCode::CREATED, [(header::LOCATION, at + &address)]).into_response(),
            Err(status) => refused(status),
        },
        ("PUT", _) if path.starts_with("rules/") => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        ("PUT", _) => match stored.objects.iter_mut().find(|(address, ..)| *address == path) {
            Some((.., object)) => {
                *object = body;
                StatusCode::NO_CONTENT.into_response()
            }
            None => not_found(),
        },
        _ => {
            stored.objects.retain(|(address, ..)| *address != path);
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, r#"{"message":"There is nothing.","code":404}"#).into_response()
}

/// With the words of MidoNet where it has some.
fn refused(status: StatusCode) -> Response {
    let message = match status {
        StatusCode::CONFLICT => "Tunnel zone name already exists.",
        _ => "There is no such collection.",
    };
    (status, format!(r#"{{"message":"{message}","code":{}}}"#, status.as_u16())).into_response()
}

/// Lays the properties of one object over those of another.
fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        match &mut into[name] {
            nested @ Value::Object(_) if value.is_object() => merge(nested, value),
            property => *property = value.clone(),
        }
    }
}

/// Whether a path is one of a pattern, in which `*` stands for any part.
fn is_one_of(path: &str, pattern: &str) -> bool {
    let (path, pattern): (Vec<_>, Vec<_>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len()
        && path.iter().zip(pattern).all(|(part, wanted)| wanted == "*" || *part == wanted)
}

impl Stored {
    fn get(&self, path: &str) -> Option<Value> {
        let shape =
            |path: &str| self.shapes.iter().find(|(at, _)| is_one_of(path, at)).map(|(_, shape)| shape);
        if path.is_empty() || path == "system_state" {
            let text = shape(path)?.to_string().replace("{base}", &self.base);
            return serde_json::from_str(&text).ok();
        }
        if let Some((.., object)) = self.objects.iter().find(|(at, ..)| at == path) {
            return Some(object.clone());
        }
        let view = VIEWS.iter().find(|(at, ..)| is_one_of(path, at));
        let owner = path.split('/').nth(1).unwrap_or_default();
        let is_here = |(at, collection, object): &&(String, String, Value)| match view {
            Some((_, from, property)) => {
                at.starts_with(from) && (property.is_empty() || object[property] == owner)
            }
            None => collection == path,
        };
        let list: Vec<Value> =
            self.objects.iter().filter(is_here).map(|(.., object)| object.clone()).collect();
        (view.is_some() || shape(path).is_some() || !list.is_empty()).then(|| list.into())
    }

    fn create(&mut self, collection: &str, given: &Value) -> Result<(String, Value), StatusCode> {
        let shape = self.shapes.iter().find(|(at, _)| is_one_of(collection, at));
        let mut object = shape.ok_or(StatusCode::NOT_FOUND)?.1.clone();
        merge(&mut object, given);
        let id = given["id"].as_str().map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let parent = collection.split('/').nth(1).unwrap_or_default();
        let mut text = object.to_string();
        let names =
            [("base", self.base.as_str()), ("id", &id), ("parent", parent), ("collection", collection)];
        for (name, value) in names {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        for (name, value) in object.as_object().unwrap() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("{{{name}}}"), &value);
        }
        let mut object: Value = serde_json::from_str(&text).unwrap();
        self.apply_rules(collection, parent, &mut object, given)?;
        let address =
            object["uri"].as_str().unwrap().strip_prefix(&self.base).unwrap().trim_matches('/').to_owned();
        self.objects.push((address.clone(), collection.to_owned(), object.clone()));
        Ok((address, object))
    }

    fn apply_rules(
        &mut self,
        collection: &str,
        parent: &str,
        object: &mut Value,
        given: &Value,
    ) -> Result<(), StatusCode> {
        let mut same =
            self.objects.iter_mut().filter(|(_, at, _)| at == collection).map(|(.., object)| object);
        match collection.rsplit('/').next() {
            Some("tunnel_zones") if same.any(|zone| zone["name"] == object["name"]) => {
                return Err(StatusCode::CONFLICT);
            }
            Some("rules") => {
                for rule in same.filter(|rule| rule["position"].as_i64() >= object["position"].as_i64()) {
                    rule["position"] = (rule["position"].as_i64().unwrap() + 1).into();
                }
                let has_ports = !object["tpSrc"].is_null() || !object["tpDst"].is_null();
                if given["fragmentPolicy"].is_null() {
                    let nat = given["natTargets"].is_array();
                    object["fragmentPolicy"] = if nat {
                        "unfragmented"
                    } else if has_ports {
                        "header"
                    } else {
                        "any"
                    }
                    .into();
                }
            }
            Some("ports") if object["type"] == "Router" => {
                if let Some(address) =
                    object["portSubnet"][0].as_str().and_then(|subnet| subnet.split('/').next())
                {
                    let local = json!({"type": "Local", "dstNetworkAddr": address, "dstNetworkLength": 32,
                        "srcNetworkAddr": "0.0.0.0", "srcNetworkLength": 0, "nextHopPort": object["id"]});
                    self.create(&format!("routers/{parent}/routes"), &local)?;
                }
            }
            Some("vips") => {
                let pool = self.get(&format!("pools/{parent}")).unwrap_or_default();
                object["loadBalancerId"] = pool["loadBalancerId"].clone();
            }
            _ => {}
        }
        Ok(())
    }

    /// Joins two ports, or parts them.
    fn link(&mut self, port: &str, peer: Option<&Value>) -> StatusCode {
        let one = self.get(port).unwrap_or_default();
        let other = peer.unwrap_or(&one["peerId"]).clone();
        for (address, _, object) in &mut self.objects {
            if address == port {
                object["peerId"] = peer.cloned().unwrap_or_default();
            } else if object["id"] == other && object["link"].is_string() {
                object["peerId"] = peer.map(|_| one["id"].clone()).unwrap_or_default();
            }
        }
        if peer.is_some() { StatusCode::CREATED } else { StatusCode::NO_CONTENT }
    }
}
