//! What clients say in chats, and ask of them.

use std::sync::Arc;

use tidings_core::{
    Connection, Identity,
    store::chat::{Of, Place},
    tidings::chat::{Acted, Asked, Author},
};
use tidings_protocol::{
    Command, CorrelationId, EntryId, ErrorCode, Fault, Offset, Reply, chat::UNREAD_ROOMS_MAX,
};

use crate::App;

/// Messages of a page when the client does not say how many.
const MESSAGES_LIMIT: u16 = 50;

/// Answers a command about messages.
///
/// # Errors
/// Those of the façade.
pub(super) async fn handle(
    app: &App,
    connection: &Arc<Connection>,
    reply_to: Option<CorrelationId>,
    command: Command,
) -> Result<Reply, Fault> {
    let tidings = &app.tidings;
    let identity: Arc<Identity> = connection.identity();
    let author = Author::User(&identity);
    let acted = match command {
        Command::ChatMessage { room, message } => {
            let acted = tidings.send_message(author, &room, message, None).await?;
            tidings.hub.stop_typing(connection, &room);
            acted
        }
        Command::EditMessage { room, message_id, content, mentions } => {
            tidings.edit_message(author, &room, message_id, content, mentions).await?
        }
        Command::DeleteMessage { room, message_id } => {
            tidings.delete_message(author, &room, message_id).await?
        }
        Command::React { room, message_id, emoji } => {
            tidings.react(author, &room, message_id, &emoji, true).await?
        }
        Command::Unreact { room, message_id, emoji } => {
            tidings.react(author, &room, message_id, &emoji, false).await?
        }
        Command::MarkRoomRead { room, up_to, private } => {
            tidings.mark_room_read(author, &room, up_to, private).await?
        }
        Command::PinMessage { room, message_id } => tidings.pin(author, &room, message_id, true).await?,
        Command::UnpinMessage { room, message_id } => tidings.pin(author, &room, message_id, false).await?,
        Command::MuteRoom { room, until } => {
            let data = tidings.mute_room(author, &room, until).await?;
            return Ok(Reply::RoomUnread { reply_to, data });
        }
        Command::UnmuteRoom { room } => {
            let data = tidings.unmute_room(author, &room).await?;
            return Ok(Reply::RoomUnread { reply_to, data });
        }
        Command::GetMessages { room, before, after, around, thread, pinned, main, limit } => {
            let limit = usize::from(limit.unwrap_or(MESSAGES_LIMIT));
            let asked = Asked { of: of(thread, pinned, main), at: place(before, after, around), limit };
            return Ok(Reply::Messages { reply_to, data: tidings.messages(author, &room, asked).await? });
        }
        Command::GetUnreadRooms { rooms } => {
            let rooms = match rooms {
                Some(rooms) => rooms,
                None => tidings.rooms_on_mind(&identity, connection, UNREAD_ROOMS_MAX).await?,
            };
            return Ok(Reply::UnreadRooms { reply_to, items: tidings.unread_rooms(&identity, rooms).await? });
        }
        _ => return Err(Fault::new(ErrorCode::Internal, "this is no command about messages")),
    };
    let Acted { id, offset, .. } = acted;
    Ok(Reply::Published { reply_to, entry_id: id, offset })
}

/// Which messages are meant; without any word all of them.
pub(crate) fn of(thread: Option<EntryId>, pinned: bool, main: bool) -> Of {
    match (thread, pinned, main) {
        (Some(thread), ..) => Of::Thread(thread),
        (None, true, _) => Of::Pinned,
        (None, false, true) => Of::Main,
        (None, false, false) => Of::All,
    }
}

/// Which stretch is meant; without any word the newest.
pub(crate) fn place(before: Option<Offset>, after: Option<Offset>, around: Option<EntryId>) -> Place {
    match (after, around) {
        (Some(after), _) => Place::After(after),
        (None, Some(around)) => Place::Around(around),
        (None, None) => Place::Before(before.unwrap_or(Offset(u64::MAX))),
    }
}
