//! What waits for the writer, bounded in number and bytes.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use tidings_core::StoreError;

use crate::{
    Options,
    task::{Command, answer_all},
};

/// Most of one transaction: what comes in meanwhile waits for all of it.
const BATCH_COMMANDS: usize = 1_024;
const BATCH_BYTES: usize = 4 << 20;
/// How often somebody looks whether it does.
const LOOK: Duration = Duration::from_millis(200);

pub(crate) type Batch = Vec<Box<dyn Command>>;

pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    watch: Condvar,
    commands_max: usize,
    bytes_max: usize,
    stall: Duration,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Command>>,
    bytes: usize,
    /// Number of commands at which the writer wants to be woken; 0 while it works.
    wanted: usize,
    /// Why nothing is taken in.
    away: Option<StoreError>,
    closed: Option<Instant>,
    /// Since when the writer has been at one batch.
    busy: Option<Instant>,
    /// The batch that is being committed: who watches can answer it when the disk does not.
    committing: Option<Batch>,
}

/// What the writer gets.
pub(crate) enum Taken {
    Batch(Batch),
    Nothing,
    Closed,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            watch: Condvar::new(),
            commands_max: options.queue_commands,
            bytes_max: options.queue_bytes,
            stall: options.stall,
        }
    }

    /// Lets a command wait, or answers it at once.
    pub(crate) fn push(&self, command: Box<dyn Command>) {
        let mut state = self.state.lock();
        let refused = match (&state.away, state.closed) {
            (Some(why), _) => why.clone(),
            (None, Some(_)) => StoreError::Unavailable("Tidings is stopping".into()),
            (None, None) => {
                let bytes = state.bytes + command.bytes();
                if state.waiting.len() < self.commands_max && bytes <= self.bytes_max {
                    state.bytes = bytes;
                    state.waiting.push_back(command);
                    if state.wanted > 0 && state.waiting.len() >= state.wanted {
                        self.wake.notify_one();
                    }
                    return;
                }
                StoreError::Unavailable(
                    "more waits to be written than the disk takes; try again later".into(),
                )
            }
        };
        drop(state);
        answer_all([command], &Err(refused));
    }

    /// The next batch. Of those who were just answered `expected` may come back: while fewer than they and those who wait already are
    /// there, the batch is given a little `patience` to grow, because one sync for all is cheaper than one for each half.
    pub(crate) fn take(&self, expected: usize, patience: Duration, idle: Duration) -> Taken {
        let mut state = self.state.lock();
        state.busy = None;
        let expected = state.waiting.len() + expected;
        let until = Instant::now() + idle;
        while state.waiting.is_empty() && state.closed.is_none() {
            state.wanted = 1;
            if self.wake.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        let until = Instant::now() + patience;
        while (1..expected).contains(&state.waiting.len()) && state.closed.is_none() {
            state.wanted = expected;
            if self.wake.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        state.wanted = 0;
        if state.waiting.is_empty() {
            return if state.closed.is_some() { Taken::Closed } else { Taken::Nothing };
        }
        let (mut batch, mut bytes) = (Batch::new(), 0);
        while batch.len() < BATCH_COMMANDS && bytes < BATCH_BYTES {
            let Some(command) = state.waiting.pop_front() else { break };
            bytes += command.bytes();
            batch.push(command);
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        state.busy = Some(Instant::now());
        Taken::Batch(batch)
    }

    /// Waits between two attempts to open the database; false when it shall not be tried again.
    pub(crate) fn nap(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        if state.closed.is_none() {
            self.wake.wait_for(&mut state, time);
        }
        state.closed.is_none()
    }

    pub(crate) fn begin_commit(&self, batch: Batch) {
        self.state.lock().committing = Some(batch);
    }

    /// The batch again, unless it was answered meanwhile.
    pub(crate) fn end_commit(&self) -> Batch {
        self.state.lock().committing.take().unwrap_or_default()
    }

    /// Answers all that waits, and from now on everything at once.
    pub(crate) fn leave(&self, why: StoreError) {
        self.state.lock().away = Some(why);
        self.refuse_waiting();
    }

    pub(crate) fn come_back(&self) {
        self.state.lock().away = None;
    }

    pub(crate) fn refuse_waiting(&self) {
        let mut state = self.state.lock();
        let Some(why) = state.away.clone() else { return };
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        answer_all(waiting, &Err(why));
    }

    /// Takes nothing in any more; what waits is still done.
    pub(crate) fn close(&self) {
        self.state.lock().closed.get_or_insert(Instant::now());
        self.wake.notify_all();
        self.watch.notify_all();
    }

    /// Since when it has been closed.
    pub(crate) fn closed_since(&self) -> Option<Instant> {
        self.state.lock().closed
    }

    /// Looks after the writer until the queue is closed: while one batch takes too long, nobody else is left waiting for it.
    pub(crate) fn watch(&self) {
        let slow = "the disk of the database does not answer; look at it and at the system's log";
        let mut stalled = false;
        loop {
            let mut state = self.state.lock();
            if state.closed.is_some() {
                return;
            }
            self.watch.wait_for(&mut state, LOOK);
            let is_slow = state.busy.is_some_and(|since| since.elapsed() > self.stall);
            if is_slow {
                state.away.get_or_insert_with(|| StoreError::Unavailable(slow.into()));
                let committing = state.committing.take().unwrap_or_default();
                drop(state);
                answer_all(committing, &Err(StoreError::Uncertain(slow.into())));
                self.refuse_waiting();
            } else if stalled {
                state.away = None;
            }
            stalled = is_slow;
        }
    }
}
