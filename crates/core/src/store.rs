//! The seam to what keeps entries.

use std::{future::Future, pin::Pin, sync::Arc};

use tidings_protocol::{Offset, Position, Timestamp};
use tidings_settings::Keep;

use crate::{Entry, Publication, RoomKey};

/// A future of a store's answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store could not do what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// Not now; the same call may succeed later. Nothing was changed.
    Unavailable,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable => f.write_str("the store is not available"),
        }
    }
}

impl std::error::Error for StoreError {}

/// A stretch of a room's log.
#[derive(Debug)]
pub struct Stretch {
    /// The log's head when it was read.
    pub head: Position,
    /// Offset of the oldest entry that is still kept; the one after the head where none is.
    pub oldest: Offset,
    /// In order, without a gap.
    pub entries: Vec<Arc<Entry>>,
}

/// Keeps the logs of rooms.
///
/// *Order.* `append` gives each entry of a room the offset after the one before, starting at 1; nobody ever sees offset n+1 in a
/// `read` without n having been there before. *Atomic.* An entry is there with its offset or not at all; once `append` has
/// answered, every `read` has it until retention takes it. *Epochs.* When a log is lost or starts anew, its epoch is another one.
pub trait Store: Send + Sync {
    /// Puts an entry at the end of a room's log, and lets go of what `keep` no longer covers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the entry is not kept.
    fn append(
        &self,
        room: RoomKey,
        publication: Publication,
        keep: Keep,
        now: Timestamp,
    ) -> Answer<'_, Arc<Entry>>;

    /// Where a room's log ends; 0 in a fresh epoch for a room that never kept anything.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn head(&self, room: RoomKey) -> Answer<'_, Position>;

    /// The entries after `after`, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn read(&self, room: RoomKey, after: Offset, limit: usize) -> Answer<'_, Stretch>;

    /// Lets go of what is too old; called now and then. Where the log of a room that is `followed` stands is never forgotten.
    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool);
}
