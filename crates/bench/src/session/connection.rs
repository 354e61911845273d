//! One WebSocket of the session: opening, joining, then millions of frames.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

use super::recover::Behind;
use crate::clock;
use crate::error::Error;
use crate::frame::{self, Frame};
use crate::http;
use crate::ledger::{Ledger, Place};
use crate::mark::Mark;

/// The one key all connections use, and its answer (RFC 6455 section 1.3). The server computes it anew each time.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What the answer says to one who gets all that was missed.
const RECOVERED: &[u8] = br#""recovered":true"#;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// TCP is being opened; the upgrade goes out with the first sign that it is.
    Opening,
    /// The upgrade is asked for.
    Upgrading,
    /// The room is asked for.
    Joining,
    /// In its room, but not yet where the others are: what it missed is on its way.
    CatchingUp,
    /// In its room.
    Ready,
    Closed,
}

/// What a connection has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that others must know.
    None,
    /// It is in its room.
    Ready,
    /// The server ended it, with this close code (0: without one).
    Closed(u16),
}

/// One WebSocket.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    state: State,
    /// Its room's stream and its user's.
    pub(super) places: [Place; 2],
    /// It is not read from: a slow reader.
    pub(super) stalled: bool,
    /// What the server has not taken yet. First the upgrade.
    out: Vec<u8>,
    /// What to send after the upgrade.
    join: Vec<u8>,
    /// The beginning of a frame, or of the upgrade's answer.
    partial: Vec<u8>,
    close_code: u16,
    /// What it has missed.
    behind: Option<Behind>,
}

impl Connection {
    /// A connection that is being opened. `join` is the frame that asks for its room.
    pub(super) fn new(
        stream: TcpStream,
        upgrade: Vec<u8>,
        join: Vec<u8>,
        places: [Place; 2],
        behind: Option<Behind>,
    ) -> Self {
        let (state, partial) = (State::Opening, Vec::new());
        Self { stream, state, places, stalled: false, out: upgrade, join, partial, close_code: 0, behind }
    }

    /// Whether it is in its room and reads.
    pub(super) fn follows(&self) -> bool {
        self.state == State::Ready && !self.stalled
    }

    /// The server takes more.
    pub(super) fn writable(&mut self) -> Result<(), Error> {
        if self.state == State::Opening {
            if let Ok(Some(error)) | Err(error) = self.stream.take_error() {
                return Err(Error::io("connecting")(error));
            }
            // A socket that is not connected yet says so by having no peer.
            if self.stream.peer_addr().is_err() {
                return Ok(());
            }
            self.state = State::Upgrading;
        }
        self.flush();
        Ok(())
    }

    /// The server sent something.
    pub(super) fn readable(
        &mut self,
        index: usize,
        scratch: &mut [u8],
        ledger: &mut Ledger,
    ) -> Result<Step, Error> {
        if self.stalled || self.state == State::Closed {
            return Ok(Step::None);
        }
        let mut step = Step::None;
        loop {
            let kept = self.partial.len();
            if kept == scratch.len() {
                return Err(Error::Refused("a message longer than 64 KiB".to_owned()));
            }
            let read = match self.stream.read(&mut scratch[kept..]) {
                Ok(read) if read > 0 => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(step),
                ended => return self.ended(ended.err()),
            };
            let now = clock::now();
            if kept > 0 {
                scratch[..kept].copy_from_slice(&self.partial);
                self.partial.clear();
            }
            let filled = &scratch[..kept + read];
            let used = self.consume(index, filled, now, ledger, &mut step)?;
            if used < filled.len() {
                self.partial.extend_from_slice(&filled[used..]);
            }
            // A read that did not fill the buffer emptied the socket; what comes later wakes us again.
            if kept + read < scratch.len() {
                return Ok(step);
            }
        }
    }

    fn ended(&mut self, error: Option<std::io::Error>) -> Result<Step, Error> {
        let was = std::mem::replace(&mut self.state, State::Closed);
        if was == State::Ready {
            return Ok(Step::Closed(self.close_code));
        }
        let why = error.map_or_else(|| "end of stream".to_owned(), |error| error.to_string());
        Err(Error::Refused(format!(
            "a connection ended while {was:?} (close code {}): {why}",
            self.close_code
        )))
    }

