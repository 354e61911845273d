//! What inboxes take and give.

use std::sync::Arc;

use tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{Entry, RoomKey};

/// One audience of a notification, with what tells it.
#[derive(Debug)]
pub struct Addressed {
    /// A user's own room for one user; else a broadcast: the members of a room, everyone with a role, everyone.
    pub audience: RoomKey,
    /// Entries that are appended if this audience gets the notification now, in whatever rooms.
    pub tell: Vec<(Entry, Keep)>,
    /// What is kept for this audience instead, to be done later: then it gets nothing now, and nothing is appended.
    pub later: Option<Scheduled>,
}

/// What became of a notification.
#[derive(Debug)]
pub enum Notified {
    /// For each audience, in the order in which they were given.
    New(Vec<Outcome>),
    /// The idempotency key was used for the same request before: nothing was changed now. For each audience, which notification it has.
    Before(Vec<EntryId>),
}

/// What became of a notification to one audience.
#[derive(Debug)]
pub enum Outcome {
    /// The audience has it, or will have it; the entries as they are kept.
    Kept(Vec<Arc<Entry>>),
    /// This one of the same `dedupe_key`, or of the same id, is there already; nothing was changed and nothing appended.
    Known(EntryId),
}

/// Who looks into an inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// Whose inbox.
    pub user: UserId,
    /// The roles of the user's token: what was sent to them belongs to the inbox. The store does not know who has which.
    pub roles: Vec<Role>,
}

/// Which notifications a change is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// These, wherever in the inbox they are. Others' are passed over.
    Ids(Vec<EntryId>),
    /// All up to this id, and this one, that are in sight: not archived, not snoozed. For [`super::Change::Unarchive`], all archived ones.
    UpTo(EntryId),
}

/// What [`super::InboxStore::mark`] did.
#[derive(Debug)]
pub struct Marked {
    /// Which were changed, in no order. Those that were as wanted already are not among them.
    pub changed: Vec<EntryId>,
    /// The entries as they are kept; none when nothing was changed.
    pub entries: Vec<Arc<Entry>>,
    /// After the change.
    pub counters: Counters,
}

/// A user's badge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// What was not read and is in sight.
    pub unread: u64,
    /// Grows whenever `unread` is another one: of two, the one with the higher revision is right.
    pub revision: u64,
}

/// How one user has a notification that many have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Who.
    pub user: UserId,
    /// When it was on a screen of theirs first.
    pub seen_at: Option<Timestamp>,
    /// When they read it.
    pub read_at: Option<Timestamp>,
}

/// How an application's user wants to be told, in the application's words.
#[derive(Clone, PartialEq, Debug)]
pub struct Preferences {
    /// Any JSON.
    pub data: Json,
    /// 1 after the first put; one more with each.
    pub revision: u64,
}

/// Something that is to be done at a moment, in the caller's words.
#[derive(Clone, PartialEq, Debug)]
pub struct Scheduled {
    /// Which; the caller's.
    pub id: EntryId,
    /// When.
    pub due_at: Timestamp,
    /// Whom alone it is about, if it is: goes when the user is erased.
    pub user: Option<UserId>,
    /// What was asked for once and is several of these: finished by this id, all of them are.
    pub part_of: Option<EntryId>,
    /// What; any JSON.
    pub data: Json,
}

/// What time, or housekeeping, did to a user's inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stirred {
    /// Whose.
    pub user: UserId,
    /// Notifications whose snooze is over: they are in sight again.
    pub woken: Vec<EntryId>,
    /// Notifications that are gone.
    pub gone: Vec<EntryId>,
}

/// What a step of housekeeping did. Who is in it has other counters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stir {
    /// Users whose own inbox was changed, each once, in the order of their ids.
    pub users: Vec<Stirred>,
    /// Broadcasts that are gone for their whole audience.
    pub broadcasts: Vec<(RoomKey, EntryId)>,
    /// Whether there may be more to do at the same moment.
    pub more: bool,
}

/// What is too old to be kept; of [`super::InboxStore::drop_notifications`]. A notification's age is that of its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepSince {
    /// Of what was read or archived.
    pub read: Timestamp,
    /// Of what was not. Broadcasts go when they are older than both.
    pub unread: Timestamp,
}
