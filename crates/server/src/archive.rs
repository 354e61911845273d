//! The folder of `store.archive`: entries that are let go, as JSON lines, gzipped, a file or more for each run.
//!
//! A file is written under a name that begins with a dot, brought to disk, and only then gets the name by which it is found; only then are its entries
//! forgotten. If the server dies between, the same entries are archived again with the next run: they are there twice, with the
//! same ids, and never not at all.

mod erase;
mod line;
mod read;
mod write;

pub use erase::erase;
pub use line::Line;
pub use read::{Damage, Reader, files, read};
pub use write::Folder;

/// What the names of whole files end with.
const ENDING: &str = ".jsonl.gz";

#[cfg(test)]
mod tests;
