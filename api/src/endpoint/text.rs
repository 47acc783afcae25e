//! GET and POST of plain text, and DELETE beside them: what was written for clients that exchange files. Such writes are not
//! for bulk requests, which are JSON.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::applied::{NotApplied, Wait};
use super::{Call, Content, Edit, Endpoint, Operation, Shared, body, stamp};
use crate::failure::Failure;
use crate::media::{Media, Shape};

/// Reads a text, which `T` describes.
pub(crate) fn text<T: ToSchema>(media: Media, read: fn(&Call) -> Result<String, Failure>) -> Endpoint {
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(Shape::One, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let answer = ([(header::CONTENT_TYPE, media_type)], read(&call)?).into_response();
        Ok::<Response, Failure>(stamp(answer, call.topology.version()))
    };
    let content = Content::of::<T>(media, Shape::One);
    Endpoint::new(Operation::new(HttpMethod::Get, StatusCode::OK).gives(content), handler)
}

/// Takes a text, which `T` describes.
pub(crate) fn write_text<T: ToSchema>(
    media: Media,
    edit: fn(&Call, &str) -> Result<Edit, Failure>,
) -> Endpoint {
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, sent) = request.into_parts();
        media.check(&parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let sent = body::read(&parts.headers, sent, body::LIMIT).await?;
        let text = str::from_utf8(&sent)
            .map_err(|error| Failure::bad_request(format!("The body is not UTF-8 text: {error}.")))?;
        edit(&call, text)?.commit(&call, None, Wait::of(&call)?, StatusCode::OK).await
    };
    let content = Content::of::<T>(media, Shape::One);
    Endpoint::new(
        Operation::new(HttpMethod::Post, StatusCode::OK).takes(content).waits(NotApplied::content()),
        handler,
    )
}

/// Deletes what such a path holds; it is empty then.
pub(crate) fn delete_text(edit: fn(&Call) -> Result<Edit, Failure>) -> Endpoint {
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let call = Call::of(&mut parts, &readiness).await?;
        edit(&call)?.commit(&call, None, Wait::of(&call)?, StatusCode::OK).await
    };
    let operation = Operation::new(HttpMethod::Delete, StatusCode::OK).waits(NotApplied::content());
    Endpoint::new(operation, handler).fails(StatusCode::NOT_FOUND, "The path does not name a node.")
}
