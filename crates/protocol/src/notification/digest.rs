//! Several notifications as one: what a user wants gathered, and what comes of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Severity, TimeOfDay};
use crate::{EntryId, Json, Timestamp, buffered};

/// What is gathered, and when it comes: exactly one of `category` and `key`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Notifications of this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Notifications with this `digest_key`; of what has one that is named here, the category does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How often: `15m`, `1h`, `1d`, `2w`; at most 31 days. Windows begin on the hour, at midnight, on Monday.
    pub every: String,
    /// At this time of day, where `every` is of days or weeks; midnight when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<TimeOfDay>,
    /// Where days and weeks are those of the calendar: `Europe/Berlin`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// What was gathered in a notification.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Digested {
    /// How many.
    pub count: u64,
    /// The newest of them, the newest first; at most 50.
    pub items: Vec<DigestItem>,
}

/// One of those that were gathered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DigestItem {
    /// As the back end was told.
    pub id: EntryId,
    /// One line.
    pub title: String,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The sender's own.
    #[serde(default, deserialize_with = "buffered::json", skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// What it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When the server took it.
    pub created_at: Timestamp,
}
