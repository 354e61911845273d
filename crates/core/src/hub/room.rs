//! A room as this server sees it: who follows it here, where its log is, and what waits to be handed out.
//!
//! Order, gaps and doubles are one function, [`State::take`]: the next offset is taken, an older one dropped, a newer one held
//! until the gap closes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hashbrown::HashMap;
use parking_lot::{Mutex, MutexGuard};
use tidings_protocol::{Epoch, Offset, Position, UserId};

use super::{connection::Connection, slots::Slots};
use crate::{Entry, Monotonic, RoomKey, presence::User};

/// Most entries held while one before them is missing; what comes beyond is let go, and the gap never closes.
const AHEAD_MAX: usize = 1_024;

/// So many who left are remembered at least before it is looked for whom to forget.
const LEFT_MIN: usize = 16;

pub(crate) struct Room {
    pub(crate) key: RoomKey,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) subscribers: Slots<Arc<Connection>>,
    /// Taken, in order, and not yet on the subscribers' queues.
    pub(crate) pending: Vec<Arc<Entry>>,
    /// Whether a turn is asked to hand out what is pending.
    pub(crate) scheduled: bool,
    /// How many entries are on their way through the store.
    pub(crate) coming: u32,
    /// Whether it left the hub: whoever still holds it must look it up again.
    pub(crate) gone: bool,
    /// Which users are here. None until the first: every user has a personal room, and those count nobody.
    members: Option<Box<Members>>,
    /// Whether the number of members has changed since it was last told to a full room.
    pub(crate) count_changed: bool,
    log: Option<Box<LogHead>>,
}

/// The users in a room.
#[derive(Default)]
struct Members {
    by_id: HashMap<UserId, Member>,
    /// How many of them have no connection here: they are in their grace.
    absent: usize,
    /// Who left lately, and when that was told.
    left: HashMap<UserId, Monotonic>,
    /// With how many it is looked for those of whom it is long ago.
    left_max: usize,
}

/// A user in a room.
struct Member {
    user: Arc<User>,
    /// Connections of the user that follow the room; none in the user's grace.
    connections: u32,
}

/// Where a kept room's log is, and what came too early.
struct LogHead {
    epoch: Option<Epoch>,
    offset: Offset,
    ahead: BTreeMap<Offset, Arc<Entry>>,
    /// Whether the hub waits for an entry that is missing here.
    watched: bool,
}

