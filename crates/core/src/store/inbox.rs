//! The seam for notifications: what is kept for a user until it is read, archived, expired or too old.

mod notification;
mod records;
mod state;

use tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
use tidings_settings::Keep;

use super::{Answer, Once};
use crate::Entry;

pub(crate) use notification::is_over;
pub use notification::{Category, Content, Item, Notification, Severity, first_id_of};
pub use records::{
    Addressed, Counters, KeepSince, Marked, Notified, Outcome, Preferences, Reader, Receipt, Scheduled, Stir,
    Stirred, Which,
};
pub use state::{Change, Filter, State};

/// Keeps inboxes.
///
/// **What is in an inbox.** A notification to a user is a row of that user's. One to the members of a room, a role or everyone is one row for all, a
/// *broadcast*; it is in the inbox of everybody who is of its audience when the inbox is read and was *known* when it came: an inbox is
/// known from the first call of this trait that names its user (`notify` to the user, `mark`, `inbox`, `notification`, `counters`), and of a room's
/// broadcasts a user has those that are not older than the membership. What has expired or was deleted is in no inbox. A user's own state of
/// a broadcast is kept from when the user changes it; what [`Which::UpTo`] says was seen or read is one mark, and the times of what a mark
/// covers are those of the latest mark.
///
/// **Counters.** `unread` is how many of the inbox are unread and in sight. It is kept with each change, in its transaction, as far as a user's own
/// notifications go, and counted from an index for broadcasts. Time changes it too (a snooze is over, something expires): until [`Self::settle`] has
/// written that down, every answer here reckons it in, so that at any moment that the caller passes [`Self::counters`] is
/// [`Self::recount`], and settling changes neither. `revision` is the inbox's own count of changes, and the store's of changes to
/// broadcasts, and those that time has brought and nobody wrote down. It never falls, for moments that do not go backwards, and grows whenever
/// `unread` changes for the same roles, also by a membership that begins or ends. It may grow without. Counters for different roles
/// must not be compared. Revisions begin anew when a user was erased.
///
/// **Telling.** What changes an inbox takes the entries that tell it, and appends them in the same transaction, under the rules of
/// [`super::Store::append`]; nothing is appended when nothing was changed. They are told as they are kept, for the caller to hand out.
///
/// **Ids** are made of the time at which a notification was taken ([`Notification::id`]); lists are in their order. The id of a
/// broadcast has one audience only: another audience needs another id. One id may go to any number of users.
///
/// What is said of atomicity, of being away and of errors at [`super::Store`] is true here too. What a call needs to write and cannot is refused
/// with [`super::StoreError::Full`]: also the first look into an inbox, by which it becomes known.
pub trait InboxStore: Send + Sync {
    /// Puts a notification into the inboxes of up to 1,000 audiences, all or none, with an idempotency key. An audience that is named twice has it
    /// by the second time.
    ///
    /// What an audience gets later is kept as if it was scheduled, in the same transaction; whether there is one with the same `dedupe_key` then is asked
    /// when it is sent.
    ///
    /// An audience that has one with the same `dedupe_key` keeps that one, and is not told again. A key is free again when its
    /// notification is gone: expired, deleted by its user, too old.
    ///
    /// # Errors
    /// Those of [`super::Store::append`].
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified>;

    /// Changes notifications of an inbox, at most 1,000 by their ids, and appends the entries that tell it if any was changed. What changes
    /// thousands of a user's own goes in steps, the last of which appends: after an error some may be changed, and the same call does the rest.
    ///
    /// # Errors
    /// [`super::StoreError::Full`], [`super::StoreError::Unavailable`], [`super::StoreError::Uncertain`], [`super::StoreError::Corrupt`].
    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked>;

