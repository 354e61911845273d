//! Reactions: one row for each user, message and emoji, and how many there are.

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::store::chat::{Emoji, REACTORS_MAX, Reaction};
use tidings_protocol::UserId;

use crate::{
    error::{Work, damaged},
    sum::sum,
    values,
};

/// Adds or takes one reaction; whether that changed anything, and how many there are now.
pub(super) fn react(
    connection: &Connection,
    (room, offset): (i64, i64),
    user: &UserId,
    emoji: &Emoji,
    on: bool,
    at: i64,
) -> Work<(bool, i64)> {
    let (user, emoji) = (user.as_str(), emoji.as_str());
    let changed = if on {
        let add = "INSERT INTO chat_reactions (room, offset, emoji, user, at, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let sum = reaction_sum(room, offset, emoji, user, at);
        connection.prepare_cached(add)?.execute(params![room, offset, emoji, user, at, sum])?
    } else {
        let take = "DELETE FROM chat_reactions WHERE room = ?1 AND offset = ?2 AND emoji = ?3 AND user = ?4";
        connection.prepare_cached(take)?.execute(params![room, offset, emoji, user])?
    };
    if changed > 0 {
        count(connection, room, offset, emoji, if on { 1 } else { -1 })?;
    }
    let find = "SELECT count FROM chat_reaction_counts WHERE room = ?1 AND offset = ?2 AND emoji = ?3";
    let mut find = connection.prepare_cached(find)?;
    let count = find.query_row(params![room, offset, emoji], |row| row.get(0)).optional()?;
    Ok((changed > 0, count.unwrap_or(0)))
}

/// Notes that there are more or fewer of a kind.
fn count(connection: &Connection, room: i64, offset: i64, emoji: &str, by: i64) -> Work<()> {
    let add = "INSERT INTO chat_reaction_counts (room, offset, emoji, count) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET count = count + excluded.count";
    connection.prepare_cached(add)?.execute(params![room, offset, emoji, by])?;
    let none =
        "DELETE FROM chat_reaction_counts WHERE room = ?1 AND offset = ?2 AND emoji = ?3 AND count <= 0";
    connection.prepare_cached(none)?.execute(params![room, offset, emoji])?;
    Ok(())
}

/// The reactions to a message.
pub(super) fn of_message(
    connection: &Connection,
    (room, offset): (i64, i64),
    viewer: Option<&UserId>,
) -> Work<Vec<Reaction>> {
    let mut kinds = connection.prepare_cached(
        "SELECT emoji, count FROM chat_reaction_counts WHERE room = ?1 AND offset = ?2 ORDER BY emoji",
    )?;
    let mut first = connection.prepare_cached(
        "SELECT user FROM chat_reactions WHERE room = ?1 AND offset = ?2 AND emoji = ?3 ORDER BY at, user LIMIT ?4",
    )?;
    let mut one = connection.prepare_cached(
        "SELECT 1 FROM chat_reactions WHERE room = ?1 AND offset = ?2 AND emoji = ?3 AND user = ?4",
    )?;
    let mut kinds = kinds.query([room, offset])?;
    let mut reactions = Vec::new();
    while let Some(row) = kinds.next()? {
        let emoji = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let mut users = Vec::new();
        let mut rows = first.query(params![room, offset, emoji, values::rows(REACTORS_MAX)])?;
        while let Some(row) = rows.next()? {
            users.push(values::user(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
        }
        let mine = match viewer {
            Some(viewer) => one.exists(params![room, offset, emoji, viewer.as_str()])?,
            None => false,
        };
        let emoji = values::name(Emoji::parse(emoji), "a reaction that is none was found")?;
        reactions.push(Reaction { emoji, count: values::count(row.get(1)?)?, users, mine });
    }
    Ok(reactions)
}

/// Takes all reactions to a message.
pub(super) fn clear(connection: &Connection, room: i64, offset: i64) -> Work<()> {
    for table in ["chat_reactions", "chat_reaction_counts"] {
        let sql = format!("DELETE FROM {table} WHERE room = ?1 AND offset = ?2");
        connection.prepare_cached(&sql)?.execute([room, offset])?;
    }
    Ok(())
}

/// Takes all reactions of a user.
pub(super) fn erase(connection: &Connection, user: &UserId) -> Work<()> {
    let mut theirs = Vec::new();
    {
        let mut all =
            connection.prepare_cached("SELECT room, offset, emoji FROM chat_reactions WHERE user = ?1")?;
        let mut rows = all.query([user.as_str()])?;
        while let Some(row) = rows.next()? {
            theirs.push((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?));
        }
    }
    for (room, offset, emoji) in theirs {
        count(connection, room, offset, &emoji, -1)?;
    }
    connection.prepare_cached("DELETE FROM chat_reactions WHERE user = ?1")?.execute([user.as_str()])?;
    Ok(())
}

/// Fails unless a reaction is as it was written.
pub(super) fn check(room: i64, offset: i64, emoji: &str, user: &UserId, at: i64, kept: i64) -> Work<()> {
    match reaction_sum(room, offset, emoji, user.as_str(), at) == kept {
        true => Ok(()),
        false => damaged("a reaction is not as it was written"),
    }
}

fn reaction_sum(room: i64, offset: i64, emoji: &str, user: &str, at: i64) -> i64 {
    sum(&[room.into(), offset.into(), emoji.into(), user.into(), at.into()])
}
