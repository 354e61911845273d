//! What the server says of itself: greetings, answers, errors. Entries are in [`crate::entry`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ConnectionId, CorrelationId, EntryId, Epoch, ErrorCode, Fault, Json, Offset, RoomName, Timestamp, UserId,
    buffered,
};

/// A message of the server that is not an entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// Always the first.
    ConnectionEstablished {
        /// This socket's id.
        connection_id: ConnectionId,
        /// Who the token says is here.
        user: UserId,
        /// The server's clock.
        server_time: Timestamp,
        /// Silence after which a client should ask whether the server is there, in milliseconds.
        ping_interval: u64,
        /// Position of the personal room, `<epoch>:<offset>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// Whether exactly what was missed since `?resume=` follows.
        recovered: bool,
    },
    /// Answers `authenticate` and `refresh_token`.
    Authenticated {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// Who the token says is here.
        user: UserId,
        /// When the token ends.
        expires_at: Timestamp,
    },
    /// Answers `ping`.
    Pong {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// As it came.
        #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
        timestamp: Option<Json>,
    },
    /// Answers `join_room`; what was missed follows.
    JoinedRoom {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// The room as it stands.
        data: JoinedRoom,
    },
    /// Answers `leave_room`.
    LeftRoom {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// Which room.
        data: LeftRoom,
    },
    /// Answers `publish`: the entry is taken.
    Published {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// The new entry.
        entry_id: EntryId,
        /// Its place, where the room keeps entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<Offset>,
    },
    /// Answers `get_presence`.
    PresenceState {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// One for each user.
        items: Vec<Presence>,
    },
    /// Something went wrong; the connection goes on unless a close follows.
    Error {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// What, for programs.
        code: ErrorCode,
        /// What, for people.
        message: String,
        /// When to try again, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// Which field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// The server is about to stop: come back after `retry_after_ms` and a random part of `spread_ms`.
    Goodbye {
        /// Shortest wait, in milliseconds.
        retry_after_ms: u64,
        /// Over how long the clients should spread, in milliseconds.
        spread_ms: u64,
    },
}

impl Reply {
    /// A fault as the answer to a message.
    pub fn error(reply_to: Option<CorrelationId>, fault: Fault) -> Self {
        let Fault { code, message, path, retry_after_ms } = fault;
        Self::Error { reply_to, code, message: message.into_owned(), retry_after_ms, path }
    }
}

/// A room at the moment of joining.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JoinedRoom {
    /// Which.
    pub room: RoomName,
    /// Life of its log; absent in rooms that keep nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Its last entry's place now; absent in rooms that keep nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// Whether exactly what came after `since` follows.
    pub recovered: bool,
    /// Who is there; empty in rooms fuller than `live.presence_names_max`.
    pub members: Vec<Member>,
    /// How many people are there.
    pub member_count: usize,
}

/// Which room was left.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeftRoom {
    /// Its name.
    pub room: RoomName,
}

/// Somebody in a room.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// How they are.
    pub status: Status,
}

/// How a user is, over all their connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Connected and looking.
    Online,
    /// Connected, but not looking.
    Away,
    /// Not connected.
    Offline,
}

/// A user's presence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// How they are.
    pub status: Status,
    /// When the server last heard of them; null when it never did.
    pub last_seen: Option<Timestamp>,
    /// How many connections they have.
    pub connections: usize,
    /// What they said with their `presence`.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// The types of the entries that the server makes itself, and what `data` each has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum OwnEntry {
    /// Somebody came, went or said how they are.
    PresenceUpdate(PresenceUpdate),
    /// Somebody joined a room.
    MemberJoined(MemberChange),
    /// Somebody left a room.
    MemberLeft(MemberChange),
    /// The number of people in a room too full to name them.
    MemberCount(MemberCount),
    /// Somebody types, or types no longer.
    TypingIndicator(TypingIndicator),
}

/// Data of `presence_update`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PresenceUpdate {
    /// Who.
    pub user_id: UserId,
    /// How they are now.
    pub status: Status,
    /// When the server last heard of them.
    pub last_seen: Timestamp,
    /// What they said with their `presence`.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// Data of `member_joined` and `member_left`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MemberChange {
    /// Who came or went.
    pub user_id: UserId,
    /// How they are.
    pub status: Status,
    /// How many people are there now.
    pub member_count: usize,
}

/// Data of `member_count`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MemberCount {
    /// How many people are there now.
    pub member_count: usize,
}

/// Data of `typing_indicator`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TypingIndicator {
    /// Who.
    pub user: UserId,
    /// Whether they type.
    pub typing: bool,
}
