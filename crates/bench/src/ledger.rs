//! Who must still get what. Every delivery on every connection is checked against it: an entry that does not come, comes twice or
//! comes late is counted, and a publish is finished when all its subscribers have it.
//!
//! What "in order" means depends on how entries were published. One after the other: as published. Several at once over several
//! connections: the server decides, but for all alike. So each entry has a rank in its stream, its place among the published ones
//! or the order in which it first reached anybody, and every connection must see the ranks one by one.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::histogram::Histogram;
use crate::mark::Mark;

/// What must never happen. All counts must be 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Faults {
    /// Deliveries that did not come.
    pub missing: u64,
    /// Deliveries that came again.
    pub duplicate: u64,
    /// Deliveries that came after a later one, or in another order than to others.
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
    /// The rank that must come next.
    pub(crate) next: u32,
}

/// Who decides the order of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They are published one after the other.
    AsPublished,
    /// Several are under way at once: the server decides, for all alike.
    AsAgreed,
}

/// What has been published in one stream, and which of it is unfinished.
#[derive(Debug, Default)]
struct Stream {
    next: u32,
    members: u32,
    /// How many have a rank.
    ranked: u32,
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
    rank: Option<u32>,
}

/// The books of one session.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rooms: Vec<Stream>,
    users: Vec<Stream>,
    /// Connection, stream and rank of what was skipped; it may still come, late.
    gaps: HashSet<(usize, u32, u32)>,
    /// The same of loads that are over, when ranks are forgotten: how many.
    lost: HashMap<(usize, u32), u64>,
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
    pub(crate) fn publish(&mut self, stream: u32, slot: usize, order: Order) -> Option<u32> {
        let books = self.stream(stream).filter(|books| books.members > 0)?;
        let seq = books.next;
        books.next += 1;
        let rank = (order == Order::AsPublished).then_some(seq);
        books.ranked += u32::from(rank.is_some());
        books.open.push_back(Open { left: books.members, slot, rank });
        self.unfinished += 1;
        Some(seq)
    }

    /// A connection got an entry.
    pub(crate) fn receive(&mut self, connection: usize, places: &mut [Place; 2], mark: Mark, now: u64) {
        let Some(place) = places.iter_mut().find(|place| place.stream == mark.stream) else {
            self.faults.stray += 1;
            return;
        };
        let Some(rank) = self.rank(mark) else { return self.receive_late(connection, mark) };
        if rank < place.next {
            if self.gaps.remove(&(connection, mark.stream, rank)) {
                self.faults.missing -= 1;
                self.faults.out_of_order += 1;
                self.finish_one(mark);
            } else {
                self.faults.duplicate += 1;
            }
            return;
        }
        for skipped in place.next..rank {
            self.gaps.insert((connection, mark.stream, skipped));
            self.faults.missing += 1;
        }
        place.next = rank + 1;
        self.delivered += 1;
        self.latency.record(now.saturating_sub(mark.at));
        self.finish_one(mark);
    }

    /// What a connection has not got by now is missing.
    pub(crate) fn close_books(&mut self, connection: usize, places: &mut [Place; 2]) {
        for place in places {
            let next = self.stream(place.stream).map_or(0, |stream| stream.next);
            let missing = u64::from(next.saturating_sub(place.next));
            if missing > 0 {
                self.faults.missing += missing;
                *self.lost.entry((connection, place.stream)).or_default() += missing;
            }
            place.next = next;
        }
    }

    /// Nobody waits any more for anything published so far.
    pub(crate) fn give_up(&mut self) {
        for stream in self.rooms.iter_mut().chain(&mut self.users) {
            stream.open.clear();
            stream.first_open = stream.next;
            stream.ranked = stream.next;
        }
        for (connection, stream, _) in self.gaps.drain() {
            *self.lost.entry((connection, stream)).or_default() += 1;
        }
        self.unfinished = 0;
        self.finished.clear();
    }

    /// An entry's rank; whoever gets it first decides it. `None`: nobody waits for it.
    fn rank(&mut self, mark: Mark) -> Option<u32> {
        let stream = self.stream(mark.stream)?;
        let open = stream.open.get_mut(mark.seq.checked_sub(stream.first_open)? as usize)?;
        if open.rank.is_none() {
            open.rank = Some(stream.ranked);
            stream.ranked += 1;
        }
        open.rank
    }

    /// An entry that nobody waited for: late if this connection lost one of that stream, else one too many.
    fn receive_late(&mut self, connection: usize, mark: Mark) {
        match self.lost.get_mut(&(connection, mark.stream)).filter(|lost| **lost > 0) {
            Some(lost) => {
                *lost -= 1;
                self.faults.missing = self.faults.missing.saturating_sub(1);
                self.faults.out_of_order += 1;
            }
            None => self.faults.duplicate += 1,
        }
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

    /// Two connections in room 0; the second gets three entries in order, then the first one gets `got`.
    fn check(order: Order, got: &[u32], expect: Faults, finished: usize) {
        let mut ledger = Ledger::default();
        let mut first = [ledger.join(0), ledger.join(Mark::USER)];
        let mut second = [ledger.join(0), ledger.join(1 | Mark::USER)];
        for slot in 0..3 {
            assert_eq!(ledger.publish(0, slot, order), Some(slot as u32));
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
        for order in [Order::AsPublished, Order::AsAgreed] {
            every_fault(order);
        }
    }

    fn every_fault(order: Order) {
        let none = Faults::default();
        let check = |got: &[u32], expect, finished| check(order, got, expect, finished);
        check(&[0, 1, 2], none, 3);
        check(&[0, 2], Faults { missing: 1, ..none }, 2);
        check(&[0, 1], Faults { missing: 1, ..none }, 2);
        check(&[], Faults { missing: 3, ..none }, 0);
        check(&[0, 0, 1, 2, 2], Faults { duplicate: 2, ..none }, 3);
        check(&[0, 2, 1], Faults { out_of_order: 1, ..none }, 3);
        check(&[2, 1, 0, 1], Faults { out_of_order: 2, duplicate: 1, ..none }, 3);
    }

    #[test]
    fn the_server_may_decide_the_order_if_it_is_one() {
        let run = |order| {
            let mut ledger = Ledger::default();
            let mut all = [(); 2].map(|()| [ledger.join(0), ledger.join(Mark::USER)]);
            for slot in 0..3 {
                ledger.publish(0, slot, order);
            }
            for (connection, places) in all.iter_mut().enumerate() {
                for seq in [1, 0, 2] {
                    ledger.receive(connection, places, Mark { stream: 0, seq, at: 5 }, 10);
                }
            }
            (ledger.faults.out_of_order, ledger.unfinished)
        };
        assert_eq!(run(Order::AsAgreed), (0, 0));
        assert_eq!(run(Order::AsPublished), (2, 0));
    }

    #[test]
    fn what_comes_after_the_books_are_closed_is_late_not_missing() {
        let mut ledger = Ledger::default();
        let mut places = [ledger.join(0), ledger.join(Mark::USER)];
        let seq = ledger.publish(0, 0, Order::AsAgreed).unwrap();
        ledger.close_books(0, &mut places);
        ledger.give_up();
        assert_eq!(ledger.faults.missing, 1);
        for faults in [(0, 1, 0), (0, 1, 1)] {
            ledger.receive(0, &mut places, Mark { stream: 0, seq, at: 0 }, 1);
            let Faults { missing, out_of_order, duplicate, .. } = ledger.faults;
            assert_eq!((missing, out_of_order, duplicate), faults);
        }
    }

    #[test]
    fn another_stream_is_stray_and_an_empty_one_is_not_published_to() {
        let mut ledger = Ledger::default();
        let mut places = [ledger.join(0), ledger.join(Mark::USER)];
        ledger.receive(0, &mut places, Mark { stream: 3, seq: 0, at: 0 }, 1);
        assert_eq!(ledger.faults.stray, 1);
        ledger.leave(&places);
        assert_eq!(ledger.publish(0, 0, Order::AsAgreed), None);
    }
}
