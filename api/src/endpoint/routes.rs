//! Paths with what stands at them. The only way to add one describes it too, so the document tells of all that is served.

use axum::Router;

use super::writing::Writer;
use super::{Endpoint, Operation, Shared};

/// A path below the base, described.
pub(crate) struct Path {
    pub(crate) path: &'static str,
    pub(crate) operations: Vec<Operation>,
    /// What a bulk request can do there.
    pub(super) writers: Vec<Writer>,
}

/// Paths below the base, served and described.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Shared>,
    paths: Vec<Path>,
}

impl Routes {
    /// None.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// These and another. Segments in braces match anything.
    pub(crate) fn route(mut self, path: &'static str, mut endpoint: Endpoint) -> Self {
        let operations = std::mem::take(&mut endpoint.operations);
        self.paths.push(Path { path, operations, writers: endpoint.writers.clone() });
        self.router = self.router.route(path, endpoint.into_router());
        self
    }

    /// The paths of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.paths.extend(other.paths);
        self
    }

    /// The same with a layer around all that is served.
    pub(super) fn layer<T: Clone + Send + Sync + 'static>(mut self, extension: T) -> Self {
        self.router = self.router.layer(axum::Extension(extension));
        self
    }

    /// What is described.
    pub(super) fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// What serves them, and their description.
    pub(crate) fn into_parts(self) -> (Router<Shared>, Vec<Path>) {
        (self.router, self.paths)
    }
}
