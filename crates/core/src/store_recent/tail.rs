//! The newest entries of one room's log, without a gap up to its head.

use std::{collections::VecDeque, sync::Arc};

use tidings_protocol::{Offset, Position};
use tidings_settings::Keep;

use crate::{
    Entry,
    store::{Page, Stretch},
};

/// Most entries of one tail: five recovery pages.
const ENTRIES_MAX: usize = 1_000;

pub(super) struct Tail {
    head: Position,
    /// The oldest entry that the store still keeps, in the tail or before it.
    oldest: Offset,
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    bytes_max: usize,
}

impl Tail {
    /// The tail that a page is, if it ends where the log does.
    pub(super) fn of(page: Stretch, bytes_max: usize) -> Option<Self> {
        let first = page.entries.first().and_then(|entry| entry.offset).unwrap_or(page.head.offset.next());
        let head = Position { epoch: page.head.epoch.clone(), offset: Offset(first.0.saturating_sub(1)) };
        let mut tail = Self { head, oldest: page.oldest, entries: VecDeque::new(), bytes: 0, bytes_max };
        tail.go_on(page).then_some(tail)
    }

    /// Where it ends.
    pub(super) fn end(&self) -> Offset {
        self.head.offset
    }

    /// Whether the log has had an entry. The epoch of one that has not is a guess, which comes to nothing when another log is deleted.
    pub(super) fn has_begun(&self) -> bool {
        self.head.offset > Offset(0)
    }

    /// Whether it is of a moment no earlier than that at which the log stood so.
    pub(super) fn shows(&self, head: &Position, oldest: Offset) -> bool {
        self.head.epoch == head.epoch && self.head.offset >= head.offset && self.oldest >= oldest
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Goes on with a page that was read behind some place in it. False when that does not lead up to the log's head, or not in the same
    /// log: then it is no tail any more.
    pub(super) fn go_on(&mut self, page: Stretch) -> bool {
        if page.head.epoch != self.head.epoch {
            return false;
        }
        let mut is_one = true;
        for entry in page.entries {
            is_one &= entry.offset <= Some(self.head.offset) || self.put(entry);
        }
        self.oldest = self.oldest.max(page.oldest);
        self.bound();
        is_one && self.head.offset >= page.head.offset
    }

    /// Takes an entry that was appended to the same log; false when another one comes before it.
    pub(super) fn push(&mut self, entry: &Arc<Entry>, keep: Keep) -> bool {
        if keep == Keep::None || !self.has_begun() || !self.put(entry.clone()) {
            return false;
        }
        if keep == Keep::Last {
            self.oldest = self.head.offset;
        }
        self.bound();
        true
    }

    /// What the store would answer; none where that has entries from before the tail.
    pub(super) fn read(&self, page: Page, limit: usize) -> Option<Stretch> {
        let (end, oldest) = (self.head.offset.next().0, self.oldest.0);
        let first = self.first().0;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let (from, to) = match page {
            Page::After(after) => {
                let from = after.0.saturating_add(1).max(oldest);
                (from, from.saturating_add(limit).min(end))
            }
            Page::Before(before) => {
                let to = before.0.min(end);
                (to.saturating_sub(limit).max(oldest), to)
            }
        };
        let entries = match from < to {
            false => Vec::new(),
            true if from < first => return None,
            true => self.entries.range((from - first) as usize..(to - first) as usize).cloned().collect(),
        };
        Some(Stretch { head: self.head.clone(), oldest: self.oldest, entries })
    }

    fn first(&self) -> Offset {
        self.entries.front().and_then(|entry| entry.offset).unwrap_or(self.head.offset.next())
    }

    fn put(&mut self, entry: Arc<Entry>) -> bool {
        let is_next = entry.offset == Some(self.head.offset.next());
        if is_next {
            self.head.offset = self.head.offset.next();
            self.bytes += weight(&entry);
            self.entries.push_back(entry);
        }
        is_next
    }

    /// Drops from the front what the store has dropped, and what is too much.
    fn bound(&mut self) {
        while self.entries.len() > ENTRIES_MAX || self.bytes > self.bytes_max || self.first() < self.oldest {
            let Some(entry) = self.entries.pop_front() else { return };
            self.bytes -= weight(&entry);
        }
    }
}

/// An entry, and a frame that was made of it.
fn weight(entry: &Entry) -> usize {
    2 * entry.cost()
}
