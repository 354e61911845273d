//! Reading what rooms keep.

use std::sync::Arc;

use tidings_protocol::{Epoch, ErrorCode, Fault, Offset, RoomName};

use super::{Tidings, unavailable};
use crate::{
    Entry, Identity, RoomKey,
    access::Act,
    store::{Page, Stretch},
};

/// Bytes of data in one page: whoever reads large entries gets fewer of them.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Entries read from the store at once, so that what a page has no room for was not read for nothing.
const CHUNK: usize = 100;

impl Tidings {
    /// A page of a room's log for a user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, and those of [`Self::history`].
    pub async fn history_for(
        &self,
        identity: &Identity,
        room: &RoomName,
        page: Page,
        epoch: Option<&Epoch>,
        limit: usize,
    ) -> Result<Stretch, Fault> {
        self.may(identity, Act::History, room).await?;
        self.history(room, page, epoch, limit).await
    }

    /// A page of a room's log, of at most `limit` entries and 4 MiB, but at least one if there is one. Pages meet exactly, also while
    /// entries arrive and go: a page is bounded by offsets.
    ///
    /// # Errors
    /// `not_found` for a room that no rule knows; `history_lost` for an epoch that is over, an offset that the log has not reached, and a page that
    /// would begin with entries that are no longer kept; `unavailable` when the store is.
    pub async fn history(
        &self,
        room: &RoomName,
        page: Page,
        epoch: Option<&Epoch>,
        limit: usize,
    ) -> Result<Stretch, Fault> {
        let key = self.known(room.clone(), "room")?;
        let stretch = self.read_bounded(&key, page, limit).await?;
        if let Some(epoch) = epoch.filter(|epoch| **epoch != stretch.head.epoch) {
            let message = format!("the log that {epoch} counts in is over; now it is {}", stretch.head.epoch);
            return Err(lost("epoch", message));
        }
        match page {
            Page::After(after) if after > stretch.head.offset => {
                Err(lost("after", format!("the log ends at {}", stretch.head.offset)))
            }
            Page::After(after) if after > Offset(0) && after.next() < stretch.oldest => {
                Err(lost("after", format!("the oldest entry that is still kept is {}", stretch.oldest)))
            }
            _ => Ok(stretch),
        }
    }

    /// Reads until the page is full. A log that begins anew or forgets meanwhile ends the page early.
    async fn read_bounded(&self, key: &RoomKey, page: Page, limit: usize) -> Result<Stretch, Fault> {
        let read = |page, limit: usize| self.read(key, page, limit.min(CHUNK));
        let mut whole = read(page, limit).await.map_err(unavailable)?;
        let mut bytes = cut(&mut whole.entries, page, 1, PAGE_BYTES_MAX);
        while let (Some(bytes_left), Some(next)) = (bytes, whole.further(page)) {
            let left = limit.saturating_sub(whole.entries.len());
            if left == 0 {
                break;
            }
            let mut chunk = read(next, left).await.map_err(unavailable)?;
            if !meets(&whole, &chunk, next) {
                break;
            }
            bytes = cut(&mut chunk.entries, page, 0, bytes_left);
            match page {
                Page::After(_) => whole.entries.append(&mut chunk.entries),
                Page::Before(_) => whole.entries.splice(..0, chunk.entries).for_each(drop),
            }
        }
        Ok(whole)
    }
}

/// Whether a chunk goes on right where a stretch ends.
fn meets(whole: &Stretch, chunk: &Stretch, next: Page) -> bool {
    let (first, last) = (chunk.entries.first(), chunk.entries.last());
    let offset = |entry: Option<&Arc<Entry>>| entry.and_then(|entry| entry.offset);
    chunk.head.epoch == whole.head.epoch
        && match next {
            Page::After(end) => offset(first) == Some(end.next()),
            Page::Before(end) => offset(last).is_some_and(|last| last.next() == end),
        }
}

/// Leaves away what is more than so many bytes, at the end that is further on, but not the first `least`; the bytes that are left, none when
/// something had to go.
fn cut(entries: &mut Vec<Arc<Entry>>, page: Page, least: usize, bytes_max: usize) -> Option<usize> {
    let (mut left, mut count) = (bytes_max, 0);
    let mut sizes: Vec<usize> = entries.iter().map(|entry| entry.data.as_str().len()).collect();
    if matches!(page, Page::Before(_)) {
        sizes.reverse();
    }
    for bytes in sizes {
        if count >= least && bytes > left {
            break;
        }
        left = left.saturating_sub(bytes);
        count += 1;
    }
    let surplus = entries.len() - count;
    match page {
        Page::After(_) => entries.truncate(count),
        Page::Before(_) => entries.drain(..surplus).for_each(drop),
    }
    (surplus == 0).then_some(left)
}

fn lost(path: &str, message: String) -> Fault {
    Fault { path: Some(path.into()), ..Fault::new(ErrorCode::HistoryLost, message) }
}
