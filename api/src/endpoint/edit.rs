//! A change to the topology, ready to be committed: the one place where a request touches the topology.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{ModelError, Transaction};

use super::applied::{Made, Wait};
use super::etag::Condition;
use super::{Call, stamp};
use crate::failure::Failure;

/// What an edit does in a transaction, perhaps several times.
type Change = dyn FnMut(&mut Transaction) -> Result<(), ModelError> + Send;

/// A change to the topology, and where what it makes will be found.
pub(crate) struct Edit {
    change: Box<Change>,
    location: Option<String>,
}

impl Edit {
    pub(crate) fn new(
        change: impl FnMut(&mut Transaction) -> Result<(), ModelError> + Send + 'static,
    ) -> Self {
        Self { change: Box::new(change), location: None }
    }

    pub(crate) fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// Makes the change as far as the caller may, as a part of a transaction: where what it made will be found.
    pub(super) fn apply(mut self, call: &Call, tx: &mut Transaction) -> Result<Option<String>, Failure> {
        call.caller.carry_out(tx, &mut self.change)?;
        Ok(self.location)
    }

    /// Makes the change as far as the caller may, in a commit of its own, if the condition holds in it.
    pub(super) async fn commit(
        self,
        call: &Call,
        condition: Option<Condition>,
        wait: Wait,
        status: StatusCode,
    ) -> Result<Response, Failure> {
        let Self { mut change, location } = self;
        let asked = call.clone();
        let made = wait
            .commit(call, move |tx| {
                if let Some(condition) = &condition {
                    condition.check(&asked.at(tx.state()))?;
                }
                Ok(asked.caller.carry_out(tx, &mut change)?)
            })
            .await?;
        answer(made, status, location)
    }
}

/// The answer when the change is made.
fn answer(made: Made<()>, status: StatusCode, location: Option<String>) -> Result<Response, Failure> {
    let answer = match made.not_applied {
        None => status.into_response(),
        Some(not_applied) => not_applied.answer()?,
    };
    let mut response = stamp(answer, made.version);
    if let Some(location) = location.and_then(|l| HeaderValue::try_from(l).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
