//! A client as the application sees it: positions of rooms, moved on by what arrives.

use std::{
    collections::HashMap,
    io::{self, IoSlice},
    sync::{Arc, Mutex},
};

use tidings_core::{Connection, Outlet};

/// A socket that takes as many bytes as it was told to.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<WireState>>);

#[derive(Default)]
struct WireState {
    takes: usize,
    bytes: Vec<u8>,
}

impl Outlet for Wire {
    fn poll_writable(&self, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        std::task::Poll::Pending
    }

    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.0.lock().unwrap();
        let mut written = 0;
        for piece in pieces {
            let count = piece.len().min(state.takes);
            state.bytes.extend_from_slice(&piece[..count]);
            state.takes -= count;
            written += count;
        }
        if written == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(written) }
    }
}

impl Wire {
    pub(crate) fn open(&self, bytes: usize) {
        let takes = &mut self.0.lock().unwrap().takes;
        *takes = takes.saturating_add(bytes);
    }

    /// Whole lines that have arrived.
    fn lines(&self) -> Vec<String> {
        let mut state = self.0.lock().unwrap();
        let end = state.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = state.bytes.drain(..end).collect();
        String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect()
    }
}

/// Where a client is in a room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) epoch: String,
    pub(crate) offset: u64,
    /// Whether it follows the room on the living connection.
    pub(crate) live: bool,
}

#[derive(Default)]
pub(crate) struct Client {
    pub(crate) connection: Option<Arc<Connection<Wire>>>,
    pub(crate) places: HashMap<String, Place>,
    /// The last value seen of the room that keeps one.
    pub(crate) last_value: u64,
    /// What was said of how others are.
    pub(crate) told: Vec<String>,
}

impl Client {
    /// Reads what has arrived, and objects to everything that is not the next.
    pub(crate) fn read(&mut self) {
        let Some(connection) = &self.connection else { return };
        for line in connection.outlet.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["entry", "last", offset, ..] => {
                    self.last_value = self.last_value.max(offset.parse().unwrap())
                }
                ["entry", room, offset, ..] => self.next(room, offset.parse().unwrap()),
                ["told", what, whom] => self.told.push(format!("{what} {whom}")),
                ["joined", room, epoch, offset, recovered] => {
                    self.joined(room, epoch, offset.parse().unwrap(), recovered == "true");
                }
                _ => {}
            }
        }
    }

    fn next(&mut self, room: &str, offset: u64) {
        let place = self.places.get_mut(room).expect("an entry came before the answer to the join");
        assert_eq!(offset, place.offset + 1, "room {room}: not the next");
        place.offset = offset;
    }

    fn joined(&mut self, room: &str, epoch: &str, offset: u64, recovered: bool) {
        let before = self.places.get(room).cloned();
        let place = match before {
            // What was missed follows, so the place stays where it was.
            Some(before) if recovered => {
                assert!(
                    before.epoch == epoch && before.offset <= offset,
                    "recovered from {before:?} to {epoch}:{offset}"
                );
                Place { live: true, ..before }
            }
            _ => {
                assert!(!recovered, "recovered without a position");
                Place { epoch: epoch.to_owned(), offset, live: true }
            }
        };
        self.places.insert(room.to_owned(), place);
    }
}
