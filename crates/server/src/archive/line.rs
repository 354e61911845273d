//! One archived entry, as a line of JSON.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidings_core::{Entry, RoomKey, store::Erased};
use tidings_protocol::{EntryId, EventType, Json, Offset, Timestamp, UserId};

use super::sealed::LineKey;

/// An entry on its line: `{"room":"room:orders","offset":1,"id":"…","type":"…","from":"ada","time":"…","data":…}`; behind sealed data
/// `"key":{"master":"k1","wrapped":"…"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// `room:orders`, `user:ada`, `role:admin`, `everyone`.
    pub room: String,
    /// Its place in the room's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// Unique over all rooms and time: by it, what is archived twice is known.
    pub id: EntryId,
    /// What happened.
    pub r#type: EventType,
    /// The publishing user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When the server took it.
    pub time: Timestamp,
    /// The publisher's own data, or how the store kept it: sealed.
    pub data: Json,
    /// What opens sealed data, with the right master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<LineKey>,
}

impl Line {
    /// An entry as it is archived.
    pub fn of(entry: &Entry) -> Self {
        Self {
            room: entry.room.to_string(),
            offset: entry.offset,
            id: entry.id,
            r#type: entry.r#type.clone(),
            from: entry.from.clone(),
            time: entry.time,
            data: entry.data.clone(),
            key: None,
        }
    }

    /// Whether a user published it or has it in the personal room.
    pub fn is_of(&self, user: &UserId) -> bool {
        self.from.as_ref() == Some(user) || self.is_personal_of(user)
    }

    /// Whether it is in a user's personal room.
    pub(super) fn is_personal_of(&self, user: &UserId) -> bool {
        matches!(RoomKey::parse(&self.room), Some(RoomKey::Personal(owner)) if owner == *user)
    }

    /// What is left of it when its sender is erased: its place.
    pub(super) fn blanked(self) -> Self {
        let r#type = EventType::from_str(Erased::ENTRY_TYPE).unwrap_or(self.r#type);
        Self { r#type, from: None, data: Json::null(), key: None, ..self }
    }
}
