//! A store in memory that can be away, wholly or for the audit log.

use std::{
    ops::RangeInclusive,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tidings_core::{
    Entry, MemoryStore, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, DataKeyId, Erased, JobState, KeyStore, Member, MemberRole,
        Once, Page, People, Person, Revocation, Rewrap, RoomRecord, ServerId, Stretch, Tidy, WrappedKey,
    },
};
use tidings_protocol::{Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

pub(crate) struct Failing {
    pub(crate) inside: MemoryStore,
    pub(crate) audit_fails: Arc<AtomicBool>,
    pub(crate) is_away: Arc<AtomicBool>,
}

impl Failing {
    /// What a store that is away answers, in words that only operators may see.
    fn if_away<T: Send + 'static>(&self) -> Option<Answer<'_, T>> {
        let is_away = self.is_away.load(Ordering::Relaxed);
        is_away.then(|| refuse("the disk at /somewhere is gone"))
    }
}

fn refuse<'a, T: Send + 'a>(why: &str) -> Answer<'a, T> {
    Box::pin(std::future::ready(Err(StoreError::Unavailable(why.into()))))
}

macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> {
            self.if_away().unwrap_or_else(|| self.inside.$name($($argument),*))
        })*
    };
}

impl KeyStore for Failing {
    pass_on! {
        data_key(id: DataKeyId) -> Option<WrappedKey>;
        data_key_of(scope: String) -> Option<WrappedKey>;
        put_data_key(key: WrappedKey) -> WrappedKey;
        data_keys(after: Option<DataKeyId>, limit: usize) -> Vec<WrappedKey>;
        rewrap_data_keys(keys: Vec<Rewrap>) -> u64;
        data_key_masters() -> Vec<WrappedKey>;
    }
}

tidings_core::hand_on_inbox!(Failing, |failing| failing.inside);
tidings_core::hand_on_chat!(Failing, |failing| failing.inside);
tidings_core::hand_on_receipts!(Failing, |failing| failing.inside);

impl People for Failing {
    pass_on! {
        note_people(people: Vec<Person>) -> ();
        people(users: Vec<UserId>) -> Vec<Person>;
        all_people(after: Option<UserId>, limit: usize) -> Vec<Person>;
        renew_lease(server: ServerId, now: Timestamp) -> ();
        left_behind(alive: RangeInclusive<Timestamp>, limit: usize) -> Vec<Person>;
    }
}

impl Store for Failing {
    fn audit(&self, act: AuditAct) -> Answer<'_, AuditRecord> {
        match self.audit_fails.load(Ordering::Relaxed) {
            true => refuse("no room"),
            false => self.inside.audit(act),
        }
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.inside.backup(to)
    }

    fn is_shared(&self) -> bool {
        false
    }

    pass_on! {
        append(entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Appended;
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
        audit_log(after: u64, limit: usize) -> Vec<AuditRecord>;
        claim_job(name: &'static str, now: Timestamp, every_ms: u64, lease_ms: u64) -> bool;
        finish_job(name: &'static str, now: Timestamp, outcome: Result<Json, String>) -> ();
        jobs() -> Vec<JobState>;
        health() -> ();
    }
}
