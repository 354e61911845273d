//! One socket of the floor: what it is, what has come of an unfinished request, and what could not be written yet.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

/// The answer to whatever a client asks, ready-made.
pub(super) const JOINED: &[u8] = b"\x81\x34{\"type\":\"joined_room\",\"data\":{\"room\":\"bench_floor\"}}";

/// What the socket turned out to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// So far requests only.
    Http,
    /// It gets frames.
    WebSocket {
        /// Hash of its user's name.
        user: u64,
        /// Hash of its room's name.
        room: u64,
        /// Its place in the room's list.
        place: usize,
    },
}

/// One accepted socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    pub(super) kind: Kind,
    /// The beginning of a request.
    partial: Vec<u8>,
    /// Bytes the kernel did not take; empty unless the peer is slow.
    waiting: Vec<u8>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, kind: Kind::Http, partial: Vec::new(), waiting: Vec::new() }
    }

    /// Reads once. What was kept of an unfinished request comes first.
    pub(super) fn read(&mut self, scratch: &mut [u8]) -> std::io::Result<usize> {
        let kept = self.partial.len();
        if kept >= scratch.len() {
            return Err(ErrorKind::InvalidData.into());
        }
        let read = self.stream.read(&mut scratch[kept..])?;
        scratch[..kept].copy_from_slice(&self.partial);
        self.partial = Vec::new();
        Ok(if read == 0 { 0 } else { kept + read })
    }

    /// Keeps the beginning of a request.
    pub(super) fn keep(&mut self, rest: &[u8]) {
        self.partial.extend_from_slice(rest);
    }

    /// Writes now what the kernel takes, and the rest when it takes more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let taken = if self.waiting.is_empty() { self.take(bytes)? } else { 0 };
        if taken < bytes.len() {
            self.waiting.extend_from_slice(&bytes[taken..]);
        }
        Ok(())
    }

    /// Goes on with what waits.
    pub(super) fn flush(&mut self) -> Result<(), ()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let taken = self.take(&waiting)?;
        self.waiting = waiting[taken..].to_vec();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<usize, ()> {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(written) => taken += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Err(()),
            }
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_ready_made_answer_is_one_frame() {
        let (frame, used) = crate::frame::next(super::JOINED).unwrap().unwrap();
        assert_eq!(used, super::JOINED.len());
        assert!(serde_json::from_slice::<serde_json::Value>(frame.payload).is_ok());
    }
}
