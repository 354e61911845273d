//! The appends that wait: bounded by number and by bytes.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tidings_core::StoreError;
use tokio::sync::Notify;

use super::Command;

/// Most appends that wait, and most bytes of theirs.
const WAITING_MAX: usize = 8_192;
const WAITING_BYTES_MAX: usize = 32 << 20;
/// Most entries that are committed together, and most bytes of theirs.
const BATCH_MAX: usize = 512;
const BATCH_BYTES_MAX: usize = 8 << 20;

#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Command>,
    bytes: usize,
}

impl Queue {
    pub(super) fn push(&self, command: Command) -> Result<(), StoreError> {
        let bytes = command.bytes();
        let mut waiting = self.waiting.lock();
        let is_full = waiting.commands.len() >= WAITING_MAX || waiting.bytes + bytes > WAITING_BYTES_MAX;
        if is_full && !waiting.commands.is_empty() {
            let why = "too many appends wait for PostgreSQL; it is slower than what is published";
            return Err(StoreError::Unavailable(why.into()));
        }
        waiting.bytes += bytes;
        waiting.commands.push_back(command);
        self.filled.notify_one();
        Ok(())
    }

    /// What comes next, as much as is committed together; waits for the first.
    pub(super) async fn next(&self) -> Vec<Command> {
        loop {
            let commands = self.take();
            if !commands.is_empty() {
                return commands;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Vec<Command> {
        let mut waiting = self.waiting.lock();
        let (mut commands, mut entries, mut bytes) = (Vec::<Command>::new(), 0, 0);
        while let Some(next) = waiting.commands.front() {
            let (more, more_bytes) = (next.entries.len().max(1), next.bytes());
            let fits = entries + more <= BATCH_MAX && bytes + more_bytes <= BATCH_BYTES_MAX;
            // The second use of a key has to see the first.
            let repeats = next
                .once
                .as_ref()
                .is_some_and(|once| commands.iter().any(|command| command.has_key(&once.key)));
            if !commands.is_empty() && (!fits || repeats) {
                break;
            }
            (entries, bytes, waiting.bytes) =
                (entries + more, bytes + more_bytes, waiting.bytes - more_bytes);
            commands.extend(waiting.commands.pop_front());
        }
        if !waiting.commands.is_empty() {
            self.filled.notify_one();
        }
        commands
    }

    /// Refuses all that wait.
    pub(super) fn refuse(&self, error: &StoreError) {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        for command in waiting.commands {
            let _ = command.answer.send(Err(error.clone()));
        }
    }
}

impl Command {
    /// What it costs to keep it, about.
    fn bytes(&self) -> usize {
        let entries = self.entries.iter().map(|(entry, _)| 256 + entry.data.as_str().len());
        256 + entries.sum::<usize>()
    }

    fn has_key(&self, key: &str) -> bool {
        self.once.as_ref().is_some_and(|once| &*once.key == key)
    }
}