impl Room {
    pub(crate) fn new(key: RoomKey) -> Self {
        Self { key, state: Mutex::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Whether it knows its users one by one. Everyone are known to the hub, and a personal room has one.
    pub(crate) fn counts_members(&self) -> bool {
        matches!(self.key, RoomKey::Named(_) | RoomKey::Role(_))
    }

    pub(crate) fn subscriber_count(&self) -> usize {
        self.lock().subscribers.len()
    }
}

impl State {
    /// The log's position, once [`Self::open`] has told it.
    pub(crate) fn position(&self) -> Option<Position> {
        let log = self.log.as_ref()?;
        Some(Position { epoch: log.epoch.clone()?, offset: log.offset })
    }

    /// Tells where the log stood at some moment after this room came into the hub: what was delivered since then has been held.
    /// False when the room was in another epoch until now: its subscribers must come anew.
    pub(crate) fn open(&mut self, head: &Position) -> bool {
        let log = self.log.get_or_insert_with(LogHead::unknown);
        if log.epoch.as_ref() == Some(&head.epoch) {
            return true;
        }
        if log.epoch.is_some() && log.offset == Offset(0) && log.ahead.is_empty() {
            // It had not begun. Whoever is here has missed nothing of the log that begins now: its first entry is the next one.
            log.epoch = Some(head.epoch.clone());
            return true;
        }
        let first_time = log.epoch.replace(head.epoch.clone()).is_none();
        log.offset = head.offset;
        log.ahead.retain(|offset, _| *offset > head.offset);
        log.close_gap(&mut self.pending);
        first_time
    }

    /// Takes an entry: now, later or not at all.
    pub(crate) fn take(&mut self, entry: Arc<Entry>) -> Taken {
        let Some(offset) = entry.offset else {
            self.pending.push(entry);
            return Taken { opened_gap: None };
        };
        let log = self.log.get_or_insert_with(LogHead::unknown);
        let known = log.epoch.is_some();
        if known && offset <= log.offset {
            return Taken { opened_gap: None };
        }
        if known && offset == log.offset.next() {
            log.offset = offset;
            self.pending.push(entry);
            log.close_gap(&mut self.pending);
            return Taken { opened_gap: None };
        }
        let opened_gap = (known && !log.watched).then(|| log.offset.next());
        log.watched |= known;
        if log.ahead.len() < AHEAD_MAX {
            log.ahead.insert(offset, entry);
        }
        Taken { opened_gap }
    }

    /// Whether an entry is still missing. If it is, the log's position is forgotten, and the next who joins asks the store for it.
    pub(crate) fn give_up_on(&mut self, missing: Offset) -> Missing {
        let Some(log) = &mut self.log else { return Missing::Nothing };
        if log.ahead.is_empty() {
            log.watched = false;
            return Missing::Nothing;
        }
        let next = log.offset.next();
        if next != missing {
            return Missing::Another(next);
        }
        self.log = None;
        Missing::Still
    }

    /// How many users are members.
    pub(crate) fn member_count(&self) -> usize {
        self.members.as_ref().map_or(0, |members| members.by_id.len())
    }

    /// How many of the members have a connection here.
    pub(crate) fn present_count(&self) -> usize {
        self.members.as_ref().map_or(0, |members| members.by_id.len() - members.absent)
    }

    /// The members, in no order.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<User>> {
        self.members.iter().flat_map(|members| members.by_id.values().map(|member| &member.user))
    }

    /// With how many connections a user is here; none for one who is no member.
    pub(crate) fn connections_of(&self, user: &UserId) -> Option<u32> {
        self.members.as_ref()?.by_id.get(user).map(|member| member.connections)
    }

    /// A user follows the room with one more connection; true when they were no member before.
    pub(crate) fn one_more(&mut self, user: &Arc<User>) -> bool {
        let members = self.members.get_or_insert_default();
        match members.by_id.get_mut(&user.id) {
            Some(member) => {
                members.absent -= usize::from(member.connections == 0);
                member.connections += 1;
                false
            }
            None => {
                members.by_id.insert(user.id.clone(), Member { user: user.clone(), connections: 1 });
                true
            }
        }
    }

    /// A user follows the room with one connection less, and stays a member.
    pub(crate) fn one_less(&mut self, user: &UserId) {
        if let Some(members) = &mut self.members
            && let Some(member) = members.by_id.get_mut(user)
        {
            member.connections -= 1;
            members.absent += usize::from(member.connections == 0);
        }
    }

    /// Whether it was told less than a grace ago that a user left.
    pub(crate) fn left_within(&self, user: &UserId, grace: Duration, now: Monotonic) -> bool {
        let left = self.members.as_ref().and_then(|members| members.left.get(user));
        left.is_some_and(|left| now.since(*left) < grace)
    }

    /// Remembers for a grace that it is told that a user left.
    pub(crate) fn note_left(&mut self, user: &UserId, grace: Duration, now: Monotonic) {
        let members = self.members.get_or_insert_default();
        if members.left.len() >= members.left_max {
            members.left.retain(|_, left| now.since(*left) < grace);
            members.left_max = (members.left.len() * 2).max(LEFT_MIN);
        }
        members.left.insert(user.clone(), now);
    }

    /// Takes out a user of whom no connection is left here; true when there was such a one.
    pub(crate) fn remove_absent(&mut self, user: &UserId) -> bool {
        let Some(members) = self.members.as_mut().filter(|members| members.absent > 0) else { return false };
        let absent = members.by_id.get(user).is_some_and(|member| member.connections == 0);
        if absent {
            members.by_id.remove(user);
            members.absent -= 1;
        }
        absent
    }
}

/// What became of an entry.
pub(crate) struct Taken {
    /// The one that should precede it, where none is waited for yet.
    pub(crate) opened_gap: Option<Offset>,
}

/// What became of an entry that was missing.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Missing {
    /// It came, and all the others did.
    Nothing,
    /// It came, and now this one is missing: where many publish at once, some overtake others all the time.
    Another(Offset),
    /// It did not come.
    Still,
}

impl LogHead {
    fn unknown() -> Box<Self> {
        Box::new(Self { epoch: None, offset: Offset(0), ahead: BTreeMap::new(), watched: false })
    }

    fn close_gap(&mut self, pending: &mut Vec<Arc<Entry>>) {
        while let Some(entry) = self.ahead.remove(&self.offset.next()) {
            self.offset = self.offset.next();
            pending.push(entry);
        }
    }
}

#[cfg(test)]
mod tests;
