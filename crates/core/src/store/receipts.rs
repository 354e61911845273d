//! The seam for receipts of entries: to whom they came, on what and when, and who has seen and read them.

use tidings_protocol::{EntryId, Timestamp, UserId};

use super::Answer;

/// Most devices of one user that are remembered for one entry: the first that had it.
pub const DEVICES_MAX: usize = 20;

/// Keeps receipts of those entries of which somebody asked for them, and of no others.
///
/// What is said of atomicity, of being away and of errors at [`super::Store`] is true here too. All of it is idempotent: of times the first
/// that was noted stays.
pub trait ReceiptStore: Send + Sync {
    /// Begins to keep receipts of entries, with a row for each user whom they are meant for. What is tracked already stays as it is.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`], [`super::StoreError::Uncertain`].
    fn track(&self, tracked: Vec<Tracked>) -> Answer<'_, ()>;

    /// Of which entries receipts are kept: the newest first, none before `from`.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn tracked(&self, from: EntryId, limit: usize) -> Answer<'_, Vec<EntryId>>;

    /// Notes that users have entries, on up to [`DEVICES_MAX`] devices each; what is not tracked is passed over.
    ///
    /// # Errors
    /// Those of [`Self::track`].
    fn note_deliveries(&self, deliveries: Vec<Delivery>) -> Answer<'_, ()>;

    /// Notes that a user has seen entries, or read them: those of them that are the user's, and tracked, in the order given. Of a notification
    /// nothing is noted here: the inbox knows.
    ///
    /// # Errors
    /// Those of [`Self::track`].
    fn acknowledge(
        &self,
        user: UserId,
        ids: Vec<EntryId>,
        read: bool,
        now: Timestamp,
    ) -> Answer<'_, Vec<EntryId>>;

    /// Who has an entry, or should, in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn entry_receipts(
        &self,
        id: EntryId,
        after: Option<UserId>,
        limit: usize,
    ) -> Answer<'_, Vec<EntryReceipt>>;

    /// A user's receipts, in the order of the entries' ids, beginning behind `after`.
    ///
    /// # Errors
    /// Those of [`Self::entry_receipts`].
    fn receipts_of(
        &self,
        user: UserId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Answer<'_, Vec<(EntryId, EntryReceipt)>>;

    /// Forgets receipts whose time is over at `now`, about `limit` rows of them; how many. 0 when there are none.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`].
    fn drop_receipts(&self, now: Timestamp, limit: usize) -> Answer<'_, u64>;
}

/// An entry of which receipts are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tracked {
    /// Which; of a notification, the notification's.
    pub id: EntryId,
    /// Whom it is meant for, by name, at most 1,000. Others are known when they have it.
    pub users: Vec<UserId>,
    /// Until when receipts are kept.
    pub until: Timestamp,
    /// Whether it is a notification: who has seen and read it, inboxes know.
    pub is_notification: bool,
}

/// Somebody has an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Which.
    pub id: EntryId,
    /// Who.
    pub user: UserId,
    /// On what, and since when.
    pub on: Delivered,
}

/// A device that has an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// The client's own name for its device; of one that has none, the id of its connection.
    pub device: Box<str>,
    /// What the client said it is.
    pub client_type: Option<Box<str>>,
    /// When it was known to have it.
    pub at: Timestamp,
}

/// How one user has an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryReceipt {
    /// Who.
    pub user: UserId,
    /// On what it came, in the order of the devices' names.
    pub delivered: Vec<Delivered>,
    /// When it was on a screen of theirs first.
    pub seen_at: Option<Timestamp>,
    /// When they read it.
    pub read_at: Option<Timestamp>,
}

/// Writes a [`ReceiptStore`] that hands every call on to another: `hand_on_receipts!(Wrapper, |wrapper| &*wrapper.store)`.
#[macro_export]
macro_rules! hand_on_receipts {
    ($store:ty, |$this:ident| $inner:expr) => {
        $crate::hand_on_receipts! { @$store, $this, $inner;
            track(tracked: Vec<Tracked>) -> ();
            tracked(from: EntryId, limit: usize) -> Vec<EntryId>;
            note_deliveries(deliveries: Vec<Delivery>) -> ();
            acknowledge(user: UserId, ids: Vec<EntryId>, read: bool, now: Timestamp) -> Vec<EntryId>;
            entry_receipts(id: EntryId, after: Option<UserId>, limit: usize) -> Vec<EntryReceipt>;
            receipts_of(user: UserId, after: Option<EntryId>, limit: usize) -> Vec<(EntryId, EntryReceipt)>;
            drop_receipts(now: Timestamp, limit: usize) -> u64;
        }
    };
    (@$store:ty, $this:ident, $inner:expr; $($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        const _: () = {
            use $crate::store::receipts::{Delivery, EntryReceipt, ReceiptStore, Tracked};
            use ::tidings_protocol::{EntryId, Timestamp, UserId};
            impl ReceiptStore for $store {
                $(fn $name(&self, $($argument: $type),*) -> $crate::store::Answer<'_, $answer> {
                    let $this = self;
                    $inner.$name($($argument),*)
                })*
            }
        };
    };
}
