//! POST, PUT and DELETE: what they do to the topology, in one commit.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::{Call, Content, Edit, Endpoint, Operation, Shared, body};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Media, Shape};

/// What a body asks for.
type Write = fn(&Call, &mut Fields) -> Result<Edit, Failure>;

/// Creates an object from the writable properties of `V`.
pub(crate) fn create<V: ToSchema>(media: Media, edit: Write) -> Endpoint {
    writing(HttpMethod::Post, StatusCode::CREATED, Content::of::<V>(media, Shape::One), edit)
}

/// Replaces an object's writable properties, those of `V`.
pub(crate) fn update<V: ToSchema>(media: Media, edit: Write) -> Endpoint {
    update_with::<V>(media, StatusCode::NO_CONTENT, edit)
}

/// The same, answered with another status.
pub(crate) fn update_with<V: ToSchema>(media: Media, status: StatusCode, edit: Write) -> Endpoint {
    writing(HttpMethod::Put, status, Content::of::<V>(media, Shape::One), edit)
}

/// Deletes an object. What is not there, under whatever name, is deleted already.
pub(crate) fn delete(edit: fn(&Call) -> Result<Edit, Failure>) -> Endpoint {
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let call = Call::of(&mut parts, &readiness).await?;
        let answer = match edit(&call) {
            Ok(edit) => edit.commit(&call.live, StatusCode::NO_CONTENT).await,
            Err(failure) => Err(failure),
        };
        match answer {
            Err(failure) if failure.status == StatusCode::NOT_FOUND => {
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            answer => answer,
        }
    };
    Endpoint::new(Operation::new(HttpMethod::Delete, StatusCode::NO_CONTENT), handler)
}

fn writing(method: HttpMethod, status: StatusCode, content: Content, edit: Write) -> Endpoint {
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, sent) = request.into_parts();
        content.media.check(&parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let mut fields = Fields::parse(&body::read(&parts.headers, sent).await?)?;
        let edit = edit(&call, &mut fields)?;
        fields.finish()?;
        edit.commit(&call.live, status).await
    };
    Endpoint::new(Operation::new(method, status).takes(content), handler)
}
