//! What the tests of several crates share; only for `dev-dependencies`.
//!
//! [`contract`] holds what a trait's prose promises, as tests that every implementation runs. [`PostgresServer`] is a real
//! PostgreSQL, and [`Folder`] a place on the disk, each for as long as a test lasts. [`measuring`] is for examples.

// A test may end with a panic; clippy only knows that of functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

pub mod contract;
pub mod folder;
pub mod inbox_load;
pub mod measuring;
pub mod postgres_server;
pub mod search_load;

pub use folder::Folder;
pub use postgres_server::PostgresServer;
