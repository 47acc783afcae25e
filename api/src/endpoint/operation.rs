//! One verb of a path, as the OpenAPI document tells it.

use axum::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::{HttpMethod, RefOr, Schema};

use crate::media::{Media, Shape};

/// A schema with its name.
type Named = (String, RefOr<Schema>);

/// What goes over the wire: a view, or a list of them, under its media types.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    pub(crate) media: Media,
    pub(crate) shape: Shape,
    /// Schema of one view.
    pub(crate) schema: fn() -> RefOr<Schema>,
    /// Gathers the schemas that it refers to.
    pub(crate) parts: fn(&mut Vec<Named>),
}

impl Content {
    pub(crate) fn of<T: ToSchema>(media: Media, shape: Shape) -> Self {
        Self { media, shape, schema: T::schema, parts: T::schemas }
    }
}

/// One verb of a path.
pub(crate) struct Operation {
    pub(crate) method: HttpMethod,
    /// Status when all is well.
    pub(crate) success: StatusCode,
    /// What it answers.
    pub(crate) gives: Option<Content>,
    /// What it answers with 202, if it can be asked to wait for agents.
    pub(crate) pending: Option<Content>,
    /// What it is sent.
    pub(crate) takes: Option<Content>,
    /// Failures besides those of its kind, with when they happen.
    pub(crate) failures: Vec<(StatusCode, &'static str)>,
    /// Parameters of the query besides those of its kind, with what they say.
    pub(crate) query: Vec<(&'static str, &'static str)>,
    /// What else is to be said.
    pub(crate) note: Option<&'static str>,
    /// Whether it tells a tag.
    pub(crate) tagged: bool,
}

impl Operation {
    pub(crate) fn new(method: HttpMethod, success: StatusCode) -> Self {
        Self {
            method,
            success,
            gives: None,
            pending: None,
            takes: None,
            failures: Vec::new(),
            query: Vec::new(),
            note: None,
            tagged: false,
        }
    }

    /// The same with an answer.
    pub(crate) fn gives(self, content: Content) -> Self {
        Self { gives: Some(content), ..self }
    }

    /// The same with an answer for those that wait for agents, in vain.
    pub(crate) fn waits(self, content: Content) -> Self {
        Self { pending: Some(content), ..self }
    }

    /// The same with a body.
    pub(crate) fn takes(self, content: Content) -> Self {
        Self { takes: Some(content), ..self }
    }
}
