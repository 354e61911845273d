//! What a user relies on, against the real binary and real sockets: one module for each capability.
//!
//! Nothing here knows the server's inside. A test waits for messages and never for time; that something does *not* come is
//! shown by what comes behind it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do: at the spot, with a reason"
)]

mod harness;

mod access;
mod api;
mod archive_verb;
mod bad_input;
mod chat;
mod check_verb;
mod connect;
mod encodings;
mod history;
mod housekeeping;
mod limits;
mod members;
mod notifications;
mod pieces;
mod presence;
mod publish;
mod receipts;
mod recovery;
mod resume;
mod resume_everywhere;
mod rooms;
mod scheduled;
mod sealed;
mod search;
mod secrets;
mod shutdown;
mod slow_readers;
mod store_verbs;
mod store_verbs_postgres;
mod tokens;
