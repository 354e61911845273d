//! Background jobs: who has which, and how they ended.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::store::JobState;
use tidings_protocol::{Json, Timestamp};

use crate::{error::Work, ledger::Ledger, values};

/// Takes a job that is due and that nobody has.
pub(crate) fn claim(
    ledger: &mut Ledger,
    name: &str,
    now: Timestamp,
    every_ms: u64,
    lease_ms: u64,
) -> Work<bool> {
    let find = "SELECT claimed_until, ended_at FROM jobs WHERE name = ?1";
    let known: Option<(Option<i64>, Option<i64>)> = ledger
        .connection()
        .prepare_cached(find)?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (claimed_until, ended_at) = known.unwrap_or_default();
    let now = values::millis(now);
    let is_free = claimed_until.is_none_or(|until| until <= now);
    let is_due = ended_at.is_none_or(|ended| ended.saturating_add(values::number(every_ms)) <= now);
    if is_free && is_due {
        let put = "INSERT INTO jobs (name, claimed_until) VALUES (?1, ?2)
                   ON CONFLICT DO UPDATE SET claimed_until = excluded.claimed_until";
        let until = now.saturating_add(values::number(lease_ms));
        ledger.connection().prepare_cached(put)?.execute(params![name, until])?;
    }
    Ok(is_free && is_due)
}

pub(crate) fn finish(
    ledger: &mut Ledger,
    name: &str,
    now: Timestamp,
    outcome: &Result<Json, String>,
) -> Work<()> {
    let change =
        "UPDATE jobs SET claimed_until = NULL, ended_at = ?2, report = ?3, trouble = ?4 WHERE name = ?1";
    let (report, trouble) = (outcome.as_ref().ok().map(Json::as_str), outcome.as_ref().err());
    ledger.connection().prepare_cached(change)?.execute(params![
        name,
        values::millis(now),
        report,
        trouble
    ])?;
    Ok(())
}

pub(crate) fn all(connection: &Connection) -> Work<Vec<JobState>> {
    let sql = "SELECT name, claimed_until, ended_at, report, trouble FROM jobs ORDER BY name";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query([])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(job(row)?);
    }
    Ok(jobs)
}

fn job(row: &Row<'_>) -> Work<JobState> {
    let time = |column| row.get::<_, Option<i64>>(column)?.map(values::time).transpose();
    let (report, trouble): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
    let outcome = match (report, trouble) {
        (Some(report), _) => Some(Ok(values::json(&report)?)),
        (None, Some(trouble)) => Some(Err(trouble)),
        (None, None) => None,
    };
    Ok(JobState { name: row.get(0)?, claimed_until: time(1)?, ended_at: time(2)?, outcome })
}
