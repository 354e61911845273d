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
    tidings_core::key_calls!(pass_on);
}

tidings_core::hand_on_inbox!(Failing, |failing| failing.inside);
tidings_core::hand_on_chat!(Failing, |failing| failing.inside);
tidings_core::hand_on_receipts!(Failing, |failing| failing.inside);

impl People for Failing {
    tidings_core::people_calls!(pass_on);
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

    tidings_core::calls_beside_logs!(pass_on);
    tidings_core::calls_about_logs!(pass_on);
    pass_on! {
        append(entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Appended;
        read(room: RoomKey, page: Page, limit: usize) -> Stretch;
        entries_of(user: UserId, after: Option<(RoomKey, Offset)>, limit: usize) -> Vec<Arc<Entry>>;
        health() -> ();
    }
}