    fn consume(
        &mut self,
        index: usize,
        bytes: &[u8],
        now: u64,
        ledger: &mut Ledger,
        step: &mut Step,
    ) -> Result<usize, Error> {
        let mut used = 0;
        if matches!(self.state, State::Opening | State::Upgrading) {
            let Some(extent) = http::Extent::of(bytes) else { return Ok(0) };
            check_upgrade(bytes, extent)?;
            used = extent.head;
            self.state = State::Joining;
            self.out = std::mem::take(&mut self.join);
            self.flush();
        }
        while let Some((frame, length)) =
            frame::next(&bytes[used..]).map_err(|what| Error::Refused(what.to_owned()))?
        {
            used += length;
            self.frame(index, &frame, now, ledger, step)?;
        }
        Ok(used)
    }

    fn frame(
        &mut self,
        index: usize,
        frame: &Frame<'_>,
        now: u64,
        ledger: &mut Ledger,
        step: &mut Step,
    ) -> Result<(), Error> {
        match frame.opcode {
            frame::TEXT => {
                if let Some(mark) = Mark::find(frame.payload) {
                    match &mut self.behind {
                        Some(behind) => {
                            if self.state == State::CatchingUp && behind.catch_up(mark, now, ledger) {
                                self.ready(step);
                            }
                        }
                        None => ledger.receive(index, &mut self.places, mark, now),
                    }
                } else if self.state == State::Joining {
                    self.joining(frame.payload, step)?;
                }
            }
            frame::PING => {
                frame::write_client(frame::PONG, frame.payload, &mut self.out);
                self.flush();
            }
            frame::CLOSE => {
                self.close_code = frame.payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code))
            }
            _ => {}
        }
        Ok(())
    }

    fn joining(&mut self, message: &[u8], step: &mut Step) -> Result<(), Error> {
        let has = |word: &[u8]| memchr::memmem::find(message, word).is_some();
        let refused = || Error::Refused(String::from_utf8_lossy(message).into_owned());
        if has(b"\"error\"") {
            return Err(refused());
        }
        if has(b"joined_room") {
            match &self.behind {
                Some(_) if !has(RECOVERED) => return Err(refused()),
                Some(_) => self.state = State::CatchingUp,
                None => self.ready(step),
            }
        }
        Ok(())
    }

    fn ready(&mut self, step: &mut Step) {
        self.behind = None;
        self.state = State::Ready;
        *step = Step::Ready;
    }

    /// Says goodbye, as far as the server still listens. The socket closes when the connection is dropped.
    pub(super) fn leave(&mut self) {
        if matches!(self.state, State::Joining | State::CatchingUp | State::Ready) {
            frame::write_client(frame::CLOSE, &1000u16.to_be_bytes(), &mut self.out);
            self.flush();
        }
    }

    /// Reads what is there, unchecked; the close code (0: without one) once, when the server has ended the connection.
    pub(super) fn drain(&mut self, scratch: &mut [u8]) -> Option<u16> {
        if self.state == State::Closed {
            return None;
        }
        let ended = loop {
            match self.stream.read(scratch) {
                Ok(read) if read > 0 => self.partial.extend_from_slice(&scratch[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
                _ => break true,
            }
        };
        let mut used = 0;
        while let Ok(Some((frame, length))) = frame::next(&self.partial[used..]) {
            used += length;
            if frame.opcode == frame::CLOSE {
                self.close_code = frame.payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
            }
        }
        self.partial.drain(..used);
        if ended || self.close_code != 0 {
            self.state = State::Closed;
            return Some(self.close_code);
        }
        None
    }

    fn flush(&mut self) {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                // Later, or never: then reading says so too.
                Err(_) => return,
            }
        }
        self.out = Vec::new();
    }
}

/// Whether the answer lets us in.
fn check_upgrade(bytes: &[u8], extent: http::Extent) -> Result<(), Error> {
    let head = &bytes[..extent.head];
    if http::status(head) == 101 && http::header(head, b"sec-websocket-accept") == Some(ACCEPT) {
        return Ok(());
    }
    Err(Error::Refused(format!("the upgrade: {}", String::from_utf8_lossy(bytes))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_to_the_key() {
        assert_eq!(tidings_websocket::handshake::accept_key(super::KEY), super::ACCEPT);
    }
}
