//! The way of an entry: into its room in order, onto the subscribers' queues as a batch, and out in one write each.

use std::{sync::Arc, time::Duration};

use tidings_protocol::{Close, Offset, Position, http::Reached};

use super::{
    Hub, Room,
    batch::{Batch, Part},
    connection::{Connection, Pushed},
    room::{Missing, State},
};
use crate::{Entry, Monotonic, RoomKey};

/// Up to so many subscribers are written to by whoever publishes; more are left to the next turn, where writes join.
const INLINE_MAX: usize = 32;

/// How long an entry may be missing while later ones wait for it; at most twice that for one that is missing right behind another.
const GAP_WAIT: Duration = Duration::from_secs(1);

/// Whether a turn lets rooms wait for entries that are on their way through the store, so that they leave together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// It does.
    Joining,
    /// What is there leaves.
    Now,
}

/// What is left after a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// Connections to be written to, by the next turn.
    pub connections: bool,
    /// Rooms that wait for what is on its way: a turn is due when the hub wakes again, and after a moment one at [`Pace::Now`].
    pub rooms: bool,
}

/// A room in which an entry came before the one that should precede it.
pub(super) struct Gap {
    room: Arc<Room>,
    missing: Offset,
    since: Monotonic,
}

impl Hub {
    /// Hands an entry to everyone here who follows its room, and says how many those are. Few subscribers get it onto their queues now,
    /// and are written to `at_once` if that is asked; the rest is left to the next turn.
    pub fn deliver(&self, entry: Arc<Entry>, at_once: bool) -> Reached {
        let Some(room) = self.rooms.get(&entry.room) else { return Reached::default() };
        let left_out = entry.except.and_then(|id| self.connection(&id)).filter(|it| it.follows(&entry.room));
        let mut first = Vec::new();
        let mut state = room.lock();
        if let Some(missing) = state.take(entry).opened_gap {
            self.gaps.lock().push(Gap { room: room.clone(), missing, since: self.clock.monotonic() });
        }
        let connections = state.subscribers.len();
        let members = state.present_count();
        if !state.scheduled && connections <= INLINE_MAX {
            self.distribute(&mut state, &mut first);
        } else if !state.scheduled && !state.pending.is_empty() {
            state.scheduled = true;
            self.fanout.lock().rooms.push_back(room.clone());
            (self.wake)();
        }
        drop(state);
        if at_once {
            first.iter().for_each(|connection| connection.flush());
        } else if !first.is_empty() {
            self.fanout.lock().connections.extend(first);
            (self.wake)();
        }
        let users = match room.key {
            RoomKey::Named(_) | RoomKey::Role(_) => members,
            RoomKey::Personal(_) => connections.min(1),
            RoomKey::Everyone => self.present_user_count(),
        };
        match left_out {
            None => Reached { users, connections },
            // A user of whom another connection hears it is reached all the same.
            Some(connection) => Reached {
                users: users.saturating_sub(usize::from(self.is_alone(&connection, &room))),
                connections: connections.saturating_sub(1),
            },
        }
    }

    /// Whether no other connection of its user follows the room.
    fn is_alone(&self, connection: &Connection, room: &Room) -> bool {
        let following = room.lock().connections_of(connection.user());
        // Where members are not counted, all of a user's connections follow.
        following.unwrap_or_else(|| connection.user.lock().connections) <= 1
    }

    /// Moves what is pending onto the subscribers' queues; `first` gets the connections that somebody must flush.
    pub(super) fn distribute(&self, state: &mut State, first: &mut impl Extend<Arc<Connection>>) {
        let pending = std::mem::take(&mut state.pending);
        if pending.is_empty() {
            return;
        }
        let mut batch = Batch::new(&pending, self.encode(), self.proof_of(pending.iter()));
        let worth = batch.worth();
        let (mut delivered, mut dropped, mut cut) = (0, 0, 0);
        for connection in state.subscribers.iter() {
            let Some(Part { bytes, count, proof }) = batch.for_connection(connection.id, connection.format)
            else {
                continue;
            };
            match connection.push_proving(bytes, worth, proof.as_ref()) {
                Pushed::First => {
                    delivered += count;
                    first.extend(std::iter::once(connection.clone()));
                }
                Pushed::Behind => delivered += count,
                Pushed::Dropped => dropped += count,
                Pushed::Overflowed => cut += 1,
                Pushed::Ended => {}
            }
        }
        self.metrics.deliveries.inc_by(delivered as u64);
        self.metrics.dropped.inc_by(dropped as u64);
        self.metrics.slow_readers.inc_by(cut);
    }

    /// Leaves a connection to the next turn.
    pub(crate) fn flush_later(&self, connection: Arc<Connection>) {
        self.fanout.lock().connections.push_back(connection);
        (self.wake)();
    }

    /// One bounded piece of the work that publishes left: hands out what is pending in the rooms, then writes to at most
    /// `connections_max` connections.
    pub fn turn(&self, connections_max: usize, pace: Pace) -> Left {
        let rooms = std::mem::take(&mut self.fanout.lock().rooms);
        for room in rooms {
            let mut first = Vec::new();
            let mut state = room.lock();
            if state.coming > 0 && pace == Pace::Joining {
                drop(state);
                self.fanout.lock().rooms.push_back(room);
                continue;
            }
            state.scheduled = false;
            self.distribute(&mut state, &mut first);
            drop(state);
            self.fanout.lock().connections.extend(first);
        }
        for _ in 0..connections_max {
            let next = self.fanout.lock().connections.pop_front();
            match next {
                Some(connection) => connection.flush(),
                None => break,
            }
        }
        let fanout = self.fanout.lock();
        Left { connections: !fanout.connections.is_empty(), rooms: !fanout.rooms.is_empty() }
    }

    /// Rooms in which something is missing.
    pub(crate) fn rooms_with_gaps(&self) -> Vec<RoomKey> {
        self.gaps.lock().iter().map(|gap| gap.room.key.clone()).collect()
    }

    /// How far a room has been handed out here, if somebody follows it.
    pub(crate) fn position(&self, key: &RoomKey) -> Option<Position> {
        self.existing_room(key)?.lock().position()
    }

    /// Gives up on gaps that do not close: the subscribers are told, by being made to come back and resume.
    pub(super) fn check_gaps(&self, now: Monotonic) {
        let due: Vec<Gap> = self.gaps.lock().extract_if(.., |gap| now.since(gap.since) >= GAP_WAIT).collect();
        for gap in due {
            let mut state = gap.room.lock();
            match state.give_up_on(gap.missing) {
                Missing::Nothing => continue,
                Missing::Another(missing) => {
                    self.gaps.lock().push(Gap { room: gap.room.clone(), missing, since: now });
                    continue;
                }
                Missing::Still => {}
            }
            state.subscribers.iter().for_each(|connection| connection.end(Close::CONTINUITY_LOST));
        }
    }
}
