//! An entry as clients see it, and raw JSON that passes through unread.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{EntryId, EventType, Offset, RoomName, Timestamp, UserId};

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
    /// Place in the room's log, where the room keeps its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// The user who published; absent when a back end did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When the server took it.
    pub time: Timestamp,
    /// The publisher's own; `null` when nothing was given.
    pub data: Json,
}
