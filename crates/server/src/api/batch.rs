//! `POST /v1/publish/batch`: many entries in one request, each taken or refused by itself.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use tidings_core::store::Once;
use tidings_protocol::{
    Fault,
    http::{BATCH_MAX, BatchError, BatchRequest, BatchResponse, BatchResult},
    object,
};

use super::{
    answer::Answer,
    body,
    endpoint::Outcome,
    idempotency::{self, Key},
    publish::{read, response},
    refusal,
};
use crate::App;

/// Publishes the entries in their order.
pub(crate) async fn publish_batch(app: Arc<App>, request: Request) -> Outcome {
    let key = Key::of(request.headers())?;
    let body = body::read(&app, request).await?;
    match key {
        None => Ok(answer(app, &body, None).await?.0.into_response()),
        Some(key) => {
            let print = idempotency::fingerprint("publish_batch", &body);
            let work = |app, once| async move { answer(app, &body, Some(once)).await };
            idempotency::once(app, key, print, work).await
        }
    }
}

async fn answer(app: Arc<App>, json: &[u8], once: Option<Once>) -> Result<(Answer, bool), Fault> {
    // Nesting is checked entry by entry: raw values are skipped without recursion, so one that is too deep harms only itself.
    let Ok(BatchRequest { entries }) = object::from_slice(json) else {
        return Err(refusal::of_batch(json));
    };
    if entries.len() > BATCH_MAX {
        return Err(Fault::invalid("entries", format!("expected at most {BATCH_MAX} entries")));
    }
    let depth_max = app.settings.limits.json_depth;
    let publications = entries.iter().map(|entry| read(entry.as_str().as_bytes(), depth_max)).collect();
    let published = app.tidings.publish_all(publications, once).await?;
    let replayed = published.iter().flatten().any(|published| published.replayed);
    let results = published.into_iter().enumerate().map(|(index, published)| match published {
        Ok(published) => BatchResult::Published(response(published)),
        Err(fault) => BatchResult::Refused { error: error(index, fault) },
    });
    let answer = Answer::json(StatusCode::OK, &BatchResponse { results: results.collect() })?;
    Ok((answer, replayed))
}

fn error(index: usize, fault: Fault) -> BatchError {
    let path = match fault.path {
        Some(path) => format!("entries[{index}].{path}"),
        None => format!("entries[{index}]"),
    };
    BatchError { code: fault.code, detail: fault.message.into_owned(), path: Some(path) }
}
