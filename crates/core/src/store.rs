//! The seam to what keeps things: the book, of which everything else is a copy.

mod calls;
pub mod chat;
mod error;
pub mod inbox;
mod keys;
mod people;
pub mod receipts;
mod records;
pub mod search;

use std::{future::Future, path::Path, pin::Pin, sync::Arc};

use tidings_protocol::{EntryId, Epoch, Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{Entry, RoomKey};

pub use error::StoreError;
pub use keys::{DataKeyId, KeyStore, Rewrap, WrappedKey};
pub use people::{People, Person, ServerId};
pub use records::{
    AuditAct, AuditRecord, Erased, JobState, Member, MemberRole, Once, Page, Revocation, RoomRecord, Stretch,
    Tidy,
};

/// A future of a store's answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What became of an append.
#[derive(Debug)]
pub enum Appended {
    /// The entries as they are kept, each with its offset; in the order in which they were given.
    New(Vec<Arc<Entry>>),
    /// The idempotency key was used for the same request before: nothing was appended now. Id and place of what was appended
    /// then, in its order.
    Before(Vec<(EntryId, Offset)>),
}

/// Keeps the logs of rooms, and what must outlive the process.
///
/// **Atomic.** Each call that changes something is one transaction: it is done and on disk when the future is ready with `Ok`, or
/// not done at all. The one exception has a name: after [`StoreError::Uncertain`] it is either. **Order.** Entries of a room get
/// offsets one after the other, beginning at 1, in the order in which they become visible: nobody ever reads offset n+1 without n
/// having been there before. Of the entries of one `append`, and of appends of one caller that waits for each, the order is the
/// caller's. **Epochs.** A log that is lost or starts anew has another epoch. **Retention** only ever takes the oldest entries of a
/// log, so what is left has no gap. **Away.** A store that cannot be reached or cannot write says so within two seconds, holds
/// nothing back for later, and works again by itself when it can. Calls may come from any task, at the same time.
pub trait Store:
    chat::ChatStore + inbox::InboxStore + receipts::ReceiptStore + KeyStore + People + Send + Sync
{
    // --- entries

    /// Puts entries at the ends of their rooms' logs, all or none, with their idempotency key. Entries come without offsets; the
    /// rooms are created as needed. With `Keep::Last` the older entries of the room go in the same transaction. An append of no
    /// entry with a key keeps the key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key was used for another request; [`StoreError::Full`], [`StoreError::Unavailable`],
    /// [`StoreError::Uncertain`].
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended>;

    /// [`Self::append`] of one entry without a key: the way of most. The entry as it is kept.
    ///
    /// # Errors
    /// Those of `append`.
    fn append_one(&self, entry: Entry, keep: Keep) -> Answer<'_, Arc<Entry>> {
        let appended = self.append(vec![(entry, keep)], None);
        Box::pin(async move {
            match appended.await? {
                Appended::New(entries) => entries.into_iter().next(),
                Appended::Before(_) => None,
            }
            .ok_or_else(|| StoreError::Unavailable("the store kept no entry".into()))
        })
    }

    /// Where a room's log ends; offset 0 for a room that never kept anything, in the epoch that its first entry will have, as far
    /// as that is known.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    fn head(&self, room: RoomKey) -> Answer<'_, Position>;

    /// A page of a room's log, oldest first, with the log's head at the moment of reading.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch>;

    /// [`Self::read`] of entries as they are kept: data that was sealed before it came here is not opened. For what moves entries or looks only
    /// at what is beside their data, and so needs no key.
    ///
    /// # Errors
    /// Those of `read`.
    fn read_as_kept(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        self.read(room, page, limit)
    }

    // --- rooms and their members

    /// A room, if it was ever put, appended to or given a member.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn room(&self, room: RoomKey) -> Answer<'_, Option<RoomRecord>>;

    /// Rooms in the order of their keys' texts, beginning behind `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn rooms(&self, after: Option<RoomKey>, limit: usize) -> Answer<'_, Vec<RoomRecord>>;

    /// Creates a room or changes its data; true when it was created.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    fn put_room(&self, room: RoomName, data: Json, now: Timestamp) -> Answer<'_, bool>;

    /// Forgets a room with its entries and members; whether there was one. The log that may begin there later has another epoch.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn delete_room(&self, room: RoomName) -> Answer<'_, bool>;

    /// Whether and as what a user is a member of a room.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn member(&self, room: RoomName, user: UserId) -> Answer<'_, Option<Member>>;

    /// Members of a room in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn members(&self, room: RoomName, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Member>>;

    /// Rooms of which a user is a member, in the order of their names, beginning behind `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomName>,
        limit: usize,
    ) -> Answer<'_, Vec<(RoomName, MemberRole)>>;

    /// Makes a user a member, or changes the role; true when the user was none before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    fn put_member(&self, room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> Answer<'_, bool>;

    /// Ends a membership; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn remove_member(&self, room: RoomName, user: UserId) -> Answer<'_, bool>;

    // --- users

    /// Remembers that tokens of a user issued before `at` are void. An earlier `at` than the one that is known changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    fn revoke(&self, user: UserId, at: Timestamp) -> Answer<'_, ()>;

    /// All revocations with `at` not before `since`, in no order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn revocations(&self, since: Timestamp) -> Answer<'_, Vec<Revocation>>;

    /// What a user published and what is in the user's personal room: pages in an order of the store's own, beginning behind the
    /// given place.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>>;

    /// Forgets a user: the personal room, memberships, revocations, when they were last seen; entries that the user published in other rooms stay as
    /// places in their logs, of type [`Erased::ENTRY_TYPE`], without sender and data. What was erased cannot be read from the
    /// store's files afterwards.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn erase(&self, user: UserId) -> Answer<'_, Erased>;

    // --- keeping house

    /// Drops the entries of a room up to `up_to`; how many there were. The head stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn forget(&self, room: RoomKey, up_to: Offset) -> Answer<'_, u64>;

    /// Drops idempotency keys older than `keys_before` and revocations older than `revocations_before`, and where the store is laid out by time it makes room for what
    /// comes and lets go of what is wholly older than `entries_before`. How many things went.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn tidy(&self, now: Timestamp, tidy: Tidy) -> Answer<'_, u64>;

    /// Appends to the audit log, which chains each record to the one before ([`AuditRecord::chain`]).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    fn audit(&self, act: AuditAct) -> Answer<'_, AuditRecord>;

    /// Audit records behind number `after`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn audit_log(&self, after: u64, limit: usize) -> Answer<'_, Vec<AuditRecord>>;

    /// Whether the audit log has all records that ever were: then it begins with number 1.
    fn keeps_audit(&self) -> bool {
        true
    }

    /// Takes a job that is due (never run, or ended longer ago than `every_ms`) for `lease_ms`: true for one caller among all servers on this store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn claim_job(&self, name: &'static str, now: Timestamp, every_ms: u64, lease_ms: u64)
    -> Answer<'_, bool>;

    /// Says how a claimed job ended: `Ok` with a report, `Err` with a sentence.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn finish_job(&self, name: &'static str, now: Timestamp, outcome: Result<Json, String>)
    -> Answer<'_, ()>;

    /// All jobs that ever ran.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn jobs(&self) -> Answer<'_, Vec<JobState>>;

    /// Writes a copy of everything, as of one moment, to a file that must not exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unsupported`].
    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()>;

    // --- itself

    /// Whether it can be read and written now; the sentence says what is wrong and what to do.
    fn health(&self) -> Answer<'_, ()>;

    /// Whether other servers append to the same logs: then what this server remembers of a log's end is only a beginning.
    fn is_shared(&self) -> bool;

    /// Whether appends of several callers are committed as one, so that it pays to hand them out as one too.
    fn commits_together(&self) -> bool {
        true
    }

    /// Whether data in a room would be kept sealed, so that nobody should make a readable copy of a part of it.
    fn seals(&self, room: &RoomKey, data: &Json) -> bool {
        let _ = (room, data);
        false
    }

    /// For a store without timers of its own: called a few times a second. Where the log of a room that is `followed` stands must not be
    /// forgotten.
    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        let _ = (now, followed);
    }
}

/// Eight characters that no other log will have by chance in a lifetime of one room.
pub fn fresh_epoch() -> Epoch {
    use rand::RngExt;
    const LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = rand::rng();
    let text: String = (0..8).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
    Epoch(text.into())
}
