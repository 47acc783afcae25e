//! Login: a name and a password (HTTP Basic, RFC 7617) for a token, in the body and as a cookie.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use httpdate::fmt_http_date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use crate::auth::{Authority, COOKIE, Credentials, Password, Session};
use crate::endpoint::{Content, Endpoint, Operation, Routes, json};
use crate::failure::Failure;
use crate::links::{BASE, Links};
use crate::listen::Peer;
use crate::media::{Json, Media, Shape};

const TOKEN: Media = Media::new("Token", &[1]).json(Json::Refused);
const TOKEN_TYPE: &str = "application/vnd.org.midonet.Token-v1+json;charset=utf-8";
/// The project to log in to.
const X_AUTH_PROJECT: &str = "x-auth-project";
/// Base64 as RFC 7617 has it, the padding there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn routes() -> Routes {
    Routes::new().route("/login", by(HttpMethod::Get).merge(by(HttpMethod::Post)))
}

fn by(method: HttpMethod) -> Endpoint {
    let operation = Operation::new(method, StatusCode::OK).gives(Content::of::<Token>(TOKEN, Shape::One));
    Endpoint::new(operation, login)
        .note("Gives a token for the credentials in `Authorization` (Basic), on the project in `X-Auth-Project`.")
        .fails(StatusCode::TOO_MANY_REQUESTS, "Too many logins have failed; `Retry-After` says when to try again.")
}

/// A token to send as `X-Auth-Token`; also in the cookie that comes with it.
#[derive(Serialize, ToSchema)]
struct Token {
    /// The token.
    #[schema(read_only)]
    key: String,
    /// When it ends, as HTTP writes dates; null if it does not.
    #[schema(read_only)]
    expires: Option<String>,
}

async fn login(
    Extension(authority): Extension<Arc<Authority>>,
    peer: Option<Extension<ConnectInfo<Peer>>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let credentials = credentials(&headers).map_err(Failure::unauthorized)?;
    let address = peer.map(|Extension(ConnectInfo(peer))| peer.address.ip());
    let session = authority.login(&credentials, address.as_ref().map(IpAddr::to_canonical)).await?;
    let expires = session.expires.map(fmt_http_date);
    let mut response = json(TOKEN_TYPE, &Token { key: session.key.clone(), expires: expires.clone() })?;
    let mut cookie = HeaderValue::try_from(cookie(&session, expires.as_deref(), &Links::of(&headers)))
        .map_err(|error| Failure::bad_request(error.to_string()))?;
    cookie.set_sensitive(true);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn credentials(headers: &HeaderMap) -> Result<Credentials, &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION.as_str())
        .filter(|authorization| !authorization.is_empty())
        .ok_or("Authorization header is not set.")?;
    let encoded = match authorization.split_at_checked("Basic ".len()) {
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("Basic ") => encoded.trim(),
        _ => return Err("Authorization header does not contain Basic."),
    };
    let decoded = BASE64.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = decoded
        .as_deref()
        .and_then(|pair| pair.split_once(':'))
        .filter(|(user, password)| !user.is_empty() && !password.is_empty())
        .ok_or("Authorization header is not valid")?;
    Ok(Credentials {
        user: user.to_owned(),
        password: Password::new(password.to_owned()),
        project: text(X_AUTH_PROJECT).filter(|project| !project.is_empty()).map(str::to_owned),
    })
}

/// The cookie of a session. One that ends is a secret: no script reads it, and no other site's page makes it be sent.
fn cookie(session: &Session, expires: Option<&str>, links: &Links) -> String {
    let plain = format!("{COOKIE}={}", session.key);
    match expires {
        None => plain,
        Some(expires) => {
            let secure = if links.are_secure() { "; Secure" } else { "" };
            format!("{plain}; Expires={expires}; Path={BASE}; HttpOnly; SameSite=Strict{secure}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: &str) -> Result<Credentials, &'static str> {
        credentials(&HeaderMap::from_iter([(header::AUTHORIZATION, authorization.parse().unwrap())]))
    }

    #[test]
    fn credentials_are_a_name_a_colon_and_a_password() {
        for good in ["Basic YTpi", "basic YTpi", "Basic  YTpi", "Basic YTpiOmM=", "Basic YTpiOmM"] {
            assert_eq!(read(good).unwrap().user, "a", "{good}");
        }
        for bad in ["Basic", "Basic !", "Basic YQ==", "Basic YTo=", "Basic OmI=", "Basic /w==", "Bearer YTpi"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(credentials(&HeaderMap::new()).unwrap_err(), "Authorization header is not set.");
    }
}
