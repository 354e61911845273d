//! `GET /v1/audit`: what was done.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::{
    hex,
    store::{AuditAct, AuditRecord},
};
use tidings_protocol::http::{AuditItem, AuditPage};

use super::{answer::Answer, endpoint::Outcome, page, query::Query};
use crate::App;
pub(crate) use crate::audit::{Actor, write};

/// Lists records of the audit log.
pub(crate) async fn list(app: Arc<App>, request: Request) -> Outcome {
    let query = Query::of(request.uri());
    let after = query.one("cursor", "the next_cursor of the page before")?.unwrap_or(0);
    let limit = page::limit(query)?;
    let (mut records, chain) = app.tidings.audit_log(after, limit + 1).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let next_cursor = records.last().filter(|_| more).map(|last| last.number.to_string());
    let broken_at = chain.broken_at();
    let items = records.into_iter().map(item).collect();
    Ok(Answer::now(&AuditPage { items, next_cursor, broken_at })?)
}

fn item(record: AuditRecord) -> AuditItem {
    let AuditRecord { number, act, hash } = record;
    let AuditAct { time, actor, act, subject, detail } = act;
    AuditItem { number, time, actor, act, subject, detail, hash: hex(&hash) }
}
