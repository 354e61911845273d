//! `GET /v1/stats`: the few numbers that a status page shows. All others are in `/metrics`.

use std::sync::Arc;

use axum::extract::Request;
use tidings_protocol::http::{JobInfo, JobOutcome, Stats};

use super::{answer::Answer, endpoint::Outcome};
use crate::{App, jobs::Standing};

/// Counts what is there now and what was since the start.
pub(crate) async fn stats(app: Arc<App>, _: Request) -> Outcome {
    let (hub, metrics) = (&app.tidings.hub, &app.metrics);
    let (rooms, subscriptions) = hub.room_counts();
    Ok(Answer::now(&Stats {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: app.started.elapsed().as_secs(),
        connections: hub.connection_count(),
        users: hub.present_user_count(),
        rooms,
        subscriptions,
        entries: metrics.entries.get(),
        deliveries: metrics.deliveries.get(),
        dropped: metrics.dropped.get(),
        slow_readers: metrics.slow_readers.get(),
        jobs: app.jobs.standing(&app.settings).into_iter().map(|standing| job(&app, standing)).collect(),
    })?)
}

fn job(app: &App, standing: Standing) -> JobInfo {
    let Standing { state, next, waiting } = standing;
    let now = app.tidings.clock().now();
    let (outcome, report, error) = match state.outcome {
        Some(Ok(report)) => (Some(JobOutcome::Ok), Some(report), None),
        Some(Err(error)) => (Some(JobOutcome::Failed), None, Some(error)),
        None => (None, None, None),
    };
    JobInfo {
        name: state.name,
        outcome,
        ended_at: state.ended_at,
        next_at: next,
        running: state.claimed_until.is_some_and(|until| until > now),
        waiting,
        report,
        error,
    }
}
