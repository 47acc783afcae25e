//! Media types: `application/vnd.org.midonet.<Type>-v<N>+json`, `….collection.<Type>-v<N>+json` for lists, and
//! `application/json` beside them; their choice by `Accept`, their check by `Content-Type` (RFC 9110 §12.5.1, §8.3).

use axum::http::{HeaderMap, StatusCode, header};

use crate::failure::Failure;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const VENDOR: &str = "application/vnd.org.midonet.";

/// The media types of one type of resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Media {
    /// Name of the type on the wire.
    pub(crate) name: &'static str,
    /// Where its types are from.
    types: Types,
    /// How plain JSON stands beside them.
    json: Json,
}

/// Where media types are from.
#[derive(Debug, Clone, Copy)]
enum Types {
    /// MidoNet's, in these versions, all alike, the preferred one first.
    Versions(&'static [u8]),
    /// This one.
    Plain(&'static str),
}

/// How plain JSON is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    /// What a client gets that accepts anything; but one that does not say what it accepts gets nothing. A body of
    /// another type of MidoNet's is as unacceptable (406).
    Preferred,
    /// What a client gets that asks for it.
    Offered,
    /// Not at all.
    Refused,
    /// Not at all, nor in a body.
    Text,
}

/// One object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    Collection,
}

impl Media {
    pub(crate) const fn new(name: &'static str, versions: &'static [u8]) -> Self {
        Self { name, types: Types::Versions(versions), json: Json::Preferred }
    }

    /// One media type, whatever it is; what has none of MidoNet's.
    pub(crate) const fn plain(name: &'static str, media_type: &'static str) -> Self {
        Self { name, types: Types::Plain(media_type), json: Json::Offered }
    }

    /// Plain text.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, types: Types::Plain(TEXT), json: Json::Text }
    }

    /// The same with the vendor's type for clients that accept anything.
    pub(crate) const fn json(self, json: Json) -> Self {
        Self { json, ..self }
    }

    /// Chooses the type of the answer: the offer that the client likes best, ours first among equals.
    pub(crate) fn choose(&self, shape: Shape, headers: &HeaderMap) -> Result<String, Failure> {
        let offers = self.offers(shape);
        let accept: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).collect();
        let accept = match accept.join(",") {
            none if none.is_empty() && self.json == Json::Preferred => {
                let message = format!("Say what you accept (`Accept`): one of {}.", offers.join(", "));
                return Err(Failure::new(StatusCode::NOT_ACCEPTABLE, message));
            }
            none if none.is_empty() => "*/*".to_owned(),
            accept => accept,
        };
        let best = ranges(&accept)
            .into_iter()
            .find_map(|range| offers.iter().find(|offer| matches(&range, offer)))
            .cloned();
        best.ok_or_else(|| {
            let message =
                format!("Nothing of `{accept}` can be given here: accept one of {}.", offers.join(", "));
            Failure::new(StatusCode::NOT_ACCEPTABLE, message)
        })
    }

    /// Checks the type of a body. One that is not said is taken as JSON.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
        let given = essence(given.to_str().unwrap_or("?")).to_ascii_lowercase();
        let taken = self.taken();
        if taken.iter().any(|t| t.eq_ignore_ascii_case(&given)) {
            return Ok(());
        }
        let status = match given.starts_with(VENDOR) && self.json == Json::Preferred {
            true => StatusCode::NOT_ACCEPTABLE,
            false => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        let message =
            format!("A body of type `{given}` is not understood here: send one of {}.", taken.join(", "));
        Err(Failure::new(status, message))
    }

    /// What an answer may be, the preferred type first.
    pub(crate) fn offers(&self, shape: Shape) -> Vec<String> {
        let mut offers = self.types(shape);
        match self.json {
            Json::Preferred => offers.insert(0, JSON.to_owned()),
            Json::Offered => offers.push(JSON.to_owned()),
            Json::Refused | Json::Text => {}
        }
        offers
    }

    /// What a body may be, the vendor's types first.
    pub(crate) fn taken(&self) -> Vec<String> {
        let mut taken = self.types(Shape::One);
        if self.json != Json::Text {
            taken.push(JSON.to_owned());
        }
        taken
    }

    fn types(&self, shape: Shape) -> Vec<String> {
        let collection = match shape {
            Shape::One => "",
            Shape::Collection => "collection.",
        };
        match self.types {
            Types::Versions(versions) => {
                versions.iter().map(|v| format!("{VENDOR}{collection}{}-v{v}+json", self.name)).collect()
            }
            Types::Plain(media_type) => vec![media_type.to_owned()],
        }
    }
}

