//! Who must still get what. Every delivery on every connection is checked against it: an entry that does not come, comes twice or
//! comes late is counted, and a publish is finished when all its subscribers have it.

use std::collections::{HashSet, VecDeque};

use crate::histogram::Histogram;
use crate::mark::Mark;

/// What must never happen. All counts must be 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Faults {
    /// Deliveries that did not come.
    pub missing: u64,
    /// Deliveries that came again.
    pub duplicate: u64,
    /// Deliveries that came after a later one.
    pub out_of_order: u64,
    /// Deliveries that came to a connection they were not for.
    pub stray: u64,
    /// Connections that the server ended.
    pub closed: u64,
}

impl Faults {
    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.duplicate += other.duplicate;
        self.out_of_order += other.out_of_order;
        self.stray += other.stray;
        self.closed += other.closed;
    }

    /// Whether nothing went wrong.
    #[must_use]
    pub fn none(&self) -> bool {
        *self == Self::default()
    }
}

/// How far one connection has come in one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) stream: u32,
    pub(crate) next: u32,
}

/// What has been published in one stream, and which of it is unfinished.
#[derive(Debug, Default)]
struct Stream {
    next: u32,
    members: u32,
    /// The place of the first in `open`.
    first_open: u32,
    open: VecDeque<Open>,
}

#[derive(Debug)]
struct Open {
    /// Subscribers who do not have it yet.
    left: u32,
    /// Who published it.
    slot: usize,
}

/// The books of one session.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rooms: Vec<Stream>,
    users: Vec<Stream>,
    /// Connection and entry of what was skipped; it may still come, late.
    gaps: HashSet<(usize, u32, u32)>,
    pub(crate) faults: Faults,
    pub(crate) latency: Histogram,
    pub(crate) delivered: u64,
    /// Entries that somebody still waits for.
    pub(crate) unfinished: usize,
    /// Slots whose entry has just been finished.
    pub(crate) finished: Vec<usize>,
}

impl Ledger {
    /// A connection begins to follow a stream; everything published from now on is for it.
    pub(crate) fn join(&mut self, stream: u32) -> Place {
        let (streams, index) = self.streams(stream);
        if index >= streams.len() {
            streams.resize_with(index + 1, Stream::default);
        }
        streams[index].members += 1;
        Place { stream, next: streams[index].next }
    }

    /// A connection follows no longer.
    pub(crate) fn leave(&mut self, places: &[Place; 2]) {
        for place in places {
            if let Some(stream) = self.stream(place.stream) {
                stream.members = stream.members.saturating_sub(1);
            }
        }
    }

    /// How many follow a stream.
    pub(crate) fn members(&mut self, stream: u32) -> u32 {
        self.stream(stream).map_or(0, |stream| stream.members)
    }

    /// An entry is about to be published by a slot; its place in the stream.
    pub(crate) fn publish(&mut self, stream: u32, slot: usize) -> Option<u32> {
        let books = self.stream(stream).filter(|books| books.members > 0)?;
        let seq = books.next;
        books.next += 1;
        books.open.push_back(Open { left: books.members, slot });
        self.unfinished += 1;
        Some(seq)
    }

    /// A connection got an entry.
    pub(crate) fn receive(&mut self, connection: usize, places: &mut [Place; 2], mark: Mark, now: u64) {
        let Some(place) = places.iter_mut().find(|place| place.stream == mark.stream) else {
            self.faults.stray += 1;
            return;
        };
        if mark.seq < place.next {
            if self.gaps.remove(&(connection, mark.stream, mark.seq)) {
                self.faults.missing -= 1;
                self.faults.out_of_order += 1;
                self.finish_one(mark);
            } else {
                self.faults.duplicate += 1;
            }
            return;
        }
        for skipped in place.next..mark.seq {
            self.gaps.insert((connection, mark.stream, skipped));
            self.faults.missing += 1;
        }
        place.next = mark.seq + 1;
        self.delivered += 1;
        self.latency.record(now.saturating_sub(mark.at));
        self.finish_one(mark);
    }

