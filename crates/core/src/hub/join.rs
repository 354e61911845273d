//! Following a room: the answer, what was missed and what comes live meet without a gap and without a double.

use std::sync::Arc;

use bytes::Bytes;
use tidings_protocol::{
    Close, Offset, Position, Reply, RoomName,
    reply::{HistoryLost, Member},
};

use super::{
    Hub, Room,
    connection::{Connection, Subscription},
    room::State,
};
use crate::{Entry, RoomKey, presence::User, store::Stretch};

/// The room as it stood at the very moment of joining; the answer is made from it.
#[derive(Debug)]
pub struct Joined {
    /// Where its log stood; none where nothing is kept.
    pub position: Option<Position>,
    /// Whether exactly what was missed follows.
    pub recovered: bool,
    /// Why not, when that was asked.
    pub lost: Option<HistoryLost>,
    /// Who is there; empty in a room with too many to name.
    pub members: Vec<Member>,
    /// How many users are there.
    pub member_count: usize,
}

/// What was read from the store for one who joins.
#[derive(Debug)]
pub(crate) struct Past {
    /// The log's head and what came after the joiner's position.
    pub(crate) stretch: Stretch,
    /// Whether the stretch begins where the joiner left off.
    pub(crate) recovered: bool,
    /// Whether the room shows its last value to whoever comes: then none may come in between, also where there was none yet.
    pub(crate) shows_last: bool,
    /// Why the stretch does not begin there, when the joiner has been there before.
    pub(crate) lost: Option<HistoryLost>,
}

impl Past {
    /// Nothing behind a position, as long as the room does not go on.
    pub(crate) fn nothing_behind(head: Position) -> Self {
        let oldest = head.offset.next();
        let stretch = Stretch { head, oldest, entries: Vec::new() };
        Self { stretch, recovered: true, shows_last: false, lost: None }
    }

    /// Whether more was missed than has been read.
    pub(crate) fn is_not_all(&self) -> bool {
        self.recovered && self.stretch.last().is_some_and(|last| last.offset < self.stretch.head.offset)
    }
}

/// What is told of a join, if anything.
pub(crate) type Answer<'a> = &'a (dyn Fn(Joined) -> Option<Reply> + Sync);

/// Whether joining is done.
#[derive(Debug, PartialEq)]
pub(crate) enum Attempt {
    /// The connection follows the room, its queue holds the answer and what was missed.
    Done,
    /// The room went on since the past was read, or left the hub: read on and try again.
    Again,
}

impl Hub {
    /// Joins if the past reaches up to the present.
    ///
    /// Everything happens under the room's lock: what is pending goes to those who were there before, the answer and the past
    /// go onto the joiner's queue, and whatever is delivered from now on goes behind them.
    pub(crate) fn try_join(
        &self,
        connection: &Arc<Connection>,
        room: &Arc<Room>,
        past: Option<&Past>,
        answer: Option<Answer<'_>>,
    ) -> Attempt {
        let mut first = Vec::new();
        let mut user = connection.user.lock();
        let mut state = room.lock();
        if state.gone {
            return Attempt::Again;
        }
        if let Some(past) = past {
            if !state.open(&past.stretch.head) {
                state.subscribers.iter().for_each(|subscriber| subscriber.end(Close::CONTINUITY_LOST));
            }
            let needs_all = past.recovered || past.shows_last;
            let went_on = state.position().is_some_and(|position| position.offset > past.stretch.head.offset);
            if needs_all && went_on {
                return Attempt::Again;
            }
        }
        self.distribute(&mut state, &mut first);
        let came = self.subscribe(connection, room, &mut state);
        if came {
            user.rooms.push(room.clone());
        }
        drop(user);

        let position = past.and(state.position());
        // What the store has but the room has not been handed yet comes live.
        let past_entries = past.iter().flat_map(|past| &past.stretch.entries);
        let missed: Vec<&Arc<Entry>> =
            past_entries.filter(|entry| is_past(entry, position.as_ref())).collect();
        let joined = self.joined(&state, past, told_position(past, position, &missed));
        let answer = answer.and_then(|answer| answer(joined));
        let answer = answer.map(|answer| self.encode().reply(connection.format, &answer));
        let proof = self.proof_of(missed.iter().copied());
        let missed: Vec<&Bytes> =
            missed.into_iter().map(|entry| entry.past_frame(connection.format, self.encode())).collect();
        self.metrics.deliveries.inc_by(missed.len() as u64);
        connection.push_with_history(answer, missed.into_iter(), proof);
        drop(state);
        first.iter().for_each(|connection| connection.flush());
        if came {
            self.tell_came(connection, room);
        }
        Attempt::Done
    }

