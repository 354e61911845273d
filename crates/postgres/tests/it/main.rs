//! The store on a real PostgreSQL, which this starts for itself.

// A test may end with a panic; clippy only knows that of functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod server;

mod away;
mod encrypted;
mod erasing;
mod opening;
mod partitions;
mod pooler;
mod shared;