    /// What a connection has not got by now is missing.
    pub(crate) fn close_books(&mut self, connection: usize, places: &mut [Place; 2]) {
        for place in places {
            let next = self.stream(place.stream).map_or(0, |stream| stream.next);
            for skipped in place.next..next {
                self.gaps.insert((connection, place.stream, skipped));
                self.faults.missing += 1;
            }
            place.next = place.next.max(next);
        }
    }

    /// Nobody waits any more for anything published so far.
    pub(crate) fn give_up(&mut self) {
        for stream in self.rooms.iter_mut().chain(&mut self.users) {
            stream.open.clear();
            stream.first_open = stream.next;
        }
        self.unfinished = 0;
        self.finished.clear();
    }

    fn finish_one(&mut self, mark: Mark) {
        let Some(stream) = self.stream(mark.stream) else { return };
        let Some(index) = mark.seq.checked_sub(stream.first_open) else { return };
        let Some(open) = stream.open.get_mut(index as usize) else { return };
        open.left = open.left.saturating_sub(1);
        if open.left > 0 {
            return;
        }
        let slot = open.slot;
        while stream.open.front().is_some_and(|open| open.left == 0) {
            stream.open.pop_front();
            stream.first_open += 1;
        }
        self.unfinished -= 1;
        self.finished.push(slot);
    }

    fn streams(&mut self, stream: u32) -> (&mut Vec<Stream>, usize) {
        let index = (stream & !Mark::USER) as usize;
        (if stream & Mark::USER == 0 { &mut self.rooms } else { &mut self.users }, index)
    }

    fn stream(&mut self, stream: u32) -> Option<&mut Stream> {
        let (streams, index) = self.streams(stream);
        streams.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two connections in room 0; `got` is what the first one gets of three entries, the second gets all.
    fn check(got: &[u32], expect: Faults, finished: usize) {
        let mut ledger = Ledger::default();
        let mut first = [ledger.join(0), ledger.join(Mark::USER)];
        let mut second = [ledger.join(0), ledger.join(1 | Mark::USER)];
        for slot in 0..3 {
            assert_eq!(ledger.publish(0, slot), Some(slot as u32));
        }
        for seq in 0..3 {
            ledger.receive(1, &mut second, Mark { stream: 0, seq, at: 5 }, 10);
        }
        for &seq in got {
            ledger.receive(0, &mut first, Mark { stream: 0, seq, at: 5 }, 10);
        }
        ledger.close_books(0, &mut first);
        ledger.close_books(1, &mut second);
        assert_eq!((ledger.faults, ledger.finished.len()), (expect, finished), "{got:?}");
        assert_eq!(ledger.unfinished, 3 - finished);
    }

    #[test]
    fn every_fault_is_told_from_the_others() {
        let none = Faults::default();
        check(&[0, 1, 2], none, 3);
        check(&[0, 2], Faults { missing: 1, ..none }, 2);
        check(&[0, 1], Faults { missing: 1, ..none }, 2);
        check(&[], Faults { missing: 3, ..none }, 0);
        check(&[0, 0, 1, 2, 2], Faults { duplicate: 2, ..none }, 3);
        check(&[0, 2, 1], Faults { out_of_order: 1, ..none }, 3);
        check(&[2, 1, 0, 1], Faults { out_of_order: 2, duplicate: 1, ..none }, 3);
    }

    #[test]
    fn another_stream_is_stray_and_an_empty_one_is_not_published_to() {
        let mut ledger = Ledger::default();
        let mut places = [ledger.join(0), ledger.join(Mark::USER)];
        ledger.receive(0, &mut places, Mark { stream: 3, seq: 0, at: 0 }, 1);
        assert_eq!(ledger.faults.stray, 1);
        ledger.leave(&places);
        assert_eq!(ledger.publish(0, 0), None);
    }
}
