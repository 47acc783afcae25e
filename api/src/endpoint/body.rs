//! Bodies: reading what is sent, within bounds, and writing JSON.

use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Serialize;

use crate::failure::Failure;

/// Longest body of one object, in bytes.
pub(super) const LIMIT: usize = 1 << 20;

/// A long list is written in pieces of about so many bytes.
const PIECE: usize = 64 << 10;

/// An answer in JSON under a media type.
pub(crate) fn json(media_type: &str, body: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_vec(body).map_err(|error| not_written(&error))?;
    Ok(([(header::CONTENT_TYPE, media_type)], body).into_response())
}

/// A list in JSON. A long one never stands in one place, nor beside all that it was made of.
pub(super) fn json_list<T: Serialize>(media_type: &str, items: Vec<T>) -> Result<Response, Failure> {
    let (mut pieces, mut piece) = (Vec::new(), vec![b'[']);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            piece.push(b',');
        }
        serde_json::to_writer(&mut piece, &item).map_err(|error| not_written(&error))?;
        if piece.len() >= PIECE {
            let next = Vec::with_capacity(PIECE + PIECE / 8);
            pieces.push(Bytes::from(std::mem::replace(&mut piece, next)));
        }
    }
    piece.push(b']');
    pieces.push(piece.into());
    let length = pieces.iter().map(Bytes::len).sum::<usize>();
    let headers =
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_LENGTH, length.to_string())];
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    Ok((headers, body).into_response())
}

fn not_written(error: &serde_json::Error) -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// The whole of a body, which may be so many bytes long.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let message = format!("The body is larger than the {limit} bytes that are taken.");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    to_bytes(body, limit).await.map_err(|error| {
        // A body without a length that runs over the limit; anything else is a connection that broke.
        let over = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if over { too_large() } else { Failure::bad_request(format!("The body cannot be read: {error}.")) }
    })
}
