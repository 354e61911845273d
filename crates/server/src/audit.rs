//! Writing down what is done before it is done, and by whom.

use axum::extract::Request;
use http::{Extensions, HeaderMap};
use serde::Serialize;
use tidings_core::tidings::Subject;
use tidings_protocol::{ErrorCode, Fault, Json};

use crate::{App, auth::fingerprint, origin};

/// Who asks, as the audit log names them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor(String);

impl Actor {
    /// Whoever may use the store itself, by the command line.
    pub fn command_line() -> Self {
        Self("cli".to_owned())
    }

    /// Who sent a request: the API key's fingerprint and the address that it came from. To be asked before its body is read.
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
pub async fn write(
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
