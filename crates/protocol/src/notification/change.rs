//! What is told to all of a user's devices when something of their inbox changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Notification;
use crate::{EntryId, Timestamp};

/// What became of notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationChange {
    /// They were on a screen.
    Seen,
    /// They were read.
    Read,
    /// They count as unread again.
    Unread,
    /// They were put away.
    Archived,
    /// They were taken out again.
    Unarchived,
    /// They are out of sight until `snoozed_until`.
    Snoozed,
    /// Their snooze is over: they are in sight again.
    Woken,
    /// They are gone: deleted by the user, expired, or too old.
    Gone,
}

/// Data of `new_notification`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewNotification {
    /// The notification, unread.
    pub notification: Notification,
}

/// Data of `notification_updated`: what became of some notifications, or of all up to one. An id that the device does not know is passed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotificationUpdated {
    /// Which, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_id: Option<EntryId>,
    /// Which; empty where `up_to` says it.
    pub notification_ids: Vec<EntryId>,
    /// All up to this one, and this one, that were neither archived nor snoozed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<EntryId>,
    /// What became of them.
    pub change: NotificationChange,
    /// Until when they are out of sight, if they were snoozed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
}

impl NotificationUpdated {
    /// What became of some notifications.
    pub fn of(ids: Vec<EntryId>, change: NotificationChange) -> Self {
        let notification_id = if let [id] = ids[..] { Some(id) } else { None };
        Self { notification_id, notification_ids: ids, up_to: None, change, snoozed_until: None }
    }

    /// What became of all up to one.
    pub fn up_to(id: EntryId, change: NotificationChange) -> Self {
        let notification_ids = Vec::new();
        Self { notification_id: None, notification_ids, up_to: Some(id), change, snoozed_until: None }
    }
}
