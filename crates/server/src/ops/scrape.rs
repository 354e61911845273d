//! `/metrics`: everything counted, as OpenMetrics text. Numbers of things that are there are taken when they are asked for.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::header;
use prometheus_client::{encoding::text, metrics::gauge::ConstGauge, registry::Registry};
use tidings_protocol::{ErrorCode, Fault};

use super::process::Process;
use crate::{App, api::endpoint::Outcome};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes all metrics.
pub(crate) async fn metrics(app: Arc<App>, _: Request) -> Outcome {
    // Counting rooms and descriptors takes milliseconds where there are many.
    let written = tokio::task::spawn_blocking(move || write(&app)).await;
    match written {
        Ok(Ok(text)) => {
            Ok(([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text)
                .into_response())
        }
        _ => Err(Fault::new(ErrorCode::Internal, "the metrics could not be written").into()),
    }
}

fn write(app: &App) -> Result<String, std::fmt::Error> {
    let mut out = String::with_capacity(8 * 1024);
    text::encode_registry(&mut out, &app.registry)?;
    text::encode_registry(&mut out, &gauges(app))?;
    text::encode_eof(&mut out)?;
    Ok(out)
}

fn gauges(app: &App) -> Registry {
    let (hub, process) = (&app.tidings.hub, Process::read());
    let (rooms, subscriptions) = hub.room_counts();
    let mut registry = Registry::default();
    let mut gauge = |name: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            registry.register(name, help, ConstGauge::new(value));
        }
    };
    let count = |count: usize| Some(count as u64);
    gauge("tidings_connections", "Sockets open now", count(hub.connection_count()));
    gauge("tidings_users", "Different people connected now or within the grace", count(hub.user_count()));
    gauge("tidings_rooms", "Rooms that somebody follows now", count(rooms));
    gauge("tidings_subscriptions", "Connections following rooms now", count(subscriptions));
    gauge("tidings_draining", "1 while the server is about to stop", count(usize::from(app.is_draining())));
    gauge("tidings_uptime_seconds", "Since the start", Some(app.started.elapsed().as_secs()));
    gauge("process_resident_memory_bytes", "Memory in use", process.resident_bytes);
    gauge("process_open_fds", "Open file descriptors", process.open_fds);
    gauge("process_max_fds", "Most file descriptors that may be open", process.fds_max);
    registry
}
