//! Bodies about notifications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reached, TargetFields};
use crate::{
    EntryId, Json, Timestamp, UserId,
    notification::{Notification, NotificationAction, Severity},
};

/// `POST /v1/notifications`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyRequest {
    /// For whom: one of `user`, `users`, `room` (its members), `role` and `everyone`.
    pub to: TargetFields,
    /// One line: 1 to 200 characters.
    pub title: String,
    /// More words: at most 4000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much it matters; `info` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What it is about, in your words: 1 to 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Your own, at most 16 KiB; passed on as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// What it opens: an address, or a path of your application; at most 2048 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What can be done about it; at most 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<NotificationAction>>,
    /// While whom it is for has one with this key, that one stays and nothing is added: 1 to 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<String>,
    /// What it is gathered by for those who want that, in your words: 1 to 128 bytes. Without it the category counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_key: Option<String>,
    /// When it is sent; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Sent again and again, from `send_at` or now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// From then on it is gone, read or not. Not with `repeat`, which has `expires_after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether it is kept to which of their devices it was delivered, and when. Who has seen and read it is known of every notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
}

/// How something is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// `15m`, `1h`, `1d` or `2w`: 1 to 1000 of minutes, hours, days or weeks.
    pub every: String,
    /// Where days and weeks are those of the calendar: `Europe/Berlin`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Not after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How long after it was sent each is gone, read or not: `30m`, `1h`, `1d`, `2w`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<String>,
}

/// 201 of `POST /v1/notifications`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotifyResponse {
    /// The notification; of one that is repeated, what calls it off.
    pub id: EntryId,
    /// Whether all whom it is for had one with this `dedupe_key`: then `id` is that one's, and nothing was added.
    pub deduplicated: bool,
    /// When it will be sent, if that is later; of what all wait for in a digest, when the first of these comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    /// Who was connected and told at once.
    pub reached: Reached,
}

/// `GET /v1/users/{user}/notifications`: a page of an inbox.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotificationPage {
    /// The newest first.
    pub items: Vec<Notification>,
    /// For `?cursor=`; null on the last page.
    pub next_cursor: Option<String>,
    /// How many of the whole inbox are unread and in sight.
    pub unread: u64,
    /// Of two counts, the one with the higher revision is right.
    pub revision: u64,
}

/// `POST /v1/users/{user}/notifications/{act}`: either `ids` or `all`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRequest {
    /// Which, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<EntryId>>,
    /// `true`: all that are in sight; of `unarchive`, all that are archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    /// With `all`: only those up to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<EntryId>,
    /// Of `snooze`: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// 200 of `POST /v1/users/{user}/notifications/{act}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarkResponse {
    /// How many were changed; those that were so already are not counted.
    pub changed: usize,
    /// Of `ids`, those that are not in the inbox.
    pub not_found: Vec<EntryId>,
    /// How many of the whole inbox are unread and in sight now.
    pub unread: u64,
    /// Of two counts, the one with the higher revision is right.
    pub revision: u64,
}

/// Who has a notification, or an entry that was published with `receipts`, and what they did with it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptInfo {
    /// Who.
    pub user: UserId,
    /// On what it came, by the names of the devices; at most 20. Empty where it was not asked for.
    pub delivered: Vec<DeliveredInfo>,
    /// When it was on a screen of theirs first; null before that.
    pub seen_at: Option<Timestamp>,
    /// When they read it; null before that.
    pub read_at: Option<Timestamp>,
}

/// A device that has an entry: its client answered something that was sent behind it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveredInfo {
    /// The client's own name for its device; of one that has none, the id of its connection.
    pub device: String,
    /// What the client said it is: `web`, `mobile`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_type: Option<String>,
    /// When it was known to have it first.
    pub at: Timestamp,
}

/// One item of `GET /v1/notifications/scheduled`: what waits to be sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledInfo {
    /// What calls it off.
    pub id: EntryId,
    /// What calls off all of the same request, where that was to several users: each is an item of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<EntryId>,
    /// When it is sent next.
    pub send_at: Timestamp,
    /// For whom.
    pub to: TargetFields,
    /// One line.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How it is sent again, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Whether it waits because the user wants it gathered.
    pub digest: bool,
}
