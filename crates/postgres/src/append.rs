//! Appends: all that wait are committed together, because a commit costs the same for one entry and for hundreds.

mod batch;
pub(crate) mod keys;
mod queue;

use std::sync::Arc;

use tidings_core::{
    Entry, StoreError,
    store::{
        Appended, Once,
        chat::{Done, Refusal, Sending},
    },
};
use tidings_protocol::Offset;
use tidings_settings::Keep;
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{Duration, Instant},
};

pub(crate) use self::batch::SETTLE_EPOCHS;
use self::queue::Queue;
use crate::{
    failure::{Failure, Kind},
    pool::Pool,
    work::{QUICK, Work},
};

/// An append waits and is committed within this: the rest of the two seconds is for the way.
const ANSWER_MAX: Duration = Duration::from_millis(1_900);
/// Less time than this is not worth a beginning.
const WORTHWHILE: Duration = Duration::from_millis(50);
/// How often one batch is tried again because another server was quicker.
const RACES_MAX: usize = 3;

/// The appends that wait, and the tasks that commit them. The tasks end when this is dropped.
pub(crate) struct Appends {
    queue: Arc<Queue>,
    writers: Vec<AbortHandle>,
}

/// One append.
struct Command {
    entries: Vec<(Entry, Keep)>,
    once: Option<Once>,
    /// What is said beside the one entry that is a chat's message.
    sending: Option<Sending>,
    since: Instant,
    answer: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// What became of an append.
pub(crate) enum Outcome {
    Entries(Appended),
    Message(Result<Done, Refusal>),
}

/// What becomes of an append that is under way.
pub(crate) type Pending = oneshot::Receiver<Result<Outcome, StoreError>>;

impl Appends {
    /// Several writers work on different batches at a time; a room's row is locked until its batch is committed, so that
    /// nobody sees an offset before the one below it.
    pub(crate) fn start(pool: &Arc<Pool>, writers: usize) -> Self {
        let queue = Arc::new(Queue::default());
        let writers = (0..writers.max(1))
            .map(|_| tokio::spawn(write(queue.clone(), pool.clone())).abort_handle())
            .collect();
        Self { queue, writers }
    }

    /// Puts an append into the queue; its outcome comes later.
    pub(crate) fn push(
        &self,
        entries: Vec<(Entry, Keep)>,
        once: Option<Once>,
    ) -> Result<Pending, StoreError> {
        let (answer, outcome) = oneshot::channel();
        if entries.is_empty() && once.is_none() {
            let _ = answer.send(Ok(Outcome::Entries(Appended::New(Vec::new()))));
        } else {
            self.queue.push(Command { entries, once, sending: None, since: Instant::now(), answer })?;
        }
        Ok(outcome)
    }

    /// Puts a chat's message into the queue.
    pub(crate) fn send(&self, entry: Entry, keep: Keep, sending: Sending) -> Result<Pending, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let once = sending.once(&entry.room, entry.from.as_ref(), entry.time);
        let (entries, since) = (vec![(entry, keep)], Instant::now());
        self.queue.push(Command { entries, once, sending: Some(sending), since, answer })?;
        Ok(outcome)
    }
}

impl Drop for Appends {
    fn drop(&mut self) {
        self.writers.iter().for_each(AbortHandle::abort);
    }
}

async fn write(queue: Arc<Queue>, pool: Arc<Pool>) {
    loop {
        let commands = queue.next().await;
        let oldest = commands.iter().map(|command| command.since).min().unwrap_or_else(Instant::now);
        let until = (oldest + ANSWER_MAX).min(Instant::now() + QUICK);
        if let Err(failure) = commit(&pool, commands, until).await
            && matches!(failure.kind, Kind::Lost | Kind::Late)
        {
            // Who waits behind would only wait for the same.
            queue.refuse(&failure.into());
        }
    }
}

/// Commits a batch and answers everybody in it; the failure, when it was nobody's own.
async fn commit(pool: &Arc<Pool>, mut commands: Vec<Command>, until: Instant) -> Result<(), Failure> {
    let mut races = 0;
    loop {
        let failure = match batch::Batch::run(pool, &mut commands, until).await {
            Ok(outcomes) => {
                answer(commands, outcomes);
                return Ok(());
            }
            Err(batch::Stopped::Before(failure)) => failure,
            Err(batch::Stopped::During(error)) => {
                refuse(commands, &error);
                return Ok(());
            }
        };
        let is_own = !matches!(failure.kind, Kind::Lost | Kind::Late | Kind::Full);
        if failure.kind == Kind::Raced && races < RACES_MAX && Instant::now() + WORTHWHILE < until {
            races += 1;
        } else if is_own && commands.len() > 1 {
            // What is wrong with one must not take the others with it.
            for command in commands {
                Box::pin(commit(pool, vec![command], until)).await?;
            }
            return Ok(());
        } else {
            refuse(commands, &failure.clone().into());
            return if is_own { Ok(()) } else { Err(failure) };
        }
    }
}

/// Appends inside a transaction that others go on with: the offsets, in the order of the entries.
pub(crate) async fn within(
    work: &Work,
    entries: impl Iterator<Item = &(Entry, Keep)> + Clone,
) -> Result<Vec<Offset>, Failure> {
    let firsts = batch::Batch::of(entries.clone()).append_within(work).await?;
    let mut place = batch::places(&firsts);
    Ok(entries.map(|(entry, _)| place(entry)).collect())
}

fn answer(commands: Vec<Command>, outcomes: Vec<Result<Outcome, StoreError>>) {
    for (command, outcome) in commands.into_iter().zip(outcomes) {
        // Whoever asked may have gone.
        let _ = command.answer.send(outcome);
    }
}

fn refuse(commands: Vec<Command>, error: &StoreError) {
    for command in commands {
        let _ = command.answer.send(Err(error.clone()));
    }
}
