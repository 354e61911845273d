//! Logs bounded by time, by number and, over all rooms, by bytes.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use hashbrown::HashMap;
use tidings_protocol::{Epoch, Json, Offset, Position, Timestamp};
use tidings_settings::Keep;

use crate::{
    Entry, RoomKey,
    store::{Page, Stretch, fresh_epoch},
};

/// Most entries that one room keeps.
const ROOM_ENTRIES_MAX: usize = 1_000;
/// How often what is too old is looked for in all rooms.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// How long a room that keeps no entry any more remembers where its log was.
const EMPTY_ROOM_KEEP: Duration = Duration::from_secs(60 * 60);

pub(super) struct Logs {
    /// Epoch of logs that begin now; another one whenever some log was forgotten, so that it cannot go on unnoticed.
    epoch: Epoch,
    rooms: HashMap<RoomKey, Log>,
    /// Every append in order, so that the oldest of all can go first when memory runs out.
    appended: VecDeque<(RoomKey, Offset)>,
    /// Length of `appended` at which records of entries that are gone are swept out of its middle.
    compact_at: usize,
    bytes: usize,
    bytes_max: usize,
    swept_at: Timestamp,
}

struct Log {
    epoch: Epoch,
    /// Of the last entry that ever was.
    head: Offset,
    entries: VecDeque<Arc<Entry>>,
    keep: Keep,
    appended_at: Timestamp,
    began_at: Timestamp,
}

impl Logs {
    pub(super) fn new(bytes_max: usize) -> Self {
        let (rooms, appended) = (HashMap::new(), VecDeque::new());
        Self {
            epoch: fresh_epoch(),
            rooms,
            appended,
            compact_at: 4096,
            bytes: 0,
            bytes_max,
            swept_at: Timestamp::from_millis(0),
        }
    }

    pub(super) fn append(&mut self, entry: Entry, keep: Keep) -> Arc<Entry> {
        let (epoch, room) = (&self.epoch, entry.room.clone());
        let log = self.rooms.entry(room.clone()).or_insert_with(|| Log::new(epoch.clone(), entry.time));
        log.head = log.head.next();
        log.keep = keep;
        log.appended_at = entry.time;
        let offset = log.head;
        let entry = Arc::new(entry.at(offset));
        log.entries.push_back(entry.clone());
        let freed = log.bound();
        self.bytes = (self.bytes + entry.cost()).saturating_sub(freed);
        self.appended.push_back((room, offset));
        if self.bytes > self.bytes_max {
            self.make_room();
        }
        self.compact();
        entry
    }

    /// Takes the oldest entries of all rooms while too many bytes are kept, and forgets appends whose entry is gone anyway.
    fn make_room(&mut self) {
        while let Some((room, offset)) = self.appended.front() {
            let log = self.rooms.get_mut(room);
            let oldest = log.as_ref().and_then(|log| log.entries.front()).and_then(|entry| entry.offset);
            let gone = oldest.is_none_or(|oldest| oldest > *offset);
            if !gone {
                if self.bytes <= self.bytes_max {
                    return;
                }
                let entry = log.and_then(|log| log.entries.pop_front());
                self.bytes -= entry.map_or(0, |entry| entry.cost());
            }
            self.appended.pop_front();
        }
    }

    /// Without this, one old entry at the front would hold the records of all that came and went behind it.
    fn compact(&mut self) {
        if self.appended.len() <= self.compact_at {
            return;
        }
        let rooms = &self.rooms;
        self.appended.retain(|(room, offset)| {
            let oldest = rooms.get(room).and_then(|log| log.entries.front()).and_then(|entry| entry.offset);
            oldest.is_some_and(|oldest| oldest <= *offset)
        });
        self.compact_at = (self.appended.len() * 2).max(4096);
    }

    pub(super) fn read(&self, room: &RoomKey, page: Page, limit: usize) -> Stretch {
        let Some(log) = self.rooms.get(room) else {
            let head = Position { epoch: self.epoch.clone(), offset: Offset(0) };
            return Stretch { head, oldest: Offset(1), entries: Vec::new() };
        };
        let oldest = log.oldest();
        let index = |offset: u64| (offset.saturating_sub(oldest.0) as usize).min(log.entries.len());
        let range = match page {
            Page::After(after) => {
                let from = index(after.0.saturating_add(1));
                from..from.saturating_add(limit).min(log.entries.len())
            }
            Page::Before(before) => {
                let to = index(before.0);
                to.saturating_sub(limit)..to
            }
        };
        let entries = log.entries.range(range).cloned().collect();
        Stretch { head: log.position(), oldest, entries }
    }

