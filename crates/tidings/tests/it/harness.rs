//! Servers, clients and tokens for the tests.

mod bystander;
mod client;
mod command;
mod http;
mod raw;
mod server;
mod token;

pub(crate) use bystander::Bystander;
pub(crate) use client::{Client, Heard, cursor_of, personal};
pub(crate) use command::{Called, call, call_at_terminal};
pub(crate) use http::{Http, Response};
pub(crate) use raw::{Frame, Raw, frame};
pub(crate) use server::Server;
pub(crate) use token::{KeyPair, claims, random_hex, sign, token, token_with};

use std::time::Duration;

/// How long anything may take before the test fails. Two busy cores are slow at times.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for a future; panics when it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing within {PATIENCE:?}"),
    }
}
