//! Rooms, their members and what they keep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EntryMessage, Epoch, Json, Offset, RoomName, Timestamp, UserId, chat::RoomUnread};

/// `PUT /v1/rooms/{room}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomRequest {
    /// The back end's own; `null` when absent.
    #[serde(default = "Json::null")]
    pub data: Json,
}

/// A room, as `GET /v1/rooms/{room}` tells of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoomInfo {
    /// Its name.
    pub room: RoomName,
    /// The pattern of the rule for it, `order_{id}`; null when no rule is left that matches.
    pub kind: Option<String>,
    /// What is kept: `none`, `last` or a time.
    pub keep: String,
    /// Life of its log.
    pub epoch: Epoch,
    /// Its last entry's place; 0 before the first.
    pub offset: Offset,
    /// Place of the oldest entry that is still kept; the one after the last where none is.
    pub oldest: Offset,
    /// How many members it has.
    pub members: u64,
    /// How many people are in it now, on this server.
    pub online: usize,
    /// The back end's own.
    pub data: Json,
    /// When it was first heard of.
    pub created_at: Timestamp,
}

/// `PUT /v1/rooms/{room}/members/{user}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRequest {
    /// As what, in the application's words: 1 to 32 of `a-z 0-9 _ -`; `member` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A member of a room.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MemberInfo {
    /// Who.
    pub user: UserId,
    /// As what, in the application's words.
    pub role: String,
    /// Since when.
    pub since: Timestamp,
}

/// A room of which a user is a member.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// Which.
    pub room: RoomName,
    /// As what, in the application's words.
    pub role: String,
    /// How much of it the user has not read, in what users ask of themselves; absent where there can be no chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<RoomUnread>,
}

/// A page of what a room keeps.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// In the order of the log, whichever way is paged.
    pub items: Vec<EntryMessage>,
    /// For `?cursor=`: goes on the same way; null where there was no more.
    pub next_cursor: Option<String>,
    /// Life of the log.
    pub epoch: Epoch,
    /// Its last entry's place when the page was read.
    pub offset: Offset,
    /// Place of the oldest entry that is still kept; the one after the last where none is.
    pub oldest: Offset,
}

/// 200 of `GET /v1/rooms/{room}/access`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccessInfo {
    /// Whether the user may.
    pub allowed: bool,
    /// The rule that allows it, or those that do not, for people.
    pub why: String,
}

/// 200 of `POST /v1/users/{user}/revoke`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokeResponse {
    /// How many connections ended.
    pub connections: usize,
}
