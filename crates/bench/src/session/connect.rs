//! Connecting, leaving, and connections that stop reading.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Token};
use socket2::{Domain, SockAddr, Socket, Type};

use super::Session;
use super::connection::{Connection, KEY};
use super::recover::{Behind, Missed};
use crate::clock;
use crate::error::Error;
use crate::mark::Mark;
use crate::{frame, http, process, target};

/// Loopback addresses connections leave from: each one has about 28,000 ports, and a closed one rests for a minute.
const SOURCES: u32 = 32;
/// Connections that are being opened at the same time.
const AT_ONCE: usize = 64;
/// Files beside the connections: publishers, epoll, the standard streams.
const OTHER_FILES: usize = 100;
/// How long all of them together may take.
const PATIENCE_S: f64 = 180.0;
/// What a stalled connection's kernel takes in for it.
const SMALL_BUFFER: usize = 4096;
/// How long stalled connections are read to see whether the server has ended them.
const DRAIN_S: f64 = 5.0;
/// Linux's EINPROGRESS: the connection is being opened.
const IN_PROGRESS: i32 = 115;
/// Work that connecting has left behind belongs to connecting; this long is waited for it.
pub(super) const AFTERMATH_S: f64 = 0.2;

/// Which connection joins which room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Rooms {
    /// All join the same one.
    One,
    /// So many share each room.
    Of(usize),
}

impl Rooms {
    fn room(self, index: usize) -> u32 {
        match self {
            Self::One => 0,
            Self::Of(size) => u32::try_from(index / size.max(1)).unwrap_or(0),
        }
    }
}

/// What connecting took.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Connected {
    /// How many.
    pub connections: usize,
    /// Until the last one was in its room.
    pub seconds: f64,
    /// The server's CPU time for each, in microseconds.
    pub cpu_us_each: Option<f64>,
}

impl Session {
    /// Opens connections until there are `count`, each with a token, each into its room.
    ///
    /// # Errors
    ///
    /// Too few files, or a server that refuses one.
    pub fn connect(&mut self, count: usize, rooms: Rooms) -> Result<Connected, Error> {
        self.provide_for(count)?;
        let (first, cpu, start) = (self.connections.len(), self.server_cpu()?, clock::now());
        self.ready = 0;
        let wanted = count.saturating_sub(first);
        while self.ready < wanted {
            let opened = self.connections.len() - first;
            if opened < wanted && opened - self.ready < AT_ONCE {
                let connection = self.open(count - wanted + opened, rooms, false, None)?;
                self.connections.push(connection);
                continue;
            }
            self.attend_until(start, || format!("{count} connections"))?;
        }
        let seconds = clock::seconds(start, clock::now());
        self.attend_for(AFTERMATH_S)?;
        let cpu = self.server_cpu()?.zip(cpu).map(|(after, before)| after.saturating_sub(before));
        let cpu_us_each = cpu.map(|cpu| cpu as f64 / 1e3 / wanted.max(1) as f64);
        Ok(Connected { connections: wanted, seconds, cpu_us_each })
    }

    /// Sees to it that there can be so many connections: files and tokens.
    pub(super) fn provide_for(&mut self, count: usize) -> Result<(), Error> {
        let files = process::raise_open_files();
        if count + OTHER_FILES > files {
            return Err(Error::Usage(format!(
                "{count} connections need {} open files, and only {files} are allowed here: raise the hard limit (`ulimit -Hn`)",
                count + OTHER_FILES
            )));
        }
        if self.paths.len() < count {
            self.paths = self.target.paths(count);
        }
        Ok(())
    }

    /// All connections say goodbye and are gone.
    ///
    /// # Errors
    ///
    /// As [`Session::attend`].
    pub fn disconnect(&mut self) -> Result<(), Error> {
        self.ledger.give_up();
        for mut connection in self.connections.drain(..) {
            connection.leave();
            if !connection.stalled {
                self.ledger.leave(&connection.places);
            }
        }
        self.settle().map(drop)
    }

    /// The last `count` connections are replaced by ones that never read.
    ///
    /// # Errors
    ///
    /// As [`Session::connect`].
    pub fn stall(&mut self, count: usize) -> Result<(), Error> {
        self.replace(count, true)
    }

    /// The last `count` connections are replaced by ones that read.
    ///
    /// # Errors
    ///
    /// As [`Session::connect`].
    pub fn unstall(&mut self, count: usize) -> Result<(), Error> {
        self.replace(count, false)
    }

