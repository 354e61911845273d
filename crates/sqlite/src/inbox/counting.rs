//! Counters: what is written down, and what time has done to it since; and the same counted from all rows.

use rusqlite::{Connection, params};
use tidings_core::store::inbox::{Counters, Reader, State};
use tidings_protocol::Timestamp;

use super::{
    broadcasts::{Audiences, Sent},
    items,
    standing::{Broadcasting, Standing},
    values as own,
};
use crate::{error::Work, values};

pub(super) fn counters(
    connection: &Connection,
    reader: &Reader,
    standing: &Standing,
    now: Timestamp,
) -> Work<Counters> {
    let (mut unread, mut revision) = (standing.unread, values::count(standing.revision)?);
    for item in items::due(connection, &reader.user, now)? {
        revision += item.state.due(item.expires_at, now);
        if item.number.is_none() {
            let counts = !item.is_expired(now) && item.state.at(now).counts();
            unread += i64::from(counts) - i64::from(item.is_counted());
        }
    }
    unread += unread_broadcasts(connection, reader, standing, now)?;
    let expired = "SELECT count(*) FROM broadcasts WHERE expires_at <= ?1";
    let expired: i64 =
        connection.prepare_cached(expired)?.query_row([values::millis(now)], |row| row.get(0))?;
    let changes = Broadcasting::read(connection)?.changes;
    revision += values::count(changes + expired)?;
    Ok(Counters { unread: values::count(unread)?, revision })
}

/// Those behind the mark, but for the ones of which the user has a state, and these by their states.
fn unread_broadcasts(
    connection: &Connection,
    reader: &Reader,
    standing: &Standing,
    now: Timestamp,
) -> Work<i64> {
    let audiences = Audiences::of(connection, reader)?;
    let behind = "SELECT count(*) FROM broadcasts WHERE audience = ?1 AND number > ?2 AND created_at >= ?3
        AND (expires_at IS NULL OR expires_at > ?4)";
    let mut behind = connection.prepare_cached(behind)?;
    let mark = standing.read.up_to.max(standing.since);
    let mut unread = 0;
    for (audience, from) in audiences.iter() {
        let count: i64 =
            behind.query_row(params![audience, mark, from, values::millis(now)], |row| row.get(0))?;
        unread += count;
    }
    // Of those up to the mark only what is not read (bit 4) and not archived (bit 8) can count.
    let touched = "SELECT i.number, i.bucket, i.snoozed_until, b.audience, b.created_at, b.expires_at
        FROM items AS i INDEXED BY items_touched CROSS JOIN broadcasts AS b ON b.number = i.number
        WHERE i.user = ?1 AND i.number IS NOT NULL AND (i.number > ?2 OR i.bucket & 12 = 0)";
    let mut touched = connection.prepare_cached(touched)?;
    let mut rows = touched.query(params![reader.user.as_str(), mark])?;
    while let Some(row) = rows.next()? {
        let sent = Sent { audience: row.get(3)?, created_at: row.get(4)?, expires_at: row.get(5)? };
        if !audiences.see(&sent, now) {
            continue;
        }
        let (number, bucket): (i64, u8) = (row.get(0)?, row.get(1)?);
        let is_awake = own::time(row, 2)?.is_none_or(|until| until <= now);
        let counts = bucket & !16 < 4 && is_awake;
        unread += i64::from(counts) - i64::from(number > mark);
    }
    Ok(unread)
}

/// Every notification by itself.
pub(super) fn recount(
    connection: &Connection,
    reader: &Reader,
    standing: &Standing,
    now: Timestamp,
) -> Work<u64> {
    let own = items::find(connection, "number IS NULL", &reader.user, &[])?;
    let counts = |state: State| u64::from(state.at(now).counts());
    let mut unread: u64 =
        own.iter().filter(|item| !item.is_expired(now)).map(|item| counts(item.state)).sum();
    let audiences = Audiences::of(connection, reader)?;
    let all = "SELECT number, id, audience, created_at, expires_at FROM broadcasts WHERE number > ?1";
    let mut all = connection.prepare_cached(all)?;
    let mut rows = all.query([standing.since])?;
    while let Some(row) = rows.next()? {
        let sent = Sent { audience: row.get(2)?, created_at: row.get(3)?, expires_at: row.get(4)? };
        if !audiences.see(&sent, now) {
            continue;
        }
        unread += match items::of_id(connection, &reader.user, own::id(row, 1)?)? {
            Some(item) if item.is_deleted() => 0,
            Some(item) => counts(item.state),
            None => counts(standing.default_state(row.get(0)?)),
        };
    }
    Ok(unread)
}
