//! What is SQLite's own: files, commits, damage, full disks. What all stores owe is tested by the contract's suite.

#![allow(clippy::unwrap_used, clippy::panic)]

mod calls;
mod commits;
mod damage;
mod erase;
mod faults;
mod files;
mod full;
mod harness;
mod search;
