//! Users whose tokens are void, and users who are forgotten.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tidings_core::{
    RoomKey, StoreError,
    store::{Erased, Revocation},
};
use tidings_protocol::{Timestamp, UserId};
use tokio::time::Instant;

use crate::{
    chat,
    failure::{Failure, Kind},
    inbox,
    pool::Pool,
    receipts, rooms, rows,
    work::{LONG, QUICK, Work, ask, int, number, text},
};

/// Tables up to this size are written anew after an erasure; larger ones would be locked for too long.
const REWRITE_BYTES_MAX: i64 = 256 << 20;
/// Longest wait for transactions that still see what was erased: a rewrite takes it along for them.
const SEEN_MAX: Duration = Duration::from_secs(30);
/// How often a table is asked for that somebody uses all the time.
const TRIES: usize = 40;
/// Between two looks or tries.
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
                   RETURNING tableoid, room, \"offset\"
               ), unfound AS (
                   DELETE FROM tidings_search s USING blanked WHERE s.room = blanked.room AND s.\"offset\" = blanked.\"offset\"
                   RETURNING s.number
               ) SELECT tableoid::regclass::text AS part, count(*) AS entries, (SELECT count(*) FROM unfound) AS unfound
                 FROM blanked GROUP BY 1";
    let key = personal.to_string();
    let blanked = work.query(sql, &[text(&user.as_str()), text(&Erased::ENTRY_TYPE), text(&key)]).await?;
    let sql = "SELECT DISTINCT tableoid::regclass::text AS part FROM tidings_entries
               WHERE room = (SELECT id FROM tidings_rooms WHERE key = $1)";
    let own = work.query(sql, &[text(&key)]).await?;
    let memberships =
        work.execute("DELETE FROM tidings_members WHERE user_id = $1", &[text(&user.as_str())]).await?;
    work.execute("DELETE FROM tidings_revocations WHERE user_id = $1", &[text(&user.as_str())]).await?;
    work.execute("DELETE FROM tidings_people WHERE user_id = $1", &[text(&user.as_str())]).await?;
    let notifications = inbox::erase(&work, user).await?;
    let pins = chat::erase(&work, user).await?;
    receipts::erase(&work, user).await?;
    let personal_entries = rooms::remove(&work, &personal).await?.unwrap_or_default();

    let mut tables: BTreeSet<String> =
        ["tidings_rooms", "tidings_members", "tidings_revocations", "tidings_people"]
            .map(String::from)
            .into();
    tables.extend(inbox::TABLES.into_iter().chain(chat::TABLES).chain(receipts::TABLES).map(String::from));
    if pins {
        tables.insert("tidings_messages".into());
    }
    let mut blanked_entries = 0;
    for row in &blanked {
        if rows::count(row, "unfound")? > 0 {
            tables.insert("tidings_search".into());
        }
        tables.insert(rows::get(row, "part")?);
        blanked_entries += rows::count(row, "entries")?;
    }
    for row in &own {
        tables.insert(rows::get(row, "part")?);
    }
    let rows = work.query("SELECT pg_current_xact_id()::text AS erasure", &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::corrupt("a transaction's id"))?;
    let erasure: String = rows::get(row, "erasure")?;
    work.commit().await?;
    clean(pool, &tables, &erasure).await;
    Ok(Erased { personal_entries, blanked_entries, memberships, notifications })
}

/// Takes what was erased out of the tables' files, as far as nobody holds them: a table that is small enough is written anew, in
/// another one the place is freed and used again.
async fn clean(pool: &Arc<Pool>, tables: &BTreeSet<String>, erasure: &str) {
    if let Err(failure) = unseen(pool, erasure).await {
        tracing::warn!(
            why = failure.why,
            "erased entries are gone, but somebody may see them still: their bytes wait for autovacuum"
        );
    }
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

/// Waits until nobody sees what a committed transaction did away with. As it is then it stays: who comes later sees less.
///
/// A rewrite keeps what is deleted for every snapshot in this database, for servers that follow this one, and, by its own snapshot,
/// for every transaction of any database that writes or is prepared. It does not for a VACUUM. All this is shown to every role.
async fn unseen(pool: &Arc<Pool>, erasure: &str) -> Result<(), Failure> {
    let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8
                   AND NOT EXISTS (
                       SELECT FROM pg_stat_activity
                       WHERE (datname = current_database() OR datname IS NULL) AND pid <> pg_backend_pid()
                         AND age(backend_xmin) >= age($1::xid8::xid)
                         AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = pg_stat_activity.pid))
                   AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE age(xmin) >= age($1::xid8::xid)) AS unseen";
    let until = Instant::now() + SEEN_MAX;
    loop {
        let seen = match ask(pool, sql, &[text(&erasure)]).await {
            Ok(rows) if rows.first().map_or(Ok(false), |row| rows::get(row, "unseen"))? => return Ok(()),
            Ok(_) => Failure::new(
                Kind::Late,
                "a transaction or a replication slot is older than the erasure; look at backend_xmin in pg_stat_activity, \
                 at pg_prepared_xacts and at pg_replication_slots",
            ),
            Err(failure) => failure,
        };
        if Instant::now() >= until || seen.kind == Kind::Refused {
            return Err(seen);
        }
        tokio::time::sleep(PAUSE).await;
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
