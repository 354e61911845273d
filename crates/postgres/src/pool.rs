//! A few connections that are lent out, and the fuse that keeps callers from waiting for a server that is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
    time::{Instant, timeout_at},
};
use tokio_postgres::Client;

use crate::{
    address::Address,
    failure::{Failure, Kind},
};

/// Pause after the first failed attempt to connect, and the longest one.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_millis(1_000);
/// Longest time to be connected, encrypted and let in.
const OPEN_MAX: Duration = Duration::from_millis(1_500);
/// Most callers that wait for a connection; who comes then is refused at once.
const WAITING_MAX: usize = 1_024;

/// Lends connections to one database.
pub(crate) struct Pool {
    pub(crate) address: Address,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    fuse: Mutex<Fuse>,
    /// Why nothing is lent yet; none when the tables are as they should be.
    closed: Mutex<Option<String>>,
}

/// One connection; closed when it is dropped.
struct Connection {
    client: Client,
    task: AbortHandle,
}

#[derive(Default)]
struct Fuse {
    blown: Option<(Instant, Failure)>,
    pause: Duration,
}

/// A connection on loan. Dropped without [`Self::keep`] it is closed, and with it whatever was under way on it.
pub(crate) struct Lent {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
    /// It was opened for this loan, so it cannot have died of old age.
    pub(crate) is_fresh: bool,
}

impl Pool {
    pub(crate) fn new(address: Address, connections_max: usize) -> Arc<Self> {
        Arc::new(Self {
            address,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(connections_max.max(1))),
            waiting: AtomicUsize::new(0),
            fuse: Mutex::default(),
            closed: Mutex::new(Some("the tables were not looked at yet".into())),
        })
    }

    /// Lets callers in.
    pub(crate) fn open(&self) {
        *self.closed.lock() = None;
    }

    /// Says why callers are not let in.
    pub(crate) fn stay_closed(&self, why: String) {
        *self.closed.lock() = Some(why);
    }

    /// A connection for a caller who must have an answer at `until`.
    pub(crate) async fn lend(self: &Arc<Self>, until: Instant) -> Result<Lent, Failure> {
        if let Some(why) = &*self.closed.lock() {
            return Err(Failure::new(Kind::Lost, why.clone()));
        }
        self.lend_before_open(until).await
    }

    /// [`Self::lend`] for who looks after the tables.
    pub(crate) async fn lend_before_open(self: &Arc<Self>, until: Instant) -> Result<Lent, Failure> {
        self.fuse.lock().check()?;
        let permit = self.permit(until).await?;
        let idle = self.idle();
        let is_fresh = idle.is_none();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                // While it waited for its turn, others may have found that nobody is there.
                self.fuse.lock().check()?;
                let opened = match timeout_at(until.min(Instant::now() + OPEN_MAX), self.connect()).await {
                    Ok(opened) => opened,
                    Err(_) => Err(Failure::new(
                        Kind::Lost,
                        "PostgreSQL does not answer; is it running, and is the address right?",
                    )),
                };
                self.fuse.lock().note(opened.as_ref().err());
                opened?
            }
        };
        Ok(Lent { connection: Some(connection), pool: self.clone(), _permit: permit, is_fresh })
    }

    async fn permit(&self, until: Instant) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting)?;
        match timeout_at(until, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Failure::new(Kind::Lost, "the store is closed")),
            Err(_) => Err(Failure::late()),
        }
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        idle.retain(|connection| !connection.client.is_closed());
        idle.pop()
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let (client, connection) = self.address.config.connect(self.address.tls.clone()).await?;
        let task = tokio::spawn(async move {
            // How it ended is told to whoever uses the client.
            let _ = connection.await;
        });
        Ok(Connection { client, task: task.abort_handle() })
    }
}

impl Fuse {
    fn check(&self) -> Result<(), Failure> {
        match &self.blown {
            Some((until, failure)) if Instant::now() < *until => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    fn note(&mut self, failure: Option<&Failure>) {
        let Some(failure) = failure else {
            *self = Self::default();
            return;
        };
        // Attempts that began together count once.
        if self.check().is_ok() {
            self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
            self.blown = Some((Instant::now() + self.pause, failure.clone()));
        }
    }
}

impl Lent {
    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        let gone = || Failure::new(Kind::Lost, "the connection to PostgreSQL was given back");
        self.connection.as_ref().map(|connection| &connection.client).ok_or_else(gone)
    }

    /// Gives it back: nothing is under way on it.
    pub(crate) fn keep(mut self) {
        if let Some(connection) = self.connection.take().filter(|connection| !connection.client.is_closed()) {
            self.pool.idle.lock().push(connection);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One of the places to wait in.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, Failure> {
        let place = Self(waiting);
        match waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MAX {
            true => Ok(place),
            false => Err(Failure::new(
                Kind::Late,
                "all connections to PostgreSQL are busy, and too many callers wait for one",
            )),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
