//! Client of the REST API, and of any other HTTP endpoint that speaks JSON or text.
//!
//! One connection is kept and used again, with TLS under `https`. Every request ends within the client's patience.

#![forbid(unsafe_code)]

mod error;
#[cfg(test)]
mod tests;
mod tls;

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

pub use error::{Error, Refusal, Violation};
use tls::Connector;

/// How the URLs of servers with TLS begin, and of those without.
const SECURE: &str = "https://";
const PLAIN: &str = "http://";

/// Time for one request with its answer, unless set otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// Carries the token of a request.
const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: HttpClient<Connector, Full<Bytes>>,
    base: String,
    headers: HeaderMap,
    patience: Duration,
}

/// What a server answered, its status being 2xx or 3xx.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8181/midonet-api`. One that is called by `https` must
    /// have a certificate that this machine trusts.
    ///
    /// # Errors
    /// [`Error::Url`] if that is not an `http` or `https` URL, [`Error::Trust`] if the machine trusts nobody.
    pub fn new(base: &str) -> Result<Self, Error> {
        let connector = if base.starts_with("https://") { tls::of_system() } else { tls::plain() };
        Self::with_connector(base, connector?)
    }

    /// The same of a server whose certificate is by one of the authorities in a PEM file.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn trusting(base: &str, authorities: &Path) -> Result<Self, Error> {
        Self::with_connector(base, tls::of_file(authorities)?)
    }

    fn with_connector(base: &str, connector: Connector) -> Result<Self, Error> {
        let base = base.trim_end_matches('/').to_owned();
        parse_uri(&base)?;
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, base, headers: HeaderMap::new(), patience: PATIENCE })
    }

    /// Sends this token with every request, in `X-Auth-Token`.
    ///
    /// # Errors
    /// [`Error::Token`] if it cannot stand in a header.
    pub fn with_token(self, token: &str) -> Result<Self, Error> {
        self.with_secret(X_AUTH_TOKEN, token)
    }

    /// Sends a header with every request whose value is nobody else's business.
    ///
    /// # Errors
    /// [`Error::Token`] if it cannot stand in a header.
    pub fn with_secret(mut self, header: HeaderName, value: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(value).map_err(|_| Error::Token)?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(self)
    }

    /// Gives up on a request after this time.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Logs in and gives the token of the session.
    ///
    /// # Errors
    /// As any request; [`Error::Malformed`] if the answer holds no token.
    pub async fn login(&self, user: &str, password: &str, project: Option<&str>) -> Result<String, Error> {
        // RFC 7617
        let credentials = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let mut headers = vec![(AUTHORIZATION.as_str(), credentials)];
        headers.extend(project.map(|project| ("x-auth-project", project.to_owned())));
        let answer = self.send(Method::POST, "/login", &headers, None).await?;
        let token = answer.json()?;
        let key = token.get("key").and_then(Value::as_str);
        key.map(str::to_owned).ok_or_else(|| Error::Malformed("the login answered no token".to_owned()))
    }

    /// Reads a resource: a path below the base, or a whole URL.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.send(Method::GET, path, &[], None).await
    }

    /// Creates something from a body.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Error> {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Replaces a resource by a body.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer, Error> {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete(&self, path: &str) -> Result<Answer, Error> {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// The URL of a path below the base, or of a link that the server told. A server behind one that speaks TLS for it
    /// may tell links without: they are not to carry tokens in the clear.
    fn url(&self, path: &str) -> String {
        match path.strip_prefix(PLAIN) {
            Some(rest) if self.base.starts_with(SECURE) => format!("{SECURE}{rest}"),
            Some(_) => path.to_owned(),
            None if path.starts_with(SECURE) => path.to_owned(),
            None => format!("{}{path}", self.base),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let url = self.url(path);
        let mut request = Request::builder().method(method).uri(parse_uri(&url)?).header(ACCEPT, "*/*");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request
            .body(Full::from(body))
            .map_err(|error| Error::Url { url: url.clone(), reason: error.to_string() })?;
        let unreachable = |reason: String| Error::Unreachable { url: url.clone(), reason };
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| unreachable(chain(&error)))?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| unreachable(chain(&error)))?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        let answer = tokio::time::timeout(self.patience, exchange)
            .await
            .map_err(|_| unreachable(format!("no answer within {} s", self.patience.as_secs())))??;
        if answer.status.is_client_error() || answer.status.is_server_error() {
            return Err(Error::Refused(Refusal::of(answer.status, &answer.body)));
        }
        Ok(answer)
    }
}

impl Answer {
    /// The body as JSON; null if there is none.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is something else.
    pub fn json(&self) -> Result<Value, Error> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|error| Error::Malformed(error.to_string()))
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where what was created is found.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

fn parse_uri(url: &str) -> Result<Uri, Error> {
    let error = |reason: &str| Error::Url { url: url.to_owned(), reason: reason.to_owned() };
    let uri: Uri = url.parse().map_err(|_| error("it cannot be parsed"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(_)) => Ok(uri),
        (Some(_), Some(_)) => Err(error("only http and https are spoken")),
        _ => Err(error("it needs a scheme and a host, as in http://127.0.0.1:8181/midonet-api")),
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
