//! The WebSocket: from the upgrade request to the last byte.
//!
//! `upgrade` decides whether a request becomes a socket, `opening` turns the socket into a connection of a user,
//! `websocket` is the loop that serves it, `commands` is what a client can ask.

pub mod admission;
pub mod frames;
mod notifications;

mod burst;
pub(crate) mod chat;
pub(crate) mod commands;
#[cfg(feature = "conformance")]
mod conformance;
mod opening;
mod reader;
mod repair;
mod search;
mod socket;
mod upgrade;
mod websocket;

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{App, problem};

/// `GET /v1/ws`.
pub fn routes() -> Router<Arc<App>> {
    let upgrade = get(upgrade::upgrade).fallback(async || problem::wrong_method());
    let routes = Router::new().route("/v1/ws", upgrade);
    #[cfg(feature = "conformance")]
    let routes = routes.route("/__echo", get(conformance::echo));
    routes
}
