//! POST, PUT and DELETE: what they do to the topology, in one commit.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::etag::Condition;
use super::reading::Tagger;
use super::{Call, Content, Edit, Endpoint, Operation, Shared, body};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Media, Shape};

/// How a write becomes an edit.
#[derive(Clone, Copy)]
enum Make {
    /// From a body under these media types.
    Body(Media, fn(&Call, &mut Fields) -> Result<Edit, Failure>),
    /// From the path alone, and what is not there is done already.
    Path(fn(&Call) -> Result<Edit, Failure>),
}

/// A verb that writes.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) method: HttpMethod,
    pub(super) status: StatusCode,
    make: Make,
}

/// Creates an object from the writable properties of `V`.
pub(crate) fn create<V: ToSchema>(
    media: Media,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
) -> Endpoint {
    writing::<V>(HttpMethod::Post, StatusCode::CREATED, media, edit)
}

/// Replaces an object's writable properties, those of `V`.
pub(crate) fn update<V: ToSchema>(
    media: Media,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
) -> Endpoint {
    update_with::<V>(media, StatusCode::NO_CONTENT, edit)
}

/// The same, answered with another status.
pub(crate) fn update_with<V: ToSchema>(
    media: Media,
    status: StatusCode,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
) -> Endpoint {
    writing::<V>(HttpMethod::Put, status, media, edit)
}

/// Deletes an object. What is not there, under whatever name, is deleted already.
pub(crate) fn delete(edit: fn(&Call) -> Result<Edit, Failure>) -> Endpoint {
    let (method, status) = (HttpMethod::Delete, StatusCode::NO_CONTENT);
    let operation = Operation::new(method.clone(), status);
    Endpoint::writing(operation, Writer { method, status, make: Make::Path(edit) })
}

fn writing<V: ToSchema>(
    method: HttpMethod,
    status: StatusCode,
    media: Media,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
) -> Endpoint {
    let operation = Operation::new(method.clone(), status).takes(Content::of::<V>(media, Shape::One));
    Endpoint::writing(operation, Writer { method, status, make: Make::Body(media, edit) })
}

impl Writer {
    /// Whether it takes a body.
    pub(super) fn takes_body(&self) -> bool {
        matches!(self.make, Make::Body(..))
    }

    /// The edit that a call asks for.
    pub(super) fn edit(&self, call: &Call, mut fields: Fields) -> Result<Edit, Failure> {
        match self.make {
            Make::Body(_, edit) => {
                let edit = edit(call, &mut fields)?;
                fields.finish()?;
                Ok(edit)
            }
            Make::Path(edit) => edit(call),
        }
    }

    /// What an attempt came to, or `done` where what it was about is not there and needs not be.
    pub(super) fn unless_gone<T>(&self, attempt: Result<T, Failure>, done: T) -> Result<T, Failure> {
        match attempt {
            Err(failure) if failure.status == StatusCode::NOT_FOUND && !self.takes_body() => Ok(done),
            attempt => attempt,
        }
    }

    /// Serves a request. `tagger` tells the tag of what it writes.
    pub(super) async fn serve(
        self,
        tagger: Option<Tagger>,
        State(readiness): State<Shared>,
        request: Request,
    ) -> Result<Response, Failure> {
        let (mut parts, sent) = request.into_parts();
        if let Make::Body(media, _) = self.make {
            media.check(&parts.headers)?;
        }
        let call = Call::of(&mut parts, &readiness).await?;
        let fields = match self.make {
            Make::Body(..) => Fields::parse(&body::read(&parts.headers, sent, body::LIMIT).await?)?,
            Make::Path(_) => Fields::none(),
        };
        let asked = tagger.zip(Condition::wanted(&parts.headers));
        let mut attempt = self.attempt(&call, fields.clone(), asked.as_ref()).await;
        // What is missing may have been made a moment ago, through another server.
        if matches!(&attempt, Err(failure) if failure.status == StatusCode::NOT_FOUND)
            && let Some(call) = call.newer().await
        {
            attempt = self.attempt(&call, fields, asked.as_ref()).await;
        }
        self.unless_gone(attempt, self.status.into_response())
    }

    /// Serves a request upon one state of the topology. `asked` is the condition that it makes.
    async fn attempt(
        &self,
        call: &Call,
        fields: Fields,
        asked: Option<&(Tagger, Vec<String>)>,
    ) -> Result<Response, Failure> {
        let condition = match asked {
            Some((tagger, wanted)) => Some(self.condition(call, tagger, wanted.clone()).await?),
            None => None,
        };
        self.edit(call, fields)?.commit(call, condition, self.status).await
    }

    async fn condition(
        &self,
        call: &Call,
        tagger: &Tagger,
        wanted: Vec<String>,
    ) -> Result<Condition, Failure> {
        let deletes = !self.takes_body();
        // What is not there has no tag that could be wanted; to replace it is an error by itself.
        let missing = move |failure: Failure| match failure.status {
            StatusCode::NOT_FOUND if deletes => failure.with_status(StatusCode::PRECONDITION_FAILED),
            _ => failure,
        };
        let tell = tagger(call).await.map_err(missing)?;
        Ok(Condition { wanted, tell: Box::new(move |call| tell(call).map_err(missing)) })
    }
}
