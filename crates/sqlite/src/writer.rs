//! The one thread that writes: all that waits becomes one transaction with one sync, and is answered after it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use tidings_core::StoreError;

use crate::{
    OpenError, Options,
    condition::Condition,
    error::{Class, Fault, Reason},
    file::{DatabaseFile, Identity},
    ledger::Ledger,
    queue::{Batch, Queue, Taken},
    readers::Gate,
    schema,
    task::answer_all,
    traces::Traces,
};

/// Longest that a batch is given to grow; where a commit is faster, no longer than the last one took.
const PATIENCE_MAX: Duration = Duration::from_millis(2);
/// How often the file is looked for while nothing is written.
const IDLE: Duration = Duration::from_secs(1);
/// Pauses between attempts to open the database again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How long what waits may still be done after the end was called.
const CLOSING_MAX: Duration = Duration::from_secs(2);

pub(crate) struct Writer {
    file: Arc<DatabaseFile>,
    options: Options,
    queue: Arc<Queue>,
    condition: Arc<Condition>,
    gates: Vec<Gate>,
    /// None while the database has to be opened again.
    ledger: Option<Ledger>,
    identity: Identity,
    /// What is done but may have left traces.
    traces: Traces,
    /// How many were just answered and may come back.
    expected: usize,
    patience: Duration,
    freed_at: Option<Instant>,
}

impl Writer {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// Those of [`crate::SqliteStore::open`].
    pub(crate) fn open(
        file: Arc<DatabaseFile>,
        options: Options,
        queue: Arc<Queue>,
        condition: Arc<Condition>,
        gates: Vec<Gate>,
    ) -> Result<Self, OpenError> {
        let (ledger, identity) = connect(&file, &options)?;
        Ok(Self {
            file,
            options,
            queue,
            condition,
            gates,
            ledger: Some(ledger),
            identity,
            traces: Traces::default(),
            expected: 0,
            patience: Duration::ZERO,
            freed_at: None,
        })
    }

