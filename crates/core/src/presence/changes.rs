//! Who came online and who went offline, until that is kept. One change a user waits, however often they come and go meanwhile.

use hashbrown::HashMap;
use parking_lot::Mutex;
use tidings_protocol::{Timestamp, UserId};

/// Most users of whom a change waits while the store is away: about twice the people of a large server.
const WAITING_MAX: usize = 200_000;

/// How a user's being online changed since it was last kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// Whether they were online before.
    pub(crate) was_online: bool,
    /// Whether they are now.
    pub(crate) online: bool,
    /// When they came, or were last seen.
    pub(crate) at: Timestamp,
    /// The revision that was to be kept, where it is not known whether it was.
    pub(crate) tried: Option<u64>,
}

/// All changes that are not kept yet.
#[derive(Default)]
pub(crate) struct Changes(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: HashMap<UserId, Change>,
    /// Handed to the one who keeps them, and not said to be kept yet.
    under_way: HashMap<UserId, Change>,
}

impl Changes {
    /// Notes a change; false when too many wait, and this one is not told to anybody.
    pub(crate) fn note(&self, user: &UserId, online: bool, at: Timestamp) -> bool {
        let mut state = self.0.lock();
        let is_full = state.waiting.len() >= WAITING_MAX;
        if let Some(change) = state.waiting.get_mut(user) {
            (change.online, change.at) = (online, at);
            return true;
        }
        if !is_full {
            state.waiting.insert(user.clone(), Change { was_online: !online, online, at, tried: None });
        }
        !is_full
    }

    /// Some of the changes, to be kept. What was handed out before and not [`Self::kept`] is among what waits again.
    pub(crate) fn take(&self, count: usize) -> Vec<(UserId, Change)> {
        let mut state = self.0.lock();
        state.come_back();
        let State { waiting, under_way } = &mut *state;
        let taken: Vec<(UserId, Change)> = waiting.extract_if(|_, _| true).take(count).collect();
        under_way.extend(taken.iter().cloned());
        taken
    }

    /// What was taken last is kept.
    pub(crate) fn kept(&self) {
        self.0.lock().under_way.clear();
    }

    /// It is not known whether a change that was taken last was kept with this revision.
    pub(crate) fn doubt(&self, user: &UserId, revision: u64) {
        if let Some(change) = self.0.lock().under_way.get_mut(user) {
            change.tried = Some(revision);
        }
    }

    /// It is not known whether it was kept, with this revision, that somebody who is not here went offline.
    pub(crate) fn doubt_offline(&self, user: &UserId, at: Timestamp, revision: u64) {
        let mut state = self.0.lock();
        let change = Change { was_online: true, online: false, at, tried: None };
        state.waiting.entry(user.clone()).or_insert(change).tried = Some(revision);
    }

    /// Nothing is left to be kept of a user.
    pub(crate) fn forget(&self, user: &UserId) {
        let mut state = self.0.lock();
        state.waiting.remove(user);
        state.under_way.remove(user);
    }

    /// When a user of whom a change waits came or was last seen.
    pub(crate) fn seen(&self, user: &UserId) -> Option<Timestamp> {
        let state = self.0.lock();
        state.waiting.get(user).or_else(|| state.under_way.get(user)).map(|change| change.at)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let state = self.0.lock();
        state.waiting.is_empty() && state.under_way.is_empty()
    }
}

impl State {
    /// Takes back what was not kept, before what came after it.
    fn come_back(&mut self) {
        for (user, before) in self.under_way.drain() {
            let after = self.waiting.remove(&user);
            let (online, at) = after.map_or((before.online, before.at), |after| (after.online, after.at));
            self.waiting.insert(user, Change { online, at, ..before });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> UserId {
        UserId::parse("ada").unwrap()
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn changes_of_one_user_are_one() {
        let changes = Changes::default();
        for (online, millis) in [(true, 1), (false, 2), (true, 3)] {
            assert!(changes.note(&ada(), online, at(millis)));
        }
        let expected = Change { was_online: false, online: true, at: at(3), tried: None };
        assert_eq!(changes.seen(&ada()), Some(at(3)));
        assert_eq!(changes.take(10), [(ada(), expected)]);
        assert_eq!(changes.seen(&ada()), Some(at(3)), "until it is kept");
        changes.kept();
        assert!(changes.is_empty());
    }

    #[test]
    fn what_was_not_kept_comes_back_with_what_came_after() {
        let changes = Changes::default();
        changes.note(&ada(), true, at(1));
        changes.take(10);
        changes.doubt(&ada(), 7);
        changes.note(&ada(), false, at(2));
        let expected = Change { was_online: false, online: false, at: at(2), tried: Some(7) };
        assert_eq!(changes.take(10), [(ada(), expected)]);
        changes.forget(&ada());
        assert!(changes.is_empty());
    }
}
