//! The audit log. Triggers refuse every change and every deletion; what got past them breaks the chain.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::store::{AuditAct, AuditRecord};

use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    values,
};

pub(crate) fn append(ledger: &mut Ledger, act: AuditAct) -> Work<AuditRecord> {
    let find = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> = ledger
        .connection()
        .prepare_cached(find)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) = match last {
        Some((number, previous)) => (values::count(number)?, hash(&previous)?),
        None => (0, [0; 32]),
    };
    let record = AuditRecord::chain(number + 1, &previous, act);
    let AuditAct { time, actor, act, subject, detail } = &record.act;
    let put = "INSERT INTO audit (number, time, actor, act, subject, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    ledger.connection().prepare_cached(put)?.execute(params![
        values::number(record.number),
        values::millis(*time),
        actor,
        act,
        subject,
        detail.as_str(),
        &record.hash[..],
    ])?;
    Ok(record)
}

/// Records behind number `after` as they are kept: whether each follows the one before is the reader's to check, and to report.
pub(crate) fn read(connection: &Connection, after: u64, limit: usize) -> Work<Vec<AuditRecord>> {
    let sql = "SELECT number, time, actor, act, subject, detail, hash FROM audit
               WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut page = connection.prepare_cached(sql)?;
    let mut rows = page.query([values::number(after), values::rows(limit)])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

fn record(row: &Row<'_>) -> Work<AuditRecord> {
    let act = AuditAct {
        time: values::time(row.get(1)?)?,
        actor: row.get(2)?,
        act: row.get(3)?,
        subject: row.get(4)?,
        detail: values::json(&row.get::<_, String>(5)?)?,
    };
    Ok(AuditRecord { number: values::count(row.get(0)?)?, act, hash: hash(&row.get::<_, Vec<u8>>(6)?)? })
}

fn hash(bytes: &[u8]) -> Work<[u8; 32]> {
    bytes.try_into().or_else(|_| damaged("a hash of the audit log has another length"))
}
