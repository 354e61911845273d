//! What a client can ask: one `match`, each arm one call into the façade.

use std::sync::Arc;

use tidings_core::{Connection, Identity, Joined, limits::Bucket};
use tidings_protocol::{
    Command, CorrelationId, ErrorCode, Fault, Reply, RoomName,
    reply::{JoinedRoom, LeftRoom},
};

use crate::App;

/// Who speaks on a connection. Owned by its task, so no lock is needed.
pub(super) struct Speaker {
    /// The user, as the last token said.
    pub(super) identity: Box<Identity>,
    /// Messages that were refused.
    pub(super) refusals: Bucket,
}

/// Does what a client asks. No reply where the contract has none, or where the answer is on the queue already.
///
/// # Errors
/// Whatever is wrong with the request, as the client is told.
pub(super) async fn handle(
    app: &Arc<App>,
    connection: &Arc<Connection>,
    speaker: &mut Speaker,
    id: Option<CorrelationId>,
    command: Command,
) -> Result<Option<Reply>, Fault> {
    let tidings = &app.tidings;
    let identity = &speaker.identity;
    match command {
        Command::Ping { timestamp } => Ok(Some(Reply::Pong { reply_to: id, timestamp })),
        Command::JoinRoom { room, since } => {
            let answer = |joined| joined_room(id.clone(), room.clone(), joined);
            tidings.join(connection, identity, room.clone(), since, &answer).await.map(|()| None)
        }
        Command::LeaveRoom { room } => {
            tidings.leave(connection, &room);
            Ok(Some(Reply::LeftRoom { reply_to: id, data: LeftRoom { room } }))
        }
        Command::Publish { room, event, data } => {
            let published = tidings.publish_as(identity, room, event, data).await?;
            Ok(Some(Reply::Published { reply_to: id, entry_id: published.id, offset: published.offset }))
        }
        Command::TypingStart { room } => tidings.typing(connection, &room, true).map(|()| None),
        Command::TypingStop { room } => tidings.typing(connection, &room, false).map(|()| None),
        Command::Presence { status, data } => {
            tidings.set_presence(connection, status, data);
            Ok(None)
        }
        Command::GetPresence(of) => {
            let items = tidings.presence(identity, &of)?;
            Ok(Some(Reply::PresenceState { reply_to: id, items }))
        }
        Command::Authenticate { token } | Command::RefreshToken { token } => {
            refresh(app, connection, speaker, id, &token).map(Some)
        }
    }
}

fn refresh(
    app: &App,
    connection: &Arc<Connection>,
    speaker: &mut Speaker,
    reply_to: Option<CorrelationId>,
    token: &str,
) -> Result<Reply, Fault> {
    let fresh = app.tokens.verify(token, app.tidings.clock().now())?;
    let expires_at = fresh.expires_at.ok_or(Fault::new(ErrorCode::Unauthorized, "the token has no end"))?;
    if speaker.identity.anonymous {
        let message = "this connection was opened without a token: bring it with the request";
        return Err(Fault { path: Some("token".into()), ..Fault::new(ErrorCode::Forbidden, message) });
    }
    if fresh.user != speaker.identity.user {
        let fault =
            Fault::new(ErrorCode::Forbidden, "the token is another user's: open another connection for them");
        return Err(Fault { path: Some("token".into()), ..fault });
    }
    app.tidings.hub.set_expiry(connection, fresh.expires_at);
    app.tidings.change_roles(connection, &speaker.identity, &fresh);
    let user = fresh.user.clone();
    *speaker.identity = fresh;
    Ok(Reply::Authenticated { reply_to, user, expires_at })
}

fn joined_room(reply_to: Option<CorrelationId>, room: RoomName, joined: Joined) -> Reply {
    let Joined { position, recovered, members, member_count } = joined;
    let (epoch, offset) = position.map(|position| (position.epoch, position.offset)).unzip();
    Reply::JoinedRoom { reply_to, data: JoinedRoom { room, epoch, offset, recovered, members, member_count } }
}
