//! The server that all tests share, except those that kill theirs.

use std::sync::{Arc, OnceLock};

use tidings_core::{Entry, RoomKey, Store, StoreError};
use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_testkit::{
    PostgresServer,
    contract::samples::{self, LONG},
};

pub(crate) fn shared() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| PostgresServer::start().unwrap())
}

pub(crate) async fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::connect(url, PostgresOptions::default()).await.unwrap())
}

/// The database's name in an address.
pub(crate) fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap().split('?').next().unwrap()
}

/// Appends one entry whose data is a number.
pub(crate) async fn append(store: &dyn Store, room: &RoomKey, number: u64) -> Result<Arc<Entry>, StoreError> {
    store.append_one(samples::entry(room, &number.to_string()), LONG).await
}
