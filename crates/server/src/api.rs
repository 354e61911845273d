//! The HTTP interface of back ends, `/v1`, its description and its page.
//!
//! [`routes`] is the one table: it mounts the handlers and emits the OpenAPI document, so neither can forget the other, and what a
//! row says of credentials is what is asked for. There are no CORS headers anywhere: an API key belongs in a back end and never in
//! a web page. In reading order:

pub(crate) mod endpoint;
pub(crate) mod routes;

mod answer;
mod body;
pub(crate) mod query;

pub mod idempotency;
mod refusal;

mod batch;
mod publish;

mod connections;
mod page;
mod presence;
mod stats;

pub mod docs;
mod openapi;

pub use openapi::openapi;

use std::sync::Arc;

use axum::{Router, response::Response};
use http::{Method, Request};
use hyper::body::Incoming;

use crate::App;

/// The one path that is asked so often that the router's share of its cost counts.
pub(crate) const PUBLISH: &str = "/v1/publish";

/// Everything under `/v1` but the WebSocket, `/openapi.json` and `/docs`.
pub fn routes() -> Router<Arc<App>> {
    endpoint::mount(routes::for_back_ends())
}

/// Whether the request is one that [`publish_directly`] answers: its key is good, all else goes through the router.
pub(crate) fn is_publish<B>(app: &App, request: &Request<B>) -> bool {
    request.method() == Method::POST
        && request.uri().path() == PUBLISH
        && app.api_keys.are_in(request.headers())
}

/// The answer to `POST /v1/publish` with a good key, without a way through the router.
pub(crate) async fn publish_directly(app: Arc<App>, request: Request<Incoming>) -> Response {
    let outcome = publish::publish(app.clone(), request).await;
    endpoint::counted(&app, routes::PUBLISH_ORDINAL, outcome)
}
