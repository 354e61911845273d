//! Reading logs. Each is one statement, so that what it says is of one moment.

use std::sync::Arc;

use tidings_core::{
    Entry, RoomKey,
    store::{Page, Stretch},
};
use tidings_protocol::{Offset, Position, UserId};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{ask, int, limit as bounded, number, text},
};

/// Beyond this no offset is: far enough from the largest number to add a page to it.
const OFFSET_MAX: i64 = i64::MAX / 2;

pub(crate) async fn head(pool: &Arc<Pool>, room: &RoomKey) -> Result<Position, Failure> {
    let sql = "SELECT coalesce(r.epoch, m.epoch) AS epoch, coalesce(r.head, 0) AS head
               FROM tidings_meta m LEFT JOIN tidings_rooms r ON r.key = $1";
    rows::position(first(&ask(pool, sql, &[text(&room.to_string())]).await?)?)
}

/// A log has no gaps, so a page is a range of offsets: each partition is asked for that range by its index, and the few rows
/// that come are sorted. There is always one row at least, with the head. The limit on the table with one row tells the planner:
/// without it it expects so many that it spends its time on compiling the statement (`jit`).
fn page_sql(bounds: &str) -> String {
    format!(
        r#"WITH log AS MATERIALIZED (
               SELECT r.id, coalesce(r.epoch, m.epoch) AS epoch, coalesce(r.head, 0) AS head,
                      coalesce((SELECT min(e."offset") FROM tidings_entries e WHERE e.room = r.id),
                               coalesce(r.head, 0) + 1) AS oldest
               FROM (SELECT epoch FROM tidings_meta LIMIT 1) m LEFT JOIN tidings_rooms r ON r.key = $1
           ), stretch AS MATERIALIZED (SELECT log.*, {bounds} FROM log)
           SELECT s.epoch, s.head, s.oldest, s.low, s.high, e."offset", e.time, e.id, e.type, e.sender, e.data
           FROM stretch s LEFT JOIN LATERAL (
               SELECT * FROM tidings_entries e
               WHERE e.room = s.id AND e."offset" > s.low AND e."offset" <= s.high
               ORDER BY e."offset" LIMIT $3
           ) e ON true
           ORDER BY e."offset""#
    )
}

pub(crate) async fn read(
    pool: &Arc<Pool>,
    room: RoomKey,
    page: Page,
    limit: usize,
) -> Result<Stretch, Failure> {
    let (sql, at) = match page {
        Page::After(after) => (
            page_sql("greatest($2, oldest - 1) AS low, least(greatest($2, oldest - 1) + $3, head) AS high"),
            after,
        ),
        Page::Before(before) => (
            page_sql("greatest(least($2 - 1, head) - $3, oldest - 1) AS low, least($2 - 1, head) AS high"),
            before,
        ),
    };
    let (key, at, limit) = (room.to_string(), int(at.0).min(OFFSET_MAX), bounded(limit));
    let rows = ask(pool, &sql, &[text(&key), number(&at), number(&limit)]).await?;
    stretch(&rows, &room)
}

fn stretch(rows: &[Row], room: &RoomKey) -> Result<Stretch, Failure> {
    let row = first(rows)?;
    let (head, oldest) = (rows::position(row)?, Offset(rows::count(row, "oldest")?));
    let (low, high): (i64, i64) = (rows::get(row, "low")?, rows::get(row, "high")?);
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| !matches!(row.try_get::<_, Option<i64>>("offset"), Ok(None))) {
        entries.push(Arc::new(rows::entry(row, room.clone())?));
    }
    let expected = u64::try_from(high.saturating_sub(low)).unwrap_or_default();
    let first = u64::try_from(low).unwrap_or_default() + 1;
    let is_whole = (first..).zip(&entries).all(|(offset, entry)| entry.offset == Some(Offset(offset)));
    match is_whole && entries.len() as u64 == expected {
        true => Ok(Stretch { head, oldest, entries }),
        false => Err(Failure::corrupt("a stretch of a room's log")),
    }
}

/// In the order of rooms' keys. Which rooms a user wrote to is one walk over an index without a look at the entries; then
/// those are read room by room until the page is full.
const OF_USER: &str = r#"
    SELECT r.key, e."offset", e.time, e.id, e.type, e.sender, e.data
    FROM (
        SELECT key, id FROM tidings_rooms
        WHERE key >= $2
          AND (key = $1 OR id IN (SELECT room FROM tidings_entries WHERE sender = $5))
        ORDER BY key
    ) r
    CROSS JOIN LATERAL (
        SELECT * FROM tidings_entries e
        WHERE e.room = r.id AND (e.sender = $5 OR r.key = $1) AND (r.key > $2 OR e."offset" > $3)
        ORDER BY e."offset" LIMIT $4
    ) e
    ORDER BY r.key, e."offset" LIMIT $4"#;

pub(crate) async fn of_user(
    pool: &Arc<Pool>,
    user: &UserId,
    after: Option<(RoomKey, Offset)>,
    limit: usize,
) -> Result<Vec<Arc<Entry>>, Failure> {
    let personal = RoomKey::Personal(user.clone()).to_string();
    let (key, offset) = after.map_or((String::new(), 0), |(room, offset)| (room.to_string(), int(offset.0)));
    let (limit, user) = (bounded(limit), user.as_str());
    let params = [text(&personal), text(&key), number(&offset), number(&limit), text(&user)];
    let rows = ask(pool, OF_USER, &params).await?;
    rows.iter().map(|row| rows::entry(row, rows::room(row, "key")?).map(Arc::new)).collect()
}

fn first(rows: &[Row]) -> Result<&Row, Failure> {
    rows.first().ok_or_else(|| Failure::corrupt("the record of the tables"))
}
