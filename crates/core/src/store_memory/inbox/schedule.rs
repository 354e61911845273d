//! What is to be done at a moment.

use std::{collections::BTreeMap, ops::Bound};

use tidings_protocol::{EntryId, Timestamp, UserId};

use crate::store::inbox::Scheduled;

/// Each with when it is due next: its moment, or the end of somebody's lease.
#[derive(Default)]
pub(in crate::store_memory) struct Schedule(BTreeMap<EntryId, (Timestamp, Scheduled)>);

impl Schedule {
    pub(super) fn put(&mut self, scheduled: Scheduled) {
        self.0.insert(scheduled.id, (scheduled.due_at, scheduled));
    }

    pub(super) fn take_due(&mut self, now: Timestamp, lease_ms: u64, limit: usize) -> Vec<Scheduled> {
        let mut due: Vec<_> = self.0.values_mut().filter(|(next, _)| *next <= now).collect();
        due.sort_unstable_by_key(|(next, scheduled)| (*next, scheduled.id));
        let until = Timestamp::from_millis(now.millis().saturating_add(lease_ms));
        let take = |(next, scheduled): &mut (Timestamp, Scheduled)| {
            *next = until;
            scheduled.clone()
        };
        due.into_iter().take(limit).map(take).collect()
    }

    pub(super) fn remove(&mut self, id: EntryId) -> bool {
        let before = self.0.len();
        self.0.retain(|own, (_, scheduled)| *own != id && scheduled.part_of != Some(id));
        self.0.len() < before
    }

    pub(super) fn all(&self, after: Option<EntryId>, limit: usize) -> Vec<Scheduled> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.0
            .range((from, Bound::Unbounded))
            .take(limit)
            .map(|(_, (_, scheduled))| scheduled.clone())
            .collect()
    }

    pub(super) fn of(&self, user: &UserId) -> Vec<Scheduled> {
        let all = self.0.values().map(|(_, scheduled)| scheduled);
        all.filter(|scheduled| scheduled.user.as_ref() == Some(user)).cloned().collect()
    }

    pub(super) fn erase(&mut self, user: &UserId) {
        self.0.retain(|_, (_, scheduled)| scheduled.user.as_ref() != Some(user));
    }
}
