//! `/livez` and `/readyz`: whether the process should be restarted, and whether it should get new connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, Uri, header};
use tidings_core::Monotonic;
use tidings_protocol::{ErrorCode, Fault};

use crate::{
    App,
    api::{endpoint::Outcome, query::Query},
};

/// How long the fan-out may stay silent; it beats a few times a second.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// The fan-out's sign of life. Whoever drives the hub calls [`Pulse::beat`] each time.
#[derive(Default, Debug)]
pub struct Pulse(AtomicU64);

impl Pulse {
    /// Notes that the fan-out runs.
    pub fn beat(&self, now: Monotonic) {
        self.0.store(now.0.max(1), Ordering::Relaxed);
    }

    /// Whether it ran lately. Before its first beat nothing is known: then the server has only just been made.
    fn is_alive(&self, now: Monotonic) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => true,
            last => now.since(Monotonic(last)) <= SILENCE_MAX,
        }
    }
}

/// One thing that is looked at.
struct Check {
    name: String,
    /// What is wrong with it: a sentence for operators.
    wrong: Option<String>,
    /// What everybody may know of that; none where new connections may come all the same.
    public: Option<&'static str>,
}

impl Check {
    fn new(name: &str, wrong: Option<String>, public: &'static str) -> Self {
        Self { name: name.to_owned(), public: wrong.is_some().then_some(public), wrong }
    }
}

/// What is looked at, with what is wrong with it.
async fn checks(app: &App) -> Vec<Check> {
    let unless = |fine: bool, wrong: &'static str| {
        let said = (!fine).then(|| wrong.to_owned());
        move |name| Check::new(name, said, wrong)
    };
    let is_alive = app.pulse.is_alive(app.tidings.clock().monotonic());
    let store = app.store_health.check(&app.tidings).await;
    let mut checks = vec![
        unless(!app.is_draining(), "about to stop, no new connections")("listening"),
        Check::new("store", store.err(), "not available"),
        unless(is_alive, "silent for more than 5 s")("fan-out"),
    ];
    // What goes wrong behind the scenes is for operators; clients are served all the same.
    let troubles = app.jobs.troubles().into_iter();
    checks.extend(troubles.map(|(name, wrong)| Check { name, wrong: Some(wrong), public: None }));
    checks
}

/// 200 as long as the process can answer at all.
pub(crate) async fn livez(_: Arc<App>, _: Request) -> Outcome {
    Ok(text(StatusCode::OK, "ok\n".to_owned()))
}

/// 200 when new connections may come; with `?verbose`, check by check.
pub(crate) async fn readyz(app: Arc<App>, request: Request) -> Outcome {
    let checks = checks(&app).await;
    let wrong = checks.iter().find_map(|check| Some((&check.name, check.public?)));
    let status = if wrong.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if is_verbose(request.uri()) {
        return Ok(text(status, lines(&checks)));
    }
    match wrong {
        None => Ok(text(status, "ok\n".to_owned())),
        Some((name, wrong)) => Err(Fault::new(ErrorCode::Unavailable, format!("{name}: {wrong}")).into()),
    }
}

/// Whether the checks are asked for one by one.
pub(crate) fn is_verbose(uri: &Uri) -> bool {
    Query::of(uri).has("verbose")
}

fn lines(checks: &[Check]) -> String {
    let line = |check: &Check| match &check.wrong {
        None => format!("[+]{} ok\n", check.name),
        Some(wrong) => format!("[-]{} failed: {}\n", check.name, wrong.replace(['\r', '\n'], " ")),
    };
    checks.iter().map(line).collect()
}

fn text(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tidings_settings::Settings;

    use super::*;

    #[tokio::test]
    async fn a_server_that_is_about_to_stop_is_alive_but_not_ready() {
        let app = App::new(Settings::default(), Box::new(tidings_core::MemoryStore::default())).unwrap();
        app.drain();
        let request = |uri: &str| Request::get(uri).body(Body::empty()).unwrap();
        assert_eq!(livez(app.clone(), request("/livez")).await.unwrap().status(), 200);

        let fault = readyz(app.clone(), request("/readyz")).await.unwrap_err().0;
        assert_eq!(fault.code, ErrorCode::Unavailable);
        assert_eq!(fault.message, "listening: about to stop, no new connections");

        let verbose = readyz(app, request("/readyz?verbose")).await.unwrap();
        assert_eq!(verbose.status(), 503);
        let text = verbose.into_body().collect().await.unwrap().to_bytes();
        assert!(text.starts_with(b"[-]listening failed: about to stop"), "{text:?}");
    }

    #[test]
    fn a_pulse_that_stops_is_noticed() {
        let pulse = Pulse::default();
        assert!(pulse.is_alive(Monotonic(60_000)));
        pulse.beat(Monotonic(60_000));
        assert!(pulse.is_alive(Monotonic(65_000)));
        assert!(!pulse.is_alive(Monotonic(65_001)));
    }
}
