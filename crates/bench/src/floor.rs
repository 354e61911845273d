//! The floor: the least work with which frames can be written to sockets on this machine. One thread, epoll, no tokens, no checks,
//! no limits; a publish becomes one frame, and that frame goes to every socket of a list with plain non-blocking writes.
//!
//! It speaks just enough of the server's own interface that the same generator can load both: the WebSocket handshake, an
//! answer to `join_room` and `POST /v1/publish`. Requests are scanned, not parsed, and it trusts whoever talks to it: it is a
//! yardstick for loopback, never a server.

mod request;
mod room;
mod socket;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::http::Extent;
use request::Request;
use room::Room;
use socket::{Kind, Socket};

/// When the frames of a turn of the loop are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Writes {
    /// Each frame by itself, at once.
    Plain,
    /// All frames of a turn in one write to each socket, at the turn's end.
    Joined,
}

const LISTENER: Token = Token(usize::MAX);
/// Read at once; longer requests are put together.
const SCRATCH: usize = 64 * 1024;
const ACCEPTED: &[u8] =
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// Serves until the process is ended. Prints `listening on http://…` once it does.
///
/// # Errors
///
/// Only when it cannot listen or wait at all; a broken connection is dropped.
pub fn run(listen: SocketAddr, writes: Writes) -> Result<(), Error> {
    let poll = Poll::new().map_err(Error::io("epoll"))?;
    let mut listener = TcpListener::bind(listen).map_err(Error::io(format!("listening on {listen}")))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)
        .map_err(Error::io("watching the listener"))?;
    let address = listener.local_addr().map_err(Error::io("own address"))?;
    println!("listening on http://{address}");
    let floor = Floor {
        poll,
        listener,
        writes,
        sockets: Vec::new(),
        free: Vec::new(),
        rooms: HashMap::new(),
        waiting: Vec::new(),
        users: HashMap::new(),
        frame: Vec::new(),
        unanswered: Vec::new(),
    };
    floor.serve()
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    writes: Writes,
    sockets: Vec<Option<Socket>>,
    free: Vec<usize>,
    /// From a hash of the room's name to its sockets.
    rooms: HashMap<u64, Room>,
    /// Rooms with frames that wait for the end of the turn.
    waiting: Vec<u64>,
    /// From a hash of the user's name to the socket.
    users: HashMap<u64, usize>,
    /// The frame being written.
    frame: Vec<u8>,
    /// Whose publishes wait for the end of the turn.
    unanswered: Vec<usize>,
}

impl Floor {
    fn serve(mut self) -> Result<(), Error> {
        let mut events = Events::with_capacity(1024);
        let mut scratch = vec![0; SCRATCH];
        loop {
            if let Err(error) = self.poll.poll(&mut events, None)
                && error.kind() != ErrorKind::Interrupted
            {
                return Err(Error::io("waiting")(error));
            }
            for event in &events {
                if event.token() == LISTENER {
                    self.accept();
                    continue;
                }
                let index = event.token().0;
                if event.is_writable() && self.on(index, Socket::flush).is_err() {
                    self.close(index);
                } else if event.is_readable() {
                    self.read(index, &mut scratch);
                }
            }
            self.end_turn();
        }
    }

