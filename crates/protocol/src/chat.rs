//! Chat as clients and back ends see it: messages, what people do to them, and how much of a room somebody has not read.

mod entries;
mod page;
mod search;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EntryId, Json, Offset, Timestamp, UserId, buffered};

pub use entries::{
    MessageDeleted, MessageEdited, PinChange, ReactionChange, RoomRead, RoomUnread, UNREAD_ROOMS_MAX,
};
pub use page::{Message, MessagePage, MessagePin, PAGE_MAX, ReactionCount};
pub use search::{HITS_MAX, SearchHit, SearchOrder, SearchPage, SearchRequest, SnippetPart};

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// Words.
    #[default]
    Text,
    /// Files, which are its attachments; words are welcome.
    File,
    /// Images, which are its attachments; words are welcome.
    Image,
    /// What the application says by itself; only back ends send it.
    System,
}

/// A file that goes with a message. It needs an `id` or a `url`; where it is and who may open it is the application's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The application's own id of it: 1 to 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it is: an address, or a path of the application; at most 2048 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What people call it: 1 to 255 characters in one line.
    pub name: String,
    /// How many bytes it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Its media type, `image/png`: 1 to 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Of an image: how many pixels wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Of an image: how many pixels high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// A message as somebody wants to send it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct MessageDraft {
    /// What it says: text, of the control characters only tabs and line ends. At most `limits.message_bytes`; must not be blank without attachments.
    #[serde(default)]
    pub content: String,
    /// What it is; `text` when absent.
    #[serde(default)]
    pub message_type: MessageType,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_message: Option<EntryId>,
    /// A message of the thread that it belongs to; the first one begins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<EntryId>,
    /// Whom it mentions, at most 50: each is notified who may read the room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// Files that go with it, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The application's own, at most 16 KiB.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
    /// The sender's own name for it, 1 to 128 bytes: sent again with the same one within seven days, it is not stored twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// Data of `chat_message`: what a message says, and at any later time what it says then.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// What it says; empty once it was deleted.
    pub content: String,
    /// What it is.
    pub message_type: MessageType,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EntryId>,
    /// The first message of its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<EntryId>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The application's own.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
    /// The sender's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted: then only its place in the conversation is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// Up to where somebody has read: a place in the log, or a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected an offset or the id of a message")]
pub enum UpTo {
    /// All up to this place; one beyond the end is the end.
    Offset(Offset),
    /// All up to this message.
    Message(EntryId),
}
