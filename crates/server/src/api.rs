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

use axum::Router;

use crate::App;

/// Everything under `/v1` but the WebSocket, `/openapi.json` and `/docs`.
pub fn routes() -> Router<Arc<App>> {
    endpoint::mount(routes::for_back_ends())
}
