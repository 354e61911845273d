//! What a client can ask: one `match`, each arm one call into the façade.

use std::sync::Arc;

use tidings_core::{
    Connection, Joined, Published,
    store::{Page, Stretch},
};
use tidings_protocol::{
    Command, CorrelationId, EntryId, ErrorCode, Fault, Offset, Position, Reply, RoomName,
    command::Acknowledged,
    reply::{History, JoinedRoom, LeftRoom},
};

use super::{chat, notifications, search};
use crate::App;

/// Entries of a `history` when the client does not say how many.
const HISTORY_LIMIT: u16 = 50;

/// Does what a client asks. No reply where the contract has none, or where the answer is on the queue already.
///
/// # Errors
/// Whatever is wrong with the request, as the client is told.
pub(super) async fn handle(
    app: &Arc<App>,
    connection: &Arc<Connection>,
    id: Option<CorrelationId>,
    command: Command,
) -> Result<Option<Reply>, Fault> {
    let tidings = &app.tidings;
    let identity = &*connection.identity();
    match command {
        Command::Ping { timestamp } => Ok(Some(Reply::Pong { reply_to: id, timestamp })),
        Command::JoinRoom { room, since } => {
            let answer = |joined| joined_room(id.clone(), room.clone(), joined);
            tidings.join(connection, identity, room.clone(), since, &answer).await.map(|()| None)
        }
        Command::LeaveRoom { room } => {
            tidings.leave(connection, &room);
            Ok(Some(Reply::LeftRoom { reply_to: id, data: LeftRoom { room, because: None } }))
        }
        Command::Publish { room, event, data } => {
            tidings.publish_as(identity, room, event, data).await.map(|entry| Some(published(id, entry)))
        }
        Command::TypingStart { room } => tidings.typing(connection, &room, true).map(|()| None),
        Command::TypingStop { room } => tidings.typing(connection, &room, false).map(|()| None),
        Command::Presence { status, data } => {
            tidings.set_presence(connection, status, data);
            Ok(None)
        }
        Command::GetPresence(of) => tidings
            .presence(identity, &of)
            .await
            .map(|items| Some(Reply::PresenceState { reply_to: id, items })),
        Command::GetHistory { room, before, after, epoch, limit } => {
            let page = page(before, after);
            let limit = usize::from(limit.unwrap_or(HISTORY_LIMIT));
            let stretch = tidings.history_for(identity, &room, page, epoch.as_ref(), limit).await?;
            Ok(Some(Reply::History { reply_to: id, data: history(room, stretch) }))
        }
        Command::Acknowledge { entry_ids, r#as } => {
            acknowledge(app, connection, id, entry_ids, r#as).await.map(Some)
        }
        command @ (Command::GetUnread { .. }
        | Command::MarkSeen(_)
        | Command::MarkRead(_)
        | Command::MarkUnread(_)
        | Command::MarkAllRead { .. }
        | Command::Archive(_)
        | Command::Unarchive(_)
        | Command::Snooze { .. }) => notifications::handle(app, connection, id, command).await.map(Some),
        command @ (Command::ChatMessage { .. }
        | Command::EditMessage { .. }
        | Command::DeleteMessage { .. }
        | Command::React { .. }
        | Command::Unreact { .. }
        | Command::MarkRoomRead { .. }
        | Command::PinMessage { .. }
        | Command::UnpinMessage { .. }
        | Command::MuteRoom { .. }
        | Command::UnmuteRoom { .. }
        | Command::GetMessages { .. }
        | Command::GetUnreadRooms { .. }) => {
            // Boxed: the way of a message is long, and what is not on it shall not carry that.
            Box::pin(chat::handle(app, connection, id, command)).await.map(Some)
        }
        Command::Search(asked) => Box::pin(search::handle(app, connection, id, asked)).await.map(Some),
        Command::Authenticate { token, .. } | Command::RefreshToken { token } => {
            refresh(app, connection, id, &token).await.map(Some)
        }
    }
}

async fn acknowledge(
    app: &App,
    connection: &Arc<Connection>,
    reply_to: Option<CorrelationId>,
    asked: Vec<EntryId>,
    how: Acknowledged,
) -> Result<Reply, Fault> {
    let entry_ids = app.tidings.acknowledge(connection, asked.clone(), how).await?;
    let success = asked.iter().all(|id| entry_ids.contains(id));
    Ok(Reply::Acknowledged { reply_to, entry_ids, success })
}

async fn refresh(
    app: &App,
    connection: &Arc<Connection>,
    reply_to: Option<CorrelationId>,
    token: &str,
) -> Result<Reply, Fault> {
    let fresh = app.tokens.verify(token, app.tidings.clock().now())?;
    let expires_at = fresh.expires_at.ok_or(Fault::new(ErrorCode::Unauthorized, "the token has no end"))?;
    let before = connection.identity();
    if before.anonymous {
        let message = "this connection was opened without a token: bring it with the request";
        return Err(Fault { path: Some("token".into()), ..Fault::new(ErrorCode::Forbidden, message) });
    }
    if fresh.user != before.user {
        let fault =
            Fault::new(ErrorCode::Forbidden, "the token is another user's: open another connection for them");
        return Err(Fault { path: Some("token".into()), ..fault });
    }
    let user = fresh.user.clone();
    app.tidings.change_identity(connection, fresh).await?;
    Ok(Reply::Authenticated { reply_to, user, expires_at })
}

pub(super) fn published(reply_to: Option<CorrelationId>, entry: Published) -> Reply {
    Reply::Published { reply_to, entry_id: entry.id, offset: entry.offset }
}

/// Which page `before` and `after` mean; without either the last one.
pub(crate) fn page(before: Option<Offset>, after: Option<Offset>) -> Page {
    match after {
        Some(after) => Page::After(after),
        None => Page::Before(before.unwrap_or(Offset(u64::MAX))),
    }
}

/// A page of a log as clients see it.
fn history(room: RoomName, stretch: Stretch) -> History {
    let Stretch { head: Position { epoch, offset }, oldest, entries } = stretch;
    let entries = entries.iter().map(|entry| entry.message().to_owned()).collect();
    History { room, epoch, offset, oldest, entries }
}

pub(super) fn joined_room(reply_to: Option<CorrelationId>, room: RoomName, joined: Joined) -> Reply {
    let Joined { position, recovered, lost, members, member_count } = joined;
    let (epoch, offset) = position.map(|position| (position.epoch, position.offset)).unzip();
    let data = JoinedRoom { room, epoch, offset, recovered, lost, members, member_count };
    Reply::JoinedRoom { reply_to, data }
}
