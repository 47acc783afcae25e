//! One operation of the document.

use axum::http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    Operation as Described, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder};
use utoipa::openapi::{
    Header, HttpMethod, KnownFormat, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    ResponsesBuilder, Schema, SchemaFormat, Type,
};

use super::{Parts, failures};
use crate::endpoint::{
    APPLIED, Content, MAX_PATIENCE_MS, Operation, PAGE_AFTER, PAGE_SIZE, PATIENCE_MS, WAIT, WAIT_MS,
};
use crate::media::Shape;

/// Describes a verb of a path. `kind` names what the path is about.
pub(super) fn describe(path: &str, kind: &str, operation: &Operation, parts: &mut Parts) -> Described {
    let mut responses =
        ResponsesBuilder::new().response(operation.success.as_str(), success(operation, parts));
    if operation.tagged {
        let known =
            ResponseBuilder::new().description("The client has it: its tag is one of `If-None-Match`.");
        responses = responses.response("304", known);
    }
    if let Some(content) = &operation.pending {
        responses = responses.response("202", pending(content, operation, parts));
    }
    for status in failures::of(path, operation) {
        responses = responses.response(status.as_str(), parts.failure(status));
    }
    for (status, when) in &operation.failures {
        let response = parts.failure(*status);
        responses = responses.response(status.as_str(), RefOr::Ref(described(response, when)));
    }
    OperationBuilder::new()
        .tag(kind)
        .summary(Some(summary(operation)))
        .description(operation.note)
        .operation_id(Some(operation_id(path, operation)))
        .parameters(Some(parameters(path, operation)))
        .request_body(operation.takes.as_ref().map(|content| body(content, parts)))
        .responses(responses)
        .build()
}

fn described(mut reference: Ref, text: &str) -> Ref {
    reference.description = text.to_owned();
    reference
}

fn summary(operation: &Operation) -> &'static str {
    let list = operation.gives.is_some_and(|content| content.shape == Shape::Collection);
    match operation.method {
        HttpMethod::Post => "Create",
        HttpMethod::Put => "Replace",
        HttpMethod::Delete => "Delete",
        _ if list => "List",
        _ => "Read",
    }
}

/// Unique, as paths with their verbs are: `get_bridges_id_ports`.
fn operation_id(path: &str, operation: &Operation) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method(operation)).chain(words).collect::<Vec<_>>().join("_")
}

fn method(operation: &Operation) -> &'static str {
    match operation.method {
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Delete => "delete",
        _ => "get",
    }
}

fn success(operation: &Operation, parts: &mut Parts) -> Response {
    let mut response = ResponseBuilder::new().description(match operation.success {
        StatusCode::CREATED => "It is made, and durable.",
        StatusCode::OK if operation.takes.is_none() => "As asked.",
        _ => "It is done, and durable.",
    });
    if let Some(content) = &operation.gives {
        let schema = given(content, parts);
        response = with_content(response, content, &schema);
    }
    if operation.tagged {
        response = response.header("ETag", header("Tag of what is shown.", Type::String));
    }
    if operation.gives.is_some_and(|content| content.shape == Shape::Collection) {
        let link = header("Where the next page is (`rel=\"next\"`), if there is one.", Type::String);
        response = response.header("Link", link);
    }
    with_headers(response, operation).build()
}

/// The answer to a write that waits for agents, in vain.
fn pending(content: &Content, operation: &Operation, parts: &mut Parts) -> Response {
    let response = ResponseBuilder::new()
        .description("It is durable, but some hosts that it concerns have not applied it in time.");
    let schema = RefOr::Ref(parts.shown(content));
    with_headers(with_content(response, content, &schema), operation).build()
}

fn with_content(response: ResponseBuilder, content: &Content, schema: &RefOr<Schema>) -> ResponseBuilder {
    content.media.offers(content.shape).into_iter().fold(response, |response, media_type| {
        response.content(media_type, ContentBuilder::new().schema(Some(schema.clone())).build())
    })
}

/// The headers that tell what was done.
fn with_headers(mut response: ResponseBuilder, operation: &Operation) -> ResponseBuilder {
    if operation.success == StatusCode::CREATED {
        response = response.header("Location", header("Where it is.", Type::String));
    }
    let version = header("Version of the topology that the answer is about.", Type::Integer);
    response.header("X-Midspan-Version", version)
}

