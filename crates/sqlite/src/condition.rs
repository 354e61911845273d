//! How the store is, for health checks and figures.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use tidings_core::StoreError;

#[derive(Default)]
pub(crate) struct Condition {
    /// Why the last write failed, if it did.
    trouble: Mutex<Option<StoreError>>,
    commits: AtomicU64,
    commands: AtomicU64,
}

/// What the writer did since the store was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figures {
    /// Transactions that were committed, each with one sync of the disk.
    pub commits: u64,
    /// Commands that were in them.
    pub commands: u64,
}

impl Condition {
    pub(crate) fn trouble(&self) -> Option<StoreError> {
        self.trouble.lock().clone()
    }

    /// Says so in the log, but once: a full disk is not helped by a line with each publish.
    pub(crate) fn failed(&self, error: &StoreError) {
        let before = self.trouble.lock().replace(error.clone());
        if before.as_ref() != Some(error) {
            tracing::error!("{error}");
        }
    }

    pub(crate) fn committed(&self, commands: usize) {
        self.commits.fetch_add(1, Relaxed);
        self.commands.fetch_add(commands as u64, Relaxed);
        if self.trouble.lock().take().is_some() {
            tracing::info!("the store writes again");
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures { commits: self.commits.load(Relaxed), commands: self.commands.load(Relaxed) }
    }
}
