//! The store that lives in memory: nothing to install, nothing on disk, and all of it gone when the process ends.

mod book;
mod chat;
mod inbox;
mod keys;
mod logs;
mod people;
mod receipts;

use std::{path::Path, sync::Arc};

use parking_lot::Mutex;
use tidings_protocol::{Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use self::{
    book::Book, chat::Chats, inbox::Inboxes, keys::Keys, logs::Logs, people::Crowd, receipts::Receipts,
};
use crate::{
    Entry, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, Erased, JobState, Member, MemberRole, Once, Page,
        Revocation, RoomRecord, Stretch, Tidy,
    },
};

/// Most bytes that all rooms keep together.
const BYTES_MAX: usize = 256 << 20;

/// Keeps all there is in memory.
pub struct MemoryStore {
    logs: Mutex<Logs>,
    /// Locked behind `logs` where both are.
    book: Mutex<Book>,
    crowd: Mutex<Crowd>,
    /// Locked behind `logs` and `book`.
    inboxes: Mutex<Inboxes>,
    keys: Mutex<Keys>,
    /// Locked behind `logs`.
    chats: Mutex<Chats>,
    receipts: Mutex<Receipts>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_bytes_max(BYTES_MAX)
    }
}

impl MemoryStore {
    /// A store whose logs have at most this many bytes over all rooms.
    pub fn with_bytes_max(bytes_max: usize) -> Self {
        let logs = Mutex::new(Logs::new(bytes_max));
        Self {
            logs,
            book: Mutex::default(),
            crowd: Mutex::default(),
            inboxes: Mutex::default(),
            keys: Mutex::default(),
            chats: Mutex::default(),
            receipts: Mutex::default(),
        }
    }

