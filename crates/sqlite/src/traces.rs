//! Commands that are done and are answered when nothing of what was is left in the files.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use tidings_core::StoreError;

use crate::{
    ledger::Ledger,
    scrub::Scrub,
    task::{Command, answer_all},
};

/// How often it is tried to empty the log, and for how long, while a reader needs it.
const EMPTYING: Duration = Duration::from_millis(50);
const EMPTYING_MAX: Duration = Duration::from_secs(30);
/// Pause between two stretches of the file that are wiped.
const WIPING: Duration = Duration::from_millis(1);

/// First the log goes into the database, then the database is wiped where nothing is kept.
#[derive(Default)]
pub(crate) struct Traces {
    waiting: Vec<Waiting>,
    /// None before the first of them, and after the database was opened again.
    scrub: Option<Scrub>,
}

struct Waiting {
    command: Box<dyn Command>,
    since: Instant,
    /// Pages that have to be looked at yet; none before the first time that the log was empty.
    pages_left: Option<u64>,
}

impl Traces {
    pub(crate) fn push(&mut self, command: Box<dyn Command>) {
        self.waiting.push(Waiting { command, since: Instant::now(), pages_left: None });
    }

    /// When to go on, if there is anything to do.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let first = self.waiting.first()?;
        Some(if first.pages_left.is_none() { EMPTYING } else { WIPING })
    }

    /// Removes some more, and answers the commands that have none left.
    ///
    /// # Errors
    /// When the file could not be wiped; the connection must not be used any more.
    pub(crate) fn remove(&mut self, ledger: Option<&Ledger>, path: &Path) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let removed = match ledger {
            Some(ledger) if ledger.empty_log() => self.wipe(ledger, path),
            _ => Ok(()),
        };
        let late = |waiting: &Waiting| waiting.since.elapsed() > EMPTYING_MAX;
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting.pages_left {
                Some(0) => answer_all([waiting.command], &Ok(())),
                _ if late(&waiting) => waiting.give_up(),
                _ => self.waiting.push(waiting),
            }
        }
        removed
    }

    /// There is no time left.
    pub(crate) fn give_up(&mut self) {
        self.waiting.drain(..).for_each(Waiting::give_up);
    }

    /// Lets go of the database's file. Only while no connection is open: the system would take SQLite's locks along.
    pub(crate) fn close_file(&mut self) {
        self.scrub = None;
    }

    /// Wipes the next stretch of the file. The log is empty and no transaction runs; what the connection remembers of the pages is let
    /// go of, or it would be written back with the next change.
    fn wipe(&mut self, ledger: &Ledger, path: &Path) -> io::Result<()> {
        let mut scrub = match self.scrub.take() {
            Some(scrub) => scrub,
            None => Scrub::open(path, ledger.page_bytes().map_err(io::Error::other)?)?,
        };
        let pages = scrub.pages();
        let wiped = scrub.wipe();
        self.scrub = Some(scrub);
        let (pages, wiped) = (pages?, wiped?);
        for Waiting { pages_left, .. } in &mut self.waiting {
            *pages_left = Some(pages_left.unwrap_or(pages).saturating_sub(wiped));
        }
        ledger.connection().execute_batch("PRAGMA shrink_memory").map_err(io::Error::other)
    }
}

impl Waiting {
    fn give_up(self) {
        let why = "it is done, but traces are left in the database's files because a long read (a backup?) needs them or Tidings was \
                   stopped; ask for it again";
        answer_all([self.command], &Err(StoreError::Uncertain(why.into())));
    }
}
