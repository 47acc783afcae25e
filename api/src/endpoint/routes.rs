//! Paths with what stands at them. The only way to add one describes it too, so the document tells of all that is served.

use axum::Router;

use super::{Endpoint, Operation, Shared};

/// The verbs of a path, described.
pub(crate) type Path = (&'static str, Vec<Operation>);

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
    pub(crate) fn route(mut self, path: &'static str, endpoint: Endpoint) -> Self {
        self.router = self.router.route(path, endpoint.router);
        self.paths.push((path, endpoint.operations));
        self
    }

    /// The paths of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.paths.extend(other.paths);
        self
    }

    /// What serves them, and their description.
    pub(crate) fn into_parts(self) -> (Router<Shared>, Vec<Path>) {
        (self.router, self.paths)
    }
}
