//! What tells of acts in a chat.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EntryId, Offset, RoomName, Timestamp, UserId};

/// Data of `message_edited`: what the message says now, whether the entry is heard live or read from the past.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessageEdited {
    /// Which message.
    pub message_id: EntryId,
    /// What it says; absent when it was deleted since, or is no longer kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// When it was edited, the last time.
    pub edited_at: Timestamp,
}

/// Data of `message_deleted`; the entry's `from` is who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessageDeleted {
    /// Which message.
    pub message_id: EntryId,
    /// When.
    pub deleted_at: Timestamp,
}

/// Data of `reaction_added` and `reaction_removed`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReactionChange {
    /// To which message.
    pub message_id: EntryId,
    /// Which reaction.
    pub emoji: String,
    /// Whose.
    pub user: UserId,
}

/// Data of `room_read`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoomRead {
    /// Who.
    pub user: UserId,
    /// All messages up to this place in the log.
    pub up_to: Offset,
}

/// Data of `message_pinned` and `message_unpinned`; the entry's `from` is who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PinChange {
    /// Which message.
    pub message_id: EntryId,
}

/// Most rooms that one `get_unread_rooms` may name, and most that one answers for.
pub const UNREAD_ROOMS_MAX: usize = 200;

/// How much of a room a user has not read; data of `room_unread`. Always whole, never a difference, so that no device can count wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoomUnread {
    /// Which room.
    pub room: RoomName,
    /// How many messages.
    pub unread: u64,
    /// The place of the last message that the user has read; 0 where there is none.
    pub up_to: Offset,
    /// Of two, the one with the higher revision is right.
    pub revision: u64,
    /// Whether the user muted the room.
    pub muted: bool,
    /// Until when, if that has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
}
