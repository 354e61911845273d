//! The HTTP interface, request by request, without a socket.

// The lint knows tests, not what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod failing;
mod stage;

mod connections;
mod description;
mod edges;
mod house;
mod idempotency;
mod operations;
mod presence;
mod publish;
