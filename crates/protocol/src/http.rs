//! Bodies of the HTTP interface `/v1`.

mod chat;
mod house;
mod notifications;
mod rooms;
mod sealing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, EntryId, ErrorCode, EventType, Json, Offset, RoomName, Timestamp, UserId};

pub use chat::{
    ActedResponse, EditRequest, MarkInfo, MessageList, MessageRequest, MuteRequest, ReadRequest, VersionInfo,
};
pub use house::{AuditItem, AuditPage, EraseAgainRequest, EraseResponse, JobInfo, JobOutcome};
pub use notifications::{
    DeliveredInfo, MarkRequest, MarkResponse, NotificationPage, NotifyRequest, NotifyResponse, ReceiptInfo,
    Repeat, ScheduledInfo,
};
pub use rooms::{
    AccessInfo, MemberInfo, MemberRequest, Membership, Messages, RevokeResponse, RoomInfo, RoomRequest,
};
pub use sealing::RotateResponse;

/// Most entries of one batch.
pub const BATCH_MAX: usize = 1000;

/// `POST /v1/publish`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// For whom; exactly one field of it.
    #[serde(deserialize_with = "crate::object::only")]
    pub to: TargetFields,
    /// The entry's type, `order_status_changed`.
    pub r#type: EventType,
    /// The entry's data; `null` when absent.
    #[serde(default = "Json::null")]
    pub data: Json,
    /// A connection that shall not get it, usually the one whose user caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<ConnectionId>,
    /// Whether it is kept to whom it was delivered, and who has seen and read it: `GET /v1/entries/{id}/receipts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
}

/// Whom an entry is for: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFields {
    /// All connections of one user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// All connections of several users, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<UserId>>,
    /// Everyone in a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Everyone in several rooms, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<RoomName>>,
    /// Everyone with a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<crate::Role>,
    /// `true`: everyone who is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<bool>,
}

/// 202 of `POST /v1/publish`, and one result of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishResponse {
    /// The new entry; the first one's when there were several rooms or users.
    pub id: EntryId,
    /// Its place, where the room keeps entries and there is one room or user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// Who was connected to hear it.
    pub reached: Reached,
}

impl PublishResponse {
    /// Its JSON, without the cost of a general serializer.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(144);
        out.extend_from_slice(b"{\"id\":\"");
        out.extend_from_slice(self.id.encode(&mut [0; 36]).as_bytes());
        out.push(b'"');
        if let Some(offset) = self.offset {
            out.extend_from_slice(b",\"offset\":");
            out.extend_from_slice(itoa::Buffer::new().format(offset.0).as_bytes());
        }
        out.extend_from_slice(b",\"reached\":{\"users\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.reached.users).as_bytes());
        out.extend_from_slice(b",\"connections\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.reached.connections).as_bytes());
        out.extend_from_slice(b"}}");
        out
    }
}

/// How many heard an entry at once; for several rooms or users, the sum over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// Different people in the room.
    pub users: usize,
    /// Their sockets.
    pub connections: usize,
}

/// `POST /v1/publish/batch`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// At most [`BATCH_MAX`]; each is taken or refused by itself.
    pub entries: Vec<Json>,
}

/// 200 of `POST /v1/publish/batch`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BatchResponse {
    /// In the order of the entries.
    pub results: Vec<BatchResult>,
}

/// What became of one entry of a batch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchResult {
    /// Taken.
    Published(PublishResponse),
    /// Refused.
    Refused {
        /// Why.
        error: BatchError,
    },
}

/// Why one entry of a batch was refused.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BatchError {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub detail: String,
    /// Which field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A list, page by page.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// This page.
    pub items: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub next_cursor: Option<String>,
}

/// One item of `GET /v1/connections`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionInfo {
    /// This socket.
    pub connection_id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// What the client said it is: `web`, `mobile`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_type: Option<String>,
    /// The client's own version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// The client's own name for its device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// Its address, as the trusted proxies say.
    pub ip: std::net::IpAddr,
    /// Since when.
    pub connected_at: Timestamp,
    /// Rooms it follows.
    pub rooms: Vec<RoomName>,
}

/// `POST /v1/users/{user}/disconnect`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectRequest {
    /// Told to the client with close code 4009; at most 123 bytes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// 200 of `POST /v1/users/{user}/disconnect`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DisconnectResponse {
    /// How many sockets were closed.
    pub disconnected: usize,
}

/// `GET /v1/stats`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// The server's version.
    pub version: String,
    /// Since the start, in seconds.
    pub uptime_seconds: u64,
    /// Sockets open now.
    pub connections: usize,
    /// Different people connected now.
    pub users: usize,
    /// Rooms that somebody follows now.
    pub rooms: usize,
    /// Subscriptions now.
    pub subscriptions: usize,
    /// Entries taken since the start.
    pub entries: u64,
    /// Entries handed to connections since the start.
    pub deliveries: u64,
    /// Transient entries not delivered since the start because a reader was too slow.
    pub dropped: u64,
    /// Connections closed as slow readers since the start.
    pub slow_readers: u64,
    /// Background jobs that ever ran.
    pub jobs: Vec<JobInfo>,
}

/// An error of the HTTP interface: `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `about:blank`: the title is the status.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub detail: String,
    /// Fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// When to try again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// A field that is wrong.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Where: `to.room`, `entries[3].type`.
    pub path: String,
    /// What was expected.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_response_agree() {
        let id = EntryId::new(crate::Timestamp::from_millis(1_763_704_800_120));
        for offset in [None, Some(Offset(0)), Some(Offset(u64::MAX))] {
            let response =
                PublishResponse { id, offset, reached: Reached { users: 3, connections: usize::MAX } };
            assert_eq!(response.to_json(), serde_json::to_vec(&response).unwrap());
        }
    }
}
