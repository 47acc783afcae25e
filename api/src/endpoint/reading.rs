//! GET: one object, or a list.

use std::pin::Pin;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::{Call, Content, Endpoint, Operation, Shared, json};
use crate::failure::Failure;
use crate::media::{Media, Shape};

/// Reads one object.
pub(crate) fn one<T>(media: Media, read: fn(&Call) -> Result<T, Failure>) -> Endpoint
where
    T: Serialize + ToSchema + 'static,
{
    reading(Content::of::<T>(media, Shape::One), read)
}

/// Reads a list.
pub(crate) fn list<T>(media: Media, read: fn(&Call) -> Result<Vec<T>, Failure>) -> Endpoint
where
    T: Serialize + ToSchema + 'static,
{
    reading(Content::of::<T>(media, Shape::Collection), read)
}

fn reading<T: Serialize + 'static>(content: Content, read: fn(&Call) -> Result<T, Failure>) -> Endpoint {
    let Content { media, shape, .. } = content;
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(shape, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        json(&media_type, &read(&call)?)
    };
    Endpoint::new(operation(content), handler)
}

/// State that has to be waited for.
pub(crate) type Gathering<'a, G> = Pin<Box<dyn Future<Output = G> + Send + 'a>>;

/// Reads what shows state that has to be waited for: `select` says what is asked for, `gather` waits for its state, `view`
/// shows both.
pub(crate) fn awaited<T, G, V>(
    media: Media,
    select: fn(&Call) -> Result<T, Failure>,
    gather: for<'a> fn(&'a Call, &'a T) -> Gathering<'a, G>,
    view: fn(&Call, &T, &G) -> V,
) -> Endpoint
where
    T: Send + Sync + 'static,
    G: Send + 'static,
    V: View + 'static,
{
    let content = V::content(media);
    let shape = content.shape;
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(shape, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let selected = select(&call)?;
        let state = gather(&call, &selected).await;
        json(&media_type, &view(&call, &selected, &state))
    };
    Endpoint::new(operation(content), handler)
}

/// One view, or a list of them.
pub(crate) trait View: Serialize {
    fn content(media: Media) -> Content;
}

impl<T: Serialize + ToSchema> View for Option<T> {
    fn content(media: Media) -> Content {
        Content::of::<T>(media, Shape::One)
    }
}

impl<T: Serialize + ToSchema> View for Vec<T> {
    fn content(media: Media) -> Content {
        Content::of::<T>(media, Shape::Collection)
    }
}

fn operation(content: Content) -> Operation {
    Operation::new(HttpMethod::Get, StatusCode::OK).gives(content)
}
