//! One thread that is all the clients of one server: thousands of WebSockets and a few publishing HTTP connections on one epoll.
//!
//! It must cost less than any server it measures, so it reads into one shared buffer, looks for frames and marks in place and keeps
//! nothing of a message.

mod connect;
mod connection;
mod load;
mod publisher;
mod recover;

use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use crate::clock;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::ledger::{Faults, Ledger};
use crate::process;
use crate::target::Target;
pub(crate) use connection::KEY;
use connection::{Connection, Step};
use publisher::Publisher;

pub use connect::{Connected, Rooms};
pub use load::{Aim, Load, Measured, Shape};
pub use recover::{Missed, Recovered};

/// Tokens from here on are publishers.
const PUBLISHERS: usize = 1 << 32;
const WAKER: Token = Token(usize::MAX);
/// Read at once from a socket.
const SCRATCH: usize = 64 * 1024;

/// The clients of one server.
pub struct Session {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    target: Target,
    /// Minted once for as many users as there have been.
    paths: Vec<String>,
    connections: Vec<Connection>,
    publishers: Vec<Publisher>,
    /// How long answers to publishes took.
    answers: Histogram,
    ledger: Ledger,
    /// Connections that have just become ready.
    ready: usize,
    /// Close codes by number of connections.
    close_codes: std::collections::BTreeMap<u16, u64>,
    /// Counts on so that each new connection leaves from another address.
    source: u32,
}

impl Session {
    /// Clients for a server; none are connected yet.
    ///
    /// # Errors
    ///
    /// No epoll.
    pub fn new(target: Target) -> Result<Self, Error> {
        Ok(Self {
            poll: Poll::new().map_err(Error::io("epoll"))?,
            events: Events::with_capacity(1024),
            scratch: vec![0; SCRATCH],
            target,
            paths: Vec::new(),
            connections: Vec::new(),
            publishers: Vec::new(),
            answers: Histogram::default(),
            ledger: Ledger::default(),
            ready: 0,
            close_codes: std::collections::BTreeMap::new(),
            source: 0,
        })
    }

    /// Something that makes [`Session::attend`] return from another thread.
    ///
    /// # Errors
    ///
    /// No eventfd.
    pub fn waker(&self) -> Result<Arc<Waker>, Error> {
        Waker::new(self.poll.registry(), WAKER).map(Arc::new).map_err(Error::io("eventfd"))
    }

    /// Waits once for the sockets and does what they ask for: pings are answered, deliveries are checked.
    ///
    /// # Errors
    ///
    /// What the server did that makes going on useless.
    pub fn attend(&mut self, longest: Option<Duration>) -> Result<(), Error> {
        if let Err(error) = self.poll.poll(&mut self.events, longest)
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            return Err(Error::io("waiting")(error));
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let mut result = Ok(());
        for event in &events {
            let Token(index) = event.token();
            if event.token() == WAKER {
                continue;
            }
            let done = if index < PUBLISHERS {
                self.serve(index, event.is_writable(), event.is_readable())
            } else {
                let publisher = &mut self.publishers[index - PUBLISHERS];
                let answered = publisher.serve(&mut self.scratch, event.is_writable());
                answered.map(|took| took.into_iter().for_each(|took| self.answers.record(took)))
            };
            if done.is_err() {
                result = done;
                break;
            }
        }
        self.events = events;
        for slot in self.ledger.finished.drain(..) {
            self.publishers[slot].open = false;
        }
        result
    }

    fn serve(&mut self, index: usize, writable: bool, readable: bool) -> Result<(), Error> {
        let connection = &mut self.connections[index];
        if writable {
            connection.writable()?;
        }
        if !readable {
            return Ok(());
        }
        match connection.readable(index, &mut self.scratch, &mut self.ledger)? {
            Step::None => {}
            Step::Ready => self.ready += 1,
            Step::Closed(code) => {
                *self.close_codes.entry(code).or_default() += 1;
                if !connection.stalled {
                    self.ledger.faults.closed += 1;
                }
            }
        }
        Ok(())
    }

    /// CPU time of the server so far, where its process is known.
    pub(crate) fn server_cpu(&self) -> Result<Option<u64>, Error> {
        self.target.pid.map(process::cpu_ns).transpose()
    }

    /// Attends until the server has next to nothing to do, at most ten seconds. Answers its resident memory then.
    ///
    /// # Errors
    ///
    /// As [`Session::attend`].
    pub fn settle(&mut self) -> Result<Option<u64>, Error> {
        let end = clock::now() + clock::nanos(10.0);
        let mut quiet = 0;
        let mut before = self.server_cpu()?.unwrap_or(0);
        while clock::now() < end && quiet < 2 {
            self.attend_for(0.1)?;
            let after = self.server_cpu()?.unwrap_or(0);
            // Less than 2 % of a core; a server may have a clock of its own.
            quiet = if after.saturating_sub(before) < 2_000_000 { quiet + 1 } else { 0 };
            before = after;
        }
        self.target.pid.map(process::resident_bytes).transpose()
    }

    /// Attends for a while.
    ///
    /// # Errors
    ///
    /// As [`Session::attend`].
    pub fn attend_for(&mut self, seconds: f64) -> Result<(), Error> {
        let end = clock::now() + clock::nanos(seconds);
        while let Some(left) = end.checked_sub(clock::now()).filter(|left| *left > 0) {
            self.attend(Some(Duration::from_nanos(left)))?;
        }
        Ok(())
    }

    /// What has gone wrong so far; the count begins anew.
    pub(crate) fn take_faults(&mut self) -> Faults {
        std::mem::take(&mut self.ledger.faults)
    }
}
