//! A notification: what somebody shall know, whether they are connected or not.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidings_protocol::{EntryId, Json, Timestamp};

use crate::RoomKey;

/// How much a notification matters, in the order of the word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Something came to a good end.
    Success,
    /// Somebody should look.
    Warning,
    /// Something went wrong.
    Error,
}

impl Severity {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Info, Self::Success, Self::Warning, Self::Error];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}

/// What a notification is about, in the application's words: `order`, `billing/invoice`; 1 to 64 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Category(Box<str>);

impl Category {
    /// Checks and takes a category.
    ///
    /// # Errors
    /// A sentence on what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match (1..=64).contains(&text.len()) && !text.chars().any(char::is_control) {
            true => Ok(Self(text.into())),
            false => Err("expected a category: 1 to 64 bytes without control characters"),
        }
    }

    /// The category as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What nobody filters or sorts by; stores keep it as one JSON text.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// One line.
    pub title: Box<str>,
    /// More words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<str>>,
    /// The sender's own; JSON's `null` counts as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// What it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
    /// What can be done about it: a JSON list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Json>,
    /// Two of one audience with the same key are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<Box<str>>,
    /// What was gathered in it: a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Json>,
}

/// Something that users shall know, whether they are connected or not.
#[derive(Clone, PartialEq, Debug)]
pub struct Notification {
    /// Made of `created_at`: inboxes are sorted by it.
    pub id: EntryId,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub category: Option<Category>,
    /// When the server took it.
    pub created_at: Timestamp,
    /// From this moment on it is gone, read or not.
    pub expires_at: Option<Timestamp>,
    /// Everything else.
    pub content: Content,
}

impl Notification {
    /// Whether it is gone by itself.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        is_over(self.expires_at, now)
    }
}

/// A notification as one user has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What.
    pub notification: Notification,
    /// To whom it went: the user's own room, or those of a broadcast.
    pub audience: RoomKey,
    /// What the user did with it.
    pub state: super::State,
}

/// Whether a moment, if there is one, has come.
pub(crate) fn is_over(moment: Option<Timestamp>, now: Timestamp) -> bool {
    moment.is_some_and(|moment| moment <= now)
}

/// The smallest id of all that are made in this millisecond.
pub fn first_id_of(time: Timestamp) -> EntryId {
    let mut bytes = [0; 16];
    // RFC 9562: the first six bytes are the time.
    bytes[..6].copy_from_slice(&time.millis().to_be_bytes()[2..]);
    EntryId::from_bytes(bytes)
}
