//! Messages as they are read.

use std::sync::Arc;

use tidings_protocol::{EntryId, Offset, Timestamp, UserId};

use super::Emoji;
use crate::{Entry, RoomKey};

/// Most messages of one page.
pub const PAGE_MAX: usize = 200;
/// Of how many users each reaction says who they are.
pub const REACTORS_MAX: usize = 20;

/// A message: an entry, and what is known of it beside that.
#[derive(Clone, Debug)]
pub struct Message {
    /// With its place, its sender and what it says now. Its type is [`crate::store::Erased::ENTRY_TYPE`] when its sender was erased.
    pub entry: Arc<Entry>,
    /// Which one of its room: 1, 2, 3, …
    pub number: u64,
    /// The message that it answers.
    pub reply_to: Option<EntryId>,
    /// The first message of its thread, if it is a reply in one.
    pub thread: Option<EntryId>,
    /// How many replies its thread has, if it is the first.
    pub replies: u64,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Whether it is pinned.
    pub pin: Option<Pin>,
    /// In the order of the emojis' bytes.
    pub reactions: Vec<Reaction>,
}

/// That a message is pinned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Since when.
    pub at: Timestamp,
    /// By whom; none for a back end, and for somebody who was erased.
    pub by: Option<UserId>,
}

/// All reactions of one kind to a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// How many users.
    pub count: u64,
    /// The first [`REACTORS_MAX`], in the order in which they reacted.
    pub users: Vec<UserId>,
    /// Whether the viewer is one of all of them.
    pub mine: bool,
}

/// Which messages are asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Of which room.
    pub room: RoomKey,
    /// Which of its messages.
    pub of: Of,
    /// Which stretch of those.
    pub at: Place,
    /// Whose own reactions are told apart.
    pub viewer: Option<UserId>,
}

/// Which messages of a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// All of them.
    All,
    /// Those that are no replies in threads.
    Main,
    /// The replies of the thread that begins with a message, without that.
    Thread(EntryId),
    /// The pinned ones.
    Pinned,
}

/// Which stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The messages right before a place in the log; the newest for one beyond its end.
    Before(Offset),
    /// The messages right behind a place.
    After(Offset),
    /// A message in the middle of what is before and behind it, half of the page each; nothing where it is not one of those.
    Around(EntryId),
}

/// A stretch of messages.
#[derive(Clone, Default, Debug)]
pub struct MessagePage {
    /// In the order of their places.
    pub messages: Vec<Message>,
    /// Whether there are some before the first.
    pub has_older: bool,
    /// Whether there are some behind the last.
    pub has_newer: bool,
}
