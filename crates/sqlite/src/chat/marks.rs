//! Up to where users have read, and what is unread of that.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::{
    RoomKey,
    store::chat::{Mark, Unread},
};
use tidings_protocol::{EntryId, Offset, UserId};

use super::messages;
use crate::{
    error::{Work, damaged},
    sum::sum,
    values,
};

const COLUMNS: &str = "user, room, offset, number, at, private, revision, sum";

/// A user's mark in a room, as it is kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Marked {
    pub(super) offset: i64,
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) private: bool,
    revision: i64,
}

impl Marked {
    fn read(row: &Row<'_>) -> Work<Self> {
        let user = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let mark = Self {
            offset: row.get(2)?,
            number: row.get(3)?,
            at: row.get(4)?,
            private: row.get(5)?,
            revision: row.get(6)?,
        };
        match mark.sum(user, row.get(1)?) == row.get::<_, i64>(7)? {
            true => Ok(mark),
            false => damaged("up to where a user has read is not as it was written"),
        }
    }

    fn sum(self, user: &str, room: i64) -> i64 {
        let Self { offset, number, at, private, revision } = self;
        let private = i64::from(private);
        sum(&[
            user.into(),
            room.into(),
            offset.into(),
            number.into(),
            at.into(),
            private.into(),
            revision.into(),
        ])
    }
}

/// A user's mark in a room; at 0 where there is none.
pub(super) fn of(connection: &Connection, room: i64, user: &UserId) -> Work<Marked> {
    let sql = format!("SELECT {COLUMNS} FROM chat_marks WHERE user = ?1 AND room = ?2");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query(params![user.as_str(), room])?;
    Ok(rows.next()?.map(Marked::read).transpose()?.unwrap_or_default())
}

/// Moves a user's mark forward to a message (offset and number); the mark, and whether it moved.
pub(super) fn read_up_to(
    connection: &Connection,
    room: i64,
    user: &UserId,
    (offset, number): (i64, i64),
    at: i64,
    private: bool,
) -> Work<(Marked, bool)> {
    let known = of(connection, room, user)?;
    // What retention took is as good as read, and so a message that is there is behind it.
    if number <= known.number {
        return Ok((known, false));
    }
    let mark = Marked { offset, number, at, private, revision: known.revision + 1 };
    let put = "INSERT INTO chat_marks (user, room, offset, number, at, private, revision, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT DO UPDATE SET offset = excluded.offset, number = excluded.number, at = excluded.at,
                   private = excluded.private, revision = excluded.revision, sum = excluded.sum";
    let (user, revision) = (user.as_str(), mark.revision);
    let sum = mark.sum(user, room);
    connection
        .prepare_cached(put)?
        .execute(params![user, room, offset, number, at, private, revision, sum])?;
    Ok((mark, true))
}

/// What mentions a user up to their mark and was not read before: the messages' ids.
pub(super) fn take_mentions(
    connection: &Connection,
    room: i64,
    user: &UserId,
    up_to: i64,
) -> Work<Vec<EntryId>> {
    let open = "SELECT c.offset, m.id FROM chat_mentions AS c CROSS JOIN messages AS m ON m.room = c.room AND m.offset = c.offset
                WHERE c.user = ?1 AND c.room = ?2 AND c.offset <= ?3 AND c.open = 1 ORDER BY c.offset";
    let mut ids = Vec::new();
    {
        let mut open = connection.prepare_cached(open)?;
        let mut rows = open.query(params![user.as_str(), room, up_to])?;
        while let Some(row) = rows.next()? {
            ids.push(messages::id(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
        }
    }
    if !ids.is_empty() {
        let close =
            "UPDATE chat_mentions SET open = 0 WHERE user = ?1 AND room = ?2 AND offset <= ?3 AND open = 1";
        connection.prepare_cached(close)?.execute(params![user.as_str(), room, up_to])?;
    }
    Ok(ids)
}

pub(super) fn unread_of(connection: &Connection, user: &UserId, rooms: Vec<RoomKey>) -> Work<Vec<Unread>> {
    let moment = connection.unchecked_transaction()?;
    let mut find = moment.prepare_cached(
        "SELECT c.user, c.room, c.offset, c.number, c.at, c.private, c.revision, c.sum,
             (SELECT m.number FROM messages AS m WHERE m.room = r.id ORDER BY m.offset DESC LIMIT 1),
             (SELECT g.number FROM chat_gone AS g WHERE g.room = r.id)
         FROM rooms AS r LEFT JOIN chat_marks AS c ON c.user = ?1 AND c.room = r.id WHERE r.key = ?2",
    )?;
    let mut found = Vec::with_capacity(rooms.len());
    for room in rooms {
        let mut rows = find.query(params![user.as_str(), room.to_string()])?;
        let Some(row) = rows.next()? else {
            found.push(Unread { room, unread: 0, mark: Offset(0), revision: 0 });
            continue;
        };
        let has_mark = row.get_ref(0)?.as_str_or_null().map_err(rusqlite::Error::from)?.is_some();
        let mark = if has_mark { Marked::read(row)? } else { Marked::default() };
        let gone = row.get::<_, Option<i64>>(9)?.unwrap_or(0);
        let last = row.get::<_, Option<i64>>(8)?.unwrap_or(gone);
        let unread = values::count((last - mark.number.max(gone)).max(0))?;
        let revision = values::count(last + gone + mark.revision)?;
        found.push(Unread { room, unread, mark: values::offset(mark.offset)?, revision });
    }
    Ok(found)
}

pub(super) fn recount(connection: &Connection, user: &UserId, rooms: &[RoomKey]) -> Work<Vec<u64>> {
    let moment = connection.unchecked_transaction()?;
    let mut count = moment.prepare_cached("SELECT count(*) FROM messages WHERE room = ?1 AND offset > ?2")?;
    let mut found = Vec::with_capacity(rooms.len());
    for room in rooms {
        let Some(id) = number_of(&moment, room)? else {
            found.push(0);
            continue;
        };
        let mark = of(&moment, id, user)?;
        found.push(values::count(count.query_row([id, mark.offset], |row| row.get(0))?)?);
    }
    Ok(found)
}

pub(super) fn of_room(
    connection: &Connection,
    room: &RoomKey,
    after: Option<&UserId>,
    limit: usize,
) -> Work<Vec<Mark>> {
    let moment = connection.unchecked_transaction()?;
    let Some(room) = number_of(&moment, room)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {COLUMNS} FROM chat_marks INDEXED BY chat_marks_of_room
         WHERE room = ?1 AND user > ?2 ORDER BY user LIMIT ?3"
    );
    let mut page = moment.prepare_cached(&sql)?;
    let mut rows = page.query(params![room, after.map_or("", UserId::as_str), values::rows(limit)])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        let mark = Marked::read(row)?;
        let user = values::user(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        let (offset, at) = (values::offset(mark.offset)?, values::time(mark.at)?);
        marks.push(Mark { user, offset, at, private: mark.private });
    }
    Ok(marks)
}

/// A room's `rooms.id`.
pub(super) fn number_of(connection: &Connection, room: &RoomKey) -> Work<Option<i64>> {
    let mut find = connection.prepare_cached("SELECT id FROM rooms WHERE key = ?1")?;
    Ok(find.query_row([room.to_string()], |row| row.get(0)).optional()?)
}
