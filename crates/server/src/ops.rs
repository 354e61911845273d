//! What those who run the server look at: is it alive, is it ready, what has it counted.
//!
//! The paths stand in the table of [`crate::api`] like all others, so that they are described there too; they are a router of
//! their own because they can listen on an address of their own.

pub(crate) mod access;
pub mod health;
pub mod histogram;
pub mod metrics;
pub(crate) mod scrape;
pub mod store_health;

mod process;

use std::sync::Arc;

use axum::Router;

use crate::{App, api};

/// `/livez`, `/readyz` and `/metrics`.
pub fn routes() -> Router<Arc<App>> {
    api::endpoint::mount(api::routes::for_operations())
}
