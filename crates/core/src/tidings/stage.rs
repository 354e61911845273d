//! What tests of the façade need: a server in memory with a clock that stands still.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use tidings_protocol::Reply;
use tidings_settings::{RoomRule, Settings, built_in_rooms};

use crate::{
    Clock, Encode, Entry, Format, Hub, HubSettings, Kinds, Monotonic, Store, Tidings, metrics::Metrics,
};

/// A clock that moves only when it is told: the date and the time that waits are measured by, each by itself.
pub(crate) struct Still {
    date: AtomicU64,
    waited: AtomicU64,
}

/// 2025-11-21, in milliseconds.
pub(crate) const TODAY: u64 = 1_763_704_800_000;

impl Default for Still {
    fn default() -> Self {
        Self { date: AtomicU64::new(TODAY), waited: AtomicU64::new(1_000) }
    }
}

impl Still {
    /// Time passes.
    pub(crate) fn pass(&self, ms: u64) {
        self.date.fetch_add(ms, Ordering::Relaxed);
        self.waited.fetch_add(ms, Ordering::Relaxed);
    }

    /// Somebody sets the clock.
    pub(crate) fn set_by(&self, ms: i64) {
        let date = self.date.load(Ordering::Relaxed);
        self.date.store(date.saturating_add_signed(ms), Ordering::Relaxed);
    }
}

impl Clock for Still {
    fn now(&self) -> tidings_protocol::Timestamp {
        tidings_protocol::Timestamp::from_millis(self.date.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.waited.load(Ordering::Relaxed))
    }
}

struct Plain;

impl Encode for Plain {
    fn entry(&self, _: Format, entry: &Entry) -> Bytes {
        entry.data.as_str().to_owned().into()
    }

    fn reply(&self, _: Format, _: &Reply) -> Bytes {
        Bytes::from_static(b"reply")
    }

    fn ping(&self, _: Option<u64>) -> Bytes {
        Bytes::new()
    }
}

/// Rules of rooms: name pattern and what is kept; then the built-in ones.
pub(crate) type Rules<'a> = &'a [(&'a str, &'a str)];

/// What rooms are, by some rules.
pub(crate) fn kinds(rules: Rules<'_>) -> Kinds {
    let rule = |(pattern, keep): &(&str, &str)| RoomRule {
        pattern: pattern.parse().unwrap(),
        keep: keep.parse().unwrap(),
        ..RoomRule::default()
    };
    let rules: Vec<RoomRule> = rules.iter().map(rule).chain(built_in_rooms()).collect();
    Kinds::new(&rules)
}

/// A server on a store.
pub(crate) fn tidings_on(store: Box<dyn Store>, rules: Rules<'_>, clock: &Arc<Still>) -> Tidings {
    tidings_of(store, kinds(rules), clock)
}

/// The same with rules that say more.
pub(crate) fn tidings_of(store: Box<dyn Store>, kinds: Kinds, clock: &Arc<Still>) -> Tidings {
    let settings = Settings::default();
    let hub_settings =
        HubSettings { live: settings.live, limits: settings.limits, leeway: settings.auth.leeway };
    let metrics = Arc::new(Metrics::default());
    let hub = Hub::new(hub_settings, clock.clone(), Box::new(Plain), Box::new(|| {}), metrics);
    Tidings::new(hub, store, kinds, clock.clone())
}

/// Runs what never waits for anything outside: the store in memory is always ready.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..1_000_000 {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("it waits for something that does not come")
}
