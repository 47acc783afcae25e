//! One operation of the document.

use axum::http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    Operation as Described, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{
    Header, HttpMethod, KnownFormat, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    ResponsesBuilder, Schema, SchemaFormat, Type,
};

use super::{Parts, failures};
use crate::endpoint::{Content, Operation};
use crate::media::Shape;

/// Describes a verb of a path. `kind` names what the path is about.
pub(super) fn describe(path: &str, kind: &str, operation: &Operation, parts: &mut Parts) -> Described {
    let mut responses =
        ResponsesBuilder::new().response(operation.success.as_str(), success(operation, parts));
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
        for media_type in content.media.offers(content.shape) {
            response =
                response.content(media_type, ContentBuilder::new().schema(Some(schema.clone())).build());
        }
    }
    if operation.success == StatusCode::CREATED {
        response = response.header("Location", text_header("Where it is."));
    }
    response.build()
}

fn text_header(what: &str) -> Header {
    let mut header = Header::new(Schema::from(ObjectBuilder::new().schema_type(Type::String)));
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
    if let Some(content) = list
        && super::properties(&(content.schema)()).iter().any(|name| name == "tenantId")
    {
        parameters.push(query("tenant_id", "Only objects of this tenant."));
    }
    parameters.extend(operation.query.iter().map(|(name, what)| query(name, what)));
    parameters
}

fn segment(name: &str) -> Parameter {
    let (what, format) = match name {
        "address" => ("An IP address.", None),
        "name" => ("A name.", None),
        "tenant" => ("A tenant's id, any text.", None),
        "version" => ("IP version of the address, 4 or 6.", None),
        _ => ("An id.", Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))),
    };
    let schema = ObjectBuilder::new().schema_type(Type::String).format(format);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(what))
        .schema(Some(Schema::from(schema)))
        .build()
}

fn query(name: &str, what: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(what))
        .schema(Some(Schema::from(ObjectBuilder::new().schema_type(Type::String))))
        .build()
}
