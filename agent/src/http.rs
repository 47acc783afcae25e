//! The agent's own HTTP endpoint, for this host's operators: metrics, status, trace. Reads only.
//!
//! | path | answer |
//! |---|---|
//! | `GET /metrics` | Prometheus text |
//! | `GET /status` | [`crate::status::Status`] as text, or as JSON with `?format=json` |
//! | `POST /trace` | what would happen to a packet ([`crate::trace`]), likewise |

use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use datapath::Datapath;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::control::ControlStatus;
use crate::forwarding::Forwarding;
use crate::run::Identity;
use crate::status::Status;
use crate::trace::{self, TraceRequest};
use crate::{metrics, snapshot::Snapshot};

/// What the endpoint shows.
pub(crate) struct View {
    pub identity: Identity,
    pub started: Instant,
    pub datapath: Arc<dyn Datapath>,
    pub forwarding: Arc<Forwarding>,
    pub control: watch::Receiver<ControlStatus>,
}

impl View {
    /// A view of a running agent.
    pub(crate) fn new(
        identity: &Identity,
        datapath: Arc<dyn Datapath>,
        forwarding: Arc<Forwarding>,
        control: watch::Receiver<ControlStatus>,
    ) -> Arc<Self> {
        Arc::new(Self { identity: identity.clone(), started: Instant::now(), datapath, forwarding, control })
    }

    /// The snapshot that workers forward by.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.forwarding.snapshot()
    }
}

/// How an answer is wanted.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json,
}

impl Wanted {
    fn render(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Response {
        match self.format {
            Format::Text => text().into_response(),
            Format::Json => Json(value).into_response(),
        }
    }
}

/// Serves until cancelled.
pub(crate) async fn serve(listener: TcpListener, view: Arc<View>, shutdown: CancellationToken) {
    let router = Router::new()
        .route("/metrics", get(metrics_text))
        .route("/status", get(status))
        .route("/trace", post(trace_packet))
        .with_state(view);
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(error) = server.await {
        tracing::error!(%error, "metrics and status are not served any more");
    }
}

async fn metrics_text(State(view): State<Arc<View>>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], metrics::render(&view)).into_response()
}

async fn status(State(view): State<Arc<View>>, Query(wanted): Query<Wanted>) -> Response {
    let status = Status::of(&view);
    wanted.render(&status, || status.to_string())
}

async fn trace_packet(State(view): State<Arc<View>>, Query(wanted): Query<Wanted>, body: String) -> Response {
    let request: TraceRequest = match serde_json::from_str(&body) {
        Ok(request) => request,
        Err(error) => return refuse(format_args!("the body is not a trace request: {error}")),
    };
    match trace::run(&view.snapshot(), view.datapath.features(), &request) {
        Ok(report) => wanted.render(&report, || report.to_string()),
        Err(error) => refuse(error),
    }
}

fn refuse(message: impl Display) -> Response {
    (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response()
}
