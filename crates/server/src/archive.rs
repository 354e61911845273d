//! The folder of `store.archive`: entries that are let go, as JSON lines, gzipped, a file or more for each run.
//!
//! A file is written under a name that begins with a dot, brought to disk, and only then gets the name by which it is found; only then are its entries
//! forgotten. If the server dies between, the same entries are archived again with the next run: they are there twice, with the
//! same ids, and never not at all.
//!
//! What the store keeps sealed is archived as it is kept, and its data key with it, sealed under a master key as the store has it. So an archive
//! is as secret as the store, needs no key to be written or to take a person out, and is read with the master key alone.

mod erase;
mod line;
mod read;
mod rewrap;
mod sealed;
mod write;

pub use erase::erase;
pub use line::Line;
pub use read::{Damage, Reader, files, read};
pub use rewrap::{Rewrapped, rewrap};
pub use sealed::LineKey;
pub use write::Folder;

/// What the names of whole files end with.
const ENDING: &str = ".jsonl.gz";

#[cfg(test)]
mod tests;
