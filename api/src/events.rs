//! `GET /events`: what changes, commit by commit, as server-sent events (WHATWG HTML §9.2).
//!
//! Nothing is queued for anyone: each stream asks the store for the commit behind the one that it told last, when its
//! client has room for it. A client that falls behind what the log keeps is told so (`reset`), and goes on from there.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{Stream, unfold};
use model::{Fate, Kind, Version};
use nsdb::store::Commit;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;
use uuid::Uuid;

use crate::endpoint::{Call, Content, Endpoint, Operation, Routes, Shared, stamp};
use crate::failure::{Failure, RETRY_AFTER};
use crate::kinds;
use crate::links::Links;
use crate::live::Live;
use crate::media::{Json, Media, Shape};

const EVENTS: Media = Media::plain("Event", "text/event-stream").json(Json::Refused);
/// A comment is sent when nothing happened for so long.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a commit that cannot be read from the log is waited for before it is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Streams at a time.
const STREAMS: usize = 1024;

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(STREAMS)));

pub(crate) fn routes() -> Routes {
    let operation =
        Operation::new(HttpMethod::Get, StatusCode::OK).gives(Content::of::<Told>(EVENTS, Shape::One));
    let endpoint = Endpoint::new(operation, serve)
        .note(
            "Server-sent events, one for each commit: `id` is the version, `event` is `commit`, `data` as described here. \
             A stream begins with what comes next, or behind the version that `Last-Event-ID` or `since` names. If \
             history does not reach back that far, be it that a client listens too slowly, an event `reset` tells to read \
             everything anew, and the stream goes on from the version in it. Comments keep the connection alive.",
        )
        .query("since", "Version to begin behind; `Last-Event-ID` goes before it.")
        .query("kind", "Only objects of these kinds, by name, separated by commas: `Bridge,Port`.")
        .query("tenant_id", "Only objects of this tenant, also through the bridge, router or chain that they belong to.")
        .fails(StatusCode::BAD_REQUEST, "A parameter cannot be read.");
    Routes::new().route("/events", endpoint)
}

/// What one commit did.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct Told {
    /// The version of the topology that it made.
    version: u64,
    /// What it did to each object.
    #[schema(inline)]
    changes: Vec<Happened>,
}

/// What became of an object.
#[derive(Serialize, ToSchema)]
struct Happened {
    /// Name of its kind, as in its media types.
    kind: &'static str,
    id: Uuid,
    /// Its address; none of what is found by other than its id, as entries of tables are.
    uri: Option<String>,
    /// `created`, `updated` or `deleted`.
    change: &'static str,
}

/// What a client wants to be told of.
struct Filter {
    kinds: Vec<Kind>,
    /// The tenant that it is.
    own: Option<Arc<str>>,
    /// The tenant that it asks for.
    tenant: Option<String>,
    links: Links,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Failure> {
        let kind = |name: &str| {
            let found = Kind::ALL.iter().copied().find(|kind| kinds::name(*kind).eq_ignore_ascii_case(name));
            let names = || Kind::ALL.iter().map(|kind| kinds::name(*kind)).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| Failure::parameter("kind", format!("`{name}` is not one of {}", names())))
        };
        let asked = call.filter("kind").into_iter().flat_map(|names| names.split(',')).map(str::trim);
        let kinds = asked.filter(|name| !name.is_empty()).map(kind).collect::<Result<_, _>>()?;
        let own = call.caller.tenant();
        Ok(Self {
            kinds,
            own,
            tenant: call.filter("tenant_id").map(str::to_owned),
            links: call.links.clone(),
        })
    }

    /// What of a commit is to be told, if anything.
    fn tell(&self, commit: &Commit) -> Option<Told> {
        let wanted =
            commit.events.iter().filter(|e| self.kinds.is_empty() || self.kinds.contains(&e.key.kind));
        let seen = wanted.filter_map(|event| {
            let fate = match (self.own.as_deref(), self.tenant.as_deref()) {
                (None, None) => event.effect.fate,
                (Some(own), Some(asked)) if own != asked => return None,
                (Some(tenant), _) | (None, Some(tenant)) => event.effect.seen_by(tenant)?,
            };
            Some(Happened {
                kind: kinds::name(event.key.kind),
                id: event.key.id,
                uri: kinds::path(event.key).map(|path| self.links.to(format_args!("{path}"))),
                change: match fate {
                    Fate::Created => "created",
                    Fate::Updated => "updated",
                    Fate::Deleted => "deleted",
                },
            })
        });
        let changes: Vec<_> = seen.collect();
        (!changes.is_empty()).then_some(Told { version: commit.version, changes })
    }
}