/// The media ranges of an `Accept` header, without parameters, the best liked first.
fn ranges(accept: &str) -> Vec<String> {
    let mut ranges: Vec<_> = accept
        .split(',')
        .map(|part| (essence(part).to_ascii_lowercase(), quality(part)))
        .filter(|(range, quality)| !range.is_empty() && *quality > 0.0)
        .collect();
    ranges.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranges.into_iter().map(|(range, _)| range).collect()
}

fn essence(part: &str) -> &str {
    part.split(';').next().unwrap_or_default().trim()
}

fn quality(part: &str) -> f32 {
    let q = part.split(';').skip(1).find_map(|p| p.trim().strip_prefix("q="));
    q.map_or(1.0, |q| q.trim().parse().unwrap_or(0.0))
}

fn matches(range: &str, offer: &str) -> bool {
    let of_kind = |kind| offer.split('/').next() == Some(kind);
    range == "*/*"
        || range == "*"
        || range.strip_suffix("/*").is_some_and(of_kind)
        || offer.eq_ignore_ascii_case(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: Media = Media::new("Bridge", &[4, 5]);

    fn chosen(media: Media, accept: &str) -> Result<String, StatusCode> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        media.choose(Shape::One, &headers).map_err(|failure| failure.status)
    }

    #[test]
    fn a_client_that_takes_anything_gets_what_is_preferred() {
        assert_eq!(chosen(BRIDGE, "*/*").unwrap(), "application/json");
        assert_eq!(chosen(BRIDGE, "application/*").unwrap(), "application/json");
        let v4 = "application/vnd.org.midonet.Bridge-v4+json";
        assert_eq!(chosen(BRIDGE.json(Json::Offered), "*/*").unwrap(), v4);
    }

    #[test]
    fn a_client_that_does_not_say_what_it_takes_gets_the_vendors_type_or_406() {
        let unsaid =
            |media: Media| media.choose(Shape::One, &HeaderMap::new()).map_err(|failure| failure.status);
        assert_eq!(unsaid(BRIDGE).unwrap_err(), 406);
        assert_eq!(unsaid(BRIDGE.json(Json::Offered)).unwrap(), "application/vnd.org.midonet.Bridge-v4+json");
    }

    #[test]
    fn the_type_asked_for_is_the_type_given() {
        let v5 = "application/vnd.org.midonet.Bridge-v5+json";
        assert_eq!(chosen(BRIDGE, v5).unwrap(), v5);
        assert_eq!(chosen(BRIDGE, &format!("text/html, */*;q=0.1, {v5};q=0.8")).unwrap(), v5);
    }

    #[test]
    fn what_cannot_be_given_is_406() {
        assert_eq!(chosen(BRIDGE, "application/xml").unwrap_err(), 406);
        assert_eq!(chosen(BRIDGE, "application/vnd.org.midonet.Router-v3+json").unwrap_err(), 406);
        assert_eq!(chosen(BRIDGE.json(Json::Refused), "application/json").unwrap_err(), 406);
    }

    #[test]
    fn a_foreign_body_is_415_and_a_wrong_vendor_type_may_be_406() {
        let check = |media: Media, given: &str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, given.parse().unwrap())]);
            media.check(&headers).map_err(|failure| failure.status.as_u16())
        };
        let wrong = "application/vnd.org.midonet.Nothing-v1+json";
        assert_eq!(check(BRIDGE, "text/plain"), Err(415));
        assert_eq!(check(BRIDGE, wrong), Err(406));
        assert_eq!(check(BRIDGE.json(Json::Offered), wrong), Err(415));
        assert_eq!(check(BRIDGE, "application/json; charset=utf-8"), Ok(()));
        assert_eq!(check(BRIDGE, "application/vnd.org.midonet.Bridge-v4+json"), Ok(()));
        assert_eq!(BRIDGE.check(&HeaderMap::new()).map_err(|failure| failure.status.as_u16()), Ok(()));
    }
}
