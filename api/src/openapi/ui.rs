//! The document for people: Swagger UI, whose files are part of the executable, so it works without the internet.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, serve};

use crate::failure::Failure;
use crate::links::BASE;

/// The page shows the document that stands beside it.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("../openapi.json")));

/// The pages. The first names the others relative to itself, so it stands under a name in a folder.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let index = [(header::LOCATION, format!("{BASE}/docs/index.html"))];
    Router::new()
        .route("/docs", get(move || async move { (StatusCode::FOUND, index) }))
        .route("/docs/{file}", get(page))
}

async fn page(Path(file): Path<String>) -> Result<Response, Failure> {
    match serve(&file, Arc::clone(&CONFIG)) {
        Ok(Some(page)) => {
            Ok(([(header::CONTENT_TYPE, page.content_type)], page.bytes.into_owned()).into_response())
        }
        Ok(None) => Err(Failure::not_found("page", file)),
        Err(error) => Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}
