//! What notifications need beside the store: whose badge is to be told, who wants quiet, and when something is due.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use hashbrown::{HashMap, HashSet};
use parking_lot::Mutex;
use tidings_protocol::{Timestamp, UserId};

use super::Rules;

/// Users without a connection whose rules may stay in memory before those are looked through.
const SPARE: usize = 64;

/// Of one server.
#[derive(Default)]
pub(in crate::tidings) struct Desk {
    /// Users whose badge changed and who are connected here.
    badges: Mutex<HashSet<UserId>>,
    /// Of connected users who silence something.
    rules: Mutex<HashMap<UserId, Arc<Rules>>>,
    /// The earliest moment that this server knows at which something is to be done, in milliseconds; 0 for none.
    due_at: AtomicU64,
    /// How many changes of badges there were.
    changes: AtomicU64,
    /// Whether who connects opens an inbox.
    is_open: AtomicBool,
    /// Whether those who were connected before have theirs too.
    has_begun: AtomicBool,
}

impl Desk {
    /// Users' badges changed; they are told with the next turn.
    pub(super) fn stir(&self, users: impl IntoIterator<Item = UserId>) {
        let mut users = users.into_iter().peekable();
        if users.peek().is_some() {
            self.badges.lock().extend(users);
            self.changed();
        }
    }

    /// Somebody's badge changed, whether it is told or not.
    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Whether there are inboxes at all: who connects before that has nothing in theirs.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    pub(super) fn begin(&self) {
        self.is_open.store(true, Ordering::Release);
        // Whoever is between asking and being greeted is told anew.
        self.changed();
    }

    pub(super) fn end_beginning(&self) {
        self.has_begun.store(true, Ordering::Release);
    }

    /// Whether everybody who is connected has an inbox.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }

    /// Some of those whose badge changed; they are taken out.
    pub(super) fn take(&self, count: usize) -> Vec<UserId> {
        let mut badges = self.badges.lock();
        let some: Vec<UserId> = badges.iter().take(count).cloned().collect();
        some.iter().for_each(|user| {
            badges.remove(user);
        });
        some
    }

    /// Somebody's rules, if they are connected and silence anything.
    pub(super) fn rules_of(&self, user: &UserId) -> Option<Arc<Rules>> {
        let rules = self.rules.lock();
        if rules.is_empty() { None } else { rules.get(user).cloned() }
    }

    /// Remembers the rules of somebody who is connected; `is_here` says who else is, of `here` users.
    pub(super) fn set_rules(
        &self,
        user: &UserId,
        new: Rules,
        here: usize,
        is_here: impl Fn(&UserId) -> bool,
    ) {
        let mut rules = self.rules.lock();
        if new.is_empty() {
            rules.remove(user);
            return;
        }
        if rules.len() > here + SPARE {
            rules.retain(|user, _| is_here(user));
        }
        rules.insert(user.clone(), Arc::new(new));
    }

    /// Something is to be done at a moment.
    pub(super) fn note_due(&self, at: Timestamp) {
        let earliest = |due: u64| if due == 0 { at.millis() } else { due.min(at.millis()) };
        let _ = self.due_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |due| Some(earliest(due)));
    }

    /// Forgets when something is due: it is about to be done. What is noted from here on is kept.
    pub(super) fn take_due(&self) {
        self.due_at.store(0, Ordering::Release);
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        (1..=now.millis()).contains(&self.due_at.load(Ordering::Acquire))
    }
}
