//! What goes with entries, rooms and users.

use rusqlite::{Connection, params};
use tidings_core::RoomKey;
use tidings_protocol::UserId;

use super::{
    messages::{self, Beside, COLUMNS},
    reactions,
};
use crate::{error::Work, ledger::Ledger, search};

/// What is kept of messages by their places.
const BY_PLACE: [&str; 5] =
    ["messages", "chat_mentions", "chat_reactions", "chat_reaction_counts", "chat_versions"];

/// Lets the messages of a room go whose entries go: those up to a place.
pub(crate) fn forget(connection: &Connection, room: i64, up_to: i64) -> Work<()> {
    let Some((_, number)) = messages::last_up_to(connection, room, up_to)? else { return Ok(()) };
    let note = "INSERT INTO chat_gone (room, number) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET number = excluded.number";
    connection.prepare_cached(note)?.execute([room, number])?;
    for table in BY_PLACE {
        let sql = format!("DELETE FROM {table} WHERE room = ?1 AND offset <= ?2");
        connection.prepare_cached(&sql)?.execute([room, up_to])?;
    }
    search::leave(connection, room, up_to)
}

/// Lets all go that belongs to a room; by its number, where it has one.
pub(crate) fn forget_room(connection: &Connection, room: &RoomKey, number: Option<i64>) -> Work<()> {
    let unmute = "DELETE FROM chat_mutes WHERE room = ?1";
    connection.prepare_cached(unmute)?.execute([room.to_string()])?;
    let Some(number) = number else { return Ok(()) };
    for table in BY_PLACE.into_iter().chain(["chat_marks", "chat_gone"]) {
        let sql = format!("DELETE FROM {table} WHERE room = ?1");
        connection.prepare_cached(&sql)?.execute([number])?;
    }
    search::leave(connection, number, i64::MAX)
}

/// Lets all go that is a user's. Their messages are entries.
pub(crate) fn erase(ledger: &Ledger, user: &UserId) -> Work<()> {
    let connection = ledger.connection();
    reactions::erase(connection, user)?;
    let mut pinned = Vec::new();
    {
        let sql = format!("SELECT {COLUMNS} FROM messages AS m WHERE m.pinned_by = ?1");
        let mut all = connection.prepare_cached(&sql)?;
        let mut rows = all.query([user.as_str()])?;
        while let Some(row) = rows.next()? {
            pinned.push(Beside::read(row, 0)?);
        }
    }
    for mut message in pinned {
        message.pinned_by = None;
        message.update(connection)?;
    }
    for (table, column) in [
        ("chat_marks", "user"),
        ("chat_mentions", "user"),
        ("chat_mutes", "user"),
        ("chat_versions", "sender"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {column} = ?1");
        connection.prepare_cached(&sql)?.execute(params![user.as_str()])?;
    }
    Ok(())
}
