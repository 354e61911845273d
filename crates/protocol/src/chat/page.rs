//! Messages as they are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId, buffered};

/// Most messages of one page.
pub const PAGE_MAX: u16 = 200;

/// A message as it stands: its entry, and what is known of it beside that.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// `chat_message`; `entry_erased` when its sender was erased.
    pub r#type: EventType,
    /// Where.
    pub room: RoomName,
    /// Which.
    pub id: EntryId,
    /// Its place in the room's log.
    pub offset: Offset,
    /// Who sent it; absent when a back end did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When the server took it.
    pub time: Timestamp,
    /// What it says now: [`super::ChatMessage`]; `null` when its sender was erased.
    #[serde(deserialize_with = "buffered::json")]
    pub data: Json,
    /// Which one of its room: 1, 2, 3, …
    pub number: u64,
    /// How many replies its thread has, if it is the first.
    pub replies: u64,
    /// Whether it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<MessagePin>,
    /// In the order of the emojis' bytes.
    pub reactions: Vec<ReactionCount>,
}

/// That a message is pinned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessagePin {
    /// Since when.
    pub at: Timestamp,
    /// By whom; absent when a back end did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// All reactions of one kind to a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReactionCount {
    /// Which.
    pub emoji: String,
    /// How many users.
    pub count: u64,
    /// The first 20 of them.
    pub users: Vec<UserId>,
    /// Whether the one who asks is among all of them.
    pub mine: bool,
}

/// A stretch of a room's messages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessagePage {
    /// Which room.
    pub room: RoomName,
    /// In the order of the log, whichever way is paged.
    pub items: Vec<Message>,
    /// Whether there are some before the first.
    pub has_older: bool,
    /// Whether there are some behind the last.
    pub has_newer: bool,
}
