//! Background jobs: one server has each at a time.

use std::sync::Arc;

use tidings_core::{StoreError, store::JobState};
use tidings_protocol::{Json, Timestamp};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{QUICK, Work, ask, flag, int, number, text},
};

pub(crate) async fn claim(
    pool: &Arc<Pool>,
    name: &str,
    now: Timestamp,
    every_ms: u64,
    lease_ms: u64,
) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let sql = "INSERT INTO tidings_jobs AS job (name, claimed_until) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET claimed_until = EXCLUDED.claimed_until
               WHERE (job.claimed_until IS NULL OR job.claimed_until <= $3)
                 AND (job.ended_at IS NULL OR job.ended_at <= $4)";
    let (until, now) = (int(now.millis().saturating_add(lease_ms)), int(now.millis()));
    // What ended at this moment or before is due.
    let due = now.saturating_sub(int(every_ms));
    let params = [text(&name), number(&until), number(&now), number(&due)];
    let claimed = work.execute(sql, &params).await?;
    work.commit().await?;
    Ok(claimed > 0)
}

pub(crate) async fn finish(
    pool: &Arc<Pool>,
    name: &str,
    now: Timestamp,
    outcome: Result<Json, String>,
) -> Result<(), StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let is_ok = outcome.is_ok();
    // PostgreSQL's text has no character NUL.
    let outcome =
        outcome.map_or_else(|why| why.replace('\0', "\u{fffd}"), |report| report.as_str().to_owned());
    let sql = "UPDATE tidings_jobs SET claimed_until = NULL, ended_at = $2, is_ok = $3, outcome = $4 WHERE name = $1";
    work.execute(sql, &[text(&name), number(&int(now.millis())), flag(&is_ok), text(&outcome)]).await?;
    work.commit().await
}

pub(crate) async fn all(pool: &Arc<Pool>) -> Result<Vec<JobState>, Failure> {
    let sql = "SELECT name, claimed_until, ended_at, is_ok, outcome FROM tidings_jobs ORDER BY name";
    ask(pool, sql, &[]).await?.iter().map(state).collect()
}

fn state(row: &Row) -> Result<JobState, Failure> {
    let time = |column| -> Result<Option<Timestamp>, Failure> {
        let millis: Option<i64> = rows::get(row, column)?;
        Ok(millis.map(|millis| Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())))
    };
    let outcome =
        match (rows::get::<Option<bool>>(row, "is_ok")?, rows::get::<Option<String>>(row, "outcome")?) {
            (Some(true), Some(report)) => Some(Ok(rows::parse_json(&report)?)),
            (Some(false), Some(why)) => Some(Err(why)),
            _ => None,
        };
    let (claimed_until, ended_at) = (time("claimed_until")?, time("ended_at")?);
    Ok(JobState { name: rows::get(row, "name")?, claimed_until, ended_at, outcome })
}