    fn replace(&mut self, count: usize, stalled: bool) -> Result<(), Error> {
        let start = clock::now();
        self.ready = 0;
        let from = self.connections.len().saturating_sub(count);
        for mut old in self.connections.drain(from..) {
            old.leave();
            if !old.stalled {
                self.ledger.leave(&old.places);
            }
        }
        for index in from..from + count {
            let connection = self.open(index, Rooms::One, stalled, None)?;
            self.connections.push(connection);
        }
        while self.ready < count {
            self.attend_until(start, || format!("{count} slow readers"))?;
        }
        if stalled {
            for connection in &mut self.connections[from..] {
                connection.stalled = true;
                self.ledger.leave(&connection.places);
            }
        }
        Ok(())
    }

    /// Reads what is left for the stalled connections; answers with which close codes the server had ended how many.
    ///
    /// # Errors
    ///
    /// As [`Session::attend`].
    pub fn stalled_ends(&mut self) -> Result<Vec<(u16, u64)>, Error> {
        let mut codes = std::collections::BTreeMap::<u16, u64>::new();
        let stalled = self.connections.iter().filter(|connection| connection.stalled).count();
        let (mut ended, end) = (0, clock::now() + clock::nanos(DRAIN_S));
        // As the kernel's small buffers empty, what the server still holds for them follows.
        while ended < stalled && clock::now() < end {
            for connection in self.connections.iter_mut().filter(|connection| connection.stalled) {
                if let Some(code) = connection.drain(&mut self.scratch) {
                    *codes.entry(code).or_default() += 1;
                    ended += 1;
                }
            }
            self.attend(Some(Duration::from_millis(1)))?;
        }
        Ok(codes.into_iter().collect())
    }

    pub(super) fn attend_until(&mut self, start: u64, what: impl FnOnce() -> String) -> Result<(), Error> {
        if clock::seconds(start, clock::now()) > PATIENCE_S {
            return Err(Error::Late(what()));
        }
        self.attend(Some(Duration::from_millis(100)))
    }

    /// Opens the connection of a user; `behind`: it was in its room before and asks for what it has missed.
    pub(super) fn open(
        &mut self,
        index: usize,
        rooms: Rooms,
        small: bool,
        behind: Option<(&Missed, Behind)>,
    ) -> Result<Connection, Error> {
        let mut stream = self.dial(small)?;
        self.poll
            .registry()
            .register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)
            .map_err(Error::io("watching a connection"))?;
        let room = rooms.room(index);
        let mut path = std::borrow::Cow::from(&self.paths[index]);
        if self.target.names_in_query {
            path = format!("{path}&user={}&room={}", target::user(index), target::room(room)).into();
        }
        let mut upgrade = Vec::new();
        http::write_upgrade(&path, &self.target.host, KEY, &mut upgrade);
        let since = behind.map_or_else(String::new, |(missed, _)| missed.since());
        let message = format!(r#"{{"type":"join_room","id":1,"room":"{}"{since}}}"#, target::room(room));
        let mut join = Vec::new();
        frame::write_client(frame::TEXT, message.as_bytes(), &mut join);
        let user = if self.target.distinct_users() { u32::try_from(index).unwrap_or(0) } else { 0 };
        let places = [self.ledger.join(room), self.ledger.join(user | Mark::USER)];
        Ok(Connection::new(stream, upgrade, join, places, behind.map(|(_, behind)| behind)))
    }

    fn dial(&mut self, small: bool) -> Result<TcpStream, Error> {
        let address = self.target.address;
        let what = || format!("connecting to {address}");
        let socket =
            Socket::new(Domain::for_address(address), Type::STREAM, None).map_err(Error::io(what()))?;
        let prepared = socket
            .set_nonblocking(true)
            .and_then(|()| socket.set_tcp_nodelay(true))
            .and_then(|()| if small { socket.set_recv_buffer_size(SMALL_BUFFER) } else { Ok(()) });
        prepared.map_err(Error::io(what()))?;
        if address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) {
            self.source = (self.source + 1) % SOURCES;
            let from = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + self.source);
            socket
                .bind(&SockAddr::from(SocketAddr::from((from, 0))))
                .map_err(Error::io(format!("leaving from {from}")))?;
        }
        match socket.connect(&SockAddr::from(address)) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
            Err(error) => return Err(Error::io(what())(error)),
        }
        Ok(TcpStream::from_std(socket.into()))
    }
}
