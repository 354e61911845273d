//! The store on PostgreSQL 13 or newer: several servers on the same logs.
//!
//! It works directly and behind a pooler that hands out a connection per transaction (PgBouncer's `pool_mode = transaction`):
//! nothing of a session is used, no prepared statement outlives its transaction. An acknowledged entry is as safe as the
//! server's own `synchronous_commit` makes it, which is `on` unless somebody changed it; Tidings leaves it as it is.
//!
//! What is erased is gone from the tables and, where their size allows, from their files. Transactions that began before it can
//! hold it there: an erasure waits for them for up to 30 seconds, and logs a warning when that was not enough. PostgreSQL's
//! write-ahead log, its archive, replicas and dumps are the operator's: they hold what was there until they are recycled.
//!
//! In reading order:

mod address;
mod tls;

mod failure;
mod pool;
mod work;

mod look;
mod partitions;
mod schema;

mod append;
mod entries;
mod rows;

mod data_keys;
mod erase;
mod house;
mod inbox;
mod members;
mod people;
mod receipts;
mod rooms;

mod chat;

mod audit;
mod backup;
mod jobs;

mod store;

pub use failure::OpenError;
pub use look::{Look, check_address, look};
pub use schema::{Migrated, VERSION, migrate, version_at};
pub use store::{PostgresOptions, PostgresStore};
