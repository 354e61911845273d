//! The audit log: a chain to which one server at a time appends. Triggers refuse to change or delete what is in it.

use std::sync::Arc;

use tidings_core::{
    StoreError,
    store::{AuditAct, AuditRecord},
};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{QUICK, Work, ask, bytes, int, limit as bounded, number, text},
};

/// `pg_advisory_xact_lock`: who appends. The text `audit` as a number.
const LOCK: i64 = 0x0061_7564_6974;

pub(crate) async fn append(pool: &Arc<Pool>, act: AuditAct) -> Result<AuditRecord, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    work.run(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    let rows = work.query("SELECT number, hash FROM tidings_audit ORDER BY number DESC LIMIT 1", &[]).await?;
    let (number_before, previous) = match rows.first() {
        Some(row) => (rows::count(row, "number")?, rows::hash(row, "hash")?),
        None => (0, [0; 32]),
    };
    // PostgreSQL's text has no character NUL, and what is hashed must be what is kept.
    let plain = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    let act = AuditAct { actor: plain(act.actor), act: plain(act.act), subject: plain(act.subject), ..act };
    let record = AuditRecord::chain(number_before + 1, &previous, act);
    let (place, time) = (int(record.number), int(record.act.time.millis()));
    let (detail, hash) = (record.act.detail.as_str(), &record.hash[..]);
    let params = [
        number(&place),
        number(&time),
        text(&record.act.actor),
        text(&record.act.act),
        text(&record.act.subject),
        text(&detail),
        bytes(&hash),
    ];
    let sql = "INSERT INTO tidings_audit (number, time, actor, act, subject, detail, hash)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    work.execute(sql, &params).await?;
    work.commit().await?;
    Ok(record)
}

pub(crate) async fn log(pool: &Arc<Pool>, after: u64, limit: usize) -> Result<Vec<AuditRecord>, Failure> {
    let sql = "SELECT number, time, actor, act, subject, detail, hash FROM tidings_audit
               WHERE number > $1 ORDER BY number LIMIT $2";
    ask(pool, sql, &[number(&int(after)), number(&bounded(limit))]).await?.iter().map(record).collect()
}

/// As it is kept: whether it follows the one before is the reader's to check, and to report.
fn record(row: &Row) -> Result<AuditRecord, Failure> {
    let act = AuditAct {
        time: rows::time(row, "time")?,
        actor: rows::get(row, "actor")?,
        act: rows::get(row, "act")?,
        subject: rows::get(row, "subject")?,
        detail: rows::json(row, "detail")?,
    };
    Ok(AuditRecord { number: rows::count(row, "number")?, act, hash: rows::hash(row, "hash")? })
}