    /// Lets the oldest entries of a room go; how many.
    pub(super) fn forget(&mut self, room: &RoomKey, up_to: Offset) -> u64 {
        let Some(log) = self.rooms.get_mut(room) else { return 0 };
        let old = log.entries.iter().take_while(|entry| entry.offset <= Some(up_to)).count();
        let freed: usize = log.entries.drain(..old).map(|entry| entry.cost()).sum();
        self.bytes = self.bytes.saturating_sub(freed);
        old as u64
    }

    /// Lets a room go; how many entries went with it, if there was one.
    pub(super) fn remove(&mut self, room: &RoomKey) -> Option<u64> {
        let log = self.rooms.remove(room)?;
        self.bytes = self.bytes.saturating_sub(log.entries.iter().map(|entry| entry.cost()).sum());
        self.epoch = fresh_epoch();
        Some(log.entries.len() as u64)
    }

    /// Where a room's log stands, the oldest entry there is, and when it began.
    pub(super) fn standing(&self, room: &RoomKey) -> Option<(Position, Offset, Timestamp)> {
        self.rooms.get(room).map(|log| (log.position(), log.oldest(), log.began_at))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &RoomKey> {
        self.rooms.keys()
    }

    /// Entries of all rooms that `wanted` says yes to.
    pub(super) fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Arc<Entry>> {
        self.rooms.values().flat_map(|log| &log.entries).filter(|entry| wanted(entry)).cloned().collect()
    }

    /// Puts other entries in the places of those for which `blank` has one; how many.
    pub(super) fn replace(&mut self, blank: impl Fn(&Entry) -> Option<Entry>) -> u64 {
        let mut replaced = 0;
        for entry in self.rooms.values_mut().flat_map(|log| &mut log.entries) {
            if let Some(other) = blank(entry) {
                self.bytes = (self.bytes + other.cost()).saturating_sub(entry.cost());
                *entry = Arc::new(other);
                replaced += 1;
            }
        }
        replaced
    }

    /// Gives an entry other data.
    pub(super) fn rewrite(&mut self, room: &RoomKey, offset: u64, data: Json) {
        let Some(log) = self.rooms.get_mut(room) else { return };
        let index = offset.checked_sub(log.oldest().0).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| log.entries.get_mut(index)) {
            let other = entry.with_data(data);
            self.bytes = (self.bytes + other.cost()).saturating_sub(entry.cost());
            *entry = Arc::new(other);
        }
    }

    /// Lets go of what is too old, if it is time to look; whether it was.
    pub(super) fn sweep(&mut self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) -> bool {
        if now.millis().saturating_sub(self.swept_at.millis()) < SWEEP_INTERVAL.as_millis() as u64 {
            return false;
        }
        self.swept_at = now;
        let (mut freed, before) = (0, self.rooms.len());
        self.rooms.retain(|room, log| {
            freed += log.age(now);
            let idle = now.millis().saturating_sub(log.appended_at.millis());
            !log.entries.is_empty() || idle < EMPTY_ROOM_KEEP.as_millis() as u64 || followed(room)
        });
        if self.rooms.len() < before {
            self.epoch = fresh_epoch();
        }
        self.bytes = self.bytes.saturating_sub(freed);
        self.make_room();
        true
    }
}

impl Log {
    fn new(epoch: Epoch, now: Timestamp) -> Self {
        let (head, entries) = (Offset(0), VecDeque::new());
        Self { epoch, head, entries, keep: Keep::None, appended_at: now, began_at: now }
    }

    fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), offset: self.head }
    }

    fn oldest(&self) -> Offset {
        self.entries.front().and_then(|entry| entry.offset).unwrap_or(self.head.next())
    }

    /// Drops what is one too many; returns the bytes that this freed. Ages are left to sweeps: to look at the oldest entry with each
    /// append would cost more than the append.
    fn bound(&mut self) -> usize {
        let entries_max = match self.keep {
            Keep::None => 0,
            Keep::Last => 1,
            Keep::For(_) => ROOM_ENTRIES_MAX,
        };
        let surplus = self.entries.len().saturating_sub(entries_max);
        self.entries.drain(..surplus).map(|entry| entry.cost()).sum()
    }

    /// Drops what is too old; returns the bytes that this freed.
    fn age(&mut self, now: Timestamp) -> usize {
        let Keep::For(time) = self.keep else { return 0 };
        let is_old =
            |entry: &Arc<Entry>| now.millis().saturating_sub(entry.time.millis()) > time.as_millis() as u64;
        let old = self.entries.iter().take_while(|entry| is_old(entry)).count();
        self.entries.drain(..old).map(|entry| entry.cost()).sum()
    }
}

#[cfg(test)]
mod tests;