    fn accept(&mut self) {
        while let Ok((mut stream, _)) = self.listener.accept() {
            let index = self.free.pop().unwrap_or_else(|| {
                self.sockets.push(None);
                self.sockets.len() - 1
            });
            let watched = stream.set_nodelay(true).and_then(|()| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, Token(index), interest)
            });
            match watched {
                Ok(()) => self.sockets[index] = Some(Socket::new(stream)),
                Err(_) => self.free.push(index),
            }
        }
    }

    fn read(&mut self, index: usize, scratch: &mut [u8]) {
        loop {
            let Some(socket) = self.sockets[index].as_mut() else { return };
            let filled = match socket.read(scratch) {
                Ok(0) => return self.close(index),
                Ok(filled) => filled,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.close(index),
            };
            let done = match socket.kind {
                Kind::WebSocket { .. } => self.client_frames(index, &scratch[..filled]),
                Kind::Http => self.requests(index, &scratch[..filled]),
            };
            if done.is_err() {
                return self.close(index);
            }
            // A read that did not fill the buffer emptied the socket; what comes later wakes us again.
            if filled < scratch.len() {
                return;
            }
        }
    }

    /// A client says nothing but `join_room`, pongs and a close, each in a write of its own.
    fn client_frames(&mut self, index: usize, bytes: &[u8]) -> Result<(), ()> {
        match bytes.first() {
            Some(0x81) => self.on(index, |socket| socket.write(socket::JOINED)),
            Some(0x88) => Err(()),
            _ => Ok(()),
        }
    }

    fn requests(&mut self, index: usize, bytes: &[u8]) -> Result<(), ()> {
        let mut rest = bytes;
        while let Some(extent) = Extent::of(rest)
            && extent.whole() <= rest.len()
        {
            let (request, after) = rest.split_at(extent.whole());
            rest = after;
            match Request::scan(request, extent).ok_or(())? {
                Request::Upgrade { key, user, room } => self.upgrade(index, key, user, room)?,
                Request::ToRoom { room, data } => self.publish_to_room(index, room, data)?,
                Request::ToUser { user, data } => self.publish_to_user(index, user, data)?,
            }
        }
        self.on(index, |socket| {
            socket.keep(rest);
            Ok(())
        })
    }

    fn upgrade(&mut self, index: usize, key: &str, user: u64, room: u64) -> Result<(), ()> {
        let accept = tidings_websocket::handshake::accept_key(key);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let place = self.rooms.entry(room).or_default().enter(index);
        self.users.insert(user, index);
        self.on(index, |socket| {
            socket.kind = Kind::WebSocket { user, room, place };
            socket.write(answer.as_bytes())
        })
    }

    fn publish_to_room(&mut self, from: usize, room: u64, data: &[u8]) -> Result<(), ()> {
        let entry = self.rooms.entry(room).or_default();
        if self.writes == Writes::Joined {
            if entry.joined.is_empty() {
                self.waiting.push(room);
            }
            request::write_frame(data, &mut entry.joined);
            self.unanswered.push(from);
            return Ok(());
        }
        self.frame.clear();
        request::write_frame(data, &mut self.frame);
        let frame = std::mem::take(&mut self.frame);
        self.write_all(room, &frame);
        self.frame = frame;
        self.on(from, |socket| socket.write(ACCEPTED))
    }

    fn publish_to_user(&mut self, from: usize, user: u64, data: &[u8]) -> Result<(), ()> {
        self.frame.clear();
        request::write_frame(data, &mut self.frame);
        if let Some(&index) = self.users.get(&user)
            && let Some(socket) = self.sockets[index].as_mut()
            && socket.write(&self.frame).is_err()
        {
            self.close(index);
        }
        self.on(from, |socket| socket.write(ACCEPTED))
    }

    fn end_turn(&mut self) {
        for number in std::mem::take(&mut self.waiting) {
            let Some(room) = self.rooms.get_mut(&number) else { continue };
            let mut joined = std::mem::take(&mut room.joined);
            self.write_all(number, &joined);
            joined.clear();
            if let Some(room) = self.rooms.get_mut(&number) {
                room.joined = joined;
            }
        }
        for from in std::mem::take(&mut self.unanswered) {
            if self.on(from, |socket| socket.write(ACCEPTED)).is_err() {
                self.close(from);
            }
        }
    }

    fn write_all(&mut self, number: u64, bytes: &[u8]) {
        let Some(room) = self.rooms.get_mut(&number) else { return };
        // Taken out, so that closing a broken socket does not change the list that is walked.
        let sockets = std::mem::take(&mut room.sockets);
        let mut broken = Vec::new();
        for &index in &sockets {
            if self.on(index, |socket| socket.write(bytes)).is_err() {
                broken.push(index);
            }
        }
        if let Some(room) = self.rooms.get_mut(&number) {
            room.sockets = sockets;
        }
        for index in broken {
            self.close(index);
        }
    }

    /// Does something with a socket that is still there.
    fn on(&mut self, index: usize, act: impl FnOnce(&mut Socket) -> Result<(), ()>) -> Result<(), ()> {
        self.sockets[index].as_mut().map_or(Ok(()), act)
    }

    fn close(&mut self, index: usize) {
        let Some(socket) = self.sockets[index].take() else { return };
        self.free.push(index);
        if let Kind::WebSocket { user, room, place } = socket.kind {
            if self.users.get(&user) == Some(&index) {
                self.users.remove(&user);
            }
            if let Some(moved) = self.rooms.get_mut(&room).and_then(|room| room.leave(place))
                && let Some(socket) = self.sockets[moved].as_mut()
                && let Kind::WebSocket { place: of_moved, .. } = &mut socket.kind
            {
                *of_moved = place;
            }
        }
    }
}
