//! The clients and tokens of the other tests, with a server that can be killed and started again where it was.

#[allow(dead_code, reason = "not all of it is for these tests")]
#[path = "../it/harness/client.rs"]
mod client;
#[allow(dead_code, reason = "not all of it is for these tests")]
#[path = "../it/harness/http.rs"]
mod http;
mod server;
#[allow(dead_code, reason = "not all of it is for these tests")]
#[path = "../it/harness/token.rs"]
mod token;

pub(crate) use client::Client;
pub(crate) use http::{Http, read_response};
pub(crate) use server::{Server, Setup};
pub(crate) use token::{random_hex, token, token_with};

use std::time::{Duration, Instant};

/// How long anything may take before the test fails. Two busy cores are slow at times.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for a future; panics when it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing within {PATIENCE:?}"),
    }
}

/// Looks until it is so; how long that took.
pub(crate) async fn until(what: &str, limit: Duration, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let since = Instant::now();
    while !is_so().await {
        assert!(since.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    since.elapsed()
}
