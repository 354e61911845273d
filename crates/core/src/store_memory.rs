//! The store that lives in memory: logs bounded by time, by number and, over all rooms, by bytes.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use hashbrown::HashMap;
use parking_lot::Mutex;
use rand::RngExt;
use tidings_protocol::{EntryId, Epoch, Offset, Position, Timestamp};
use tidings_settings::Keep;

use crate::{
    Entry, Publication, RoomKey, Store,
    store::{Answer, Stretch},
};

/// Most entries that one room keeps.
const ROOM_ENTRIES_MAX: usize = 1_000;
/// Most bytes that all rooms keep together.
const BYTES_MAX: usize = 256 << 20;
/// How often what is too old is looked for in all rooms.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// How long a room that keeps no entry any more remembers where its log was.
const EMPTY_ROOM_KEEP: Duration = Duration::from_secs(60 * 60);

/// Keeps logs in memory; all are gone when the process ends.
pub struct MemoryStore(Mutex<Logs>);

struct Logs {
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
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_bytes_max(BYTES_MAX)
    }
}

impl MemoryStore {
    /// A store that keeps at most this many bytes over all rooms.
    pub fn with_bytes_max(bytes_max: usize) -> Self {
        Self(Mutex::new(Logs::new(bytes_max)))
    }
}

impl Store for MemoryStore {
    fn append(
        &self,
        room: RoomKey,
        publication: Publication,
        keep: Keep,
        now: Timestamp,
    ) -> Answer<'_, Arc<Entry>> {
        let entry = self.0.lock().append(room, publication, keep, now);
        Box::pin(std::future::ready(Ok(entry)))
    }

    fn head(&self, room: RoomKey) -> Answer<'_, Position> {
        let head = self.0.lock().read(&room, Offset(u64::MAX), 0).head;
        Box::pin(std::future::ready(Ok(head)))
    }

    fn read(&self, room: RoomKey, after: Offset, limit: usize) -> Answer<'_, Stretch> {
        let stretch = self.0.lock().read(&room, after, limit);
        Box::pin(std::future::ready(Ok(stretch)))
    }

    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        let mut logs = self.0.lock();
        if now.millis().saturating_sub(logs.swept_at.millis()) >= SWEEP_INTERVAL.as_millis() as u64 {
            logs.sweep(now, followed);
        }
    }
}

impl Logs {
    fn new(bytes_max: usize) -> Self {
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

    fn append(&mut self, room: RoomKey, publication: Publication, keep: Keep, now: Timestamp) -> Arc<Entry> {
        let epoch = &self.epoch;
        let log = self.rooms.entry(room.clone()).or_insert_with(|| Log::new(epoch.clone()));
        log.head = log.head.next();
        log.keep = keep;
        log.appended_at = now;
        let offset = log.head;
        let entry = Arc::new(Entry::new(room.clone(), publication, EntryId::new(now), now, Some(offset)));
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

    fn read(&self, room: &RoomKey, after: Offset, limit: usize) -> Stretch {
        let Some(log) = self.rooms.get(room) else {
            let head = Position { epoch: self.epoch.clone(), offset: Offset(0) };
            return Stretch { head, oldest: Offset(1), entries: Vec::new() };
        };
        let oldest = log.entries.front().and_then(|entry| entry.offset).unwrap_or(log.head.next());
        let skip = after.0.saturating_add(1).saturating_sub(oldest.0) as usize;
        let entries = log.entries.iter().skip(skip).take(limit).cloned().collect();
        Stretch { head: Position { epoch: log.epoch.clone(), offset: log.head }, oldest, entries }
    }

    fn sweep(&mut self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
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
    }
}

impl Log {
    fn new(epoch: Epoch) -> Self {
        let (head, entries, appended_at) = (Offset(0), VecDeque::new(), Timestamp::from_millis(0));
        Self { epoch, head, entries, keep: Keep::None, appended_at }
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

/// Eight characters that no other log will have by chance in a lifetime of one room.
fn fresh_epoch() -> Epoch {
    const LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = rand::rng();
    let text: String = (0..8).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
    Epoch(text.into())
}

#[cfg(test)]
mod tests;