async fn serve(
    State(readiness): State<Shared>,
    Extension(ending): Extension<CancellationToken>,
    request: Request,
) -> Result<Response, Failure> {
    let (mut parts, _) = request.into_parts();
    EVENTS.choose(Shape::One, &parts.headers)?;
    let call = Call::of(&mut parts, &readiness).await?;
    let (filter, now) = (Filter::of(&call)?, call.topology.version());
    let since = since(&parts.headers, &call)?;
    let room = Arc::clone(&ROOM).try_acquire_owned().map_err(|_| {
        Failure::unavailable(format!("{STREAMS} clients follow already, which is the most."), RETRY_AFTER)
    })?;
    let stream = Following {
        live: call.live,
        filter,
        told: since.filter(|since| *since <= now).unwrap_or(now),
        next: match since {
            Some(since) if since > now => Next::Reset,
            _ => Next::Greeting,
        },
        ending,
        _room: room,
    };
    Ok(stamp(Sse::new(stream.into_stream()).into_response(), now))
}

/// The version that the client has been told of.
fn since(headers: &HeaderMap, call: &Call) -> Result<Option<Version>, Failure> {
    let (name, text) = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?")) {
        Some(id) if !id.is_empty() => ("Last-Event-ID", Some(id)),
        _ => ("since", call.filter("since")),
    };
    let parse =
        |text: &str| text.parse().map_err(|_| Failure::parameter(name, format!("`{text}` is not a version")));
    text.map(parse).transpose()
}

/// What a stream sends next.
enum Next {
    /// A comment that tells where it begins.
    Greeting,
    /// The next commit.
    Commit,
    /// That history does not reach back, and then on from now.
    Reset,
}

/// One client that follows.
struct Following {
    live: Arc<Live>,
    filter: Filter,
    /// The version that the client has been told of.
    told: Version,
    next: Next,
    ending: CancellationToken,
    _room: OwnedSemaphorePermit,
}

impl Following {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut following| async move {
            let ending = following.ending.clone();
            let event = ending.run_until_cancelled(following.event()).await?;
            Some((Ok(event), following))
        })
    }

    async fn event(&mut self) -> Event {
        match std::mem::replace(&mut self.next, Next::Commit) {
            Next::Greeting => self.comment("follows"),
            Next::Commit => self.commit().await,
            Next::Reset => self.reset(),
        }
    }

    /// Waits for a commit to be told of, or for the time of a heartbeat.
    async fn commit(&mut self) -> Event {
        let heartbeat = Instant::now() + HEARTBEAT;
        let mut versions = self.live.store.versions();
        loop {
            versions.mark_unchanged();
            let wait = match self.live.store.commit_after(self.told).await {
                Ok(Some(commit)) => {
                    self.told = commit.version;
                    if let Some(told) = self.filter.tell(&commit) {
                        return self.data("commit", &told);
                    }
                    Instant::now()
                }
                Ok(None) => heartbeat,
                Err(nsdb::Error::Compacted { .. }) => return self.reset(),
                Err(_) => heartbeat.min(Instant::now() + RETRY),
            };
            tokio::select! {
                _ = versions.changed() => {}
                () = sleep_until(wait) => {}
            }
            if Instant::now() >= heartbeat {
                return self.comment("nothing happened");
            }
        }
    }

    fn reset(&mut self) -> Event {
        self.told = self.live.store.version();
        self.data("reset", &serde_json::json!({ "version": self.told }))
    }

    fn data(&self, name: &str, data: &impl Serialize) -> Event {
        // A structure of strings and numbers always has a JSON form.
        let text = serde_json::to_string(data).unwrap_or_default();
        Event::default().id(self.told.to_string()).event(name).data(text)
    }

    fn comment(&self, text: &str) -> Event {
        Event::default().id(self.told.to_string()).comment(text)
    }
}
