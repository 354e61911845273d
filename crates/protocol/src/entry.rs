//! An entry as clients see it, and raw JSON that passes through unread.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Audience, Broadcast, EntryId, EventType, Offset, Role, RoomName, Timestamp, UserId};

/// Any JSON value, checked for syntax but not taken apart: its bytes go from publisher to subscribers as they came.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Arc<RawValue>);

impl Json {
    /// The JSON value `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned().into())
    }

    /// A serializable value as JSON.
    ///
    /// # Errors
    /// Those of `serde_json`: a map with keys that are no strings, or a failing `Serialize`.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(serde_json::value::to_raw_value(value)?.into()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl JsonSchema for Json {
    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "Any JSON value." })
    }
}

/// An entry: something that happened in a room, to a user, to a role or to everyone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntryMessage {
    /// What happened: `ticket.created`, or one of the server's own such as `presence_update`.
    pub r#type: EventType,
    /// Where; absent on what was published to a user, a role or everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Unique over all rooms and time (UUID version 7).
    pub id: EntryId,
    /// Place in the room's log, where the room keeps its entries; without a room, in that of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// On what was published to a role or everyone and is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<Broadcast>,
    /// The user who published; absent when a back end did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When the server took it.
    pub time: Timestamp,
    /// The publisher's own; `null` when nothing was given.
    pub data: Json,
}

/// What an [`EntryMessage`] says, borrowed: nothing is written as often.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are those of `EntryMessage`")]
pub struct EntryRef<'a> {
    pub r#type: &'a EventType,
    pub room: Option<&'a RoomName>,
    pub id: EntryId,
    pub offset: Option<Offset>,
    /// The audience and the place in its log.
    pub broadcast: Option<(AudienceRef<'a>, Offset)>,
    pub from: Option<&'a UserId>,
    pub time: Timestamp,
    pub data: &'a Json,
}

/// An [`Audience`], borrowed.
#[derive(Clone, Copy, Debug)]
pub enum AudienceRef<'a> {
    /// Every connection.
    Everyone,
    /// Everyone whose token has the role.
    Role(&'a Role),
}

impl AudienceRef<'_> {
    fn to_owned(self) -> Audience {
        match self {
            Self::Everyone => Audience::Everyone,
            Self::Role(role) => Audience::Role(role.clone()),
        }
    }
}

impl EntryRef<'_> {
    /// The same with parts of its own.
    pub fn to_owned(&self) -> EntryMessage {
        EntryMessage {
            r#type: self.r#type.clone(),
            room: self.room.cloned(),
            id: self.id,
            offset: self.offset,
            broadcast: self.broadcast.map(|(to, offset)| Broadcast { to: to.to_owned(), offset }),
            from: self.from.cloned(),
            time: self.time,
            data: self.data.clone(),
        }
    }

    /// Appends the JSON that [`EntryMessage`] has, for a quarter of what a general serializer costs: of all its texts only a user's
    /// id and a role can need an escape.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.reserve(192 + self.data.as_str().len());
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(self.r#type.as_str().as_bytes());
        if let Some(room) = self.room {
            out.extend_from_slice(b"\",\"room\":\"");
            out.extend_from_slice(room.as_str().as_bytes());
        }
        out.extend_from_slice(b"\",\"id\":\"");
        out.extend_from_slice(self.id.encode(&mut [0; 36]).as_bytes());
        out.push(b'"');
        if let Some(offset) = self.offset {
            out.extend_from_slice(b",\"offset\":");
            out.extend_from_slice(itoa::Buffer::new().format(offset.0).as_bytes());
        }
        if let Some((to, offset)) = self.broadcast {
            match to {
                AudienceRef::Everyone => out.extend_from_slice(b",\"broadcast\":{\"to\":\"everyone\""),
                AudienceRef::Role(role) => {
                    out.extend_from_slice(b",\"broadcast\":{\"to\":\"role:");
                    write_escaped(role.as_str(), out);
                    out.push(b'"');
                }
            }
            out.extend_from_slice(b",\"offset\":");
            out.extend_from_slice(itoa::Buffer::new().format(offset.0).as_bytes());
            out.push(b'}');
        }
        if let Some(from) = self.from {
            out.extend_from_slice(b",\"from\":");
            out.push(b'"');
            write_escaped(from.as_str(), out);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"time\":\"");
        out.extend_from_slice(&self.time.encode());
        out.extend_from_slice(b"\",\"data\":");
        out.extend_from_slice(self.data.as_str().as_bytes());
        out.push(b'}');
    }
}

/// A text without control characters as it stands in a JSON string (RFC 8259 section 7).
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_an_entry_agree() {
        let check = |room: Option<&str>, to: Option<&str>, from: Option<&str>, millis, data: &str| {
            let time = Timestamp::from_millis(millis);
            let offset = Offset(millis);
            let to = to.map(|to| to.parse::<Audience>().unwrap());
            let message = EntryMessage {
                r#type: "ticket.created".parse().unwrap(),
                room: room.map(|room| room.parse().unwrap()),
                id: EntryId::new(time),
                offset: room.map(|_| offset),
                broadcast: to.clone().map(|to| Broadcast { to, offset }),
                from: from.map(|from| from.parse().unwrap()),
                time,
                data: serde_json::from_str(data).unwrap(),
            };
            let EntryMessage { r#type, room, id, offset, broadcast: _, from, time, data } = &message;
            let (room, from) = (room.as_ref(), from.as_ref());
            let broadcast = to.as_ref().map(|to| match to {
                Audience::Everyone => (AudienceRef::Everyone, Offset(millis)),
                Audience::Role(role) => (AudienceRef::Role(role), Offset(millis)),
            });
            let borrowed =
                EntryRef { r#type, room, id: *id, offset: *offset, broadcast, from, time: *time, data };
            assert_eq!(borrowed.to_owned(), message);
            let mut written = Vec::new();
            borrowed.write_json(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&message).unwrap());
        };
        check(None, None, None, 0, "null");
        check(None, Some("everyone"), Some("ada"), 7, "1");
        check(None, Some("role:a\"d\\m é"), None, u64::MAX, "{}");
        check(Some("order:1"), None, Some("ada"), 1_763_704_800_120, r#"{"a": [1.0, "é\n"]}"#);
        check(Some("a"), None, Some("a\"d\\a é\u{2028}"), u64::MAX, "[]");
        // What a name may hold is what may go unescaped.
        assert!("a\"b".parse::<RoomName>().is_err() && "a\\b".parse::<EventType>().is_err());
    }
}
