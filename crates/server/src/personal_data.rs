//! What is kept of a person: handing all of it out, and forgetting it. For back ends over HTTP and for the command line.

mod erase;
mod export;

pub(crate) use erase::others_have_archived;
pub use erase::{EraseError, erase};
pub use export::{Export, Exported};
