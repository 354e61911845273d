//! `POST /v1/notifications`, and calling off what was not sent yet.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use tidings_core::{store::Once, tidings::notifications::Sent};
use tidings_protocol::{ErrorCode, Fault, http::NotifyResponse};

use super::ask;
use crate::{
    App,
    api::{
        answer::Answer,
        body,
        endpoint::Outcome,
        idempotency::{self, Key},
        path,
    },
};

/// Notifies whom the body says.
pub(crate) async fn notify(app: Arc<App>, request: Request) -> Outcome {
    let key = Key::of(request.headers())?;
    let body = body::read(&app, request).await?;
    match key {
        None => Ok(answer(app, &body, None).await?.0.into_response()),
        Some(key) => {
            let print = idempotency::fingerprint("notify", &body);
            let work = |app, once| async move { answer(app, &body, Some(once)).await };
            idempotency::once(app, key, print, work).await
        }
    }
}

async fn answer(app: Arc<App>, json: &[u8], once: Option<Once>) -> Result<(Answer, bool), Fault> {
    let ask = ask::read(json, app.settings.limits.json_depth)?;
    let Sent { id, deduplicated, scheduled_for, reached, replayed } = app.tidings.notify(ask, once).await?;
    let response = NotifyResponse { id, deduplicated, scheduled_for, reached };
    Ok((Answer::json(StatusCode::CREATED, &response)?, replayed))
}

/// Calls off what was not sent yet.
pub(crate) async fn call_off(app: Arc<App>, mut request: Request) -> Outcome {
    let id = path::id(&mut request).await?;
    match app.tidings.call_off(id).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Fault::new(ErrorCode::NotFound, "nothing with this id waits to be sent").into()),
    }
}
