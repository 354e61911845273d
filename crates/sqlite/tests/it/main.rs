//! What is SQLite's own: files, commits, damage, full disks. What all stores owe is tested by the contract's suite.

mod calls;
mod commits;
mod damage;
mod erase;
mod files;
mod full;
mod harness;
