//! Entries: appended, read, let go.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use tidings_core::{
    Entry, Publication, RoomKey,
    store::{Page, Stretch},
};
use tidings_protocol::{EntryId, EventType, Offset, UserId};
use tidings_settings::Keep;

use crate::{
    chat,
    error::{Work, damaged},
    ledger::Ledger,
    rooms,
    sum::sum,
    values,
};

/// What [`entry`] reads.
const COLUMNS: &str = "room, offset, id, time, type, sender, data, sum";

/// A row's content, borrowed, for its sum.
pub(crate) struct Content<'a> {
    pub(crate) room: i64,
    pub(crate) offset: i64,
    pub(crate) id: &'a [u8],
    pub(crate) time: i64,
    pub(crate) r#type: &'a str,
    pub(crate) sender: Option<&'a str>,
    pub(crate) data: &'a str,
}

impl Content<'_> {
    /// The room and the offset are in it too: a row that is found in another's place does not fit.
    pub(crate) fn sum(&self) -> i64 {
        let Self { room, offset, id, time, r#type, sender, data } = *self;
        sum(&[room.into(), offset.into(), id.into(), time.into(), r#type.into(), sender.into(), data.into()])
    }
}

/// Puts an entry at the end of its room's log; where that was.
pub(crate) fn append(ledger: &mut Ledger, entry: &Entry, keep: Keep) -> Work<Offset> {
    let (standing, _) = ledger.standing_or_begin(&entry.room, entry.time)?;
    let (id, offset) = (entry.id.bytes(), standing.head + 1);
    let row = Content {
        room: standing.id,
        offset,
        id: &id,
        time: values::millis(entry.time),
        r#type: entry.r#type.as_str(),
        sender: entry.from.as_ref().map(UserId::as_str),
        data: entry.data.as_str(),
    };
    ledger
        .connection()
        .prepare_cached(
            "INSERT INTO entries (room, offset, id, time, type, sender, data, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![row.room, row.offset, row.id, row.time, row.r#type, row.sender, row.data, row.sum()])?;
    if keep == Keep::Last {
        outdate(ledger.connection(), standing.id, offset)?;
    }
    ledger.advance(&entry.room, offset);
    values::offset(offset)
}

/// Drops what is before a room's last entry.
pub(crate) fn outdate(connection: &Connection, room: i64, last: i64) -> Work<()> {
    let drop_others = "DELETE FROM entries WHERE room = ?1 AND offset < ?2";
    connection.prepare_cached(drop_others)?.execute([room, last])?;
    chat::forget(connection, room, last - 1)
}

/// Drops the oldest entries of a room up to `up_to`, but not more than `most`; how many.
pub(crate) fn forget(ledger: &mut Ledger, room: &RoomKey, up_to: Offset, most: i64) -> Work<u64> {
    let Some(standing) = ledger.standing(room)? else { return Ok(0) };
    let connection = ledger.connection();
    let Some(oldest) = oldest(connection, standing.id)? else { return Ok(0) };
    let to = values::place(up_to).min(oldest.saturating_add(most - 1));
    chat::forget(connection, standing.id, to)?;
    let delete = "DELETE FROM entries WHERE room = ?1 AND offset <= ?2";
    Ok(connection.prepare_cached(delete)?.execute([standing.id, to])? as u64)
}

/// A page of a room's log; everything of it as of one moment.
pub(crate) fn read(connection: &Connection, room: &RoomKey, page: Page, limit: usize) -> Work<Stretch> {
    let moment = connection.unchecked_transaction()?;
    let (id, head) = rooms::head(&moment, room)?;
    let empty = |oldest| Stretch { head: head.clone(), oldest, entries: Vec::new() };
    let Some(id) = id else { return Ok(empty(head.offset.next())) };
    let Some(oldest) = oldest(&moment, id)? else { return Ok(empty(head.offset.next())) };
    let end = values::place(head.offset);
    // Offsets have no gap, so which ones the page has is known beforehand; what is missing is noticed.
    let limit = values::rows(limit);
    let (first, last) = match page {
        Page::After(after) => {
            let first = values::place(after).saturating_add(1).max(oldest);
            (first, first.saturating_add(limit).saturating_sub(1).min(end))
        }
        Page::Before(before) => {
            let last = values::place(before).saturating_sub(1).min(end);
            (last.saturating_sub(limit).saturating_add(1).max(oldest), last)
        }
    };
    let mut stretch = empty(values::offset(oldest)?);
    if first > last {
        return Ok(stretch);
    }
    let sql =
        format!("SELECT {COLUMNS} FROM entries WHERE room = ?1 AND offset BETWEEN ?2 AND ?3 ORDER BY offset");
    let mut page = moment.prepare_cached(&sql)?;
    let mut rows = page.query([id, first, last])?;
    let mut expected = values::offset(first)?;
    while let Some(row) = rows.next()? {
        let entry = entry(room, row)?;
        if entry.offset != Some(expected) {
            return damaged("entries are missing in the middle of a log");
        }
        expected = expected.next();
        stretch.entries.push(Arc::new(entry));
    }
    match values::place(expected) == last + 1 {
        true => Ok(stretch),
        false => damaged("entries are missing at the end of a log"),
    }
}

/// The entry at a place of a room's log.
pub(crate) fn at(connection: &Connection, room: &RoomKey, id: i64, offset: i64) -> Work<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE room = ?1 AND offset = ?2");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query([id, offset])?;
    rows.next()?.map(|row| entry(room, row)).transpose()
}

/// What a user published and what is in the user's personal room, in the order of rooms' keys. Nothing finds a sender's entries but
/// looking at all: about a second for a million, on a connection that nobody waits for.
pub(crate) fn of_user(
    connection: &Connection,
    user: &UserId,
    after: Option<&(RoomKey, Offset)>,
    limit: usize,
) -> Work<Vec<Arc<Entry>>> {
    let moment = connection.unchecked_transaction()?;
    let personal = RoomKey::Personal(user.clone()).to_string();
    let mut found = Vec::new();
    let (room, offset) = after.map_or_else(Default::default, |(room, offset)| (room.to_string(), *offset));
    // CROSS JOIN fixes the order of the loops, and so that of what comes out. First the rest of the room where the last page ended.
    for which in ["r.key = ?3 AND e.offset > ?4", "r.key > ?3 AND e.offset > 0 * ?4"] {
        let sql = format!(
            "SELECT e.room, e.offset, e.id, e.time, e.type, e.sender, e.data, e.sum, r.key
             FROM rooms AS r CROSS JOIN entries AS e ON e.room = r.id
             WHERE (e.sender = ?1 OR r.key = ?2) AND {which} ORDER BY r.key, e.offset LIMIT ?5"
        );
        let mut page = moment.prepare_cached(&sql)?;
        let left = values::rows(limit - found.len());
        let mut rows = page.query(params![user.as_str(), personal, room, values::place(offset), left])?;
        while let Some(row) = rows.next()? {
            let room = values::room(row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?)?;
            found.push(Arc::new(entry(&room, row)?));
        }
    }
    Ok(found)
}

fn oldest(connection: &Connection, room: i64) -> Work<Option<i64>> {
    let mut oldest = connection.prepare_cached("SELECT min(offset) FROM entries WHERE room = ?1")?;
    Ok(oldest.query_row([room], |row| row.get(0))?)
}

fn entry(room: &RoomKey, row: &Row<'_>) -> Work<Entry> {
    let text = |column| -> rusqlite::Result<&str> { Ok(row.get_ref(column)?.as_str()?) };
    let sender = row.get_ref(5)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let id = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
    let (r#type, data) = (text(4)?, text(6)?);
    let content =
        Content { room: row.get(0)?, offset: row.get(1)?, id, time: row.get(3)?, r#type, sender, data };
    let (Ok(id), true) = (<[u8; 16]>::try_from(id), content.sum() == row.get::<_, i64>(7)?) else {
        return damaged("an entry is not as it was written");
    };
    let publication = Publication {
        r#type: values::name(EventType::parse(r#type), "an entry's type that is none was found")?,
        data: values::json(data)?,
        from: sender.map(values::user).transpose()?,
        except: None,
    };
    let (time, offset) = (values::time(content.time)?, values::offset(content.offset)?);
    Ok(Entry::new(room.clone(), publication, EntryId::from_bytes(id), time, Some(offset)))
}
