//! What a client asks: parsed once, at the edge, into types that need no further checks.

mod chat;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    EntryId, Epoch, ErrorCode, EventType, Fault, Json, Offset, Position, RoomName, Timestamp, UserId,
    buffered,
    chat::{MessageDraft, SearchRequest, UpTo},
    depth,
    envelope::{Envelope, correlation_id_of, optional, required},
    notification::{Named, UNREAD_LIMIT_MAX},
};

/// Most users that one `get_presence` may name.
pub const PRESENCE_USERS_MAX: usize = 100;

/// A client's own mark on a message, given back as `reply_to`: any string or number.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a string or a number")]
pub enum CorrelationId {
    /// A number, as it came.
    Number(serde_json::Number),
    /// A text, as it came.
    Text(String),
}

/// What a user says of themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// There and looking.
    Online,
    /// There, but not looking.
    Away,
}

/// A client's message. The wire's `type` is the variant's name in snake case; `subscribe` and `unsubscribe` with `channel`
/// are other spellings of `join_room` and `leave_room` with `room`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// The token, as the first message of a connection that brought none.
    Authenticate {
        /// A JWT.
        token: String,
        /// What `?resume=` would say, or the JSON of it itself; see [`crate::ResumeCursor`]. What is neither is passed over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
    },
    /// A fresh token for a living connection.
    RefreshToken {
        /// A JWT of the same user.
        token: String,
    },
    /// Asks for a `pong`.
    Ping {
        /// Given back as it came.
        #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
        timestamp: Option<Json>,
    },
    /// Follow a room.
    JoinRoom {
        /// Which.
        room: RoomName,
        /// The last position seen; what came after it follows the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Position>,
    },
    /// Stop following a room.
    LeaveRoom {
        /// Which.
        room: RoomName,
    },
    /// An event into a room, where its rules let users publish.
    Publish {
        /// Where to.
        room: RoomName,
        /// The entry's type.
        event: EventType,
        /// The entry's data; `null` when absent.
        #[serde(default = "Json::null", deserialize_with = "buffered::json")]
        data: Json,
    },
    /// The user types in a room.
    TypingStart {
        /// Where.
        room: RoomName,
    },
    /// The user types no longer.
    TypingStop {
        /// Where.
        room: RoomName,
    },
    /// Sets the user's own presence.
    Presence {
        /// Online or away.
        status: Availability,
        /// The application's own, shown with the presence.
        #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
        data: Option<Json>,
    },
    /// Asks who is there.
    GetPresence(PresenceOf),
    /// Asks for what a room keeps: the entries before or after an offset, without either the last ones.
    GetHistory {
        /// Which.
        room: RoomName,
        /// The entries right before this offset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Offset>,
        /// The entries right after this offset. Not together with `before`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Offset>,
        /// The epoch that the offset counts in: in another one the answer is `history_lost`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
        /// How many at most, 1 to 200; 50 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u16>,
    },
    /// Asks for the unread notifications that are in sight, the newest first.
    GetUnread {
        /// How many at most, 1 to 200; 20 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u16>,
        /// Those before this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<EntryId>,
    },
    /// Notifications were on a screen.
    MarkSeen(Named),
    /// Notifications were read.
    MarkRead(Named),
    /// Notifications shall count as unread again.
    MarkUnread(Named),
    /// All notifications that are in sight were read.
    MarkAllRead {
        /// Only those up to this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notification_id: Option<EntryId>,
    },
    /// Puts notifications away.
    Archive(Named),
    /// Takes notifications out of the archive.
    Unarchive(Named),
    /// Takes a notification out of sight for a while.
    Snooze {
        /// Which.
        notification_id: EntryId,
        /// Until when.
        until: Timestamp,
    },
    /// Entries were on a screen, or read: of those that were published with `receipts`.
    Acknowledge {
        /// Which, 1 to [`ACKNOWLEDGED_MAX`].
        entry_ids: Vec<EntryId>,
        /// What became of them.
        r#as: Acknowledged,
    },
    /// A message into a room's chat.
    ChatMessage {
        /// Where to.
        room: RoomName,
        /// The message.
        #[serde(flatten)]
        message: MessageDraft,
    },
    /// A message of one's own says something else from now on.
    EditMessage {
        /// Where.
        room: RoomName,
        /// Which.
        message_id: EntryId,
        /// What.
        content: String,
        /// Whom it mentions from now on; as before when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mentions: Option<Vec<UserId>>,
    },
    /// A message says nothing any more: one's own, or for a moderator any.
    DeleteMessage {
        /// Where.
        room: RoomName,
        /// Which.
        message_id: EntryId,
    },
    /// A reaction to a message.
    React {
        /// Where.
        room: RoomName,
        /// To which.
        message_id: EntryId,
        /// An emoji, or a name of the application's: 1 to 64 bytes without control characters.
        emoji: String,
    },
    /// Takes a reaction back.
    Unreact {
        /// Where.
        room: RoomName,
        /// From which.
        message_id: EntryId,
        /// The same as when it came.
        emoji: String,
    },
    /// The user has read.
    MarkRoomRead {
        /// Where.
        room: RoomName,
        /// Up to where.
        up_to: UpTo,
        /// Whether nobody in the room is told.
        #[serde(default)]
        private: bool,
    },
    /// Pins a message.
    PinMessage {
        /// Where.
        room: RoomName,
        /// Which.
        message_id: EntryId,
    },
    /// Takes a pin away.
    UnpinMessage {
        /// Where.
        room: RoomName,
        /// Which.
        message_id: EntryId,
    },
    /// The user is not notified of mentions in a room.
    MuteRoom {
        /// Which.
        room: RoomName,
        /// Until when; for good when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Ends that.
    UnmuteRoom {
        /// Which.
        room: RoomName,
    },
    /// Asks for messages as they stand, the newest without `before`, `after` and `around`.
    GetMessages {
        /// Of which room.
        room: RoomName,
        /// The messages right before this place in the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Offset>,
        /// Those right after this place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Offset>,
        /// This message, in the middle of what is before and after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        around: Option<EntryId>,
        /// Only the replies of the thread that begins with this message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<EntryId>,
        /// Only the pinned ones.
        #[serde(default)]
        pinned: bool,
        /// Only those that are no replies in threads.
        #[serde(default)]
        main: bool,
        /// How many at most, 1 to 200; 50 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u16>,
    },
    /// Asks how much of rooms is unread.
    GetUnreadRooms {
        /// Of these, at most 200; when absent, of the rooms of which the user is a member and those that the connection follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rooms: Option<Vec<RoomName>>,
    },
    /// Asks for messages by their words, in the rooms that the user may read.
    Search(SearchRequest),
}

