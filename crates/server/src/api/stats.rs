//! `GET /v1/stats`: the few numbers that a status page shows. All others are in `/metrics`.

use std::sync::Arc;

use axum::extract::Request;
use tidings_protocol::http::Stats;

use super::{answer::Answer, endpoint::Outcome};
use crate::App;

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
    })?)
}
