//! A change to the topology, ready to be committed: the one place where a request touches the topology.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{ModelError, Transaction};

use crate::failure::Failure;
use crate::live::Live;

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

    pub(super) async fn commit(self, live: &Live, status: StatusCode) -> Result<Response, Failure> {
        live.store.commit(self.change).await?;
        let mut response = status.into_response();
        if let Some(location) = self.location.and_then(|l| HeaderValue::try_from(l).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }
}