/// What a user did with an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledged {
    /// It was on a screen.
    Seen,
    /// It was read, and so seen.
    Read,
}

/// Most entries that one `acknowledge` may name.
pub const ACKNOWLEDGED_MAX: usize = 200;

/// Most entries of one `history`.
pub const HISTORY_LIMIT_MAX: u16 = 200;

/// `join_room` and `leave_room` spelt otherwise. Here for the schema only: [`Incoming::parse`] turns them into a [`Command`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OtherSpelling {
    /// `join_room`.
    Subscribe {
        /// Which room.
        channel: RoomName,
        /// The last position seen; what came after it follows the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Position>,
    },
    /// `leave_room`.
    Unsubscribe {
        /// Which room.
        channel: RoomName,
    },
}

/// Whose presence is asked for: one of the two.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "PresenceFields")]
#[schemars(!try_from)]
pub enum PresenceOf {
    /// Of these users, at most [`PRESENCE_USERS_MAX`].
    Users(Vec<UserId>),
    /// Of everyone in a room.
    Room(RoomName),
}

/// [`PresenceOf`] as it stands among a message's other fields, where a plain enum would stumble over them.
#[derive(Deserialize)]
struct PresenceFields {
    #[serde(default)]
    users: Option<Vec<UserId>>,
    #[serde(default)]
    room: Option<RoomName>,
}

impl TryFrom<PresenceFields> for PresenceOf {
    type Error = &'static str;

    fn try_from(fields: PresenceFields) -> Result<Self, Self::Error> {
        match (fields.users, fields.room) {
            (Some(users), None) if users.len() <= PRESENCE_USERS_MAX => Ok(Self::Users(users)),
            (Some(_), None) => Err("expected at most 100 users"),
            (None, Some(room)) => Ok(Self::Room(room)),
            _ => Err("expected either users or room"),
        }
    }
}

/// A client's message with its mark. The mark is there even when the message is wrong, so that the error finds its way back.
#[derive(Debug, PartialEq)]
pub struct Incoming {
    /// Goes back as `reply_to`.
    pub id: Option<CorrelationId>,
    /// What is asked, or what is wrong with it.
    pub command: Result<Command, Fault>,
}

impl Incoming {
    /// Reads one JSON message, nested at most `depth_max` deep.
    pub fn parse(json: &[u8], depth_max: usize) -> Self {
        if let Err(fault) = depth::check(json, depth_max) {
            return Self { id: correlation_id_of(json), command: Err(fault) };
        }
        let envelope = match Envelope::parse(json) {
            Ok(envelope) => envelope,
            Err(fault) => return Self { id: None, command: Err(fault) },
        };
        match envelope.correlation_id() {
            Ok(id) => Self { id, command: Command::read(&envelope) },
            Err(fault) => Self { id: None, command: Err(fault) },
        }
    }
}

