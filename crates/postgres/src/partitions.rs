//! Entries lie in partitions of a week each, by their time, so that what is too old goes as a whole file and not row by row.

use std::sync::Arc;

use tidings_protocol::Timestamp;

use crate::{
    chat,
    failure::{Failure, Kind},
    pool::Pool,
    schema::TABLES_LOCK,
    work::{LONG, QUICK, Work, int, number},
};

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// This week and the next two.
const AHEAD: u64 = 3;
/// Where entries are for which no week is there.
const REST: &str = "tidings_entries_rest";
/// Whoever wants a table for itself waits this long and no longer: everybody else waits behind.
const TABLE_WAIT: &str = "SET LOCAL lock_timeout = 500";

/// A partition: weeks are counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Week(u64);

impl Week {
    fn of(time: Timestamp) -> Self {
        Self(time.millis() / WEEK_MS)
    }

    fn parse(table: &str) -> Option<Self> {
        table.strip_prefix("tidings_entries_w")?.parse().ok().map(Self)
    }

    fn table(self) -> String {
        format!("tidings_entries_w{}", self.0)
    }

    fn begins_at(self) -> u64 {
        self.0.saturating_mul(WEEK_MS)
    }

    fn ends_at(self) -> u64 {
        self.begins_at().saturating_add(WEEK_MS)
    }
}

/// Creates the partitions of this week and the next two where they are missing.
pub(crate) async fn make_ahead(pool: &Arc<Pool>, now: Timestamp) -> Result<(), Failure> {
    let there = {
        let work = begin(pool).await?;
        let there = weeks(&work).await?;
        work.commit().await.map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
        there
    };
    let first = Week::of(now).0;
    for week in (first..first + AHEAD).map(Week).filter(|week| !there.contains(week)) {
        let work = begin(pool).await?;
        // Another server may have been quicker.
        if !weeks(&work).await?.contains(&week) {
            create(&work, week).await?;
        }
        work.commit().await.map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
    }
    Ok(())
}

/// Makes a table of its own first and attaches it then: that does not lock out who reads and appends, but for the moment in
/// which the rest is looked through.
async fn create(work: &Work, week: Week) -> Result<(), Failure> {
    let (table, from, to) = (week.table(), week.begins_at(), week.ends_at());
    work.run(&format!(
        "{TABLE_WAIT};
         CREATE TABLE {table} (LIKE tidings_entries INCLUDING ALL);
         ALTER TABLE {table} ALTER COLUMN sender SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
         LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE;
         WITH moved AS (DELETE FROM {REST} WHERE time >= {from} AND time < {to} RETURNING *)
             INSERT INTO {table} SELECT * FROM moved;
         ALTER TABLE tidings_entries ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to})"
    ))
    .await
}

/// Drops the partitions that lie wholly before a moment, and what is older in the rest; how many entries went.
pub(crate) async fn drop_before(pool: &Arc<Pool>, before: Timestamp) -> Result<u64, Failure> {
    let mut gone = 0;
    loop {
        let work = Work::begin(pool, LONG).await?;
        work.run(&format!("SELECT pg_advisory_xact_lock({TABLES_LOCK}); {TABLE_WAIT}")).await?;
        let oldest = weeks(&work).await?.into_iter().min().filter(|week| week.ends_at() <= before.millis());
        match oldest {
            Some(week) => gone += drop(&work, week).await?,
            None => gone += drop_rest(&work, before).await?,
        }
        work.commit().await.map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
        if oldest.is_none() {
            return Ok(gone);
        }
    }
}

/// Clocks differ, so an entry of a week may lie behind one of the next week in its room: what is before it in its room goes with
/// it, or a gap would be left.
async fn drop(work: &Work, week: Week) -> Result<u64, Failure> {
    let table = week.table();
    work.run(&format!("LOCK TABLE {table} IN SHARE MODE")).await?;
    let rows = work.query(&format!("SELECT count(*) FROM {table}"), &[]).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    let sql = format!(
        "DELETE FROM tidings_entries e
         USING (SELECT room, max(\"offset\") AS last FROM {table} GROUP BY room) gone
         WHERE e.room = gone.room AND e.\"offset\" <= gone.last AND e.time >= $1"
    );
    chat::forget_partition(work, &table, "").await?;
    let strays = work.execute(&sql, &[number(&int(week.ends_at()))]).await?;
    work.run(&format!("DROP TABLE {table}")).await?;
    Ok(u64::try_from(count).unwrap_or_default() + strays)
}

async fn drop_rest(work: &Work, before: Timestamp) -> Result<u64, Failure> {
    chat::forget_partition(work, REST, &format!("WHERE time < {}", before.millis())).await?;
    let sql = format!(
        "DELETE FROM tidings_entries e
         USING (SELECT room, max(\"offset\") AS last FROM {REST} WHERE time < $1 GROUP BY room) gone
         WHERE e.room = gone.room AND e.\"offset\" <= gone.last"
    );
    work.execute(&sql, &[number(&int(before.millis()))]).await
}

async fn begin(pool: &Arc<Pool>) -> Result<Work, Failure> {
    let until = tokio::time::Instant::now() + QUICK;
    let work = Work::begin_on(pool.lend_before_open(until).await?, until).await?;
    work.run(&format!("SELECT pg_advisory_xact_lock({TABLES_LOCK})")).await?;
    Ok(work)
}

async fn weeks(work: &Work) -> Result<Vec<Week>, Failure> {
    let sql = "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'tidings_entries'::regclass";
    let rows = work.query(sql, &[]).await?;
    Ok(rows.iter().filter_map(|row| Week::parse(row.try_get(0).ok()?)).collect())
}
