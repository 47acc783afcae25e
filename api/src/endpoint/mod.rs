//! What every resource does with HTTP: negotiation, bodies, statuses, and what the OpenAPI document says of it. A
//! resource gives plain functions of the topology.
//!
//! | verb | function | answer |
//! |---|---|---|
//! | GET | `&Call → T` | 200, `T` as JSON |
//! | POST | `&Call, &mut Fields → Edit` | 201 with `Location` |
//! | PUT | `&Call, &mut Fields → Edit` | 204 |
//! | DELETE | `&Call → Edit` | 204, also where there is nothing to delete |
//!
//! `T` is the view that is read; POST and PUT name the view whose writable properties they take.

mod body;
mod call;
mod edit;
mod operation;
mod reading;
mod routes;
mod text;
mod writing;

use axum::handler::Handler;
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use tokio::sync::watch;
use utoipa::openapi::HttpMethod;

use crate::live::Readiness;

pub(crate) use body::json;
pub(crate) use call::Call;
pub(crate) use edit::Edit;
pub(crate) use operation::{Content, Operation};
pub(crate) use reading::{Gathering, awaited, list, one};
pub(crate) use routes::{Path, Routes};
pub(crate) use text::{delete_text, text, write_text};
pub(crate) use writing::{create, delete, update, update_with};

/// What handlers work on.
pub(crate) type Shared = watch::Receiver<Readiness>;

/// What stands at one path: its verbs, each served as it is described.
pub(crate) struct Endpoint {
    router: MethodRouter<Shared>,
    operations: Vec<Operation>,
}

impl Endpoint {
    /// One verb, served by any handler.
    pub(crate) fn new<H, T>(operation: Operation, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let filter = match operation.method {
            HttpMethod::Get => MethodFilter::GET,
            HttpMethod::Post => MethodFilter::POST,
            HttpMethod::Put => MethodFilter::PUT,
            HttpMethod::Delete => MethodFilter::DELETE,
            HttpMethod::Options => MethodFilter::OPTIONS,
            HttpMethod::Head => MethodFilter::HEAD,
            HttpMethod::Patch => MethodFilter::PATCH,
            HttpMethod::Trace => MethodFilter::TRACE,
        };
        Self { router: on(filter, handler), operations: vec![operation] }
    }

    /// The verbs of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
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
}
