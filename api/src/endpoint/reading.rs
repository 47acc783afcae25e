//! GET: one object, or a list.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::etag::{ETag, Tell};
use super::{Call, Content, Endpoint, Operation, Shared, body, json, listing, stamp};
use crate::failure::Failure;
use crate::media::{Media, Shape};

/// State that has to be waited for.
pub(crate) type Gathering<'a, G> = Pin<Box<dyn Future<Output = G> + Send + 'a>>;

/// Finds out what is needed to tell the tag of what a call asks for.
pub(super) type Tagger = Arc<dyn for<'a> Fn(&'a Call) -> Gathering<'a, Result<Tell, Failure>> + Send + Sync>;

/// Reads one object.
pub(crate) fn one<T>(media: Media, read: fn(&Call) -> Result<T, Failure>) -> Endpoint
where
    T: Serialize + ToSchema + 'static,
{
    let tagger: Tagger = Arc::new(move |_| {
        let tell: Tell = Box::new(move |call| ETag::of(&read(&call.anywhere())?));
        Box::pin(ready(Ok(tell)))
    });
    reading(Content::of::<T>(media, Shape::One), move |headers, media_type, call| async move {
        show_one(&headers, &media_type, &call, read)
    })
    .tagged(tagger)
}

/// Reads a list.
pub(crate) fn list<T>(media: Media, read: fn(&Call) -> Result<Vec<T>, Failure>) -> Endpoint
where
    T: Serialize + ToSchema + 'static,
{
    reading(Content::of::<T>(media, Shape::Collection), move |_, media_type, call| async move {
        show_list(&media_type, &call, read(&call)?)
    })
}

/// Reads one object that shows state that has to be waited for: `select` says what is asked for, `gather` waits for its
/// state, `view` shows both.
pub(crate) fn awaited_one<T, G, V>(
    media: Media,
    select: fn(&Call) -> Result<T, Failure>,
    gather: for<'a> fn(&'a Call, &'a T) -> Gathering<'a, G>,
    view: fn(&Call, &T, &G) -> Result<V, Failure>,
) -> Endpoint
where
    T: Send + Sync + 'static,
    G: Send + Sync + 'static,
    V: Serialize + ToSchema + 'static,
{
    let tagger: Tagger = Arc::new(move |call| {
        Box::pin(async move {
            let state = gather(call, &select(call)?).await;
            let tell: Tell = Box::new(move |call| {
                let call = call.anywhere();
                ETag::of(&view(&call, &select(&call)?, &state)?)
            });
            Ok(tell)
        })
    });
    reading(Content::of::<V>(media, Shape::One), move |headers, media_type, call| async move {
        let selected = select(&call)?;
        let state = gather(&call, &selected).await;
        show_one(&headers, &media_type, &call, |call| view(call, &selected, &state))
    })
    .tagged(tagger)
}

/// Reads a list that shows state that has to be waited for, in the same way.
pub(crate) fn awaited_list<T, G, V>(
    media: Media,
    select: fn(&Call) -> Result<T, Failure>,
    gather: for<'a> fn(&'a Call, &'a T) -> Gathering<'a, G>,
    view: fn(&Call, &T, &G) -> Vec<V>,
) -> Endpoint
where
    T: Send + Sync + 'static,
    G: Send + Sync + 'static,
    V: Serialize + ToSchema + 'static,
{
    reading(Content::of::<V>(media, Shape::Collection), move |_, media_type, call| async move {
        let selected = select(&call)?;
        let state = gather(&call, &selected).await;
        show_list(&media_type, &call, view(&call, &selected, &state))
    })
}

/// A list that somebody else has to be asked for, who may not answer.
pub(crate) type Asking<'a, V> = Gathering<'a, Result<Vec<V>, Failure>>;

/// Reads such a list.
pub(crate) fn asked_list<V>(media: Media, ask: for<'a> fn(&'a Call) -> Asking<'a, V>) -> Endpoint
where
    V: Serialize + ToSchema + Send + 'static,
{
    reading(Content::of::<V>(media, Shape::Collection), move |_, media_type, call| async move {
        let all = ask(&call).await?;
        show_list(&media_type, &call, all)
    })
}

/// What all reads have in common: negotiation, and the topology that is read.
fn reading<F, A>(content: Content, answer: F) -> Endpoint
where
    F: Fn(HeaderMap, String, Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    let Content { media, shape, .. } = content;
    let handler = move |State(readiness): State<Shared>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(shape, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let version = call.topology.version();
        answer(parts.headers, media_type, call).await.map(|response| stamp(response, version))
    };
    Endpoint::new(Operation::new(HttpMethod::Get, StatusCode::OK).gives(content), handler)
}

/// One object with its tag, or 304 to a client that has it.
fn show_one<T: Serialize>(
    headers: &HeaderMap,
    media_type: &str,
    call: &Call,
    read: impl Fn(&Call) -> Result<T, Failure>,
) -> Result<Response, Failure> {
    let etag = ETag::of(&read(&call.anywhere())?)?;
    let mut response = match etag.is_known(headers) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => json(media_type, &read(call)?)?,
    };
    response.headers_mut().extend(etag.header());
    Ok(response)
}

/// As much of a list as is asked for.
fn show_list<T: Serialize + ToSchema>(
    media_type: &str,
    call: &Call,
    all: Vec<T>,
) -> Result<Response, Failure> {
    let page = listing::page(call, all)?;
    let mut response = body::json_list(media_type, page.items)?;
    response.headers_mut().extend(page.link);
    Ok(response)
}
