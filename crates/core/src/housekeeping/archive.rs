//! The seam to where entries go before they are forgotten.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::Entry;

/// A future of an archive's answer; the error is a sentence for operators that names no user, no room and no content.
pub type Archiving<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Keeps entries outside of the store, in pieces of its own.
pub trait Archive: Send + Sync {
    /// Takes entries in. They are not safe before [`Self::seal`].
    fn add(&mut self, entries: Vec<Arc<Entry>>) -> Archiving<'_>;

    /// When it answers, all that was taken in is on disk for good, under its name.
    fn seal(&mut self) -> Archiving<'_>;
}
