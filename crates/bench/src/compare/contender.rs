//! The servers of a run, each with its clients in a driver.

use std::path::PathBuf;
use std::process::Command;

use super::Options;
use crate::back_end::BackEnd;
use crate::drive::{Answer, Driver, Order};
use crate::error::Error;
use crate::floor::Writes;
use crate::ledger::Faults;
use crate::process::{Server, resident_bytes};
use crate::session::{Connected, Load, Measured, Missed, Recovered, Rooms};
use crate::target::{Credentials, Target};
use crate::watcher::Watcher;

/// The peer, kept in the program so that it needs only a Python with the pinned packages.
const FASTAPI: &str = include_str!("../../peers/fastapi_rooms.py");

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tidings; or, to check the yardstick itself, the floor.
    Subject,
    /// Tidings, with rooms that keep nothing.
    Transient,
    /// The floor with a write per frame.
    Plain,
    /// The floor with a write per socket and turn.
    Joined,
    /// The connection manager on FastAPI.
    FastApi,
}

impl Kind {
    /// For the progress line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subject => "server",
            Self::Transient => "server that keeps nothing",
            Self::Plain => "floor",
            Self::Joined => "floor, joining",
            Self::FastApi => "FastAPI",
        }
    }
}

/// A server that runs, and its clients.
pub(super) struct Contender {
    pub(super) kind: Kind,
    // Before the server, so that the clients go first.
    driver: Driver,
    server: Server,
    /// Resident before anybody connected.
    pub(super) base_bytes: u64,
    /// All that has gone wrong.
    pub(super) faults: Faults,
}

impl Contender {
    /// Starts server and driver.
    pub(super) fn start(kind: Kind, options: &Options) -> Result<Self, Error> {
        let secret = &options.secret;
        let own = || std::env::current_exe().map_err(Error::io("own program"));
        let floor = |writes| own().map(|own| floor(own, writes));
        let command = match (kind, &options.server, &options.fastapi) {
            (Kind::Subject | Kind::Transient, Some(program), _) => tidings(program, options),
            (Kind::Subject | Kind::Transient, None, _) => floor(options.subject)?,
            (Kind::Plain, ..) => floor(Writes::Plain)?,
            (Kind::Joined, ..) => floor(Writes::Joined)?,
            (Kind::FastApi, _, Some(python)) => fastapi(python, secret),
            (Kind::FastApi, _, None) => {
                return Err(Error::Usage("no Python for FastAPI was named".to_owned()));
            }
        };
        let server = Server::start(&command)?;
        let credentials = Credentials::Secret(secret.clone());
        let mut target =
            Target::native(&format!("http://{}", server.address), &options.api_key, credentials)?;
        target.pid = Some(server.pid());
        match kind {
            Kind::FastApi => target.websocket_path = "/ws".to_owned(),
            Kind::Subject | Kind::Transient if options.server.is_some() => {}
            _ => target.names_in_query = true,
        }
        let mut driver = Driver::start(&target)?;
        driver.order(Order::Settle)?;
        let base_bytes = resident_bytes(server.pid())?;
        Ok(Self { kind, driver, server, base_bytes, faults: Faults::default() })
    }

    pub(super) fn connect(&mut self, count: usize, rooms: Rooms) -> Result<Connected, Error> {
        match self.driver.order(Order::Connect { count, rooms }) {
            Ok(Answer::Connected(connected)) => Ok(connected),
            other => Err(self.unexpected(other)),
        }
    }

    pub(super) fn load(&mut self, load: Load) -> Result<Measured, Error> {
        match self.driver.order(Order::Load(load)) {
            Ok(Answer::Measured(measured)) => {
                self.faults.add(measured.faults);
                Ok(measured)
            }
            other => Err(self.unexpected(other)),
        }
    }

    /// All its clients come back at once, each behind by so much.
    pub(super) fn recover(&mut self, missed: Missed) -> Result<Recovered, Error> {
        match self.driver.order(Order::Recover(missed)) {
            Ok(Answer::Recovered(recovered)) => {
                self.faults.add(recovered.faults);
                Ok(recovered)
            }
            other => Err(self.unexpected(other)),
        }
    }

    /// A back end of the server, in this process.
    pub(super) fn back_end(&self, options: &Options) -> Result<BackEnd, Error> {
        BackEnd::connect(self.server.address, &options.api_key)
    }

    /// One who watches a room of the server, in this process.
    pub(super) fn watcher(&self, number: usize, room: u32, options: &Options) -> Result<Watcher, Error> {
        Watcher::join(self.server.address, &options.secret, number, room)
    }

    /// Waits until the server is quiet; its resident bytes then.
    pub(super) fn settle(&mut self) -> Result<u64, Error> {
        match self.driver.order(Order::Settle) {
            Ok(Answer::Resident(bytes)) => Ok(bytes),
            other => Err(self.unexpected(other)),
        }
    }

    pub(super) fn stalled_ends(&mut self) -> Result<Vec<(u16, u64)>, Error> {
        match self.driver.order(Order::StalledEnds) {
            Ok(Answer::Ends(ends)) => Ok(ends),
            other => Err(self.unexpected(other)),
        }
    }

    /// Any order whose answer says nothing.
    pub(super) fn tell(&mut self, order: Order) -> Result<(), Error> {
        self.driver.order(order).map(drop).map_err(|error| self.unexpected(Err(error)))
    }

    fn unexpected(&self, answer: Result<Answer, Error>) -> Error {
        let kind = self.kind.name();
        match answer {
            Ok(answer) => Error::Usage(format!("{kind}: the driver answered {answer:?}")),
            Err(error) => Error::Refused(format!("{kind} at {}: {error}", self.server.address)),
        }
    }
}

fn floor(own: PathBuf, writes: Writes) -> Command {
    let mut command = Command::new(own);
    command.arg("floor");
    if writes == Writes::Joined {
        command.arg("--joined");
    }
    command
}

/// The server as its users run it, but for limits that are there to keep out what a benchmark does.
pub(super) fn tidings(program: &PathBuf, options: &Options) -> Command {
    let mut command = Command::new(program);
    command.arg("serve").envs([
        ("TIDINGS_SERVER_LISTEN", "127.0.0.1:0"),
        ("TIDINGS_STORE_URL", options.store.as_deref().unwrap_or("memory:")),
        ("TIDINGS_SERVER_THREADS", options.threads.to_string().as_str()),
        ("TIDINGS_AUTH_JWT_SECRET", options.secret.as_str()),
        ("TIDINGS_AUTH_API_KEYS", options.api_key.as_str()),
        ("TIDINGS_LIMITS_CONNECTIONS", "0"),
        ("TIDINGS_LIMITS_CONNECTIONS_PER_USER", "0"),
        ("TIDINGS_LIMITS_CONNECTIONS_PER_IP", "0"),
        ("TIDINGS_LIMITS_ATTEMPTS_PER_MINUTE", "0"),
    ]);
    if let Some(settings) = &options.settings {
        command.arg("--config").arg(settings);
    }
    if let Some(seconds) = options.presence_grace_s {
        command.env("TIDINGS_LIVE_PRESENCE_GRACE", format!("{seconds}s"));
    }
    if let Some(bytes) = options.queue_bytes {
        command.env("TIDINGS_LIMITS_QUEUE_BYTES", bytes.to_string());
    }
    command
}

fn fastapi(python: &PathBuf, secret: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", FASTAPI]).env("BENCH_JWT_SECRET", secret);
    command
}