    fn record(&self, room: &RoomKey) -> Option<RoomRecord> {
        let logs = self.logs.lock();
        let standing = logs.standing(room);
        let book = self.book.lock();
        let noted = room.name().and_then(|name| book.room(name));
        if standing.is_none() && noted.is_none() {
            return None;
        }
        let (head, oldest, began_at) = standing.unwrap_or_else(|| {
            let empty = logs.read(room, Page::After(Offset(0)), 0);
            (empty.head, empty.oldest, Timestamp::from_millis(u64::MAX))
        });
        let created_at = noted.as_ref().map_or(began_at, |(_, _, since)| began_at.min(*since));
        let (data, members, _) = noted.unwrap_or((Json::null(), 0, began_at));
        Some(RoomRecord { room: room.clone(), head, oldest, data, members, created_at })
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Store for MemoryStore {
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended> {
        let mut logs = self.logs.lock();
        if let Some(once) = &once {
            match self.book.lock().used(once) {
                Some(Ok(before)) => return ready(Appended::Before(before)),
                Some(Err(conflict)) => return Box::pin(std::future::ready(Err(conflict))),
                None => {}
            }
        }
        let entries: Vec<Arc<Entry>> =
            entries.into_iter().map(|(entry, keep)| logs.append(entry, keep)).collect();
        if let Some(once) = once {
            let places = entries.iter().map(|entry| (entry.id, entry.offset.unwrap_or_default())).collect();
            self.book.lock().use_key(once, places);
        }
        ready(Appended::New(entries))
    }

    fn append_one(&self, entry: Entry, keep: Keep) -> Answer<'_, Arc<Entry>> {
        ready(self.logs.lock().append(entry, keep))
    }

    fn head(&self, room: RoomKey) -> Answer<'_, Position> {
        ready(self.logs.lock().read(&room, Page::After(Offset(u64::MAX)), 0).head)
    }

    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        ready(self.logs.lock().read(&room, page, limit))
    }

    fn room(&self, room: RoomKey) -> Answer<'_, Option<RoomRecord>> {
        ready(self.record(&room))
    }

    fn rooms(&self, after: Option<RoomKey>, limit: usize) -> Answer<'_, Vec<RoomRecord>> {
        let after = after.map(|room| room.to_string());
        let mut keys: Vec<(String, RoomKey)> =
            self.logs.lock().keys().map(|room| (room.to_string(), room.clone())).collect();
        keys.extend(self.book.lock().names().map(|name| {
            let room = RoomKey::Named(name.clone());
            (room.to_string(), room)
        }));
        keys.retain(|(text, _)| after.as_ref().is_none_or(|after| text > after));
        keys.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        keys.dedup_by(|a, b| a.0 == b.0);
        ready(keys.iter().take(limit).filter_map(|(_, room)| self.record(room)).collect())
    }

    fn put_room(&self, room: RoomName, data: Json, now: Timestamp) -> Answer<'_, bool> {
        let logs = self.logs.lock();
        let mut book = self.book.lock();
        let is_new = book.room(&room).is_none() && logs.standing(&RoomKey::Named(room.clone())).is_none();
        book.put_room(room, data, now);
        ready(is_new)
    }

    fn delete_room(&self, room: RoomName) -> Answer<'_, bool> {
        let key = RoomKey::Named(room.clone());
        let mut logs = self.logs.lock();
        let had_log = logs.remove(&key).is_some();
        self.chats.lock().delete_room(&key);
        drop(logs);
        let mut book = self.book.lock();
        let was_noted = book.delete_room(&room);
        self.inboxes.lock().delete_room(&room);
        ready(had_log || was_noted)
    }

    fn member(&self, room: RoomName, user: UserId) -> Answer<'_, Option<Member>> {
        ready(self.book.lock().member(&room, &user))
    }

    fn members(&self, room: RoomName, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Member>> {
        ready(self.book.lock().members(&room, after.as_ref(), limit))
    }

    fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomName>,
        limit: usize,
    ) -> Answer<'_, Vec<(RoomName, MemberRole)>> {
        ready(self.book.lock().rooms_of(&user, after.as_ref(), limit))
    }

    fn put_member(&self, room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> Answer<'_, bool> {
        let mut book = self.book.lock();
        self.inboxes.lock().membership_changed(&user);
        ready(book.put_member(room, Member { user, role, since: now }))
    }

    fn remove_member(&self, room: RoomName, user: UserId) -> Answer<'_, bool> {
        let mut book = self.book.lock();
        self.inboxes.lock().membership_changed(&user);
        ready(book.remove_member(&room, &user))
    }

    fn revoke(&self, user: UserId, at: Timestamp) -> Answer<'_, ()> {
        self.book.lock().revoke(user, at);
        ready(())
    }

    fn revocations(&self, since: Timestamp) -> Answer<'_, Vec<Revocation>> {
        ready(self.book.lock().revocations(since))
    }

    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>> {
        let place = |room: &RoomKey, offset: Option<Offset>| (room.to_string(), offset.unwrap_or_default());
        let after = after.map(|(room, offset)| place(&room, Some(offset)));
        let mut entries = self.logs.lock().entries(|entry| entry.is_of(&user));
        entries.retain(|entry| after.as_ref().is_none_or(|after| place(&entry.room, entry.offset) > *after));
        entries.sort_unstable_by_key(|entry| place(&entry.room, entry.offset));
        entries.truncate(limit);
        ready(entries)
    }

    fn erase(&self, user: UserId) -> Answer<'_, Erased> {
        let mut logs = self.logs.lock();
        self.chats.lock().erase(&user, &logs);
        let personal_entries = logs.remove(&RoomKey::Personal(user.clone())).unwrap_or_default();
        let blanked_entries =
            logs.replace(|entry| (entry.from.as_ref() == Some(&user)).then(|| entry.blanked()));
        let memberships = self.book.lock().erase(&user);
        self.crowd.lock().forget(&user);
        self.receipts.lock().erase(&user);
        let notifications = self.inboxes.lock().erase(&user);
        ready(Erased { personal_entries, blanked_entries, memberships, notifications })
    }

    fn forget(&self, room: RoomKey, up_to: Offset) -> Answer<'_, u64> {
        ready(self.logs.lock().forget(&room, up_to))
    }

    fn tidy(&self, _: Timestamp, tidy: Tidy) -> Answer<'_, u64> {
        self.chats.lock().tidy(tidy.keys_before);
        ready(self.book.lock().tidy(tidy))
    }

    fn audit(&self, act: AuditAct) -> Answer<'_, AuditRecord> {
        ready(self.book.lock().audit(act))
    }

    fn audit_log(&self, after: u64, limit: usize) -> Answer<'_, Vec<AuditRecord>> {
        ready(self.book.lock().audit_log(after, limit))
    }

    fn keeps_audit(&self) -> bool {
        false
    }

    fn claim_job(
        &self,
        name: &'static str,
        now: Timestamp,
        every_ms: u64,
        lease_ms: u64,
    ) -> Answer<'_, bool> {
        ready(self.book.lock().claim_job(name, now, every_ms, lease_ms))
    }

    fn finish_job(
        &self,
        name: &'static str,
        now: Timestamp,
        outcome: Result<Json, String>,
    ) -> Answer<'_, ()> {
        self.book.lock().finish_job(name, now, outcome);
        ready(())
    }

    fn jobs(&self) -> Answer<'_, Vec<JobState>> {
        ready(self.book.lock().jobs())
    }

    fn backup<'a>(&'a self, _: &'a Path) -> Answer<'a, ()> {
        let why = "the store in memory has no backup: set store.url to a file or to PostgreSQL";
        Box::pin(std::future::ready(Err(StoreError::Unsupported(why.into()))))
    }

    fn health(&self) -> Answer<'_, ()> {
        ready(())
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn commits_together(&self) -> bool {
        false
    }

    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        let mut logs = self.logs.lock();
        if logs.sweep(now, followed) {
            self.chats.lock().follow_all(&logs);
        }
    }
}
