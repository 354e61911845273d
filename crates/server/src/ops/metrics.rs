//! What the edges count: requests, handshakes, ends. Every series is there from the start with 0, and counting is one atomic
//! addition on a handle that was looked up when the server was made.

use http::StatusCode;
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::histogram::Durations;
use crate::api::routes;

/// How a WebSocket handshake can go.
const HANDSHAKES: [&str; 6] =
    ["accepted", "bad_token", "foreign_origin", "rate_limited", "too_many", "unavailable"];

/// How a connection can end: `refused` stays away, `wait` and `at_once` come back.
const CLOSES: [&str; 7] = ["normal", "lost", "restart", "refused", "wait", "at_once", "error"];

/// Classes of HTTP statuses that are answered.
const STATUSES: [&str; 3] = ["2xx", "4xx", "5xx"];

/// Counters of the HTTP interface and of the WebSocket's edge.
#[derive(Debug)]
pub struct EdgeMetrics {
    /// Messages of clients that were not understood.
    pub invalid_messages: Counter,
    /// How long `POST /v1/publish` took from the complete request to the answer.
    pub publish_seconds: Durations,
    requests: Labelled<2>,
    handshakes: Labelled<1>,
    closes: Labelled<1>,
}

impl Default for EdgeMetrics {
    fn default() -> Self {
        let request = |endpoint| STATUSES.map(|status| [("endpoint", endpoint), ("status", status)]);
        Self {
            invalid_messages: Counter::default(),
            publish_seconds: Durations::default(),
            requests: Labelled::new(routes::endpoints().flat_map(|endpoint| request(endpoint.name))),
            handshakes: Labelled::new(HANDSHAKES.map(|result| [("result", result)])),
            closes: Labelled::new(CLOSES.map(|class| [("class", class)])),
        }
    }
}

impl EdgeMetrics {
    /// Makes the counters known under their public names.
    pub fn register(&self, registry: &mut Registry) {
        let invalid = self.invalid_messages.clone();
        registry.register(
            "tidings_invalid_messages",
            "Messages of clients that were not understood",
            invalid,
        );
        let seconds = self.publish_seconds.clone();
        registry.register(
            "tidings_publish_seconds",
            "How long POST /v1/publish took, body read to answer",
            seconds,
        );
        let requests = self.requests.family.clone();
        registry.register("tidings_http_requests", "HTTP requests by endpoint and class of status", requests);
        let handshakes = self.handshakes.family.clone();
        registry.register("tidings_handshakes", "WebSocket handshakes by how they went", handshakes);
        let closes = self.closes.family.clone();
        registry.register("tidings_closes", "Connections that ended, by class of close code", closes);
    }

    /// Counts an answered request; `ordinal` is the endpoint's place in the table.
    pub(crate) fn answered(&self, ordinal: usize, status: StatusCode) {
        let class = match status.as_u16() {
            500.. => 2,
            400.. => 1,
            _ => 0,
        };
        self.requests.inc(ordinal * STATUSES.len() + class);
    }

    /// Counts a handshake: `accepted`, `bad_token`, `foreign_origin`, `rate_limited`, `too_many` or `unavailable`.
    pub fn handshake(&self, result: &'static str) {
        self.handshakes.inc_named(result);
    }

    /// Counts a connection that ended with this close code; 1006 stands for an end without one.
    pub fn closed(&self, code: u16) {
        self.closes.inc_named(match code {
            1000 | 1001 | 1005 => "normal",
            1006 => "lost",
            1012 => "restart",
            4000..=4099 => "refused",
            1013 | 4100..=4199 => "wait",
            4200..=4299 => "at_once",
            _ => "error",
        });
    }
}

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counters that differ in their labels, with a handle on each: no look-up and no lock where something is counted.
#[derive(Debug)]
struct Labelled<const N: usize> {
    family: Family<Labels<N>, Counter>,
    handles: Vec<Counter>,
    /// Value of each handle's last label.
    names: Vec<&'static str>,
}

impl<const N: usize> Labelled<N> {
    fn new(labels: impl IntoIterator<Item = Labels<N>>) -> Self {
        let family = Family::<Labels<N>, Counter>::default();
        let (mut handles, mut names) = (Vec::new(), Vec::new());
        for labels in labels {
            handles.push(family.get_or_create_owned(&labels));
            names.extend(labels.last().map(|(_, value)| *value));
        }
        Self { family, handles, names }
    }

    fn inc(&self, place: usize) {
        if let Some(counter) = self.handles.get(place) {
            counter.inc();
        }
    }

    /// By the value of the last label. There are a handful: looking is cheaper than hashing.
    fn inc_named(&self, name: &'static str) {
        let place = self.names.iter().position(|known| *known == name);
        debug_assert!(place.is_some(), "{name} is no label of this counter");
        if let Some(place) = place {
            self.inc(place);
        }
    }
}
