//! The verbs, one file each: its arguments with their help, and what it does.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod db;
pub(crate) mod dev;
pub(crate) mod listen;
pub(crate) mod notify;
pub(crate) mod publish;
pub(crate) mod serve;
pub(crate) mod token;
