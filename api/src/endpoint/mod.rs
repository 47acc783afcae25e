//! What every resource does with HTTP: negotiation, bodies, statuses, and what the OpenAPI document says of it. A
//! resource gives plain functions of the topology.
//!
//! | verb | function | answer |
//! |---|---|---|
//! | GET | `&Call → T` | 200, `T` as JSON, with its tag; or a list, as much of it as is asked for |
//! | POST | `&Call, &mut Fields → Edit` | 201 with `Location` |
//! | PUT | `&Call, &mut Fields → Edit` | 204 |
//! | DELETE | `&Call → Edit` | 204, also where there is nothing to delete |
//!
//! `T` is the view that is read; POST and PUT name the view whose writable properties they take. A bulk request runs
//! the same functions, many in one transaction.

mod body;
mod bulk;
mod call;
mod edit;
mod etag;
mod listing;
mod operation;
mod pick;
mod reading;
mod routes;
mod writing;

use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::Version;
use tokio::sync::watch;
use utoipa::openapi::HttpMethod;

use crate::live::Readiness;
use reading::Tagger;
use writing::Writer;

pub(crate) use body::json;
pub(crate) use bulk::with_bulk;
pub(crate) use call::Call;
pub(crate) use edit::Edit;
pub(crate) use listing::{PAGE_AFTER, PAGE_SIZE, window};
pub(crate) use operation::{Content, Operation};
pub(crate) use reading::{Asking, Gathering, asked_list, awaited_list, awaited_one, list, one};
pub(crate) use routes::{Path, Routes};
pub(crate) use writing::{create, delete, update, update_with};

/// What handlers work on.
pub(crate) type Shared = watch::Receiver<Readiness>;

/// The version of the topology that an answer is about.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-midspan-version");

/// The answer with the version that it is about.
pub(crate) fn stamp(mut response: Response, version: Version) -> Response {
    response.headers_mut().insert(VERSION, HeaderValue::from(version));
    response
}

/// What stands at one path: its verbs, each served as it is described.
#[derive(Default)]
pub(crate) struct Endpoint {
    router: MethodRouter<Shared>,
    operations: Vec<Operation>,
    /// Verbs that are served once all of the path is known.
    writers: Vec<Writer>,
    /// Tells the tag of what is read here.
    tagger: Option<Tagger>,
}

impl Endpoint {
    /// One verb, served by any handler.
    pub(crate) fn new<H, T>(operation: Operation, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let router = on(filter(&operation.method), handler);
        Self { router, operations: vec![operation], ..Self::default() }
    }

    fn writing(operation: Operation, writer: Writer) -> Self {
        Self { operations: vec![operation], writers: vec![writer], ..Self::default() }
    }

    fn tagged(mut self, tagger: Tagger) -> Self {
        self.operations.iter_mut().for_each(|operation| operation.tagged = true);
        Self { tagger: Some(tagger), ..self }
    }

    /// The verbs of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self.writers.extend(other.writers);
        self.tagger = self.tagger.or(other.tagger);
        self
    }

    /// Says more of these verbs in the document.
    pub(crate) fn note(self, text: &'static str) -> Self {
        self.describe(|operation| operation.note = Some(text))
    }

    /// Tells of a parameter of the query besides the properties of what is listed.
    pub(crate) fn query(self, name: &'static str, what: &'static str) -> Self {
        self.describe(|operation| operation.query.push((name, what)))
    }

    /// Tells of a failure that these verbs have besides those of their kind.
    pub(crate) fn fails(self, status: StatusCode, when: &'static str) -> Self {
        self.describe(|operation| operation.failures.push((status, when)))
    }

    fn describe(mut self, say: impl FnMut(&mut Operation)) -> Self {
        self.operations.iter_mut().for_each(say);
        self
    }

    /// All verbs, served.
    fn into_router(self) -> MethodRouter<Shared> {
        self.writers.into_iter().fold(self.router, |router, writer| {
            let (filter, tagger) = (filter(&writer.method), self.tagger.clone());
            router.on(filter, move |state, request| writer.clone().serve(tagger.clone(), state, request))
        })
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}
