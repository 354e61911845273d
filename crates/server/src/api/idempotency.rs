//! `Idempotency-Key`: a POST that is sent again because its answer got lost is not done again.
//!
//! Whole answers are kept in memory for 24 hours; when 100,000 answers or 64 MiB are kept, the oldest go first. The store keeps the
//! keys in the transaction of what was done, so that a restart forgets none: then the answer has the same ids and places, and
//! reached nobody. Only successes are remembered: what failed may be tried again with the same key.

use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};

use aws_lc_rs::digest;
use axum::response::IntoResponse;
use hashbrown::{HashMap, hash_map::Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use tidings_core::{
    Monotonic, hex,
    store::{Once, chat::ClientId},
};
use tidings_protocol::{ErrorCode, Fault};

use super::{answer::Answer, endpoint::Outcome};
use crate::{App, problem::HttpFault};

/// The header's name.
pub const HEADER: &str = "Idempotency-Key";
/// Says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
const ANSWERS_MAX: usize = 100_000;
const BYTES_MAX: usize = 64 << 20;
/// What an answer costs beside its key and body, about.
const OVERHEAD_BYTES: usize = 200;
/// When to ask again while the first request with a key is still running.
const RUNNING_RETRY_MS: u64 = 500;

/// Answers by key.
pub struct Idempotency {
    state: Mutex<State>,
    answers_max: usize,
    bytes_max: usize,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self { state: Mutex::default(), answers_max: ANSWERS_MAX, bytes_max: BYTES_MAX }
    }
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// Remembered answers, the oldest first, each with the time when it may be forgotten.
    order: VecDeque<(Monotonic, Key)>,
    bytes: usize,
}

struct Slot {
    print: Fingerprint,
    /// None while the first request runs.
    answer: Option<Answer>,
}

/// A key as the back end chose it. All back ends speak with the same rights, so they share one space of keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key(Arc<str>);

impl Key {
    /// The request's key, if it has one.
    ///
    /// # Errors
    /// `invalid_request` unless it is 1 to 255 visible ASCII characters, once.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = std::str::from_utf8(value.as_bytes())
            .ok()
            .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        match (key, values.next()) {
            (Some(key), None) => Ok(Some(Self(key.into()))),
            _ => Err(Fault::invalid(HEADER, "expected once 1 to 255 visible ASCII characters")),
        }
    }
}

impl Key {
    /// The key as a sender's name for a message, which is shorter than a key may be.
    ///
    /// # Errors
    /// `internal`, which no key causes.
    pub(crate) fn as_client_id(&self) -> Result<ClientId, Fault> {
        let Fingerprint(print) = fingerprint("client_id", self.0.as_bytes());
        let known_as = ClientId::parse(&format!("key:{}", hex(&print)));
        known_as.map_err(|_| Fault::new(ErrorCode::Internal, "this key cannot be kept"))
    }
}

/// SHA-256 of the operation and the body: whether two requests are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fingerprint([u8; digest::SHA256_OUTPUT_LEN]);

/// The fingerprint of a request.
pub(crate) fn fingerprint(operation: &'static str, body: &[u8]) -> Fingerprint {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [operation.as_bytes(), b"\0", body] {
        context.update(part);
    }
    let mut print = [0; digest::SHA256_OUTPUT_LEN];
    print.copy_from_slice(context.finish().as_ref());
    Fingerprint(print)
}

/// What to do with a request.
enum Begun<'a> {
    /// It is the first: do it.
    First(Claim<'a>),
    /// It was done: this was the answer.
    Done(Answer),
}

/// The right to do the request of a key. Dropped without an answer, the key is free again.
struct Claim<'a> {
    store: &'a Idempotency,
    key: Key,
    is_answered: bool,
}

/// Does a request once for its key. The work is given what the store should remember with it, and says with its answer whether the store
/// did already: before this server started, or by another one.
///
/// It runs in a task of its own: a caller who hangs up in the middle must not leave it half done, or the next try would do
/// the first half twice.
pub(crate) async fn once<W>(
    app: Arc<App>,
    key: Key,
    print: Fingerprint,
    work: impl FnOnce(Arc<App>, Once) -> W,
) -> Outcome
where
    W: Future<Output = Result<(Answer, bool), Fault>> + Send + 'static,
{
    let once = Once { key: (*key.0).into(), print: print.0, now: app.tidings.clock().now() };
    let work = work(app.clone(), once);
    let done = tokio::spawn(async move {
        let clock = app.tidings.clock();
        match app.idempotency.begin(key, print, clock.monotonic())? {
            Begun::Done(answer) => Ok((answer, true)),
            Begun::First(claim) => {
                let (answer, replayed) = work.await?;
                claim.answered(&answer, clock.monotonic());
                Ok((answer, replayed))
            }
        }
    });
    let crashed = |_| Err(Fault::new(ErrorCode::Internal, "the request could not be finished"));
    let (answer, replayed) = done.await.unwrap_or_else(crashed).map_err(HttpFault)?;
    let mut response = answer.into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

impl Idempotency {
    fn begin(&self, key: Key, print: Fingerprint, now: Monotonic) -> Result<Begun<'_>, Fault> {
        let mut state = self.state.lock();
        state.forget(|due, _| due <= now);
        match state.slots.entry(key) {
            Entry::Occupied(slot) if slot.get().print != print => {
                Err(Fault::new(ErrorCode::Conflict, "this Idempotency-Key was used for another request"))
            }
            Entry::Occupied(slot) => match &slot.get().answer {
                Some(answer) => Ok(Begun::Done(answer.clone())),
                None => Err(Fault {
                    retry_after_ms: Some(RUNNING_RETRY_MS),
                    ..Fault::new(
                        ErrorCode::Conflict,
                        "the first request with this Idempotency-Key is still running",
                    )
                }),
            },
            Entry::Vacant(slot) => {
                let key = slot.key().clone();
                slot.insert(Slot { print, answer: None });
                Ok(Begun::First(Claim { store: self, key, is_answered: false }))
            }
        }
    }
}

impl Claim<'_> {
    fn answered(mut self, answer: &Answer, now: Monotonic) {
        self.is_answered = true;
        let mut state = self.store.state.lock();
        let Some(slot) = state.slots.get_mut(&self.key) else { return };
        slot.answer = Some(answer.clone());
        state.bytes += cost(&self.key, answer);
        state.order.push_back((now.after(KEEP), self.key.clone()));
        let (answers_max, bytes_max) = (self.store.answers_max, self.store.bytes_max);
        state.forget(|_, state| state.order.len() > answers_max || state.bytes > bytes_max);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.store.state.lock().slots.remove(&self.key);
        }
    }
}

impl State {
    /// Lets the oldest answers go, as long as `old` says so of the time when they may be forgotten.
    fn forget(&mut self, old: impl Fn(Monotonic, &Self) -> bool) {
        while self.order.front().is_some_and(|(due, _)| old(*due, self)) {
            let Some((_, key)) = self.order.pop_front() else { return };
            if let Some(Slot { answer: Some(answer), .. }) = self.slots.remove(&key) {
                self.bytes -= cost(&key, &answer);
            }
        }
    }
}

fn cost(key: &Key, answer: &Answer) -> usize {
    key.0.len() + answer.body.len() + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests;
