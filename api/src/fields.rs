//! The properties of a JSON body, read one by one.
//!
//! A property that is absent or null has no value; one of the wrong type or out of range has none either and is noted as
//! a violation, so that all that is wrong with a body is reported at once. Unknown properties are ignored.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::failure::{Failure, Violation};

/// A body being read.
#[derive(Clone)]
pub(crate) struct Fields {
    properties: Map<String, Value>,
    violations: Vec<Violation>,
}

impl Fields {
    /// Parses a body, which must be one JSON object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::bad_request("The request has no body: a JSON object is expected."));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(properties)) => Ok(Self::of(properties)),
            Ok(other) => Err(Failure::bad_request(format!(
                "The body is {}: a JSON object is expected.",
                kind_of(&other)
            ))),
            Err(error) => Err(Failure::bad_request(format!("The body is not JSON: {error}."))),
        }
    }

    /// No properties: what is sent without a body.
    pub(crate) fn none() -> Self {
        Self::of(Map::new())
    }

    /// The properties of an object that was parsed before.
    pub(crate) fn of(properties: Map<String, Value>) -> Self {
        Self { properties, violations: Vec::new() }
    }

    /// Ends the reading: fails if anything was wrong.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.violations.is_empty() { Ok(()) } else { Err(Failure::invalid(self.violations)) }
    }

    /// Notes what is wrong with a property.
    pub(crate) fn violation(&mut self, property: &str, message: impl Into<String>) {
        self.violations.push(Violation { property: property.to_owned(), message: message.into() });
    }

    /// Whether the body speaks of the property at all, be it with null.
    pub(crate) fn mentions(&self, property: &str) -> bool {
        self.properties.contains_key(property)
    }

    /// Whether the property has a value other than null.
    pub(crate) fn has_value(&self, property: &str) -> bool {
        self.properties.get(property).is_some_and(|value| !value.is_null())
    }

    /// A value that must be there; the default stands in for one that is not, and the body is refused.
    pub(crate) fn required<T: Default>(&mut self, property: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.missing(property);
            T::default()
        })
    }

    /// Notes that a property that must be there is not, unless it is noted as wrong.
    pub(crate) fn missing(&mut self, property: &str) {
        if !self.violations.iter().any(|v| v.property == property) {
            self.violation(property, "may not be null");
        }
    }

    /// Text.
    pub(crate) fn text(&mut self, property: &str) -> Option<String> {
        match self.value(property)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(property, "a string", &other),
        }
    }

    /// True or false.
    pub(crate) fn flag(&mut self, property: &str) -> Option<bool> {
        match self.value(property)? {
            Value::Bool(flag) => Some(flag),
            other => self.wrong_type(property, "true or false", &other),
        }
    }

    /// A whole number within a range, whose bounds `T` can hold.
    pub(crate) fn number<T: TryFrom<i64>>(
        &mut self,
        property: &str,
        range: RangeInclusive<i64>,
    ) -> Option<T> {
        let value = self.value(property)?;
        let Some(number) = value.as_number() else { return self.wrong_type(property, "a number", &value) };
        let number = number.as_i64().filter(|n| range.contains(n)).and_then(|n| T::try_from(n).ok());
        if number.is_none() {
            let message = format!("must be a whole number between {} and {}", range.start(), range.end());
            self.violation(property, message);
        }
        number
    }

    /// Text that stands for a value, such as an address.
    pub(crate) fn parsed<T: FromStr>(&mut self, property: &str, what: &str) -> Option<T> {
        let text = self.text(property)?;
        self.parse_text(property, what, &text)
    }

    /// An id of an object.
    pub(crate) fn id<T: From<Uuid>>(&mut self, property: &str) -> Option<T> {
        self.parsed::<Uuid>(property, "a UUID").map(T::from)
    }

    /// A list of texts that stand for values; empty if absent.
    pub(crate) fn list<T: FromStr>(&mut self, property: &str, what: &str) -> Vec<T> {
        match self.value(property) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                items.into_iter().filter_map(|item| self.list_item(property, what, item)).collect()
            }
            Some(other) => {
                self.wrong_type::<()>(property, "a list", &other);
                Vec::new()
            }
        }
    }

    /// A range `{start, end}` of numbers within bounds.
    pub(crate) fn range(
        &mut self,
        property: &str,
        bounds: RangeInclusive<i64>,
    ) -> Option<RangeInclusive<u16>> {
        let value = self.value(property)?;
        let Value::Object(properties) = value else {
            return self.wrong_type(property, "an object with start and end", &value);
        };
        let mut inner = Self { properties, violations: Vec::new() };
        let start = inner.number("start", bounds.clone());
        let end = inner.number("end", bounds);
        let start = inner.required("start", start);
        let end = inner.required("end", end);
        for violation in inner.violations {
            self.violation(&format!("{property}.{}", violation.property), violation.message);
        }
        Some(start..=end)
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(&mut self, property: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(property)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.violation(property, format!("`{text}` is not one of {}", words.join(", ")));
        }
        found
    }

    fn list_item<T: FromStr>(&mut self, property: &str, what: &str, item: Value) -> Option<T> {
        match item {
            Value::String(text) => self.parse_text(property, what, &text),
            other => self.wrong_type(property, "a list of strings", &other),
        }
    }

    fn parse_text<T: FromStr>(&mut self, property: &str, what: impl Display, text: &str) -> Option<T> {
        let value = text.parse().ok();
        if value.is_none() {
            self.violation(property, format!("`{text}` is not {what}"));
        }
        value
    }

    fn value(&mut self, property: &str) -> Option<Value> {
        self.properties.get(property).filter(|v| !v.is_null()).cloned()
    }

    fn wrong_type<T>(&mut self, property: &str, expected: &str, found: &Value) -> Option<T> {
        self.violation(property, format!("must be {expected}, not {}", kind_of(found)));
        None
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(fields: Fields) -> Vec<(String, String)> {
        fields.violations.into_iter().map(|v| (v.property, v.message)).collect()
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let mut fields = Fields::parse(br#"{"name": 7, "weight": 1.5, "id": "x", "ports": ["y"]}"#).unwrap();
        fields.text("name");
        fields.number::<u16>("weight", 0..=9);
        fields.id::<Uuid>("id");
        fields.list::<Uuid>("ports", "a UUID");
        let properties: Vec<_> = violations(fields).into_iter().map(|(p, _)| p).collect();
        assert_eq!(properties, ["name", "weight", "id", "ports"]);
    }

    #[test]
    fn null_is_no_value_but_is_mentioned() {
        let mut fields = Fields::parse(br#"{"name": null}"#).unwrap();
        assert_eq!(fields.text("name"), None);
        assert!(fields.mentions("name") && !fields.mentions("id"));
        assert!(fields.finish().is_ok());
    }

    #[test]
    fn a_wrong_value_is_not_reported_as_missing_too() {
        let mut fields = Fields::parse(br#"{"peerId": "x"}"#).unwrap();
        let peer = fields.id::<Uuid>("peerId");
        fields.required("peerId", peer);
        assert_eq!(violations(fields), [("peerId".to_owned(), "`x` is not a UUID".to_owned())]);
    }

    #[test]
    fn a_body_must_be_an_object() {
        for body in ["", " \n", "null", "[]", "{\"a\":", "7"] {
            let Err(failure) = Fields::parse(body.as_bytes()) else { panic!("{body} was taken") };
            assert_eq!(failure.status, 400);
        }
    }
}
