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

pub(crate) mod audit;
mod connections;
mod erase;
mod export;
mod page;
mod path;
mod presence;
mod revoke;
mod rotate;
mod stats;

mod access;
mod chat;
mod members;
mod messages;
mod notifications;
mod rooms;
mod search;

mod me;

pub mod docs;
mod openapi;

pub use openapi::openapi;

use std::sync::Arc;

use axum::{Router, response::Response};
use http::StatusCode;

use crate::App;

/// Everything under `/v1` but the WebSocket, `/openapi.json` and `/docs`.
pub fn routes() -> Router<Arc<App>> {
    endpoint::mount(routes::for_back_ends())
}

/// Publishes what a body says, for somebody with a good key, without a way through the router. Gives the JSON of the 202, or what else
/// is answered.
pub(crate) async fn publish_directly(app: &App, json: &[u8]) -> Result<Vec<u8>, Response> {
    match publish::accept(app, json).await {
        Ok(json) => {
            app.edge_metrics.answered(routes::PUBLISH_ORDINAL, StatusCode::ACCEPTED);
            Ok(json)
        }
        Err(fault) => Err(endpoint::counted(app, routes::PUBLISH_ORDINAL, Err(fault.into()))),
    }
}
