//! Asking once for many: who wants the same at the same time shares one answer, and never one that was on its way before they
//! asked.

use std::{
    future::Future,
    hash::Hash,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{
    FutureExt,
    future::{Shared, WeakShared},
};
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::StoreError;

/// An answer that many wait for. Whoever of them is polled drives it, so each may go at any time.
pub(super) type SharedAnswer<T> = Shared<Work<T>>;

type Work<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;
type Table<K, T> = Mutex<HashMap<K, Flight<T>>>;

/// Questions under way, by what they ask: of each at most one that has begun, and one that begins when that has ended.
pub(super) struct Flights<K: Eq + Hash, T> {
    table: Arc<Table<K, T>>,
    numbers: AtomicU64,
}

/// The table must not keep a question alive that nobody waits for: it may hold a connection of the store.
struct Flight<T> {
    number: u64,
    has_begun: bool,
    answer: WeakShared<Work<T>>,
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn new() -> Self {
        Self { table: Arc::default(), numbers: AtomicU64::default() }
    }

    /// The answer to a question that is put to the store from now on. One that has begun may have looked too early: then the answer is that
    /// of the next, which begins when it has ended. Its failure is the next one's too, so that nobody waits for two.
    pub(super) fn join<F>(&self, key: K, ask: impl FnOnce() -> F + Send + 'static) -> SharedAnswer<T>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let mut table = self.table.lock();
        let current = table.get(&key).and_then(|flight| Some((flight.answer.upgrade()?, flight.has_begun)));
        // An answer leaves this function or goes into the next one: dropped here as the last of its kind, it would want the lock.
        let before = match current {
            Some((answer, false)) => return answer,
            Some((answer, true)) => Some(answer),
            None => None,
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let place = Place { table: self.table.clone(), key: key.clone(), number };
        let work: Work<T> = Box::pin(async move {
            if let Some(before) = before {
                before.await?;
            }
            place.begin();
            ask().await
        });
        let answer = work.shared();
        if let Some(weak) = answer.downgrade() {
            table.insert(key, Flight { number, has_begun: false, answer: weak });
        }
        answer
    }
}

/// A flight's own line in the table, for as long as it lasts.
struct Place<K: Eq + Hash, T> {
    table: Arc<Table<K, T>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T> Place<K, T> {
    fn begin(&self) {
        if let Some(flight) = self.table.lock().get_mut(&self.key).filter(|it| it.number == self.number) {
            flight.has_begun = true;
        }
    }
}

impl<K: Eq + Hash, T> Drop for Place<K, T> {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        if table.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            table.remove(&self.key);
        }
    }
}
