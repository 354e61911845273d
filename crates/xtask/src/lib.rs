//! The house's own tools: what is generated, and the checks that no compiler makes.
//!
//! `cargo run -p xtask -- codegen` writes what is generated; `cargo run -p xtask -- tidy` says what breaks the house rules.
//! The tests of this crate run both without writing, so `cargo test` finds what somebody forgot. In reading order:

pub mod codegen;
pub mod tidy;
