//! Bodies about messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    EntryId, Json, Offset, Timestamp, UserId,
    chat::{Message, MessageDraft, UpTo},
};

/// `POST /v1/rooms/{room}/messages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRequest {
    /// The user whose message it is; absent for the back end's own. Not with a user's token, which says who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// The message.
    #[serde(flatten)]
    pub message: MessageDraft,
}

/// `PATCH /v1/rooms/{room}/messages/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRequest {
    /// The user who edits; absent for the back end itself, which may edit any message. Not with a user's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// What the message says from now on.
    pub content: String,
    /// Whom it mentions from now on; as before when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Vec<UserId>>,
}

/// `POST /v1/rooms/{room}/read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// Who has read. Needed from a back end; not with a user's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// Up to where: an offset, or the id of a message.
    pub up_to: UpTo,
    /// `true`: nobody in the room is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
}

/// `PUT /v1/me/rooms/{room}/mute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteRequest {
    /// Until when; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What came of an act in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActedResponse {
    /// The entry that tells it; of a new message, the message.
    pub id: EntryId,
    /// Its place; absent when nothing was changed, so that nothing is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
}

/// `GET /v1/rooms/{room}/messages?type=chat_message`: a page of messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageList {
    /// In the order of the log, whichever way is paged.
    pub items: Vec<Message>,
    /// For `?cursor=`: goes on the same way; null where there was no more.
    pub next_cursor: Option<String>,
    /// Whether there are some before the first.
    pub has_older: bool,
    /// Whether there are some behind the last.
    pub has_newer: bool,
}

/// What a message said before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VersionInfo {
    /// 1, 2, 3, …
    pub number: u64,
    /// As `data` of `chat_message`.
    pub data: Json,
    /// Until when it said so.
    pub until: Timestamp,
}

/// Up to where a user has read a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarkInfo {
    /// Who.
    pub user: UserId,
    /// The place of the last message that they have read.
    pub up_to: Offset,
    /// When the mark was moved there.
    pub at: Timestamp,
    /// Whether it was moved there without anybody being told; only back ends see such marks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}
