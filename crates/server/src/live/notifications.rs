//! What clients ask of their notifications.

use std::sync::Arc;

use tidings_core::{
    Connection, Identity, Tidings,
    store::inbox::{Change, Reader},
    tidings::notifications::WhichOnes,
};
use tidings_protocol::{Command, CorrelationId, EntryId, ErrorCode, Fault, Reply, notification::Named};

use crate::App;

/// Notifications of an `unread_notifications` when the client does not say how many.
const UNREAD_LIMIT: u16 = 20;

/// Answers a command about notifications.
///
/// # Errors
/// `forbidden` without a token, `not_found` for what is not in the user's inbox, `unavailable`.
pub(super) async fn handle(
    app: &App,
    connection: &Arc<Connection>,
    reply_to: Option<CorrelationId>,
    command: Command,
) -> Result<Reply, Fault> {
    let identity: Arc<Identity> = connection.identity();
    let reader = Tidings::own_inbox(&identity)?;
    let (named, change) = match command {
        Command::GetUnread { limit, before } => return unread(app, reader, reply_to, limit, before).await,
        Command::MarkAllRead { notification_id } => {
            let marked = app.tidings.mark(reader, WhichOnes::All(notification_id), Change::Read).await?;
            let (unread, revision) = (marked.counters.unread, marked.counters.revision);
            let (notification_ids, success) = (None, true);
            return Ok(Reply::NotificationUpdated {
                reply_to,
                notification_id,
                notification_ids,
                success,
                unread,
                revision,
            });
        }
        Command::MarkSeen(named) => (named, Change::Seen),
        Command::MarkRead(named) => (named, Change::Read),
        Command::MarkUnread(named) => (named, Change::Unread),
        Command::Archive(named) => (named, Change::Archive),
        Command::Unarchive(named) => (named, Change::Unarchive),
        Command::Snooze { notification_id, until } => {
            (Named::NotificationId(notification_id), Change::Snooze(until))
        }
        _ => return Err(Fault::new(ErrorCode::Internal, "this is no command about notifications")),
    };
    let notification_id = if let Named::NotificationId(id) = &named { Some(*id) } else { None };
    let marked = app.tidings.mark(reader, WhichOnes::Ids(named.ids()), change).await?;
    let notification_ids = notification_id.is_none().then_some(marked.found);
    let (success, unread, revision) =
        (marked.not_found.is_empty(), marked.counters.unread, marked.counters.revision);
    Ok(Reply::NotificationUpdated { reply_to, notification_id, notification_ids, success, unread, revision })
}

async fn unread(
    app: &App,
    reader: Reader,
    reply_to: Option<CorrelationId>,
    limit: Option<u16>,
    before: Option<EntryId>,
) -> Result<Reply, Fault> {
    let limit = usize::from(limit.unwrap_or(UNREAD_LIMIT));
    let counters = app.tidings.counters(reader.clone()).await?;
    let filter = Tidings::in_sight(Some(true));
    let notifications = app.tidings.notifications(reader, filter, before, limit).await?;
    let (count, revision) = (counters.unread, counters.revision);
    Ok(Reply::UnreadNotifications { reply_to, count, revision, notifications })
}