/// A resume cursor's text, whether it came as one or as an object.
fn cursor(raw: &serde_json::value::RawValue) -> Option<String> {
    match raw.get() {
        object if object.starts_with('{') => Some(object.to_owned()),
        text => serde_json::from_str(text).ok(),
    }
}

impl Command {
    fn read(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let kind: String = required("type", fields.r#type)?;
        Ok(match kind.as_str() {
            "authenticate" => Self::Authenticate {
                token: required("token", fields.token)?,
                resume: fields.resume.and_then(cursor),
            },
            "refresh_token" => Self::RefreshToken { token: required("token", fields.token)? },
            "ping" => Self::Ping { timestamp: optional("timestamp", fields.timestamp)? },
            "join_room" => Self::JoinRoom {
                room: required("room", fields.room)?,
                since: optional("since", fields.since)?,
            },
            "subscribe" => Self::JoinRoom {
                room: required("channel", fields.channel)?,
                since: optional("since", fields.since)?,
            },
            "leave_room" => Self::LeaveRoom { room: required("room", fields.room)? },
            "unsubscribe" => Self::LeaveRoom { room: required("channel", fields.channel)? },
            "publish" => Self::Publish {
                room: required("room", fields.room)?,
                event: required("event", fields.event)?,
                data: optional("data", fields.data)?.unwrap_or_else(Json::null),
            },
            "typing_start" => Self::TypingStart { room: required("room", fields.room)? },
            "typing_stop" => Self::TypingStop { room: required("room", fields.room)? },
            "presence" => Self::Presence {
                status: required("status", fields.status)?,
                data: optional("data", fields.data)?,
            },
            "get_presence" => Self::GetPresence(PresenceOf::read(fields)?),
            "get_history" => Self::get_history(fields)?,
            "get_unread" => Self::get_unread(fields)?,
            "mark_seen" => Self::MarkSeen(named(fields)?),
            "mark_read" => Self::MarkRead(named(fields)?),
            "mark_unread" => Self::MarkUnread(named(fields)?),
            "mark_all_read" => {
                Self::MarkAllRead { notification_id: optional("notification_id", fields.notification_id)? }
            }
            "archive" => Self::Archive(named(fields)?),
            "unarchive" => Self::Unarchive(named(fields)?),
            "snooze" => Self::Snooze {
                notification_id: required("notification_id", fields.notification_id)?,
                until: required("until", fields.until)?,
            },
            "acknowledge" => Self::acknowledge(fields)?,
            kind => return Self::read_chat(kind, fields)?.ok_or_else(unknown_type),
        })
    }
}

impl Command {
    fn get_history(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let (before, after) = (optional("before", fields.before)?, optional("after", fields.after)?);
        if before.is_some() && after.is_some() {
            return Err(Fault::invalid("before", "expected either before or after"));
        }
        let limit: Option<u16> = optional("limit", fields.limit)?;
        if limit.is_some_and(|limit| !(1..=HISTORY_LIMIT_MAX).contains(&limit)) {
            return Err(Fault::invalid("limit", "expected a number from 1 to 200"));
        }
        let (room, epoch) = (required("room", fields.room)?, optional("epoch", fields.epoch)?);
        Ok(Self::GetHistory { room, before, after, epoch, limit })
    }

    fn acknowledge(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let entry_ids: Vec<EntryId> = required("entry_ids", fields.entry_ids)?;
        if !(1..=ACKNOWLEDGED_MAX).contains(&entry_ids.len()) {
            return Err(Fault::invalid("entry_ids", "expected 1 to 200 ids"));
        }
        Ok(Self::Acknowledge { entry_ids, r#as: required("as", fields.r#as)? })
    }

    fn get_unread(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let limit: Option<u16> = optional("limit", fields.limit)?;
        if limit.is_some_and(|limit| !(1..=UNREAD_LIMIT_MAX).contains(&limit)) {
            return Err(Fault::invalid("limit", "expected a number from 1 to 200"));
        }
        Ok(Self::GetUnread { limit, before: optional("before", fields.before)? })
    }
}

fn named(fields: &Envelope<'_>) -> Result<Named, Fault> {
    Named::read(fields.notification_id, fields.notification_ids)
}

impl PresenceOf {
    fn read(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let users = optional("users", fields.users)?;
        let room = optional("room", fields.room)?;
        PresenceFields { users, room }.try_into().map_err(|message| Fault::invalid("users", message))
    }
}

fn unknown_type() -> Fault {
    Fault {
        path: Some("type".to_owned()),
        ..Fault::new(ErrorCode::UnknownType, "no such message type; docs/reference/websocket.md lists them")
    }
}

#[cfg(test)]
mod tests;
