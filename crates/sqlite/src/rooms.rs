//! Rooms: what is known of them apart from their entries.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::{RoomKey, store::RoomRecord};
use tidings_protocol::{Epoch, Json, Offset, Position, RoomName, Timestamp};

use crate::{
    chat,
    error::{Work, damaged},
    inbox,
    ledger::Ledger,
    sum::sum,
    values,
};

/// What [`record`] reads; behind it comes which rooms.
const RECORDS: &str = "SELECT r.key, r.epoch, r.head, r.head_sum, r.data, r.created_at, r.data_sum,
    (SELECT min(offset) FROM entries WHERE room = r.id),
    (SELECT count(*) FROM members WHERE room = r.id)
    FROM rooms AS r";

pub(crate) fn head_sum(key: &str, epoch: &str, head: i64) -> i64 {
    sum(&[key.into(), epoch.into(), head.into()])
}

pub(crate) fn data_sum(data: &str, created_at: i64) -> i64 {
    sum(&[data.into(), created_at.into()])
}

/// The epoch of logs that begin now.
pub(crate) fn beginning_epoch(connection: &Connection) -> Work<Epoch> {
    let mut epoch = connection.prepare_cached("SELECT value FROM meta WHERE name = 'epoch'")?;
    let epoch: Option<String> = epoch.query_row([], |row| row.get(0)).optional()?;
    epoch.map_or_else(|| damaged("the epoch of new logs is missing"), |epoch| Ok(Epoch(epoch.into())))
}

/// A room's number and where its log ends; no number where there is no room.
pub(crate) fn head(connection: &Connection, room: &RoomKey) -> Work<(Option<i64>, Position)> {
    let key = room.to_string();
    let mut head = connection.prepare_cached("SELECT id, epoch, head, head_sum FROM rooms WHERE key = ?1")?;
    let mut rows = head.query([&key])?;
    let Some(row) = rows.next()? else {
        let epoch = beginning_epoch(connection)?;
        return Ok((None, Position { epoch, offset: Offset(0) }));
    };
    let position = position(&key, row, 1)?;
    Ok((Some(row.get(0)?), position))
}

pub(crate) fn room(connection: &Connection, room: &RoomKey) -> Work<Option<RoomRecord>> {
    let mut record_of = connection.prepare_cached(&format!("{RECORDS} WHERE r.key = ?1"))?;
    let mut rows = record_of.query([room.to_string()])?;
    rows.next()?.map(record).transpose()
}

pub(crate) fn rooms(connection: &Connection, after: Option<&RoomKey>, limit: usize) -> Work<Vec<RoomRecord>> {
    let mut page =
        connection.prepare_cached(&format!("{RECORDS} WHERE r.key > ?1 ORDER BY r.key LIMIT ?2"))?;
    let after = after.map_or_else(String::new, RoomKey::to_string);
    let mut rows = page.query(params![after, values::rows(limit)])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

/// Creates a room or changes its data; true when it was created.
pub(crate) fn put(ledger: &mut Ledger, name: &RoomName, data: &Json, now: Timestamp) -> Work<bool> {
    let (standing, is_new) = ledger.standing_or_begin(&RoomKey::Named(name.clone()), now)?;
    let find = "SELECT created_at FROM rooms WHERE id = ?1";
    let created_at: i64 =
        ledger.connection().prepare_cached(find)?.query_row([standing.id], |row| row.get(0))?;
    let change = "UPDATE rooms SET data = ?2, data_sum = ?3 WHERE id = ?1";
    let data = data.as_str();
    let mut change = ledger.connection().prepare_cached(change)?;
    change.execute(params![standing.id, data, data_sum(data, created_at)])?;
    drop(change);
    Ok(is_new)
}

/// Forgets a room with its entries and members; how many entries there were, if there was the room.
pub(crate) fn delete(ledger: &mut Ledger, room: &RoomKey) -> Work<Option<u64>> {
    let standing = ledger.standing(room)?;
    chat::forget_room(ledger.connection(), room, standing.as_ref().map(|standing| standing.id))?;
    let Some(standing) = standing else { return Ok(None) };
    let delete = |sql: &str| ledger.connection().prepare_cached(sql)?.execute([standing.id]);
    inbox::forget_room(ledger, room)?;
    let entries = delete("DELETE FROM entries WHERE room = ?1")?;
    delete("DELETE FROM members WHERE room = ?1")?;
    delete("DELETE FROM rooms WHERE id = ?1")?;
    ledger.end_log(room)?;
    Ok(Some(entries as u64))
}

/// Epoch, head and their sum, from column `at` on.
fn position(key: &str, row: &Row<'_>, at: usize) -> Work<Position> {
    let (epoch, head): (String, i64) = (row.get(at)?, row.get(at + 1)?);
    if head_sum(key, &epoch, head) != row.get::<_, i64>(at + 2)? {
        return damaged("where a room's log ends cannot be trusted");
    }
    Ok(Position { epoch: Epoch(epoch.into()), offset: values::offset(head)? })
}

fn record(row: &Row<'_>) -> Work<RoomRecord> {
    let key: String = row.get(0)?;
    let head = position(&key, row, 1)?;
    let (data, created_at): (String, i64) = (row.get(4)?, row.get(5)?);
    if data_sum(&data, created_at) != row.get::<_, i64>(6)? {
        return damaged("a room's data cannot be trusted");
    }
    let oldest: Option<i64> = row.get(7)?;
    Ok(RoomRecord {
        room: values::room(&key)?,
        oldest: oldest.map_or(Ok(head.offset.next()), values::offset)?,
        head,
        data: values::json(&data)?,
        members: values::count(row.get(8)?)?,
        created_at: values::time(created_at)?,
    })
}
