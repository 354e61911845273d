//! What is kept of people in chats.

use tidings_protocol::{EntryId, Json, Offset, Timestamp, UserId};

use super::Emoji;
use crate::RoomKey;

/// What a message said before.
#[derive(Clone, PartialEq, Debug)]
pub struct Version {
    /// 1, 2, 3, …
    pub number: u64,
    /// What it said.
    pub data: Json,
    /// Until when.
    pub until: Timestamp,
}

/// How much of a room a user has not read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Which room.
    pub room: RoomKey,
    /// How many messages.
    pub unread: u64,
    /// The place of the last message that the user has read; 0 where there is none.
    pub mark: Offset,
    /// Grows whenever `unread` or `mark` changes. It may grow without, and begins anew when the room is deleted and when the user is erased.
    pub revision: u64,
}

/// Up to where a user has read a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Who.
    pub user: UserId,
    /// The place of the last message that they have read.
    pub offset: Offset,
    /// When the mark was moved there.
    pub at: Timestamp,
    /// Whether it was moved there without anybody being told.
    pub private: bool,
}

/// How long a room is muted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mute {
    /// Until this moment.
    Until(Timestamp),
    /// Until it is ended.
    ForGood,
}

impl Mute {
    /// Whether it is so at a moment.
    #[must_use]
    pub fn is_on(self, now: Timestamp) -> bool {
        match self {
            Self::Until(end) => now < end,
            Self::ForGood => true,
        }
    }
}

/// Something of a user in a chat.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// Where.
    pub room: RoomKey,
    /// What.
    pub of: TraceOf,
}

/// What there is of a user in a chat; stores tell of each kind in turn, in this order.
#[derive(Clone, PartialEq, Debug)]
pub enum TraceOf {
    /// How far they have read.
    Mark {
        /// The place of the last message that they have read.
        offset: Offset,
        /// When.
        at: Timestamp,
    },
    /// That they muted the room.
    Mute(Mute),
    /// A message that mentions them.
    Mention(EntryId),
    /// A reaction of theirs.
    Reaction {
        /// To which message.
        message: EntryId,
        /// The reaction.
        emoji: Emoji,
        /// When.
        at: Timestamp,
    },
    /// What a message of theirs said before.
    Version {
        /// Which message.
        message: EntryId,
        /// What it said.
        version: Version,
    },
}

impl TraceOf {
    /// Which kind it is of all, from 0.
    pub fn kind(&self) -> usize {
        match self {
            Self::Mark { .. } => 0,
            Self::Mute(_) => 1,
            Self::Mention(_) => 2,
            Self::Reaction { .. } => 3,
            Self::Version { .. } => 4,
        }
    }

    /// How many kinds there are.
    pub const KINDS: usize = 5;
}
