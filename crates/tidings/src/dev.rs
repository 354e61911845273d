//! What only `tidings dev` has: throw-away keys, the demo's page and its session.
//!
//! None of it may ever reach another machine: the session hands out the API key to whoever asks. So `dev` listens on
//! loopback only, and `guard` keeps foreign web pages out.

mod guard;
mod keys;
mod page;
mod session;
mod settings;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use keys::Keys;
pub(crate) use session::{Session, session_path};
pub(crate) use settings::{SETTING, for_development};

use tidings_settings::Auth;

/// The room that the demo's page shows.
pub(crate) const DEMO_ROOM: &str = "demo";

/// What the routes know.
pub(crate) struct Dev {
    /// How tokens are signed.
    pub(crate) auth: Auth,
    /// The key that was drawn for this start.
    pub(crate) api_key: String,
    /// Where the server listens.
    pub(crate) address: SocketAddr,
}

impl Dev {
    /// `http://127.0.0.1:8000`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The demo's page and its session.
pub(crate) fn routes(dev: Dev) -> Router {
    page::routes()
        .merge(Router::new().route("/demo/session", get(session::session)).with_state(Arc::new(dev)))
}