fn header(what: &str, kind: Type) -> Header {
    let mut header = Header::new(Schema::from(ObjectBuilder::new().schema_type(kind)));
    header.description = Some(what.to_owned());
    header
}

fn given(content: &Content, parts: &mut Parts) -> RefOr<Schema> {
    let one = parts.read(content);
    match content.shape {
        Shape::One => RefOr::Ref(one),
        Shape::Collection => RefOr::T(ArrayBuilder::new().items(one).build().into()),
    }
}

fn body(content: &Content, parts: &mut Parts) -> RequestBody {
    let schema = parts.written(content);
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    for media_type in content.media.taken() {
        body = body.content(media_type, ContentBuilder::new().schema(Some(schema.clone())).build());
    }
    body.build()
}

fn parameters(path: &str, operation: &Operation) -> Vec<Parameter> {
    let segments = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> = segments.map(segment).collect();
    let list = operation.gives.filter(|content| content.shape == Shape::Collection);
    parameters.extend(list.iter().flat_map(listing));
    if operation.tagged && operation.method == HttpMethod::Get {
        parameters
            .push(precondition("If-None-Match", "Tags of what the client has: 304 if it is one of them."));
    }
    if operation.method == HttpMethod::Put || operation.method == HttpMethod::Delete {
        parameters
            .push(precondition("If-Match", "Tag that the object must have: 412 if it is another by now."));
    }
    if operation.pending.is_some() {
        parameters.extend(waiting());
    }
    parameters.extend(operation.query.iter().map(|(name, what)| query(name, what)));
    parameters
}

fn waiting() -> [Parameter; 2] {
    let what = "Answer when every host that the change concerns has applied it: it is in force there. 202 if that takes too \
                long.";
    let wait = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([APPLIED]));
    let millis = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(MAX_PATIENCE_MS))
        .default(Some(PATIENCE_MS.into()));
    [
        parameter(WAIT, ParameterIn::Query, what, wait).build(),
        parameter(WAIT_MS, ParameterIn::Query, "How long to wait for them, in milliseconds.", millis).build(),
    ]
}

fn listing(content: &Content) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if super::properties(&(content.schema)()).iter().any(|name| name == "tenantId") {
        parameters.push(query("tenant_id", "Only objects of this tenant."));
    }
    let size = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(10_000));
    let what = "Only so many objects; `Link` tells where the next are.";
    parameters.push(parameter(PAGE_SIZE, ParameterIn::Query, what, size).build());
    parameters.push(query(PAGE_AFTER, "Only objects behind this one, as a `Link` says it."));
    let text = Schema::from(ObjectBuilder::new().schema_type(Type::String));
    let properties =
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(text))));
    let what = "Only objects whose properties of these names show these texts: `?name=red&adminStateUp=true`. Null shows \
                none, a list each of its items.";
    let filter = parameter("filter", ParameterIn::Query, what, properties);
    parameters.push(filter.style(Some(ParameterStyle::Form)).explode(Some(true)).build());
    parameters
}

fn segment(name: &str) -> Parameter {
    let (what, format) = match name {
        "address" => ("An IP address.", None),
        "name" => ("A name.", None),
        "tenant" => ("A tenant's id, any text.", None),
        "version" => ("IP version of the address, 4 or 6.", None),
        "pair" => ("An IP address and an Ethernet address, such as `192.0.2.1_02-00-00-00-00-01`.", None),
        _ => ("An id.", Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))),
    };
    let schema = ObjectBuilder::new().schema_type(Type::String).format(format);
    parameter(name, ParameterIn::Path, what, schema).required(Required::True).build()
}

fn query(name: &str, what: &str) -> Parameter {
    parameter(name, ParameterIn::Query, what, ObjectBuilder::new().schema_type(Type::String)).build()
}

fn precondition(name: &str, what: &str) -> Parameter {
    parameter(name, ParameterIn::Header, what, ObjectBuilder::new().schema_type(Type::String)).build()
}

fn parameter(name: &str, place: ParameterIn, what: &str, schema: ObjectBuilder) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(what))
        .schema(Some(Schema::from(schema)))
}
