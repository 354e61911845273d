//! Promises of `core`'s traits, each a test that any implementation can run.

use std::{future::Future, time::Duration};

pub mod samples;
pub mod store;

/// Longest that one promise may take: what hangs shall fail by name.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs one promise with several threads, so that what is said to happen at the same time does.
pub fn run(promise: impl Future<Output = ()>) {
    runtime().block_on(async { tokio::time::timeout(PATIENCE, promise).await.expect("an answer in time") });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap()
}
