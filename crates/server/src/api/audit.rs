//! Writing down what back ends do before it is done, and `GET /v1/audit`: what was done.

use std::sync::Arc;

use axum::extract::Request;
use http::{Extensions, HeaderMap};
use serde::Serialize;
use tidings_core::{
    store::{AuditAct, AuditRecord},
    tidings::Subject,
};
use tidings_protocol::{
    ErrorCode, Fault, Json,
    http::{AuditItem, AuditPage},
};

use super::{answer::Answer, endpoint::Outcome, page, query::Query};
use crate::{App, auth::fingerprint, jobs::hex, origin};

/// Who asks, as the audit log names them: the API key's fingerprint and the address that it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Actor(String);

impl Actor {
    /// Who sent a request. To be asked before its body is read.
    pub(crate) fn of(app: &App, request: &Request) -> Self {
        Self::of_head(app, request.headers(), request.extensions())
    }

    fn of_head(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let ip = origin::ip(headers, extensions, &app.settings.server.trusted_proxies);
        let key = fingerprint(headers).unwrap_or_else(|| "none".to_owned());
        Self(format!("key:{key} {ip}"))
    }
}

/// Writes down what is about to be done, where `security.audit_log` says so: `act` in the words of [`Tidings::audit`], `detail` a
/// struct or map with particulars, never content and never a user's id.
///
/// # Errors
/// `unavailable` when it cannot be written: then the act must not be done.
///
/// [`Tidings::audit`]: tidings_core::Tidings::audit
pub(crate) async fn write(
    app: &App,
    actor: Actor,
    act: &'static str,
    subject: Subject<'_>,
    detail: &(impl Serialize + Sync),
) -> Result<(), Fault> {
    if !app.settings.security.audit_log {
        return Ok(());
    }
    let detail = Json::of(detail)
        .map_err(|_| Fault::new(ErrorCode::Internal, "particulars for the audit log could not be written"))?;
    app.tidings.audit(actor.0, act, subject, detail).await.map(drop)
}

/// Lists records of the audit log.
pub(crate) async fn list(app: Arc<App>, request: Request) -> Outcome {
    let query = Query::of(request.uri());
    let after = query.one("after", "a record's number")?.unwrap_or(0);
    let limit = page::limit(query)?;
    let (mut records, chain) = app.tidings.audit_log(after, limit + 1).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let next_after = records.last().filter(|_| more).map(|last| last.number);
    let broken_at = chain.broken_at;
    let items = records.into_iter().map(item).collect();
    Ok(Answer::now(&AuditPage { items, next_after, broken_at })?)
}

fn item(record: AuditRecord) -> AuditItem {
    let AuditRecord { number, act, hash } = record;
    let AuditAct { time, actor, act, subject, detail } = act;
    AuditItem { number, time, actor, act, subject, detail, hash: hex(&hash) }
}
