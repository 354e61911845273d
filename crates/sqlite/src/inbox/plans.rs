//! What is kept of a user beside notifications: preferences, and what is to be done at a moment; and letting all of it go.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::store::inbox::{Preferences, Scheduled};
use tidings_protocol::{EntryId, Json, Timestamp, UserId};

use super::values as own;
use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

const SCHEDULED: &str = "id, due_at, user, data, sum, part_of";

pub(super) fn preferences(connection: &Connection, user: &UserId) -> Work<Option<Preferences>> {
    let sql = "SELECT data, revision, sum FROM preferences WHERE user = ?1";
    let found: Option<(String, i64, i64)> = connection
        .prepare_cached(sql)?
        .query_row([user.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((data, revision, sum)) = found else { return Ok(None) };
    if preferences_sum(user, &data, revision) != sum {
        return damaged("a user's preferences are not as they were written");
    }
    Ok(Some(Preferences { data: values::json(&data)?, revision: values::count(revision)? }))
}

pub(super) fn put_preferences(ledger: &mut Ledger, user: &UserId, data: &Json) -> Work<u64> {
    let find = "SELECT revision FROM preferences WHERE user = ?1";
    let known: Option<i64> =
        ledger.connection().prepare_cached(find)?.query_row([user.as_str()], |row| row.get(0)).optional()?;
    let (data, revision) = (data.as_str(), known.unwrap_or(0) + 1);
    let put = "INSERT OR REPLACE INTO preferences (user, data, revision, sum) VALUES (?1, ?2, ?3, ?4)";
    let sum = preferences_sum(user, data, revision);
    ledger.connection().prepare_cached(put)?.execute(params![user.as_str(), data, revision, sum])?;
    values::count(revision)
}

pub(super) fn schedule(ledger: &mut Ledger, scheduled: &Scheduled) -> Work<()> {
    let Scheduled { id, due_at, user, part_of, data } = scheduled;
    let (due_at, user) = (values::millis(*due_at), user.as_ref().map(UserId::as_str));
    let put = "INSERT OR REPLACE INTO scheduled (id, next_at, due_at, user, data, sum, part_of) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)";
    let sum = scheduled_sum(*id, due_at, user, data.as_str(), *part_of);
    ledger.connection().prepare_cached(put)?.execute(params![
        id.bytes(),
        due_at,
        user,
        data.as_str(),
        sum,
        part_of.map(EntryId::bytes)
    ])?;
    Ok(())
}

pub(super) fn take_due(
    ledger: &mut Ledger,
    now: Timestamp,
    lease_ms: u64,
    limit: usize,
) -> Work<Vec<Scheduled>> {
    let due = format!("SELECT {SCHEDULED} FROM scheduled WHERE next_at <= ?1 ORDER BY next_at, id LIMIT ?2");
    let now = values::millis(now);
    let mut taken = Vec::new();
    {
        let mut due = ledger.connection().prepare_cached(&due)?;
        let mut rows = due.query([now, values::rows(limit)])?;
        while let Some(row) = rows.next()? {
            taken.push(scheduled(row)?);
        }
    }
    let mut take = ledger.connection().prepare_cached("UPDATE scheduled SET next_at = ?2 WHERE id = ?1")?;
    let until = now.saturating_add(values::number(lease_ms));
    for Scheduled { id, .. } in &taken {
        take.execute(params![id.bytes(), until])?;
    }
    Ok(taken)
}

pub(super) fn finish(ledger: &mut Ledger, id: EntryId) -> Work<bool> {
    let delete = "DELETE FROM scheduled WHERE id = ?1 OR part_of = ?1";
    Ok(ledger.connection().prepare_cached(delete)?.execute(params![id.bytes()])? > 0)
}

pub(super) fn all_scheduled(
    connection: &Connection,
    after: Option<EntryId>,
    limit: usize,
) -> Work<Vec<Scheduled>> {
    let sql = format!("SELECT {SCHEDULED} FROM scheduled WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut page = connection.prepare_cached(&sql)?;
    let mut rows = page.query(params![after.map_or([0; 16], EntryId::bytes), values::rows(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(scheduled(row)?);
    }
    Ok(found)
}

pub(super) fn scheduled_of(connection: &Connection, user: &UserId) -> Work<Vec<Scheduled>> {
    let sql = format!("SELECT {SCHEDULED} FROM scheduled WHERE user = ?1 ORDER BY id");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query([user.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(scheduled(row)?);
    }
    Ok(found)
}

/// Lets all go that is a user's; how many notifications of their own there were.
pub(crate) fn erase(ledger: &Ledger, user: &UserId) -> Work<u64> {
    let delete = |sql: &str| ledger.connection().prepare_cached(sql)?.execute([user.as_str()]);
    let own = delete("DELETE FROM items WHERE user = ?1 AND number IS NULL")? as u64;
    delete("DELETE FROM items WHERE user = ?1")?;
    delete("DELETE FROM inboxes WHERE user = ?1")?;
    delete("DELETE FROM preferences WHERE user = ?1")?;
    delete("DELETE FROM scheduled WHERE user = ?1")?;
    Ok(own)
}

fn scheduled(row: &Row<'_>) -> Work<Scheduled> {
    let (id, due_at, user): (_, i64, Option<String>) = (own::id(row, 0)?, row.get(1)?, row.get(2)?);
    let data = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let part_of = row.get::<_, Option<[u8; 16]>>(5)?.map(EntryId::from_bytes);
    if scheduled_sum(id, due_at, user.as_deref(), data, part_of) != row.get::<_, i64>(4)? {
        return damaged("something scheduled is not as it was written");
    }
    let user = user.as_deref().map(values::user).transpose()?;
    Ok(Scheduled { id, due_at: values::time(due_at)?, user, part_of, data: values::json(data)? })
}

fn preferences_sum(user: &UserId, data: &str, revision: i64) -> i64 {
    sum(&[user.as_str().into(), data.into(), revision.into()])
}

fn scheduled_sum(id: EntryId, due_at: i64, user: Option<&str>, data: &str, part_of: Option<EntryId>) -> i64 {
    let (id, part_of) = (id.bytes(), part_of.map(EntryId::bytes));
    let mut parts = vec![id[..].into(), due_at.into(), user.into(), data.into()];
    // Rows from before there were parts have the sum that they always had.
    parts.extend(part_of.as_ref().map(|part_of| part_of[..].into()));
    sum(&parts)
}
