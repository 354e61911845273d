//! What the tests of several crates share; only for `dev-dependencies`.
//!
//! [`contract`] holds what a trait's prose promises, as tests that every implementation runs. [`Folder`] is a place on the disk
//! for as long as a test lasts.

// A test may end with a panic; clippy only knows that of functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

pub mod contract;
pub mod folder;

pub use folder::Folder;
