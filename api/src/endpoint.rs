//! What every resource does with HTTP: negotiation, bodies, statuses. A resource gives plain functions of the topology.
//!
//! | verb | function | answer |
//! |---|---|---|
//! | GET | `&Call → T` | 200, `T` as JSON |
//! | POST | `&Call, &mut Fields → Edit` | 201 with `Location` |
//! | PUT | `&Call, &mut Fields → Edit` | 204 |
//! | DELETE | `&Call → Edit` | 204, also where there is nothing to delete |

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete as on_delete, get, post, put};
use model::{ModelError, Transaction};
use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::applied;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::links::Links;
use crate::live::{Live, Readiness};
use crate::media::{Media, Shape};

/// Longest body taken, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Routes of the API, with what they work on.
pub(crate) type Endpoint = MethodRouter<watch::Receiver<Readiness>>;

/// One request, and the network as it stands for it.
pub(crate) struct Call {
    /// The topology; one version for the whole request.
    pub(crate) topology: model::State,
    /// Where the rest is.
    pub(crate) live: Arc<Live>,
    /// Makes `uri`s.
    pub(crate) links: Links,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Call {
    /// An id of the path; there is nothing under one that is malformed.
    pub(crate) fn id<T: From<Uuid>>(&self, name: &str) -> Result<T, Failure> {
        let text = self.segment(name);
        text.parse::<Uuid>().map(T::from).map_err(|_| Failure::not_found("object", text))
    }

    /// A segment of the path, decoded.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// A filter of the query.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether an object of this tenant is asked for.
    pub(crate) fn wants_tenant(&self, tenant: Option<&str>) -> bool {
        self.filter("tenant_id").is_none_or(|wanted| tenant == Some(wanted))
    }

    async fn of(parts: &mut Parts, readiness: &watch::Receiver<Readiness>) -> Result<Self, Failure> {
        let live = readiness.borrow().live()?;
        let path = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "The path is not valid UTF-8."))?;
        let path = path.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| Failure::bad_request(format!("The query cannot be read: {error}.")))?
            .0;
        Ok(Self { topology: live.store.snapshot(), live, links: Links::of(&parts.headers), path, query })
    }
}

/// What an edit does in a transaction, perhaps several times.
type Change = dyn FnMut(&mut Transaction) -> Result<(), ModelError> + Send;

/// A change to the topology, and where what it makes will be found.
pub(crate) struct Edit {
    change: Box<Change>,
    location: Option<String>,
}

impl Edit {
    pub(crate) fn new(
        change: impl FnMut(&mut Transaction) -> Result<(), ModelError> + Send + 'static,
    ) -> Self {
        Self { change: Box::new(change), location: None }
    }

    pub(crate) fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    async fn commit(self, call: &Call, status: StatusCode) -> Result<Response, Failure> {
        let mut response = applied::commit(call, self.change, status).await?;
        if let Some(location) = self.location.and_then(|l| HeaderValue::try_from(l).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }
}

/// Reads one object.
pub(crate) fn one<T: Serialize + 'static>(media: Media, read: fn(&Call) -> Result<T, Failure>) -> Endpoint {
    reading(media, Shape::One, read)
}

/// Reads a list.
pub(crate) fn list<T: Serialize + 'static>(
    media: Media,
    read: fn(&Call) -> Result<Vec<T>, Failure>,
) -> Endpoint {
    reading(media, Shape::Collection, read)
}

fn reading<T: Serialize + 'static>(
    media: Media,
    shape: Shape,
    read: fn(&Call) -> Result<T, Failure>,
) -> Endpoint {
    get(move |State(readiness): State<watch::Receiver<Readiness>>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(shape, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        json(&media_type, &read(&call)?)
    })
}

/// Reads what has to be waited for: `select` says what is asked for, `view` shows it.
pub(crate) fn awaited<T, V, F>(
    media: Media,
    shape: Shape,
    select: fn(&Call) -> Result<T, Failure>,
    view: fn(Call, T) -> F,
) -> Endpoint
where
    T: Send + 'static,
    V: Serialize + 'static,
    F: Future<Output = V> + Send + 'static,
{
    get(move |State(readiness): State<watch::Receiver<Readiness>>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let media_type = media.choose(shape, &parts.headers)?;
        let call = Call::of(&mut parts, &readiness).await?;
        let selected = select(&call)?;
        json(&media_type, &view(call, selected).await)
    })
}

/// Creates an object.
pub(crate) fn create(media: Media, edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>) -> Endpoint {
    post(move |State(readiness): State<watch::Receiver<Readiness>>, request: Request| {
        write(media, readiness, request, edit, StatusCode::CREATED)
    })
}

/// Replaces an object's writable properties.
pub(crate) fn update(media: Media, edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>) -> Endpoint {
    update_with(media, StatusCode::NO_CONTENT, edit)
}

/// The same, answered with another status.
pub(crate) fn update_with(
    media: Media,
    status: StatusCode,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
) -> Endpoint {
    put(move |State(readiness): State<watch::Receiver<Readiness>>, request: Request| {
        write(media, readiness, request, edit, status)
    })
}

async fn write(
    media: Media,
    readiness: watch::Receiver<Readiness>,
    request: Request,
    edit: fn(&Call, &mut Fields) -> Result<Edit, Failure>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    media.check(&parts.headers)?;
    let call = Call::of(&mut parts, &readiness).await?;
    let mut fields = Fields::parse(&read_body(&parts.headers, body).await?)?;
    let edit = edit(&call, &mut fields)?;
    fields.finish()?;
    edit.commit(&call, status).await
}

/// Deletes an object. What is not there, under whatever name, is deleted already.
pub(crate) fn delete(edit: fn(&Call) -> Result<Edit, Failure>) -> Endpoint {
    on_delete(move |State(readiness): State<watch::Receiver<Readiness>>, request: Request| async move {
        let (mut parts, _) = request.into_parts();
        let call = Call::of(&mut parts, &readiness).await?;
        let answer = match edit(&call) {
            Ok(edit) => edit.commit(&call, StatusCode::NO_CONTENT).await,
            Err(failure) => Err(failure),
        };
        match answer {
            Err(failure) if failure.status == StatusCode::NOT_FOUND => {
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            answer => answer,
        }
    })
}

/// An answer in JSON under a media type.
pub(crate) fn json(media_type: &str, body: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_vec(body)
        .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, media_type)], body).into_response())
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let message = format!("The body is larger than the {MAX_BODY} bytes that are taken.");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        // A body without a length that runs over the limit; anything else is a connection that broke.
        let over = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if over { too_large() } else { Failure::bad_request(format!("The body cannot be read: {error}.")) }
    })
}
