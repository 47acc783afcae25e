//! The gate before every resource: who is it, and is this for them?

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Authority;
use super::identity::{Access, Caller};
use crate::failure::Failure;

/// The cookie that carries a token too.
pub(crate) const COOKIE: &str = "sessionId";
/// What stands first in the paths that need no token: the login, and the description of the API, which is in every
/// executable alike.
const OPEN: &[&str] = &["docs", "login", "openapi.json"];
/// What stands first in the paths of what is the operator's as a whole.
const OPERATORS: &[&str] = &["conf", "hosts", "system_state", "tunnel_zones", "vteps"];

/// Lets a request through with the identity of its caller, or answers why not.
pub(crate) async fn gate(
    State(authority): State<Arc<Authority>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if !OPEN.contains(&first(request.uri().path())) {
        let identity = authority.identify(token(request.headers()).as_deref()).await?;
        permit(&identity.caller, request.method(), request.uri().path())?;
        request.extensions_mut().insert(identity);
    }
    request.extensions_mut().insert(authority);
    Ok(next.run(request).await)
}

/// The token of a request: in `X-Auth-Token`, or else in the cookie of a login.
fn token(headers: &HeaderMap) -> Option<String> {
    if let Some(token) = headers.get("x-auth-token") {
        return token.to_str().ok().map(|token| token.trim().to_owned());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token.trim_matches('"').to_owned())
}

/// The first segment of a path.
fn first(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn permit(caller: &Caller, method: &Method, path: &str) -> Result<(), Failure> {
    let Caller::Tenant { access, .. } = caller else { return Ok(()) };
    if OPERATORS.contains(&first(path)) {
        let message = format!("`{}` is for the operator only.", first(path));
        return Err(Failure::new(StatusCode::FORBIDDEN, message));
    }
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if *access == Access::Read && !reads {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Your role may read, but not write."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_token_stands_in_its_header_or_in_the_cookie() {
        assert_eq!(token(&headers(&[("x-auth-token", "a")])).as_deref(), Some("a"));
        assert_eq!(token(&headers(&[("cookie", "x=1; sessionId=b; y=2")])).as_deref(), Some("b"));
        assert_eq!(
            token(&headers(&[("cookie", "sessionId=b"), ("x-auth-token", "a")])).as_deref(),
            Some("a")
        );
        assert_eq!(token(&headers(&[("cookie", "notsessionId=b")])), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }

    fn status(access: Access, method: &Method, path: &str) -> Option<u16> {
        let caller = Caller::Tenant { id: "t1".into(), access };
        permit(&caller, method, path).err().map(|failure| failure.status.as_u16())
    }

    #[test]
    fn a_tenant_s_user_reads() {
        assert_eq!(status(Access::Read, &Method::GET, "/bridges"), None);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            assert_eq!(status(Access::Read, &method, "/bridges"), Some(403));
            assert_eq!(status(Access::Write, &method, "/bridges"), None);
        }
    }

    #[test]
    fn what_is_the_operator_s_is_the_operator_s() {
        for path in ["/hosts", "/hosts/x/ports", "/tunnel_zones/x", "/vteps", "/system_state", "/conf/x"] {
            assert_eq!(status(Access::Write, &Method::GET, path), Some(403), "{path}");
        }
        assert!(permit(&Caller::Operator, &Method::DELETE, "/hosts/x").is_ok());
    }
}
