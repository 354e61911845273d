//! Rooms: their records, and how they begin and end.

use std::sync::Arc;

use tidings_core::{RoomKey, StoreError, store::RoomRecord};
use tidings_protocol::{Json, Offset, RoomName, Timestamp};
use tokio_postgres::Row;

use crate::{
    chat,
    failure::Failure,
    inbox,
    pool::Pool,
    rows,
    work::{QUICK, Work, ask, int, limit as bounded, number, text},
};

const RECORD: &str = r#"
    SELECT r.key, r.epoch, r.head, r.data, r.created_at,
           coalesce((SELECT min(e."offset") FROM tidings_entries e WHERE e.room = r.id), r.head + 1) AS oldest,
           (SELECT count(*) FROM tidings_members m WHERE m.room = r.key) AS members
    FROM tidings_rooms r "#;

/// Begins a room, or leaves it as it is but locked, so that nobody deletes it meanwhile.
const BEGIN: &str = "INSERT INTO tidings_rooms AS room (key, epoch, head, data, created_at)
    SELECT $1, meta.epoch, 0, coalesce($2, 'null'), $3 FROM tidings_meta meta
    ON CONFLICT (key) DO UPDATE SET data = coalesce($2, room.data)
    RETURNING xmax = 0 AS is_new";

pub(crate) async fn room(pool: &Arc<Pool>, room: &RoomKey) -> Result<Option<RoomRecord>, Failure> {
    let rows = ask(pool, &format!("{RECORD} WHERE r.key = $1"), &[text(&room.to_string())]).await?;
    rows.first().map(record).transpose()
}

pub(crate) async fn rooms(
    pool: &Arc<Pool>,
    after: Option<RoomKey>,
    limit: usize,
) -> Result<Vec<RoomRecord>, Failure> {
    let (after, limit) = (after.map(|room| room.to_string()).unwrap_or_default(), bounded(limit));
    let sql = format!("{RECORD} WHERE r.key > $1 ORDER BY r.key LIMIT $2");
    ask(pool, &sql, &[text(&after), number(&limit)]).await?.iter().map(record).collect()
}

pub(crate) async fn put(
    pool: &Arc<Pool>,
    room: RoomName,
    data: Json,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let is_new = begin(&work, &RoomKey::Named(room), Some(&data), now).await?;
    work.commit().await?;
    Ok(is_new)
}

/// Whether the room is new.
pub(crate) async fn begin(
    work: &Work,
    room: &RoomKey,
    data: Option<&Json>,
    now: Timestamp,
) -> Result<bool, Failure> {
    let key = room.to_string();
    let params = (data.map(Json::as_str), int(now.millis()));
    let rows = work.query(BEGIN, &[text(&key), text(&params.0), number(&params.1)]).await?;
    let is_new = rows.first().map_or(Ok(false), |row| rows::get(row, "is_new"))?;
    if is_new {
        let keys = [key];
        work.execute(crate::append::SETTLE_EPOCHS, &[crate::work::texts(&&keys[..])]).await?;
    }
    Ok(is_new)
}

pub(crate) async fn delete(pool: &Arc<Pool>, room: RoomName) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let entries = remove(&work, &RoomKey::Named(room)).await?;
    work.commit().await?;
    Ok(entries.is_some())
}

/// Takes a room away with its entries and members; how many entries there were. The epoch of logs to come is another one from
/// now on: this room's may be one of them.
pub(crate) async fn remove(work: &Work, room: &RoomKey) -> Result<Option<u64>, Failure> {
    let key = room.to_string();
    inbox::forget_room(work, &key).await?;
    let rows = work.query("SELECT id FROM tidings_rooms WHERE key = $1 FOR UPDATE", &[text(&key)]).await?;
    let id: Option<i64> = rows.first().map(|row| rows::get(row, "id")).transpose()?;
    chat::forget_room(work, &key, id).await?;
    let Some(id) = id else { return Ok(None) };
    let entries = work.execute("DELETE FROM tidings_entries WHERE room = $1", &[number(&id)]).await?;
    work.execute("DELETE FROM tidings_members WHERE room = $1", &[text(&key)]).await?;
    work.execute("DELETE FROM tidings_rooms WHERE id = $1", &[number(&id)]).await?;
    let epoch = tidings_core::store::fresh_epoch();
    work.execute("UPDATE tidings_meta SET epoch = $1", &[text(&&*epoch.0)]).await?;
    Ok(Some(entries))
}

/// Drops a room's oldest entries; how many there were.
pub(crate) async fn forget(pool: &Arc<Pool>, room: &RoomKey, up_to: Offset) -> Result<u64, StoreError> {
    let work = Work::begin(pool, crate::work::LONG).await?;
    // Whoever acts in a chat locks its room first.
    let lock = "SELECT id FROM tidings_rooms WHERE key = $1 AND messages > gone FOR UPDATE";
    if let Some(row) = work.query(lock, &[text(&room.to_string())]).await?.first() {
        chat::forget(&work, &[rows::get(row, "id")?], &[int(up_to.0)]).await?;
    }
    let sql = r#"DELETE FROM tidings_entries
                 WHERE room = (SELECT id FROM tidings_rooms WHERE key = $1) AND "offset" <= $2"#;
    let gone = work.execute(sql, &[text(&room.to_string()), number(&int(up_to.0))]).await?;
    work.commit().await?;
    Ok(gone)
}

fn record(row: &Row) -> Result<RoomRecord, Failure> {
    Ok(RoomRecord {
        room: rows::room(row, "key")?,
        head: rows::position(row)?,
        oldest: Offset(rows::count(row, "oldest")?),
        data: rows::json(row, "data")?,
        members: rows::count(row, "members")?,
        created_at: rows::time(row, "created_at")?,
    })
}
