//! `POST /v1/publish/batch`: many entries in one request, each taken or refused by itself.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
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
    publish::publish_one,
    refusal,
};
use crate::App;

/// Entries after which others get a turn.
const TURN: usize = 64;

/// Publishes the entries in their order.
pub(crate) async fn publish_batch(app: Arc<App>, request: Request) -> Outcome {
    let key = Key::of(request.headers())?;
    let body = body::read(&app, request).await?;
    match key {
        None => Ok(answer(&app, &body).await?.into_response()),
        Some(key) => {
            let print = idempotency::fingerprint("publish_batch", &body);
            idempotency::once(app.clone(), key, print, async move { answer(&app, &body).await }).await
        }
    }
}

async fn answer(app: &App, json: &[u8]) -> Result<Answer, Fault> {
    // Nesting is checked entry by entry: raw values are skipped without recursion, so one that is too deep harms only itself.
    let Ok(BatchRequest { entries }) = object::from_slice(json) else {
        return Err(refusal::of_batch(json));
    };
    if entries.len() > BATCH_MAX {
        return Err(Fault::invalid("entries", format!("expected at most {BATCH_MAX} entries")));
    }
    let mut results = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        if index % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        results.push(match publish_one(app, entry.as_str().as_bytes()).await {
            Ok(response) => BatchResult::Published(response),
            Err(fault) => BatchResult::Refused { error: error(index, fault) },
        });
    }
    Answer::json(StatusCode::OK, &BatchResponse { results })
}

fn error(index: usize, fault: Fault) -> BatchError {
    let path = match fault.path {
        Some(path) => format!("entries[{index}].{path}"),
        None => format!("entries[{index}]"),
    };
    BatchError { code: fault.code, detail: fault.message.into_owned(), path: Some(path) }
}
