//! The OpenAPI 3.1 document of the API, made of the routes, and its pages for people (`/docs`).
//!
//! Nothing is described by hand that is served by code: paths, verbs, statuses and media types come from the `Routes`,
//! schemas from the views. What is left are texts.

mod failures;
mod operation;
mod schema;
mod ui;

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Router};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, HttpMethod, Info, License, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, Paths, Ref,
    RefOr, Schema, Server,
};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoint::{Content, Endpoint, Operation, Path, Routes, Shared};
use crate::failure::ErrorBody;
use crate::links::BASE;
use crate::media::{Json, Media, Shape};

pub(crate) use schema::{choices, choices_or_null, properties};
pub(crate) use ui::pages;

/// Plain JSON.
const DOCUMENT: Media = Media::plain("Document", "application/json").json(Json::Refused);

/// The name of the way to authenticate.
const TOKEN: &str = "token";

const ABOUT: &str = "\
Virtual networks for tenants: bridges, routers, ports, chains of rules, and what belongs to them. Follow the links: the \
root names every collection, and every object its own address (`uri`) and those of what belongs to it.

- An object is created by POST to a collection (201, its address in `Location`), replaced by PUT (properties that are \
left out are reset) and deleted by DELETE, which succeeds also where there is nothing to delete. Ids may be chosen by \
the client. Unknown properties are ignored.
- Every type has media types of its own beside `application/json`.
- A write is answered as soon as it is durable; with `wait=applied`, when every host that it concerns has it in force, or \
with 202 after a while.
- Every answer tells the version of the topology that it is about (`X-Midspan-Version`).
- What goes wrong is told as `{message, code}`; for a body that is refused `violations` names the properties at fault.";

/// The routes, with one more: their description.
pub(crate) fn described(routes: Routes) -> Router<Shared> {
    let operation =
        Operation::new(HttpMethod::Get, StatusCode::OK).gives(Content::of::<Whole>(DOCUMENT, Shape::One));
    let this = Endpoint::new(operation, read).note("This document.");
    let (router, paths) = routes.route("/openapi.json", this).into_parts();
    router.layer(Extension(Arc::new(Document { paths, text: OnceLock::new() })))
}

/// The schema of the document itself.
struct Whole;

impl ToSchema for Whole {}

impl PartialSchema for Whole {
    fn schema() -> RefOr<Schema> {
        RefOr::T(ObjectBuilder::new().description(Some("An OpenAPI 3.1 document.")).into())
    }
}

/// The description of the routes, written when first asked for.
struct Document {
    paths: Vec<Path>,
    text: OnceLock<Bytes>,
}

async fn read(Extension(document): Extension<Arc<Document>>) -> impl IntoResponse {
    // A structure of strings and maps always has a JSON form.
    let write = || serde_json::to_vec(&describe(&document.paths)).unwrap_or_default().into();
    ([(header::CONTENT_TYPE, "application/json")], document.text.get_or_init(write).clone())
}

/// The whole document.
fn describe(paths: &[Path]) -> OpenApi {
    let mut parts = Parts::default();
    let mut described = Paths::new();
    for Path { path, operations, .. } in paths {
        let collection = || paths.iter().find(|other| holds(other.path, path));
        let kind = kind(operations).or_else(|| kind(&collection()?.operations));
        for operation in operations {
            let built = operation::describe(path, kind.unwrap_or_default(), operation, &mut parts);
            let item = PathItem::new(operation.method.clone(), built);
            described.paths.entry((*path).to_owned()).or_default().merge_operations(item);
        }
    }
    let header = ApiKeyValue::with_description("X-Auth-Token", "A token, from a login or given out.");
    parts.components.add_security_scheme(TOKEN, SecurityScheme::ApiKey(ApiKey::Header(header)));
    let mut info = Info::new("Midspan REST API", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(License::new("Apache-2.0"));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(BASE)]))
        .paths(described)
        .tags(Some(
            parts
                .tags
                .into_iter()
                .map(|(name, about)| TagBuilder::new().name(name).description(about).build()),
        ))
        .security(Some([SecurityRequirement::new(TOKEN, [] as [&str; 0])]))
        .components(Some(parts.components))
        .build()
}

/// What operations are about, if they give or take anything.
fn kind(operations: &[Operation]) -> Option<&'static str> {
    operations.iter().find_map(|o| o.gives.or(o.takes)).map(|content| content.media.name)
}

/// Whether one path is that of the collection that another is of.
fn holds(collection: &str, item: &str) -> bool {
    item.rsplit_once('/').is_some_and(|(above, _)| above == collection)
}

/// What operations refer to.
#[derive(Default)]
struct Parts {
    components: Components,
    /// Kinds of object, with what they are.
    tags: std::collections::BTreeMap<&'static str, Option<String>>,
}

impl Parts {
    /// The schema of a view as it is read, which is what its path is about.
    fn read(&mut self, content: &Content) -> Ref {
        let about = schema::description(&(content.schema)());
        self.tags
            .entry(content.media.name)
            .and_modify(|known| *known = known.take().or(about.clone()))
            .or_insert(about);
        self.shown(content)
    }

    /// The schema of a view as it is read.
    fn shown(&mut self, content: &Content) -> Ref {
        self.refer(content, content.media.name.to_owned(), schema::as_read((content.schema)()))
    }

    /// The schema of a view as it is written.
    fn written(&mut self, content: &Content) -> Ref {
        let name = format!("{}Body", content.media.name);
        self.refer(content, name, schema::as_written((content.schema)()))
    }

    fn refer(&mut self, content: &Content, name: String, schema: RefOr<Schema>) -> Ref {
        let mut parts = Vec::new();
        (content.parts)(&mut parts);
        for (name, part) in parts {
            self.components.schemas.entry(name).or_insert(part);
        }
        self.components.schemas.insert(name.clone(), schema);
        Ref::from_schema_name(name)
    }

    /// The answer to a failure.
    fn failure(&mut self, status: StatusCode) -> Ref {
        let (name, response) = failures::response(status);
        if self.components.responses.insert(name.to_owned(), response.into()).is_none() {
            let mut parts = Vec::new();
            ErrorBody::schemas(&mut parts);
            self.components.schemas.extend(parts);
            self.components.schemas.insert("Error".to_owned(), ErrorBody::schema());
        }
        Ref::from_response_name(name)
    }
}
