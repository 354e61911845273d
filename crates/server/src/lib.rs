//! The edges of Tidings: the WebSocket, the HTTP interface, health and metrics, as an axum router that others can nest.
//!
//! In reading order:

pub mod app;
pub mod clock;
pub mod problem;

pub mod auth;
pub mod origin;

pub mod live;

pub mod api;
pub mod archive;
pub mod audit;
pub mod jobs;
pub mod ops;
pub mod personal_data;
pub mod sealing;

mod scratch;
pub mod serve;

pub use app::App;
pub use serve::serve;

use std::sync::Arc;

/// Everything under `/v1`, the health and metrics paths, the API's description and its page.
pub fn router(app: Arc<App>) -> axum::Router {
    live::routes().merge(api::routes()).merge(ops::routes()).fallback(problem::no_such_path).with_state(app)
}
