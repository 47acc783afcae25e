//! The server: routes under the base path behind the gate, with CORS, gzip and error bodies around them; and its life.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use futures::future::{BoxFuture, FutureExt as _, try_join_all};
use nsdb::coordinator::Coordinator;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::trace::TraceLayer;

use crate::auth::{Auth, Authority, EntriesError, gate};
use crate::endpoint::{Shared, VERSION, stamp, with_bulk};
use crate::failure::Failure;
use crate::links::{BASE, Links, X_FORWARDED_PROTO};
use crate::listen::{Peer, Scheme, Socket, TlsListener};
use crate::live::{Readiness, load};
use crate::watched::Reload;
use crate::{events, openapi, resources};

/// Time for requests that are being answered when the server is told to stop.
const GRACE: Duration = Duration::from_millis(700);

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The topology cannot be loaded, and trying again would not help.
    #[error("the topology cannot be loaded: {0}")]
    Load(#[from] nsdb::Error),
    /// A listening socket failed.
    #[error("the API cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// Nobody's password can be checked.
    #[error(transparent)]
    Auth(#[from] EntriesError),
}

/// What to serve, where and to whom.
pub struct Serving {
    /// Where.
    pub sockets: Vec<Socket>,
    /// To whom.
    pub auth: Auth,
    /// The network.
    pub coordinator: Arc<dyn Coordinator>,
    /// Asks for certificates and tokens to be read again at once.
    pub reload: Reload,
}

/// Serves the API until `shutdown`.
///
/// It answers from the first moment: 503 with the reason until the topology is loaded, then `ready` is called. Reads
/// are served from memory, whatever happens to the NSDB; writes are 503 while it is out of reach.
///
/// # Errors
/// When the NSDB holds what cannot be read, or a socket fails.
pub async fn serve(serving: Serving, ready: impl FnOnce(), shutdown: CancellationToken) -> Result<(), Error> {
    let Serving { sockets, auth, coordinator, reload } = serving;
    let (readiness, state) = watch::channel(Readiness::Loading("it was only just started".into()));
    let authority = Arc::new(Authority::new(auth, Arc::clone(&coordinator))?);
    let app = application(state, Arc::clone(&authority), shutdown.clone());
    // They end with the server.
    let mut followers = JoinSet::new();
    for tls in sockets.iter().filter_map(|socket| socket.tls.clone()) {
        followers.spawn(tls.follow(Arc::clone(&reload)));
    }
    followers.spawn(async move { authority.follow(reload).await });
    let servers = sockets.into_iter().map(|socket| serve_on(socket, app.clone(), shutdown.clone()));
    let loading = async {
        load(coordinator, &readiness).await?;
        ready();
        // Served from now on until the server ends.
        std::future::pending::<Result<(), Error>>().await
    };
    let out_of_time = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = try_join_all(servers) => Ok(served.map(drop)?),
        failed = loading => failed,
        () = out_of_time => Ok(()),
    }
}

/// Serves on one socket.
fn serve_on(
    socket: Socket,
    app: impl Application,
    shutdown: CancellationToken,
) -> BoxFuture<'static, std::io::Result<()>> {
    let app = axum::ServiceExt::<Request>::into_make_service_with_connect_info::<Peer>(app);
    let stop = shutdown.cancelled_owned();
    match socket.tls {
        None => axum::serve(socket.tcp, app).with_graceful_shutdown(stop).into_future().boxed(),
        Some(tls) => {
            let listener = TlsListener::new(socket.tcp, tls);
            axum::serve(listener, app).with_graceful_shutdown(stop).into_future().boxed()
        }
    }
}

/// The whole API as a service.
pub(crate) trait Application:
    Service<Request, Response = Response, Error = std::convert::Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Application for S where
    S: Service<Request, Response = Response, Error = std::convert::Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Puts the API together. Its streams end with `ending`.
pub(crate) fn application(
    readiness: watch::Receiver<Readiness>,
    authority: Arc<Authority>,
    ending: CancellationToken,
) -> impl Application {
    let routes = with_bulk(resources::routes().merge(events::routes()));
    let inner = openapi::described(routes)
        .merge(openapi::pages())
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(ending))
        .layer(from_fn_with_state(authority, gate))
        .with_state(readiness.clone());
    // `nest_service` would not tell the base with its slash from the one without.
    let router = Router::new()
        .route(BASE, any(to_root))
        .nest_service(&format!("{BASE}/"), inner)
        .fallback(nowhere)
        .layer(cors())
        .layer(map_response_with_state(readiness, with_version))
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http().on_failure(()));
    tower::util::MapRequestLayer::new(|request| with_scheme(without_trailing_slash(request)))
        .layer(router)
        .map_response(IntoResponse::into_response)
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::ORIGIN,
            header::HeaderName::from_static("last-event-id"),
            header::HeaderName::from_static("x-auth-token"),
            header::HeaderName::from_static("x-auth-project"),
        ])
        .expose_headers([header::ETAG, header::LINK, header::LOCATION, VERSION])
}

/// Every answer tells the version of the topology: the one that it is about, else the newest.
async fn with_version(State(readiness): State<Shared>, response: Response) -> Response {
    let live = readiness.borrow().live();
    match live {
        Ok(live) if !response.headers().contains_key(VERSION) => stamp(response, live.store.version()),
        _ => response,
    }
}

/// A slash at the end of a path means nothing, except at the root's.
fn without_trailing_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || trimmed == BASE || trimmed.is_empty() {
        return request;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    if let Ok(path_and_query) = PathAndQuery::try_from(target) {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(path_and_query);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// What came by TLS was called by `https`, whatever the client says.
fn with_scheme(mut request: Request) -> Request {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    if peer.is_some_and(|ConnectInfo(peer)| peer.scheme == Scheme::Https) {
        request.headers_mut().insert(X_FORWARDED_PROTO, HeaderValue::from_static("https"));
    }
    request
}

async fn to_root(headers: HeaderMap) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, Links::of(&headers).to(format_args!("")))]).into_response()
}

async fn nowhere(uri: Uri) -> Failure {
    let path = uri.path().strip_prefix(BASE).unwrap_or(uri.path()).trim_matches('/');
    let message = match path.split_once('/') {
        None => format!("Root resource {path} not found"),
        Some(_) => format!("There is no resource {path}."),
    };
    Failure::new(StatusCode::NOT_FOUND, message)
}

async fn wrong_method(method: Method, uri: Uri) -> Failure {
    // The reference reads the body first, and there is none that the root takes.
    if method == Method::POST && uri.path() == "/" {
        return Failure::bad_request(
            "Nothing can be created at the root: follow its links to the collections.",
        );
    }
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible on {}.", uri.path()))
}
