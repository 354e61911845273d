//! A notification as the wire shows it.

use tidings_protocol::{
    RoomName, Timestamp,
    notification::{Notification as Shown, NotificationAction},
};

use crate::{
    RoomKey,
    store::inbox::{Content, Item, Notification, State},
};

/// One that came just now.
pub(super) fn fresh(notification: &Notification, room: Option<&RoomName>) -> Shown {
    show(notification.clone(), room.cloned(), State::default())
}

/// One of an inbox, as it is at a moment.
pub(super) fn item(item: Item, now: Timestamp) -> Shown {
    let room = if let RoomKey::Named(room) = item.audience { Some(room) } else { None };
    show(item.notification, room, item.state.at(now))
}

fn show(notification: Notification, room: Option<RoomName>, state: State) -> Shown {
    let Notification { id, severity, category, created_at, expires_at, content } = notification;
    let Content { title, message, data, url, actions, dedupe_key: _, digest } = content;
    let actions: Option<Vec<NotificationAction>> =
        actions.and_then(|actions| serde_json::from_str(actions.as_str()).ok());
    Shown {
        id,
        title: title.into(),
        message: message.map(Into::into),
        severity: severity.as_str().parse().unwrap_or_default(),
        category: category.map(|category| category.as_str().to_owned()),
        data,
        url: url.map(Into::into),
        actions: actions.unwrap_or_default(),
        digest: digest.and_then(|digest| serde_json::from_str(digest.as_str()).ok()),
        room,
        read: state.read_at.is_some(),
        created_at,
        expires_at,
        seen_at: state.seen_at,
        read_at: state.read_at,
        archived_at: state.archived_at,
        snoozed_until: state.snoozed_until,
    }
}
