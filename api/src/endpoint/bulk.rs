//! Many writes in one commit: all of them, or none.
//!
//! `POST /bulk` with `{"operations": [{"method": "POST", "path": "/bridges", "body": {…}}, …]}`. Each operation is what
//! the single request would be, run by the very same function, in the order given, upon what those before it have done:
//! so a later one may refer to what an earlier one makes, under an id that the client has chosen.

use std::str::Utf8Error;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use matchit::Router as Matcher;
use model::Transaction;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::call::Parameters;
use super::writing::Writer;
use super::{Call, Content, Endpoint, Operation, Routes, Shared, body, json, stamp};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Media, Shape};

const BULK: Media = Media::plain("Bulk", "application/vnd.midspan.Bulk-v1+json");
const DONE: Media = Media::plain("BulkResult", "application/vnd.midspan.BulkResult-v1+json");

/// Longest body, in bytes.
const LIMIT: usize = 8 << 20;
/// Most operations.
const MOST: usize = 10_000;

/// Writes to be made in one commit, all or none.
#[derive(Deserialize, ToSchema)]
struct Bulk {
    /// In the order in which they are made; at most 10,000.
    #[schema(inline, min_items = 1, max_items = 10000)]
    operations: Vec<Write>,
}

/// One write, as a request of its own would make it.
#[derive(Deserialize, ToSchema)]
struct Write {
    /// The verb of the single request.
    method: Method,
    /// Where: a path below the base (`/bridges`), or an address as the API gives it.
    path: String,
    /// The object, for POST and PUT.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    body: Option<Map<String, Value>>,
}

/// A verb that writes.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Post,
    Put,
    Delete,
}

/// What was done, all in one commit.
#[derive(Serialize, ToSchema)]
struct BulkResult {
    /// The version of the topology that has it all.
    version: u64,
    /// Of each operation, in their order.
    #[schema(inline)]
    results: Vec<Done>,
}

/// What the single request would be answered.
#[derive(Serialize, ToSchema)]
struct Done {
    /// Its status.
    status: u16,
    /// Where what was made is.
    location: Option<String>,
}

/// The writes that there are, by path.
type Table = Matcher<Vec<Writer>>;

/// The routes, and one more that makes many writes of them.
pub(crate) fn with_bulk(routes: Routes) -> Routes {
    let mut table = Table::new();
    for path in routes.paths() {
        if let Err(error) = table.insert(path.path, path.writers.clone()) {
            tracing::error!(path = path.path, %error, "not reachable by bulk requests");
        }
    }
    let operation = Operation::new(HttpMethod::Post, StatusCode::OK)
        .takes(Content::of::<Bulk>(BULK, Shape::One))
        .gives(Content::of::<BulkResult>(DONE, Shape::One));
    let endpoint = Endpoint::new(operation, serve).note(
        "Many writes in one commit: all of them, or none. Each is checked as the single request would be, and a failure \
         tells by `operation` which one it is of. Ids that the client chooses let later operations refer to what \
         earlier ones make.",
    );
    Routes::new().route("/bulk", endpoint).layer(Arc::new(table)).merge(routes)
}

async fn serve(
    State(readiness): State<Shared>,
    Extension(table): Extension<Arc<Table>>,
    request: Request,
) -> Result<Response, Failure> {
    let (mut parts, sent) = request.into_parts();
    BULK.check(&parts.headers)?;
    let media_type = DONE.choose(Shape::One, &parts.headers)?;
    let call = Call::of(&mut parts, &readiness).await?;
    let steps = steps(read(&parts.headers, sent).await?, &call, &table)?;
    let asked = call.clone();
    let (version, results) = call
        .live
        .store
        .commit(move |tx| {
            let run = |(index, step): (usize, &Step)| {
                step.run(&asked, tx).map_err(|failure| failure.of_operation(index))
            };
            steps.iter().enumerate().map(run).collect::<Result<Vec<Done>, Failure>>()
        })
        .await?;
    Ok(stamp(json(&media_type, &BulkResult { version, results })?, version))
}

async fn read(headers: &HeaderMap, sent: axum::body::Body) -> Result<Vec<Write>, Failure> {
    let body = body::read(headers, sent, LIMIT).await?;
    let bulk: Bulk = serde_json::from_slice(&body)
        .map_err(|error| Failure::bad_request(format!("The body is not a list of operations: {error}.")))?;
    match bulk.operations.len() {
        0 => Err(Failure::parameter("operations", "must not be empty")),
        1..=MOST => Ok(bulk.operations),
        count => {
            let message = format!("{count} operations are more than the {MOST} that are taken at once.");
            Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
    }
}

/// A write with the function that makes it.
struct Step {
    writer: Writer,
    path: Parameters,
    body: Option<Map<String, Value>>,
}

fn steps(writes: Vec<Write>, call: &Call, table: &Table) -> Result<Vec<Step>, Failure> {
    let find = |(index, write)| {
        Step::find(write, call, table).map_err(|failure: Failure| failure.of_operation(index))
    };
    writes.into_iter().enumerate().map(find).collect()
}

impl Step {
    fn find(write: Write, call: &Call, table: &Table) -> Result<Self, Failure> {
        let path = call.links.path_of(&write.path);
        let found = table
            .at(path)
            .map_err(|_| Failure::parameter("path", format!("there is no resource `{path}`")))?;
        let method = match write.method {
            Method::Post => HttpMethod::Post,
            Method::Put => HttpMethod::Put,
            Method::Delete => HttpMethod::Delete,
        };
        let writer = found.value.iter().find(|writer| writer.method == method).cloned();
        let writer =
            writer.ok_or_else(|| Failure::parameter("method", format!("is not possible on `{path}`")))?;
        if writer.takes_body() && write.body.is_none() {
            return Err(Failure::parameter("body", "may not be null"));
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
        let segments = found.params.iter().map(|(name, value)| Ok((name.to_owned(), decode(value)?)));
        let path: Result<Parameters, Utf8Error> = segments.collect();
        let path = path.map_err(|_| Failure::parameter("path", "is not valid UTF-8"))?;
        Ok(Self { writer, path, body: write.body })
    }

    fn run(&self, asked: &Call, tx: &mut Transaction) -> Result<Done, Failure> {
        let call = asked.at(tx.state()).of_path(self.path.clone());
        let fields = self.body.clone().map_or_else(Fields::none, Fields::of);
        let made = self.writer.edit(&call, fields).and_then(|edit| edit.apply(&call, tx));
        let made = self.writer.unless_gone(made, None)?;
        Ok(Done { status: self.writer.status.as_u16(), location: made })
    }
}
