//! What there is of a user, kind by kind, for exports.

use rusqlite::{Connection, Row, ToSql};
use tidings_core::{
    RoomKey,
    store::chat::{Emoji, Mute, Trace, TraceOf},
};
use tidings_protocol::{EntryId, UserId};

use super::{marks, messages, reactions};
use crate::{error::Work, values};

/// What comes first of each row: the room's text.
const KINDS: [&str; TraceOf::KINDS] = [
    "SELECT r.key, c.offset, c.at FROM chat_marks AS c CROSS JOIN rooms AS r ON r.id = c.room
     WHERE c.user = ?1 AND r.key > ?2 AND ?3 = ?3 AND ?4 = ?4 ORDER BY r.key LIMIT ?5",
    "SELECT c.room, c.until FROM chat_mutes AS c
     WHERE c.user = ?1 AND c.room > ?2 AND ?3 = ?3 AND ?4 = ?4 ORDER BY c.room LIMIT ?5",
    "SELECT r.key, m.id FROM chat_mentions AS c CROSS JOIN rooms AS r ON r.id = c.room
     CROSS JOIN messages AS m ON m.room = c.room AND m.offset = c.offset
     WHERE c.user = ?1 AND (r.key, c.offset) > (?2, ?3) AND ?4 = ?4 ORDER BY r.key, c.offset LIMIT ?5",
    "SELECT r.key, m.id, c.emoji, c.at, c.room, c.offset, c.sum FROM chat_reactions AS c CROSS JOIN rooms AS r ON r.id = c.room
     CROSS JOIN messages AS m ON m.room = c.room AND m.offset = c.offset
     WHERE c.user = ?1 AND (r.key, c.offset, c.emoji) > (?2, ?3, ?4) ORDER BY r.key, c.offset, c.emoji LIMIT ?5",
    "SELECT r.key, m.id, v.room, v.offset, v.number, v.sender, v.until, v.data, v.sum
     FROM chat_versions AS v CROSS JOIN rooms AS r ON r.id = v.room
     CROSS JOIN messages AS m ON m.room = v.room AND m.offset = v.offset
     WHERE v.sender = ?1 AND (r.key, v.offset, v.number) > (?2, ?3, ?4) ORDER BY r.key, v.offset, v.number LIMIT ?5",
];

pub(super) fn of_user(
    connection: &Connection,
    user: &UserId,
    after: Option<&Trace>,
    limit: usize,
) -> Work<Vec<Trace>> {
    let moment = connection.unchecked_transaction()?;
    let mut found = Vec::new();
    for (kind, sql) in KINDS.iter().enumerate().skip(after.map_or(0, |after| after.of.kind())) {
        let after = after.filter(|after| after.of.kind() == kind);
        let place = after.map(|after| Place::of(&moment, after)).transpose()?;
        let (room, offset, last) =
            place.map_or((String::new(), 0, None), |it| (it.room, it.offset, Some(it.last)));
        let last: &dyn ToSql = last.as_ref().map_or(&0_i64, |last| last);
        let mut page = moment.prepare_cached(sql)?;
        let left = values::rows(limit - found.len());
        let mut rows = page.query([&user.as_str() as &dyn ToSql, &room, &offset, last, &left])?;
        while let Some(row) = rows.next()? {
            let room = values::room(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
            found.push(Trace { room, of: trace(user, kind, row)? });
        }
    }
    Ok(found)
}

/// Behind what a page begins, as the statements take it.
struct Place {
    room: String,
    offset: i64,
    last: rusqlite::types::Value,
}

impl Place {
    fn of(connection: &Connection, after: &Trace) -> Work<Self> {
        let offset = |id: EntryId| offset_of(connection, &after.room, id);
        let (offset, last) = match &after.of {
            TraceOf::Mark { .. } | TraceOf::Mute(_) => (0, 0.into()),
            TraceOf::Mention(message) => (offset(*message)?, 0.into()),
            TraceOf::Reaction { message, emoji, .. } => (offset(*message)?, emoji.as_str().to_owned().into()),
            TraceOf::Version { message, version } => {
                (offset(*message)?, values::number(version.number).into())
            }
        };
        Ok(Self { room: after.room.to_string(), offset, last })
    }
}

/// A message's place; 0 for one that is gone, as is all before it.
fn offset_of(connection: &Connection, room: &RoomKey, id: EntryId) -> Work<i64> {
    let Some(room) = marks::number_of(connection, room)? else { return Ok(0) };
    Ok(messages::find(connection, room, id)?.map_or(0, |message| message.offset))
}

fn trace(user: &UserId, kind: usize, row: &Row<'_>) -> Work<TraceOf> {
    let id = |column: usize| messages::id(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?);
    Ok(match kind {
        0 => TraceOf::Mark { offset: values::offset(row.get(1)?)?, at: values::time(row.get(2)?)? },
        1 => TraceOf::Mute(match row.get::<_, Option<i64>>(1)? {
            Some(end) => Mute::Until(values::time(end)?),
            None => Mute::ForGood,
        }),
        2 => TraceOf::Mention(id(1)?),
        3 => {
            let emoji = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            let at = row.get(3)?;
            reactions::check(row.get(4)?, row.get(5)?, emoji, user, at, row.get(6)?)?;
            let emoji = values::name(Emoji::parse(emoji), "a reaction that is none was found")?;
            TraceOf::Reaction { message: id(1)?, emoji, at: values::time(at)? }
        }
        _ => TraceOf::Version { message: id(1)?, version: messages::version(row, 2)? },
    })
}
