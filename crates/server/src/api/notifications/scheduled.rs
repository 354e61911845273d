//! `/v1/notifications/scheduled`: what waits to be sent.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::tidings::notifications::Planned;
use tidings_protocol::{EntryId, http::ScheduledInfo};

use crate::{
    App,
    api::{answer::Answer, endpoint::Outcome, page::PageRequest, query::Query},
};

/// Lists it in the order of ids.
pub(crate) async fn scheduled(app: Arc<App>, request: Request) -> Outcome {
    let page = PageRequest::<EntryId>::of(Query::of(request.uri()))?;
    let planned = app.tidings.planned(page.after(), page.wanted()).await?;
    Ok(Answer::now(&page.cut(planned, |planned| &planned.id, show))?)
}

fn show(planned: Planned) -> ScheduledInfo {
    let Planned { id, part_of, due_at, request, digest } = planned;
    ScheduledInfo {
        id,
        part_of,
        send_at: due_at,
        to: request.to,
        title: request.title,
        severity: request.severity.unwrap_or_default(),
        category: request.category,
        repeat: request.repeat,
        digest,
    }
}
