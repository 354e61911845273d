//! What the server says of itself: greetings, answers, errors. Entries are in [`crate::entry`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Audience, ConnectionId, CorrelationId, EntryId, EntryMessage, Epoch, ErrorCode, Fault, Json, Offset,
    RoomName, Timestamp, UserId, buffered,
    chat::{
        ChatMessage, MessageDeleted, MessageEdited, MessagePage, PinChange, ReactionChange, RoomRead,
        RoomUnread, SearchPage,
    },
    notification::{NewNotification, Notification, NotificationUpdated, UnreadCount},
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
        /// A [`crate::ResumeCursor`] of what every connection follows: the personal room, and what is published to everyone and to the user's roles. What came
        /// behind it follows, so it is good for `?resume=` as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// Whether exactly what was missed of that since `?resume=` follows.
        recovered: bool,
        /// Why not, when `?resume=` named a position that cannot be continued.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost: Option<HistoryLost>,
        /// The badge; absent for strangers, who have no notifications, and while the store does not answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unread: Option<UnreadCount>,
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
    /// Answers `publish` and acts in chats: the entry is taken.
    Published {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// The new entry.
        entry_id: EntryId,
        /// Its place, where the room keeps entries; absent where an act in a chat changed nothing, so that nothing is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<Offset>,
    },
    /// Answers `get_messages`.
    Messages {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// A stretch of them.
        data: MessagePage,
    },
    /// Answers `get_unread_rooms`.
    UnreadRooms {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// One for each room, in the order of their names.
        items: Vec<RoomUnread>,
    },
    /// Answers `search`.
    SearchResults {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// A page of them.
        data: SearchPage,
    },
    /// Answers `mute_room` and `unmute_room`. The entry of the same name, with an `id` and a `time`, tells the user's devices.
    RoomUnread {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// How the room stands for the user.
        data: RoomUnread,
    },
    /// Answers `get_history`.
    History {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// A page of the room's log.
        data: History,
    },
    /// Behind the greeting and all that was missed, when a cursor was brought that is understood.
    Resumed {
        /// Part by part, what became of it.
        parts: Vec<ResumedPart>,
    },
    /// Answers `get_presence`.
    PresenceState {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// One for each user.
        items: Vec<Presence>,
    },
    /// Answers `get_unread`.
    UnreadNotifications {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// How many are unread and in sight, on this page or not.
        count: u64,
        /// Of two counts, the one with the higher revision is right.
        revision: u64,
        /// A page of them, the newest first.
        notifications: Vec<Notification>,
    },
    /// Answers `mark_read` and its like. The entry of the same name, with an `id` and a `time`, tells the user's devices.
    NotificationUpdated {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// As it was asked, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notification_id: Option<EntryId>,
        /// As it was asked, where it was some: those that are in the inbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notification_ids: Option<Vec<EntryId>>,
        /// Whether all that were named are in the inbox, and so are as they were wanted.
        success: bool,
        /// How many are unread and in sight now.
        unread: u64,
        /// Of two counts, the one with the higher revision is right.
        revision: u64,
    },
    /// Answers `acknowledge`.
    Acknowledged {
        /// The asking message's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CorrelationId>,
        /// Those that were published with `receipts` and are this user's.
        entry_ids: Vec<EntryId>,
        /// Whether all that were named are.
        success: bool,
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
    /// Why not, when `since` was given and cannot be continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<HistoryLost>,
    /// Who is there; empty in rooms fuller than `live.presence_names_max`.
    pub members: Vec<Member>,
    /// How many people are there.
    pub member_count: usize,
}

/// Why a position cannot be continued: what was missed is not known, and the client begins anew from the room as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HistoryLost {
    /// What happened to the history.
    pub reason: LostReason,
    /// Place of the oldest entry that is still kept; the one after the last where none is.
    pub oldest: Offset,
}

/// What happened to a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    /// The entries after the position are no longer kept.
    Retention,
    /// The room's log began anew since then.
    Epoch,
    /// The log has never come as far as the position.
    Future,
}

/// A page of a room's log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Which room.
    pub room: RoomName,
    /// Life of its log.
    pub epoch: Epoch,
    /// Its last entry's place now.
    pub offset: Offset,
    /// Place of the oldest entry that is still kept; the one after the last where none is.
    pub oldest: Offset,
    /// In the order of the log.
    #[serde(deserialize_with = "buffered::entries")]
    pub entries: Vec<EntryMessage>,
}

/// What became of one part of a resume.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum ResumedPart {
    /// The personal room, as the greeting says it.
    Personal {
        /// Where it stands.
        #[serde(flatten)]
        log: ResumedLog,
    },
    /// What is published to everyone or to a role of the user's.
    Broadcast {
        /// To whom.
        to: Audience,
        /// Where it stands.
        #[serde(flatten)]
        log: ResumedLog,
    },
    /// A room; it is followed again unless there is an error.
    Room {
        /// Which.
        room: RoomName,
        /// Where it stands.
        #[serde(flatten)]
        log: ResumedLog,
    },
    /// A room that could not be followed again.
    Refused {
        /// Which.
        room: RoomName,
        /// What, for programs.
        code: ErrorCode,
        /// What, for people.
        message: String,
    },
    /// The presence of the users that are watched: always as it is now.
    Presence {
        /// One for each user.
        items: Vec<Presence>,
    },
    /// The user's notifications; absent for strangers, who have none.
    Inbox {
        /// Whether nothing became of it since the badge that the cursor names.
        recovered: bool,
        /// Otherwise the newest that are unread and in sight, at most 20, the newest first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        snapshot: Option<Vec<Notification>>,
    },
    /// How much there is to be read; absent for strangers.
    Counters {
        /// False: they come whole, as they are now.
        recovered: bool,
        /// All of them.
        snapshot: Counters,
    },
}

/// How much there is that a user has not read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// The badge.
    pub inbox: UnreadCount,
    /// Of each room that was followed again and keeps its entries.
    pub rooms: Vec<RoomUnread>,
}

/// Where a log stands after a resume.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResumedLog {
    /// Life of the log; absent in rooms that keep nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Its last entry's place; absent in rooms that keep nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// Whether exactly what was missed came before this. Otherwise it is fresh: as it stands now.
    pub recovered: bool,
    /// Why not, when a position was given and cannot be continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<HistoryLost>,
}

/// Which room was left.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeftRoom {
    /// Its name.
    pub room: RoomName,
    /// Why, when the client did not ask to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<LeftBecause>,
}

/// Why the server ended a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftBecause {
    /// The user may no longer follow the room.
    AccessEnded,
    /// There is no such room any more.
    RoomDeleted,
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
    /// A notification came.
    NewNotification(NewNotification),
    /// Something became of notifications, on whatever device.
    NotificationUpdated(NotificationUpdated),
    /// The badge, whole: after a connection's beginning, and with each change.
    UnreadCount(UnreadCount),
    /// A message came.
    ChatMessage(ChatMessage),
    /// A message says something else.
    MessageEdited(MessageEdited),
    /// A message says nothing any more.
    MessageDeleted(MessageDeleted),
    /// A reaction came.
    ReactionAdded(ReactionChange),
    /// A reaction went.
    ReactionRemoved(ReactionChange),
    /// Somebody has read.
    RoomRead(RoomRead),
    /// A message is pinned.
    MessagePinned(PinChange),
    /// A message is pinned no more.
    MessageUnpinned(PinChange),
    /// How much of a room is unread, whole: to all devices of the user, when they have read, sent or muted.
    RoomUnread(RoomUnread),
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
