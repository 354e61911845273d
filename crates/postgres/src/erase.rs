//! Users whose tokens are void, and users who are forgotten.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tidings_core::{
    RoomKey, StoreError,
    store::{Erased, Revocation},
};
use tidings_protocol::{Timestamp, UserId};
use tokio::time::Instant;

use crate::{
    failure::Failure,
    pool::Pool,
    rooms, rows,
    work::{LONG, QUICK, Work, ask, int, number, text},
};

/// Tables up to this size are written anew after an erasure; larger ones would be locked for too long.
const REWRITE_BYTES_MAX: i64 = 256 << 20;
/// How often a table is asked for that somebody uses all the time, and the pause between.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn revoke(pool: &Arc<Pool>, user: &UserId, at: Timestamp) -> Result<(), StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let sql = "INSERT INTO tidings_revocations AS known (user_id, at) VALUES ($1, $2)
               ON CONFLICT (user_id) DO UPDATE SET at = EXCLUDED.at WHERE known.at < EXCLUDED.at";
    work.execute(sql, &[text(&user.as_str()), number(&int(at.millis()))]).await?;
    work.commit().await
}

pub(crate) async fn revocations(pool: &Arc<Pool>, since: Timestamp) -> Result<Vec<Revocation>, Failure> {
    let sql = "SELECT user_id, at FROM tidings_revocations WHERE at >= $1";
    let rows = ask(pool, sql, &[number(&int(since.millis()))]).await?;
    rows.iter()
        .map(|row| Ok(Revocation { user: rows::user(row, "user_id")?, at: rows::time(row, "at")? }))
        .collect()
}

/// Blanks what the user wrote first: that may take long, and must not keep the personal room's row, for which appends of
/// others would wait.
pub(crate) async fn erase(pool: &Arc<Pool>, user: &UserId) -> Result<Erased, StoreError> {
    let work = Work::begin(pool, LONG).await?;
    let personal = RoomKey::Personal(user.clone());
    let sql = "WITH blanked AS (
                   UPDATE tidings_entries SET type = $2, sender = NULL, data = 'null'
                   WHERE sender = $1
                     AND room IS DISTINCT FROM (SELECT id FROM tidings_rooms WHERE key = $3)
                   RETURNING tableoid
               ) SELECT tableoid::regclass::text AS part, count(*) AS entries FROM blanked GROUP BY 1";
    let key = personal.to_string();
    let blanked = work.query(sql, &[text(&user.as_str()), text(&Erased::ENTRY_TYPE), text(&key)]).await?;
    let sql = "SELECT DISTINCT tableoid::regclass::text AS part FROM tidings_entries
               WHERE room = (SELECT id FROM tidings_rooms WHERE key = $1)";
    let own = work.query(sql, &[text(&key)]).await?;
    let memberships =
        work.execute("DELETE FROM tidings_members WHERE user_id = $1", &[text(&user.as_str())]).await?;
    work.execute("DELETE FROM tidings_revocations WHERE user_id = $1", &[text(&user.as_str())]).await?;
    let personal_entries = rooms::remove(&work, &personal).await?.unwrap_or_default();

    let mut tables: BTreeSet<String> =
        ["tidings_rooms", "tidings_members", "tidings_revocations"].map(String::from).into();
    let mut blanked_entries = 0;
    for row in &blanked {
        tables.insert(rows::get(row, "part")?);
        blanked_entries += rows::count(row, "entries")?;
    }
    for row in &own {
        tables.insert(rows::get(row, "part")?);
    }
    work.commit().await?;
    clean(pool, &tables).await;
    Ok(Erased { personal_entries, blanked_entries, memberships })
}

/// Takes what was erased out of the tables' files, as far as nobody holds them: a table that is small enough is written anew, in
/// another one the place is freed and used again.
async fn clean(pool: &Arc<Pool>, tables: &BTreeSet<String>) {
    for table in tables {
        let rewritten = rewrite(pool, table).await.unwrap_or(false);
        if !rewritten && let Err(failure) = vacuum(pool, &format!("VACUUM {table}")).await {
            tracing::warn!(
                table,
                why = failure.why,
                "erased entries are gone, but their bytes wait for autovacuum"
            );
        }
    }
}

async fn rewrite(pool: &Arc<Pool>, table: &str) -> Result<bool, Failure> {
    let state =
        "SELECT pg_table_size($1::regclass) AS size, pg_relation_filenode($1::regclass)::bigint AS file";
    for _ in 0..TRIES {
        let rows = ask(pool, state, &[text(&table)]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let (size, file): (i64, i64) = (rows::get(row, "size")?, rows::get(row, "file")?);
        if size > REWRITE_BYTES_MAX {
            return Ok(false);
        }
        // It skips without a word what it cannot have at once.
        vacuum(pool, &format!("VACUUM (FULL, SKIP_LOCKED) {table}")).await?;
        let rows = ask(pool, state, &[text(&table)]).await?;
        if rows.first().map_or(Ok(file), |row| rows::get(row, "file"))? != file {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// Runs outside a transaction, so that nothing can limit its time but this.
async fn vacuum(pool: &Arc<Pool>, sql: &str) -> Result<(), Failure> {
    let lent = pool.lend(Instant::now() + QUICK).await?;
    match tokio::time::timeout(LONG, lent.client()?.batch_execute(sql)).await {
        Ok(done) => {
            done?;
            lent.keep();
            Ok(())
        }
        Err(_) => Err(Failure::late()),
    }
}