    /// Notifications of an inbox, newest first, those before `before`; at most `limit`, and never more than 200.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`]; [`super::StoreError::Full`] for an inbox that is not known yet.
    fn inbox(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'_, Vec<Item>>;

    /// One notification, if it is in the inbox.
    ///
    /// # Errors
    /// Those of `inbox`.
    fn notification(&self, reader: Reader, id: EntryId, now: Timestamp) -> Answer<'_, Option<Item>>;

    /// The badge.
    ///
    /// # Errors
    /// Those of `inbox`.
    fn counters(&self, reader: Reader, now: Timestamp) -> Answer<'_, Counters>;

    /// What [`Counters::unread`] should be, counted from every notification by itself: slow, to prove the other. 0 for an inbox that is
    /// not known.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn recount(&self, reader: Reader, now: Timestamp) -> Answer<'_, u64>;

    /// Roles to which something went that is still there, in the order of their names.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn notified_roles(&self) -> Answer<'_, Vec<Role>>;

    /// Users whose inboxes are known, in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn inboxes(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<UserId>>;

    /// Who has a notification, in the order of their ids, beginning behind `after`: all users to whom it went by name; of a broadcast, those
    /// who changed something of it by its id, and those in whose inbox it is and whose marks cover it. Of one to a role the latter are left
    /// out: the store does not know who has which.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn receipts(&self, id: EntryId, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Receipt>>;

    /// Everything that is kept for one user alone, for an export: own notifications and those broadcasts of which there is a state, expired or
    /// not, oldest first, beginning behind `after`. Deleted broadcasts are left out.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn inbox_of(&self, user: UserId, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Item>>;

    /// Writes down what time has done up to `now`: snoozes that are over, what has expired, about `limit` of it. Who is told of it has to
    /// be told; the counters at this moment are the same before and after.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`].
    fn settle(&self, now: Timestamp, limit: usize) -> Answer<'_, Stir>;

    /// Drops what is too old, about `limit` of it.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn drop_notifications(&self, keep: KeepSince, limit: usize) -> Answer<'_, Stir>;

    /// How a user wants to be told, if it was put.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn preferences(&self, user: UserId) -> Answer<'_, Option<Preferences>>;

    /// Puts preferences in the place of others; their revision.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`].
    fn put_preferences(&self, user: UserId, data: Json) -> Answer<'_, u64>;

    /// Remembers something to be done at a moment, in the place of what had the same id; whoever had claimed that has it no more.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`].
    fn schedule(&self, scheduled: Scheduled) -> Answer<'_, ()>;

    /// Takes what is due, earliest first, for `lease_ms`: each for one caller among all servers on this store. What is not finished by then
    /// is due again.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`].
    fn due_scheduled(&self, now: Timestamp, lease_ms: u64, limit: usize) -> Answer<'_, Vec<Scheduled>>;

    /// Forgets something that was done or is called off, or all parts of it; whether there was one.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn finish_scheduled(&self, id: EntryId) -> Answer<'_, bool>;

    /// All that is to be done, in the order of ids, beginning behind `after`.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn all_scheduled(&self, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Scheduled>>;

    /// What is to be done about one user alone, in the order of ids.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn scheduled_of(&self, user: UserId) -> Answer<'_, Vec<Scheduled>>;
}

/// Most notifications of one page.
pub const PAGE_MAX: usize = 200;

/// The calls of [`InboxStore`] that append nothing, as a list for a macro: `inbox_calls!(pass_on)` gives `pass_on!` what it is given, and each call as
/// `name(argument: type, …) -> what is answered;`.
#[macro_export]
macro_rules! inbox_calls {
    ($each:path $(, $($given:tt)*)?) => {
        $each! {
            $($($given)*)?
            inbox(reader: Reader, filter: Filter, before: Option<EntryId>, limit: usize, now: Timestamp) -> Vec<Item>;
            notification(reader: Reader, id: EntryId, now: Timestamp) -> Option<Item>;
            counters(reader: Reader, now: Timestamp) -> Counters;
            recount(reader: Reader, now: Timestamp) -> u64;
            notified_roles() -> Vec<Role>;
            inboxes(after: Option<UserId>, limit: usize) -> Vec<UserId>;
            receipts(id: EntryId, after: Option<UserId>, limit: usize) -> Vec<Receipt>;
            inbox_of(user: UserId, after: Option<EntryId>, limit: usize) -> Vec<Item>;
            settle(now: Timestamp, limit: usize) -> Stir;
            drop_notifications(keep: KeepSince, limit: usize) -> Stir;
            preferences(user: UserId) -> Option<Preferences>;
            put_preferences(user: UserId, data: Json) -> u64;
            schedule(scheduled: Scheduled) -> ();
            due_scheduled(now: Timestamp, lease_ms: u64, limit: usize) -> Vec<Scheduled>;
            finish_scheduled(id: EntryId) -> bool;
            all_scheduled(after: Option<EntryId>, limit: usize) -> Vec<Scheduled>;
            scheduled_of(user: UserId) -> Vec<Scheduled>;
        }
    };
}

/// Writes an [`InboxStore`] that hands every call on to another: `hand_on_inbox!(Wrapper, |wrapper| &*wrapper.store)`.
#[macro_export]
macro_rules! hand_on_inbox {
    ($store:ty, |$this:ident| $inner:expr) => {
        const _: () = {
            use $crate::store::inbox::{
                Addressed, Change, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification, Notified, Preferences,
                Reader, Receipt, Scheduled, Stir, Which,
            };
            use ::tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
            use ::tidings_settings::Keep;
            impl InboxStore for $store {
                $crate::hand_on_inbox! { @$this, $inner;
                    notify(notification: Notification, to: Vec<Addressed>, once: Option<$crate::store::Once>, now: Timestamp) -> Notified;
                    mark(reader: Reader, which: Which, change: Change, tell: Vec<($crate::Entry, Keep)>, now: Timestamp) -> Marked;
                }
                $crate::inbox_calls! { $crate::hand_on_inbox, @$this, $inner; }
            }
        };
    };
    (@$this:ident, $inner:expr; $($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> $crate::store::Answer<'_, $answer> {
            let $this = self;
            $inner.$name($($argument),*)
        })*
    };
}