    /// Works until the queue is closed and empty. A panic costs one batch, not the writer.
    pub(crate) fn run(mut self) {
        while catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            let why = "the writer stopped amid its work; see the log";
            let uncertain = StoreError::Uncertain(why.into());
            self.condition.failed(&uncertain);
            answer_all(self.queue.end_commit(), &Err(uncertain));
            self.ledger = None;
        }
        let why = StoreError::Unavailable("Tidings is stopping".into());
        self.queue.leave(why);
        self.traces.give_up();
    }

    fn work(&mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            if self.ledger.is_none() && !self.reopen() {
                if !self.queue.nap(pause) {
                    return;
                }
                pause = (pause * 2).min(PAUSE_MAX);
                continue;
            }
            pause = PAUSE_MIN;
            let idle = self.traces.pause().unwrap_or(IDLE);
            match self.queue.take(self.expected, self.patience, idle) {
                Taken::Batch(batch) => self.write(batch),
                Taken::Nothing => drop(self.is_where_it_was()),
                Taken::Closed => return,
            }
            self.remove_traces();
            if self.queue.closed_since().is_some_and(|since| since.elapsed() > CLOSING_MAX) {
                return;
            }
        }
    }

    fn write(&mut self, batch: Batch) {
        if !self.is_where_it_was() && !self.reopen() {
            let why = self.condition.trouble();
            let why = why.unwrap_or_else(|| StoreError::Unavailable("the database's file is gone".into()));
            return answer_all(batch, &Err(why));
        }
        let commands = batch.len();
        let begun = Instant::now();
        match self.transact(batch) {
            Ok(batch) => {
                self.condition.committed(commands);
                self.expected = commands;
                self.patience = begun.elapsed().min(PATIENCE_MAX);
                let (leaves_traces, done): (Vec<_>, Vec<_>) =
                    batch.into_iter().partition(|command| command.empties_log());
                leaves_traces.into_iter().for_each(|command| self.traces.push(command));
                answer_all(done, &Ok(()));
            }
            Err((batch, error)) => {
                self.condition.failed(&error);
                answer_all(batch, &Err(error));
                self.expected = 0;
            }
        }
    }

    /// Does all of a batch and commits it.
    fn transact(&mut self, mut batch: Batch) -> Result<Batch, (Batch, StoreError)> {
        let Some(ledger) = &mut self.ledger else {
            return Err((batch, StoreError::Unavailable("the database is not open".into())));
        };
        // Once without savepoints, which is how nearly all go; with them when one command turned out to be unable.
        let done = match perform(ledger, &mut batch, false) {
            Err(fault) if matches!(fault.class(), Class::Damaged | Class::Other) => {
                perform(ledger, &mut batch, true)
            }
            done => done,
        };
        if let Err(fault) = done {
            self.after(fault.class());
            return Err((batch, fault.into()));
        }
        self.queue.begin_commit(batch);
        let committed = ledger.commit();
        let batch = self.queue.end_commit();
        let Err(error) = committed else { return Ok(batch) };
        ledger.roll_back();
        let fault = Fault::from(error);
        let class = fault.class();
        self.after(class);
        let error = match (class, &fault) {
            // SQLite has rolled it back before it said so.
            (Class::Full | Class::Away, _) => fault.into(),
            (_, Fault::Sqlite(error)) => {
                self.ledger = None;
                let why = Reason(error);
                StoreError::Uncertain(format!("{why}; look at the disk of the database and the system's log"))
            }
            _ => fault.into(),
        };
        Err((batch, error))
    }

    fn remove_traces(&mut self) {
        if let Err(error) = self.traces.remove(self.ledger.as_ref(), self.file.path()) {
            self.condition.failed(&StoreError::Unavailable(format!("traces could not be wiped: {error}")));
            self.ledger = None;
        }
    }

    /// What a failure asks for beyond an answer.
    fn after(&mut self, class: Class) {
        match class {
            // What this connection believes about the files may be wrong, and a sync that is tried again may say yes without having
            // written: everything is closed and read anew.
            Class::Disk => self.ledger = None,
            // The log may hold what the database has place for.
            Class::Full if self.freed_at.is_none_or(|at| at.elapsed() > IDLE) => {
                self.freed_at = Some(Instant::now());
                self.ledger.as_ref().map(Ledger::empty_log);
            }
            // Whoever waits has waited as long as the lock was waited for.
            Class::Away => {
                self.queue.leave(StoreError::Unavailable("another program holds the database's lock".into()));
                self.queue.come_back();
            }
            _ => {}
        }
    }

    /// Whether the path still leads to what is written. If not, the database is closed.
    fn is_where_it_was(&mut self) -> bool {
        if self.ledger.is_some() && self.file.identity() != self.identity {
            // If only the log is gone, all of it goes where it belongs while it can still be read.
            self.ledger.as_ref().map(Ledger::empty_log);
            self.ledger = None;
        }
        self.ledger.is_some()
    }

    /// Opens the database again after all connections to it are closed: those to another file of the same name would share its log.
    fn reopen(&mut self) -> bool {
        self.ledger = None;
        let barred = self.gates.iter().filter(|gate| !gate.bar()).count() == 0;
        if barred {
            // No connection is open, so no lock can go with it.
            self.traces.close_file();
        }
        let opened = match barred {
            true => connect(&self.file, &self.options).map_err(|error| error.to_string()),
            false => Err("a read does not end".to_owned()),
        };
        match opened {
            Ok((ledger, identity)) => {
                (self.ledger, self.identity) = (Some(ledger), identity);
                self.gates.iter().for_each(Gate::open);
                self.queue.come_back();
                tracing::warn!("the database was opened again");
                true
            }
            Err(why) => {
                let why = StoreError::Unavailable(why);
                self.condition.failed(&why);
                self.queue.leave(why);
                false
            }
        }
    }
}

/// Opens the database, with its schema as this program has it.
fn connect(file: &DatabaseFile, options: &Options) -> Result<(Ledger, Identity), OpenError> {
    let mut connection = file.writer(options)?;
    schema::migrate(file.path(), &mut connection)?;
    Ok((Ledger::new(connection), file.identity()))
}

/// Everything of a batch up to its commit; nothing of it on an error.
fn perform(ledger: &mut Ledger, batch: &mut Batch, apart: bool) -> Result<(), Fault> {
    let done = perform_each(ledger, batch, apart).and_then(|()| ledger.settle());
    if done.is_err() {
        ledger.roll_back();
    }
    done
}

fn perform_each(ledger: &mut Ledger, batch: &mut Batch, apart: bool) -> Result<(), Fault> {
    ledger.begin()?;
    for command in batch {
        if !apart {
            command.run(ledger)?;
        } else if let Err(fault) = ledger.apart(|ledger| command.run(ledger)) {
            let is_over = ledger.connection().is_autocommit();
            if is_over || matches!(fault.class(), Class::Full | Class::Disk | Class::Away) {
                return Err(fault);
            }
            command.fail(fault.into());
        }
    }
    Ok(())
}
