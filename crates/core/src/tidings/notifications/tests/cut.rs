//! A store that is cut off from the process at one of its calls, as if the process ended there.

use std::{
    ops::RangeInclusive,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tidings_protocol::{Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{
    Entry, MemoryStore, RoomKey, Store,
    store::{
        Answer, Appended, AuditAct, AuditRecord, DataKeyId, Erased, JobState, KeyStore, Member, MemberRole,
        Once, Page, People, Person, Revocation, Rewrap, RoomRecord, ServerId, Stretch, Tidy, WrappedKey,
    },
};

pub(super) struct Cut {
    store: Arc<MemoryStore>,
    calls_left: AtomicUsize,
}

impl Cut {
    pub(super) fn never(store: Arc<MemoryStore>) -> Self {
        Self::after(store, usize::MAX)
    }

    /// After so many calls.
    pub(super) fn after(store: Arc<MemoryStore>, calls: usize) -> Self {
        Self { store, calls_left: AtomicUsize::new(calls) }
    }

    fn call(&self) -> &MemoryStore {
        let count = |left: usize| left.checked_sub(1);
        let left = self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        left.expect("cut off here");
        &self.store
    }
}

macro_rules! hand_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.call().$name($($argument),*) })*
    };
}

crate::hand_on_inbox!(Cut, |cut| cut.call());
crate::hand_on_chat!(Cut, |cut| cut.call());
crate::hand_on_receipts!(Cut, |cut| cut.call());

impl KeyStore for Cut {
    hand_on! {
        data_key(id: DataKeyId) -> Option<WrappedKey>;
        data_key_of(scope: String) -> Option<WrappedKey>;
        put_data_key(key: WrappedKey) -> WrappedKey;
        data_keys(after: Option<DataKeyId>, limit: usize) -> Vec<WrappedKey>;
        rewrap_data_keys(keys: Vec<Rewrap>) -> u64;
        data_key_masters() -> Vec<WrappedKey>;
    }
}

impl People for Cut {
    hand_on! {
        note_people(people: Vec<Person>) -> ();
        people(users: Vec<UserId>) -> Vec<Person>;
        all_people(after: Option<UserId>, limit: usize) -> Vec<Person>;
        renew_lease(server: ServerId, now: Timestamp) -> ();
        left_behind(alive: RangeInclusive<Timestamp>, limit: usize) -> Vec<Person>;
    }
}

impl Store for Cut {
    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.call().backup(to)
    }
    fn is_shared(&self) -> bool {
        false
    }
    fn commits_together(&self) -> bool {
        false
    }
    hand_on! {
        append(entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Appended;
        append_one(entry: Entry, keep: Keep) -> Arc<Entry>;
        head(room: RoomKey) -> Position;
        read(room: RoomKey, page: Page, limit: usize) -> Stretch;
        room(room: RoomKey) -> Option<RoomRecord>;
        rooms(after: Option<RoomKey>, limit: usize) -> Vec<RoomRecord>;
        put_room(room: RoomName, data: Json, now: Timestamp) -> bool;
        delete_room(room: RoomName) -> bool;
        member(room: RoomName, user: UserId) -> Option<Member>;
        members(room: RoomName, after: Option<UserId>, limit: usize) -> Vec<Member>;
        rooms_of(user: UserId, after: Option<RoomName>, limit: usize) -> Vec<(RoomName, MemberRole)>;
        put_member(room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> bool;
        remove_member(room: RoomName, user: UserId) -> bool;
        revoke(user: UserId, at: Timestamp) -> ();
        revocations(since: Timestamp) -> Vec<Revocation>;
        entries_of(user: UserId, after: Option<(RoomKey, Offset)>, limit: usize) -> Vec<Arc<Entry>>;
        erase(user: UserId) -> Erased;
        forget(room: RoomKey, up_to: Offset) -> u64;
        tidy(now: Timestamp, tidy: Tidy) -> u64;
        audit(act: AuditAct) -> AuditRecord;
        audit_log(after: u64, limit: usize) -> Vec<AuditRecord>;
        claim_job(name: &'static str, now: Timestamp, every_ms: u64, lease_ms: u64) -> bool;
        finish_job(name: &'static str, now: Timestamp, outcome: Result<Json, String>) -> ();
        jobs() -> Vec<JobState>;
        health() -> ();
    }
}
