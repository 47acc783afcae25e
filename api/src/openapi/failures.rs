//! Failures: which verb has which, and what they mean.

use axum::http::StatusCode;
use utoipa::openapi::{HttpMethod, Ref, Response, ResponseBuilder, content::ContentBuilder};

use crate::endpoint::Operation;
use crate::failure::ERROR_TYPE;
use crate::media::Shape;

/// The failures that operations of a kind have, whatever they do.
pub(super) fn of(path: &str, operation: &Operation) -> Vec<StatusCode> {
    let mut failures = vec![StatusCode::UNAUTHORIZED];
    // What is open to all has no further failure of this kind.
    failures.extend((path != "/login").then_some(StatusCode::FORBIDDEN));
    let names_something = path.contains('{');
    if operation.takes.is_some() {
        failures.extend([
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND,
            StatusCode::NOT_ACCEPTABLE,
            StatusCode::CONFLICT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::INSUFFICIENT_STORAGE,
        ]);
        if operation.method == HttpMethod::Put {
            failures.push(StatusCode::PRECONDITION_FAILED);
        }
    } else if operation.method == HttpMethod::Delete {
        failures.extend([
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::INSUFFICIENT_STORAGE,
        ]);
    } else if operation.gives.is_some() {
        failures.extend([StatusCode::NOT_ACCEPTABLE, StatusCode::SERVICE_UNAVAILABLE]);
        let pages = operation.gives.is_some_and(|content| content.shape == Shape::Collection);
        failures.extend(pages.then_some(StatusCode::BAD_REQUEST));
        failures.extend(names_something.then_some(StatusCode::NOT_FOUND));
    }
    failures
}

/// The answer to a failure, with its name in the document.
pub(super) fn response(status: StatusCode) -> (&'static str, Response) {
    let (name, meaning) = match status {
        StatusCode::BAD_REQUEST => (
            "BadRequest",
            "The request cannot be read, or `violations` names the properties at fault, or the parameters.",
        ),
        StatusCode::UNAUTHORIZED => {
            ("Unauthorized", "The token or the credentials are missing, or not valid.")
        }
        StatusCode::FORBIDDEN => ("Forbidden", "Not allowed in the caller's role, or not now."),
        StatusCode::TOO_MANY_REQUESTS => {
            ("TooMany", "Too much at once: try again after `Retry-After` seconds.")
        }
        StatusCode::NOT_FOUND => {
            ("NotFound", "There is no such object, or the body refers to one that is not there.")
        }
        StatusCode::METHOD_NOT_ALLOWED => ("MethodNotAllowed", "Not possible here; `Allow` lists what is."),
        StatusCode::NOT_ACCEPTABLE => (
            "NotAcceptable",
            "Nothing that `Accept` names can be given, or the body is of another type's media type.",
        ),
        StatusCode::CONFLICT => (
            "Conflict",
            "The topology as it stands does not allow it; the message names the objects in the way.",
        ),
        StatusCode::PRECONDITION_FAILED => ("PreconditionFailed", "The object is not as `If-Match` says."),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("TooLarge", "The body, or the change, is larger than what is taken at once.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("UnsupportedMediaType", "The body is not JSON by its `Content-Type`.")
        }
        StatusCode::SERVICE_UNAVAILABLE => (
            "Unavailable",
            "The network state database is out of reach, or not read yet: try again after `Retry-After` seconds.",
        ),
        StatusCode::INSUFFICIENT_STORAGE => {
            ("Full", "There is no room for more in the network state database.")
        }
        _ => ("Failure", "Something went wrong."),
    };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    (name, ResponseBuilder::new().description(meaning).content(ERROR_TYPE, content).build())
}
