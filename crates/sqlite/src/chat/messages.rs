//! Messages beside their entries: rows, and how they are found and changed.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::{
    RoomKey,
    store::chat::{Pin, Version},
};
use tidings_protocol::{EntryId, Json, Offset, UserId};

use crate::{
    error::{Work, damaged},
    rooms,
    sum::{Part, sum},
    values,
};

/// What [`Beside::read`] reads.
pub(super) const COLUMNS: &str =
    "m.room, m.offset, m.id, m.number, m.thread, m.reply_to, m.replies, m.edited_at, m.deleted_at,
    m.pinned_at, m.pinned_by, m.sum";

/// What is kept of a message beside its entry.
#[derive(Clone)]
pub(super) struct Beside {
    pub(super) room: i64,
    pub(super) offset: i64,
    pub(super) id: EntryId,
    pub(super) number: i64,
    pub(super) thread: Option<EntryId>,
    pub(super) reply_to: Option<EntryId>,
    pub(super) replies: i64,
    pub(super) edited_at: Option<i64>,
    pub(super) deleted_at: Option<i64>,
    pub(super) pinned_at: Option<i64>,
    pub(super) pinned_by: Option<String>,
}

impl Beside {
    /// Of a row whose column `from` is the first of [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>, from: usize) -> Work<Self> {
        let thread = row.get_ref(from + 4)?.as_blob().map_err(rusqlite::Error::from)?;
        let reply_to = row.get_ref(from + 5)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        let beside = Self {
            room: row.get(from)?,
            offset: row.get(from + 1)?,
            id: id(row.get_ref(from + 2)?.as_blob().map_err(rusqlite::Error::from)?)?,
            number: row.get(from + 3)?,
            thread: if thread.is_empty() { None } else { Some(id(thread)?) },
            reply_to: reply_to.map(id).transpose()?,
            replies: row.get(from + 6)?,
            edited_at: row.get(from + 7)?,
            deleted_at: row.get(from + 8)?,
            pinned_at: row.get(from + 9)?,
            pinned_by: row.get(from + 10)?,
        };
        match beside.sum() == row.get::<_, i64>(from + 11)? {
            true => Ok(beside),
            false => damaged("what is known of a message is not as it was written"),
        }
    }

    pub(super) fn insert(&self, connection: &Connection) -> Work<()> {
        let sql = "INSERT INTO messages (room, offset, id, number, thread, reply_to, replies, sum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let thread = thread_key(self.thread);
        let reply_to = self.reply_to.map(EntryId::bytes);
        connection.prepare_cached(sql)?.execute(params![
            self.room,
            self.offset,
            self.id.bytes(),
            self.number,
            thread,
            reply_to,
            self.replies,
            self.sum()
        ])?;
        Ok(())
    }

    /// Writes what can change.
    pub(super) fn update(&self, connection: &Connection) -> Work<()> {
        let sql = "UPDATE messages SET replies = ?3, edited_at = ?4, deleted_at = ?5, pinned_at = ?6, pinned_by = ?7, sum = ?8
                   WHERE room = ?1 AND offset = ?2";
        connection.prepare_cached(sql)?.execute(params![
            self.room,
            self.offset,
            self.replies,
            self.edited_at,
            self.deleted_at,
            self.pinned_at,
            self.pinned_by,
            self.sum()
        ])?;
        Ok(())
    }

    pub(super) fn pin(&self) -> Work<Option<Pin>> {
        let Some(at) = self.pinned_at else { return Ok(None) };
        Ok(Some(Pin { at: values::time(at)?, by: self.pinned_by.as_deref().map(values::user).transpose()? }))
    }

    pub(super) fn place(&self) -> Work<Offset> {
        values::offset(self.offset)
    }

    fn sum(&self) -> i64 {
        let moment = |time: Option<i64>| time.map_or(Part::Nothing, Part::Number);
        let (thread, reply_to) = (thread_key(self.thread), self.reply_to.map(EntryId::bytes));
        sum(&[
            self.room.into(),
            self.offset.into(),
            self.id.bytes()[..].into(),
            self.number.into(),
            thread[..].into(),
            reply_to.as_ref().map_or(Part::Nothing, |id| id[..].into()),
            self.replies.into(),
            moment(self.edited_at),
            moment(self.deleted_at),
            moment(self.pinned_at),
            self.pinned_by.as_deref().into(),
        ])
    }
}

/// A thread as it is kept.
pub(super) fn thread_key(thread: Option<EntryId>) -> Vec<u8> {
    thread.map(|id| id.bytes().to_vec()).unwrap_or_default()
}

