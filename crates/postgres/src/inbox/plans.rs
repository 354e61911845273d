//! What is kept of a user beside notifications: preferences, and what is to be done at a moment; and letting all of it go.

use std::sync::Arc;

use tidings_core::{
    StoreError,
    store::inbox::{Preferences, Scheduled},
};
use tidings_protocol::{EntryId, Json, Timestamp, UserId};
use tokio_postgres::Row;

use super::rows as own;
use crate::{
    failure::Failure,
    pool::Pool,
    rows::{self, get},
    work::{QUICK, Work, ask, bytes, int, limit as bounded, number, text},
};

/// The tables that [`erase`] takes from.
pub(crate) const TABLES: [&str; 4] =
    ["tidings_inboxes", "tidings_items", "tidings_preferences", "tidings_scheduled"];

pub(super) async fn preferences(pool: &Arc<Pool>, user: &UserId) -> Result<Option<Preferences>, Failure> {
    let sql = "SELECT data, revision FROM tidings_preferences WHERE user_id = $1";
    let read = |row: &Row| {
        Ok(Preferences { data: rows::json(row, "data")?, revision: rows::count(row, "revision")? })
    };
    ask(pool, sql, &[text(&user.as_str())]).await?.first().map(read).transpose()
}

pub(super) async fn put_preferences(pool: &Arc<Pool>, user: &UserId, data: &Json) -> Result<u64, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let sql = "INSERT INTO tidings_preferences AS known (user_id, data, revision) VALUES ($1, $2, 1)
        ON CONFLICT (user_id) DO UPDATE SET data = EXCLUDED.data, revision = known.revision + 1 RETURNING revision";
    let rows = work.query(sql, &[text(&user.as_str()), text(&data.as_str())]).await?;
    let revision = rows.first().map_or(Ok(0), |row| rows::count(row, "revision"))?;
    work.commit().await?;
    Ok(revision)
}

pub(super) async fn schedule(pool: &Arc<Pool>, scheduled: &Scheduled) -> Result<(), StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    put(&work, scheduled).await?;
    work.commit().await
}

/// Keeps something to be done at a moment, within a transaction.
pub(super) async fn put(work: &Work, scheduled: &Scheduled) -> Result<(), Failure> {
    let Scheduled { id, due_at, user, part_of, data } = scheduled;
    let (id, due_at) = (id.bytes().to_vec(), int(due_at.millis()));
    let (user, part_of) = (user.as_ref().map(UserId::as_str), part_of.map(|id| id.bytes().to_vec()));
    let sql = "INSERT INTO tidings_scheduled (id, next_at, due_at, user_id, data, part_of) VALUES ($1, $2, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET next_at = EXCLUDED.next_at, due_at = EXCLUDED.due_at, user_id = EXCLUDED.user_id,
            data = EXCLUDED.data, part_of = EXCLUDED.part_of";
    let data = data.as_str();
    let params = [bytes(&id), number(&due_at), text(&user), text(&data), bytes(&part_of)];
    work.execute(sql, &params).await.map(drop)
}

pub(super) async fn take_due(
    pool: &Arc<Pool>,
    now: Timestamp,
    lease_ms: u64,
    limit: usize,
) -> Result<Vec<Scheduled>, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let (until, now, limit) = (int(now.millis().saturating_add(lease_ms)), int(now.millis()), bounded(limit));
    // What another server is just taking is passed over.
    let sql = "WITH due AS MATERIALIZED (
            SELECT id, next_at AS was FROM tidings_scheduled WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE tidings_scheduled s SET next_at = $3 FROM due WHERE s.id = due.id
            RETURNING due.was, s.id, s.due_at, s.user_id, s.data, s.part_of
        )
        SELECT * FROM taken ORDER BY was, id";
    let rows = work.query(sql, &[number(&now), number(&limit), number(&until)]).await?;
    let taken = rows.iter().map(scheduled).collect::<Result<_, _>>()?;
    work.commit().await?;
    Ok(taken)
}

pub(super) async fn finish(pool: &Arc<Pool>, id: EntryId) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let sql = "DELETE FROM tidings_scheduled WHERE id = $1 OR part_of = $1";
    let finished = work.execute(sql, &[bytes(&id.bytes().to_vec())]).await?;
    work.commit().await?;
    Ok(finished > 0)
}

pub(super) async fn scheduled_of(pool: &Arc<Pool>, user: &UserId) -> Result<Vec<Scheduled>, Failure> {
    let sql =
        "SELECT id, due_at, user_id, data, part_of FROM tidings_scheduled WHERE user_id = $1 ORDER BY id";
    ask(pool, sql, &[text(&user.as_str())]).await?.iter().map(scheduled).collect()
}

pub(super) async fn all_scheduled(
    pool: &Arc<Pool>,
    after: Option<EntryId>,
    limit: usize,
) -> Result<Vec<Scheduled>, Failure> {
    let sql =
        "SELECT id, due_at, user_id, data, part_of FROM tidings_scheduled WHERE id > $1 ORDER BY id LIMIT $2";
    let after = after.map_or([0; 16], EntryId::bytes).to_vec();
    ask(pool, sql, &[bytes(&after), number(&bounded(limit))]).await?.iter().map(scheduled).collect()
}

/// Lets all go that is a user's; how many notifications of their own there were.
pub(crate) async fn erase(work: &Work, user: &UserId) -> Result<u64, Failure> {
    let user = user.as_str();
    // The inbox first: whoever adds to it has its lock.
    work.execute("DELETE FROM tidings_inboxes WHERE user_id = $1", &[text(&user)]).await?;
    let own = "DELETE FROM tidings_items WHERE user_id = $1 AND number IS NULL";
    let own = work.execute(own, &[text(&user)]).await?;
    for table in ["tidings_items", "tidings_preferences", "tidings_scheduled"] {
        work.execute(&format!("DELETE FROM {table} WHERE user_id = $1"), &[text(&user)]).await?;
    }
    Ok(own)
}

fn scheduled(row: &Row) -> Result<Scheduled, Failure> {
    let user = match get::<Option<String>>(row, "user_id")? {
        Some(_) => Some(rows::user(row, "user_id")?),
        None => None,
    };
    let part_of = match get::<Option<Vec<u8>>>(row, "part_of")? {
        Some(_) => Some(own::id(row, "part_of")?),
        None => None,
    };
    let (id, due_at) = (own::id(row, "id")?, rows::time(row, "due_at")?);
    Ok(Scheduled { id, due_at, user, part_of, data: rows::json(row, "data")? })
}
