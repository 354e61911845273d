//! Threads that read, each on a connection of its own.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, InterruptHandle};
use tidings_core::{StoreError, store::Answer};
use tokio::sync::oneshot;

use crate::{
    error::{Class, Work, store_error},
    file::DatabaseFile,
};

/// Does its reading, answers, and says whether the connection is still good.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> bool + Send>;

/// Readers of one kind: short reads never wait behind long ones, which have a thread of their own.
pub(crate) struct Readers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    file: Arc<DatabaseFile>,
    state: Mutex<State>,
    wake: Condvar,
    /// Told when a connection was closed.
    quiet: Condvar,
    jobs_max: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Each thread's connection.
    open: Vec<Slot>,
    /// No connection may be open: the database is about to be opened anew.
    barred: bool,
    closed: bool,
}

/// Whether a thread has a connection.
enum Slot {
    Closed,
    /// Not yet, but it has begun to open one.
    Opening,
    /// With what interrupts it.
    Open(InterruptHandle),
}

impl Readers {
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        file: &Arc<DatabaseFile>,
        name: &str,
        threads: usize,
        jobs_max: usize,
    ) -> std::io::Result<Self> {
        let open = std::iter::repeat_with(|| Slot::Closed).take(threads).collect();
        let shared = Arc::new(Shared {
            file: file.clone(),
            state: Mutex::new(State { open, ..State::default() }),
            wake: Condvar::new(),
            quiet: Condvar::new(),
            jobs_max,
        });
        let start = |index| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("{name}-{index}")).spawn(move || shared.serve(index))
        };
        let threads = (0..threads).map(start).collect::<std::io::Result<_>>()?;
        Ok(Self { shared, threads })
    }

    /// Reads something, when it is its turn.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Answer<'static, T> {
        let (answer, answered) = oneshot::channel();
        let job = move |connection: Result<&Connection, StoreError>| {
            if answer.is_closed() {
                return true;
            }
            let read = connection.map(read);
            let is_good =
                !matches!(&read, Ok(Err(fault)) if matches!(fault.class(), Class::Disk | Class::Away));
            let _ = answer.send(read.and_then(|read| Ok(read?)));
            is_good
        };
        self.shared.push(Box::new(job));
        let lost = || StoreError::Unavailable("the reader stopped amid its work; see the log".into());
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(lost())) })
    }

    /// Ends them. Reads that run may take a second more; then they are interrupted.
    pub(crate) fn close(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.wake.notify_all();
        self.shared.wait_until_quiet(Duration::from_secs(1), Duration::from_secs(1));
        if self.shared.is_quiet() {
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }

    /// How others stop them.
    pub(crate) fn gate(&self) -> Gate {
        Gate(self.shared.clone())
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

/// Closes the connections of readers for as long as the database is opened anew.
pub(crate) struct Gate(Arc<Shared>);

impl Gate {
    /// Whether all connections are closed now.
    pub(crate) fn bar(&self) -> bool {
        self.0.state.lock().barred = true;
        self.0.wake.notify_all();
        self.0.wait_until_quiet(Duration::from_millis(100), Duration::from_secs(1));
        self.0.is_quiet()
    }

    pub(crate) fn open(&self) {
        self.0.state.lock().barred = false;
    }
}

impl State {
    fn is_quiet(&self) -> bool {
        self.open.iter().all(|slot| matches!(slot, Slot::Closed))
    }

    fn interrupt(&self) {
        for slot in &self.open {
            if let Slot::Open(handle) = slot {
                handle.interrupt();
            }
        }
    }
}

impl Shared {
    fn push(&self, job: Job) {
        let mut state = self.state.lock();
        let why = match (state.closed, state.barred) {
            (true, _) => "Tidings is stopping",
            (_, true) => "the database is being opened again",
            _ if state.jobs.len() >= self.jobs_max => {
                "more waits to be read than the disk gives; try again later"
            }
            _ => {
                state.jobs.push_back(job);
                self.wake.notify_one();
                return;
            }
        };
        drop(state);
        job(Err(StoreError::Unavailable(why.into())));
    }

    fn serve(&self, index: usize) {
        let mut connection = None;
        while let Some(job) = self.next(index, &mut connection) {
            if connection.is_none() {
                connection = match self.open(index) {
                    Ok(opened) => Some(opened),
                    Err(error) => {
                        self.close(index, &mut connection);
                        job(Err(error));
                        continue;
                    }
                };
            }
            let Some(open) = connection.as_ref() else { continue };
            let is_good = catch_unwind(AssertUnwindSafe(|| job(Ok(open)))).unwrap_or(false);
            if !is_good {
                self.close(index, &mut connection);
            }
        }
        self.close(index, &mut connection);
    }

    fn next(&self, index: usize, connection: &mut Option<Connection>) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if state.barred && connection.is_some() {
                drop(state);
                self.close(index, connection);
                state = self.state.lock();
            } else if state.barred && !state.jobs.is_empty() {
                let jobs = std::mem::take(&mut state.jobs);
                drop(state);
                let why = "the database is being opened again";
                for job in jobs {
                    job(Err(StoreError::Unavailable(why.into())));
                }
                state = self.state.lock();
            } else if state.closed {
                return None;
            } else if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            } else {
                self.wake.wait(&mut state);
            }
        }
    }

    /// Says first that it will, so that nobody believes all to be closed meanwhile.
    fn open(&self, index: usize) -> Result<Connection, StoreError> {
        let mut state = self.state.lock();
        if state.barred {
            return Err(StoreError::Unavailable("the database is being opened again".into()));
        }
        state.open[index] = Slot::Opening;
        drop(state);
        let connection = self.file.reader().map_err(|error| store_error(&error))?;
        self.state.lock().open[index] = Slot::Open(connection.get_interrupt_handle());
        Ok(connection)
    }

    fn close(&self, index: usize, connection: &mut Option<Connection>) {
        drop(connection.take());
        self.state.lock().open[index] = Slot::Closed;
        self.quiet.notify_all();
    }

    fn is_quiet(&self) -> bool {
        self.state.lock().is_quiet()
    }

    /// Waits until no connection is open; what still reads after `grace` is interrupted.
    fn wait_until_quiet(&self, grace: Duration, after: Duration) {
        let (soon, end) = (Instant::now() + grace, Instant::now() + grace + after);
        let mut state = self.state.lock();
        while !state.is_quiet() && Instant::now() < end {
            let is_late = Instant::now() >= soon;
            if is_late {
                state.interrupt();
            }
            let until = if is_late { Instant::now() + Duration::from_millis(50) } else { soon };
            self.quiet.wait_until(&mut state, until.min(end));
        }
    }
}