    /// Answers one who misses more than a page, and hands out the first pages while the room goes on without them: no subscription
    /// yet. `answer` is the first page's.
    pub(crate) fn send_page(
        &self,
        connection: &Connection,
        room: &Room,
        past: &Past,
        answer: Option<Answer<'_>>,
    ) {
        let answer = answer.and_then(|answer| {
            answer(self.joined(&room.lock(), Some(past), Some(past.stretch.head.clone())))
        });
        let answer = answer.map(|answer| self.encode().reply(connection.format, &answer));
        let entries = past.stretch.entries.iter();
        let frames: Vec<&Bytes> =
            entries.map(|entry| entry.past_frame(connection.format, self.encode())).collect();
        self.metrics.deliveries.inc_by(frames.len() as u64);
        let proof = self.proof_of(past.stretch.entries.iter());
        connection.push_with_history(answer, frames.into_iter(), proof);
        connection.flush();
    }

    /// Stops following a room; true when the connection did.
    pub fn leave(&self, connection: &Connection, key: &RoomKey) -> bool {
        self.leave_where(connection, |room| room.key == *key)
    }

    /// Stops following this very room, not one of the same name that came after it; true when the connection did.
    pub(super) fn leave_room(&self, connection: &Connection, room: &Arc<Room>) -> bool {
        self.leave_where(connection, |other| Arc::ptr_eq(other, room))
    }

    fn leave_where(&self, connection: &Connection, is_it: impl Fn(&Arc<Room>) -> bool) -> bool {
        let Some(subscription) = connection.take_subscription(is_it) else { return false };
        if let Some(name) = subscription.room.key.name() {
            self.stop_typing(connection, name);
        }
        self.unsubscribe(connection.user(), &subscription.room, subscription.place);
        self.leave_now(&connection.user, &subscription.room);
        true
    }

    /// Puts the connection among the room's subscribers; true when its user was not there before.
    fn subscribe(&self, connection: &Arc<Connection>, room: &Arc<Room>, state: &mut State) -> bool {
        let mut subscriptions = connection.subscriptions.lock();
        if subscriptions.iter().any(|subscription| Arc::ptr_eq(&subscription.room, room)) {
            return false;
        }
        let place = state.subscribers.insert(connection.clone());
        subscriptions.push(Subscription { room: room.clone(), place });
        if !room.counts_members() {
            return false;
        }
        state.one_more(&connection.user)
    }

    fn joined(&self, state: &State, past: Option<&Past>, position: Option<Position>) -> Joined {
        let member_count = state.member_count();
        let names = member_count <= self.settings.live.presence_names_max;
        let member = |user: &Arc<User>| Member { user: user.id.clone(), status: user.status() };
        Joined {
            position,
            recovered: past.is_some_and(|past| past.recovered),
            lost: past.and_then(|past| past.lost.clone()),
            members: if names { state.members().map(member).collect() } else { Vec::new() },
            member_count,
        }
    }
}

impl Connection {
    /// Whether it follows the room.
    pub fn follows(&self, key: &RoomKey) -> bool {
        self.subscriptions.lock().iter().any(|subscription| subscription.room.key == *key)
    }

    /// How many rooms it follows by name.
    pub(crate) fn room_count(&self) -> usize {
        self.subscriptions.lock().iter().filter(|subscription| subscription.room.key.name().is_some()).count()
    }

    /// Names of the rooms it follows.
    pub fn room_names(&self) -> Vec<RoomName> {
        self.subscriptions
            .lock()
            .iter()
            .filter_map(|subscription| subscription.room.key.name().cloned())
            .collect()
    }

    fn take_subscription(&self, is_it: impl Fn(&Arc<Room>) -> bool) -> Option<Subscription> {
        let mut subscriptions = self.subscriptions.lock();
        let index = subscriptions.iter().position(|subscription| is_it(&subscription.room))?;
        Some(subscriptions.swap_remove(index))
    }
}

/// The position that the joiner is told. Who starts afresh and is shown the last value starts before it: if the connection is
/// lost in between, joining from there brings it.
fn told_position(past: Option<&Past>, now: Option<Position>, missed: &[&Arc<Entry>]) -> Option<Position> {
    let shown = missed.first().filter(|_| past.is_some_and(|past| !past.recovered));
    match (now, shown.and_then(|entry| entry.offset)) {
        (Some(now), Some(Offset(shown))) => Some(Position { offset: Offset(shown.saturating_sub(1)), ..now }),
        (now, _) => now,
    }
}

fn is_past(entry: &Entry, position: Option<&Position>) -> bool {
    match (entry.offset, position) {
        (Some(offset), Some(position)) => offset <= position.offset,
        _ => false,
    }
}