pub(super) fn id(bytes: &[u8]) -> Work<EntryId> {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(EntryId::from_bytes(bytes)),
        Err(_) => damaged("a message's id that is none was found"),
    }
}

/// A message of a room by its id.
pub(super) fn find(connection: &Connection, room: i64, id: EntryId) -> Work<Option<Beside>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages AS m INDEXED BY messages_by_id WHERE m.id = ?1 AND m.room = ?2"
    );
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query(params![id.bytes(), room])?;
    rows.next()?.map(|row| Beside::read(row, 0)).transpose()
}

/// Offset and number of a room's last message up to a place.
pub(super) fn last_up_to(connection: &Connection, room: i64, offset: i64) -> Work<Option<(i64, i64)>> {
    let sql =
        "SELECT offset, number FROM messages WHERE room = ?1 AND offset <= ?2 ORDER BY offset DESC LIMIT 1";
    let mut last = connection.prepare_cached(sql)?;
    Ok(last.query_row([room, offset], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The number of the last message of a room that retention took.
pub(super) fn gone(connection: &Connection, room: i64) -> Work<i64> {
    let mut gone = connection.prepare_cached("SELECT number FROM chat_gone WHERE room = ?1")?;
    Ok(gone.query_row([room], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// The number of a room's last message.
pub(super) fn last(connection: &Connection, room: i64) -> Work<i64> {
    match last_up_to(connection, room, i64::MAX)? {
        Some((_, number)) => Ok(number),
        None => gone(connection, room),
    }
}

/// Keeps what a message said until now.
pub(super) fn keep_version(
    connection: &Connection,
    message: &Beside,
    sender: Option<&UserId>,
    data: &Json,
    until: i64,
) -> Work<()> {
    let Beside { room, offset, .. } = message;
    let next = "SELECT coalesce(max(number), 0) + 1 FROM chat_versions WHERE room = ?1 AND offset = ?2";
    let number: i64 = connection.prepare_cached(next)?.query_row([room, offset], |row| row.get(0))?;
    let sender = sender.map(UserId::as_str);
    let put = "INSERT INTO chat_versions (room, offset, number, sender, until, data, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let sum = version_sum([*room, *offset, number, until], sender, data.as_str());
    connection.prepare_cached(put)?.execute(params![
        room,
        offset,
        number,
        sender,
        until,
        data.as_str(),
        sum
    ])?;
    Ok(())
}

/// What [`version`] reads.
pub(super) const VERSION: &str = "v.room, v.offset, v.number, v.sender, v.until, v.data, v.sum";

pub(super) fn version(row: &Row<'_>, from: usize) -> Work<Version> {
    let numbers = [row.get(from)?, row.get(from + 1)?, row.get(from + 2)?, row.get(from + 4)?];
    let sender = row.get_ref(from + 3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let data = row.get_ref(from + 5)?.as_str().map_err(rusqlite::Error::from)?;
    if version_sum(numbers, sender, data) != row.get::<_, i64>(from + 6)? {
        return damaged("what a message said before is not as it was written");
    }
    let [_, _, number, until] = numbers;
    Ok(Version { number: values::count(number)?, data: values::json(data)?, until: values::time(until)? })
}

pub(super) fn versions(connection: &Connection, room: &RoomKey, message: EntryId) -> Work<Vec<Version>> {
    let moment = connection.unchecked_transaction()?;
    let (Some(room), _) = rooms::head(&moment, room)? else { return Ok(Vec::new()) };
    let Some(message) = find(&moment, room, message)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {VERSION} FROM chat_versions AS v WHERE v.room = ?1 AND v.offset = ?2 ORDER BY v.number"
    );
    let mut all = moment.prepare_cached(&sql)?;
    let mut rows = all.query([room, message.offset])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push(version(row, 0)?);
    }
    Ok(versions)
}

fn version_sum(numbers: [i64; 4], sender: Option<&str>, data: &str) -> i64 {
    let [room, offset, number, until] = numbers;
    sum(&[room.into(), offset.into(), number.into(), sender.into(), until.into(), data.into()])
}

/// Rooms in which there are messages, those first that began last: one step of the index a room.
pub(super) fn rooms(connection: &Connection, limit: usize) -> Work<Vec<RoomKey>> {
    let sql = "WITH RECURSIVE each_room (room) AS (
                   SELECT max(room) FROM messages
                   UNION ALL SELECT (SELECT max(m.room) FROM messages AS m WHERE m.room < e.room) FROM each_room AS e WHERE e.room IS NOT NULL
               ) SELECT r.key FROM each_room AS e CROSS JOIN rooms AS r ON r.id = e.room LIMIT ?1";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query([values::rows(limit)])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        rooms.push(values::room(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(rooms)
}
