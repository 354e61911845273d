//! Bytes that wait for a socket: a queue bounded in bytes, with no memory of its own while it is empty.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::{Buf, Bytes};

/// Most pieces that go to the socket in one call (`IOV_MAX` is 1024; more than this gains nothing).
const PIECES_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct Queue {
    /// Mostly there is one piece, and it leaves at once: it needs no list.
    first: Option<Bytes>,
    rest: VecDeque<Bytes>,
    bytes: usize,
    /// How many of the bytes are history that was asked for: they do not count against the bound.
    history: usize,
    /// Whether `first` has begun to leave: what is begun must be ended, or the peer loses the frame's borders.
    begun: bool,
}

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// Nothing is left.
    All,
    /// The socket takes no more now.
    Blocked,
    /// The socket is broken.
    Broken,
}

impl Queue {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that count against the bound.
    pub(crate) fn live_bytes(&self) -> usize {
        self.bytes.saturating_sub(self.history)
    }

    /// Puts frames on the queue that are kept in the store anyway, and shared: only their places cost memory.
    pub(crate) fn push_history(&mut self, piece: Bytes) {
        self.history += piece.len();
        self.push(piece);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        if self.first.is_none() {
            self.first = Some(piece);
        } else {
            self.rest.push_back(piece);
        }
    }

    /// Drops all that has not begun to leave.
    pub(crate) fn cut(&mut self) {
        self.rest = VecDeque::new();
        if !self.begun {
            self.first = None;
        }
        self.bytes = self.first.as_ref().map_or(0, Bytes::len);
        self.history = 0;
    }

    /// Writes until nothing is left or the socket takes no more.
    pub(crate) fn write(&mut self, mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> Written {
        while let Some(first) = &self.first {
            let result = if self.rest.is_empty() {
                write(&[IoSlice::new(first)])
            } else {
                let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
                let all = std::iter::once(first).chain(&self.rest);
                let count =
                    pieces.iter_mut().zip(all).map(|(slot, piece)| *slot = IoSlice::new(piece)).count();
                write(&pieces[..count])
            };
            match result {
                Ok(0) => return Written::Broken,
                Ok(count) => self.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Written::Broken,
            }
        }
        Written::All
    }

    fn advance(&mut self, mut count: usize) {
        self.bytes -= count;
        self.history = self.history.saturating_sub(count);
        while let Some(first) = &mut self.first {
            if count < first.len() {
                first.advance(count);
                self.begun |= count > 0;
                return;
            }
            count -= first.len();
            self.first = self.rest.pop_front();
            self.begun = false;
        }
        // Memory that a burst needed goes back, so that ten thousand idle queues cost nothing.
        self.rest = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever portions the socket takes, the bytes leave in order and none twice.
        #[test]
        fn order_survives_any_portions(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..100),
            portions in prop::collection::vec(0usize..60, 1..50),
        ) {
            let (mut queue, mut out, mut portions) = (Queue::default(), Vec::new(), portions.into_iter().cycle().take(10_000));
            for piece in &pieces {
                queue.push(Bytes::from(piece.clone()));
            }
            prop_assert_eq!(queue.bytes(), pieces.concat().len());
            while !queue.is_empty() {
                queue.write(|slices| {
                    let portion = portions.next().unwrap_or(60);
                    if portion == 0 {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                    let count = portion.min(all.len());
                    out.extend_from_slice(&all[..count]);
                    Ok(count)
                });
            }
            prop_assert_eq!(out, pieces.concat());
            prop_assert_eq!((queue.bytes(), queue.rest.capacity()), (0, 0));
        }
    }

    #[test]
    fn a_piece_that_began_to_leave_is_not_cut() {
        let mut queue = Queue::default();
        queue.push(Bytes::from_static(b"hello"));
        queue.push(Bytes::from_static(b"world"));
        let mut takes = vec![2];
        queue.write(|_| takes.pop().ok_or(io::ErrorKind::WouldBlock.into()));
        queue.cut();
        assert_eq!((queue.first.as_deref(), queue.bytes()), (Some(&b"llo"[..]), 3));
        let mut fresh = Queue::default();
        fresh.push(Bytes::from_static(b"hello"));
        fresh.cut();
        assert!(fresh.is_empty());
    }
}
