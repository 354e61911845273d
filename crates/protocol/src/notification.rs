//! Notifications as clients and back ends see them: what somebody shall know, whether they are connected or not.

mod change;
mod counters;
mod digest;
mod named;
mod quiet;
mod severity;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EntryId, Json, RoomName, Timestamp, buffered};

pub use change::{NewNotification, NotificationChange, NotificationUpdated};
pub use counters::UnreadCount;
pub use digest::{Digest, DigestItem, Digested};
pub use named::{IDS_MAX, Named, UNREAD_LIMIT_MAX};
pub use quiet::{Mute, Preferences, QuietHours, TimeOfDay, Weekday};
pub use severity::Severity;

/// A notification as one user has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Sorts by the time at which the notification was taken.
    pub id: EntryId,
    /// One line.
    pub title: String,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, in the application's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The sender's own.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// What it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What can be done about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<NotificationAction>,
    /// What was gathered in it, where the user wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Box<Digested>>,
    /// The room to whose members it went; absent on what went to the user, to a role or to everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Whether it was read: it counts as unread until then.
    pub read: bool,
    /// When the server took it.
    pub created_at: Timestamp,
    /// From then on it is gone, read or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was on a screen of the user's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// When it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// When it was put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Until when it is out of sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
}

/// Something that can be done about a notification; what it does is the application's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotificationAction {
    /// Which, for programs; 1 to 64 bytes.
    pub id: String,
    /// Which, for people; 1 to 64 characters.
    pub label: String,
    /// What it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
