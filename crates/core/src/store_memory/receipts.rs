//! Receipts of entries, in memory.

use std::{collections::BTreeMap, ops::Bound};

use tidings_protocol::{EntryId, Timestamp, UserId};

use super::{MemoryStore, ready};
use crate::{
    StoreError,
    store::{
        Answer,
        receipts::{DEVICES_MAX, Delivered, Delivery, EntryReceipt, ReceiptStore, Tracked},
    },
};

/// Most users over all entries.
const ROWS_MAX: usize = 1_000_000;

/// What is tracked.
#[derive(Default)]
pub(super) struct Receipts {
    entries: BTreeMap<EntryId, Kept>,
    rows: usize,
}

struct Kept {
    until: Timestamp,
    is_notification: bool,
    users: BTreeMap<UserId, Row>,
}

#[derive(Default)]
struct Row {
    delivered: BTreeMap<Box<str>, Delivered>,
    seen_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
}

impl Row {
    fn told(&self, user: &UserId) -> EntryReceipt {
        let delivered = self.delivered.values().cloned().collect();
        EntryReceipt { user: user.clone(), delivered, seen_at: self.seen_at, read_at: self.read_at }
    }
}

impl Receipts {
    fn track(&mut self, tracked: Tracked) {
        let Tracked { id, users, until, is_notification } = tracked;
        let kept = self.entries.entry(id).or_insert(Kept { until, is_notification, users: BTreeMap::new() });
        for user in users {
            self.rows += usize::from(!kept.users.contains_key(&user));
            kept.users.entry(user).or_default();
        }
    }

    fn note(&mut self, Delivery { id, user, on }: Delivery) {
        let Some(kept) = self.entries.get_mut(&id) else { return };
        if !kept.users.contains_key(&user) {
            if self.rows >= ROWS_MAX {
                return;
            }
            self.rows += 1;
        }
        let row = kept.users.entry(user).or_default();
        if row.delivered.len() < DEVICES_MAX {
            row.delivered.entry(on.device.clone()).or_insert(on);
        }
    }

    fn acknowledge(&mut self, user: &UserId, id: EntryId, read: bool, now: Timestamp) -> bool {
        let kept = self.entries.get_mut(&id).filter(|kept| !kept.is_notification);
        let Some(row) = kept.and_then(|kept| kept.users.get_mut(user)) else { return false };
        row.seen_at = row.seen_at.or(Some(now));
        row.read_at = row.read_at.or(read.then_some(now));
        true
    }

    fn drop_old(&mut self, now: Timestamp, limit: usize) -> u64 {
        let old: Vec<EntryId> = self
            .entries
            .iter()
            .filter(|(_, kept)| kept.until <= now)
            .take(limit)
            .map(|(id, _)| *id)
            .collect();
        for kept in old.iter().filter_map(|id| self.entries.remove(id)) {
            self.rows -= kept.users.len();
        }
        old.len() as u64
    }

    pub(super) fn erase(&mut self, user: &UserId) {
        for kept in self.entries.values_mut() {
            self.rows -= usize::from(kept.users.remove(user).is_some());
        }
    }
}

impl ReceiptStore for MemoryStore {
    fn track(&self, tracked: Vec<Tracked>) -> Answer<'_, ()> {
        let mut receipts = self.receipts.lock();
        let more: usize = tracked.iter().map(|it| it.users.len()).sum();
        if receipts.rows + more > ROWS_MAX {
            let why = "no more receipts fit into memory; set store.url to a file or to PostgreSQL";
            return Box::pin(std::future::ready(Err(StoreError::Full(why.into()))));
        }
        tracked.into_iter().for_each(|tracked| receipts.track(tracked));
        ready(())
    }

    fn tracked(&self, from: EntryId, limit: usize) -> Answer<'_, Vec<EntryId>> {
        ready(self.receipts.lock().entries.range(from..).rev().take(limit).map(|(id, _)| *id).collect())
    }

    fn note_deliveries(&self, deliveries: Vec<Delivery>) -> Answer<'_, ()> {
        let mut receipts = self.receipts.lock();
        deliveries.into_iter().for_each(|delivery| receipts.note(delivery));
        ready(())
    }

    fn acknowledge(
        &self,
        user: UserId,
        mut ids: Vec<EntryId>,
        read: bool,
        now: Timestamp,
    ) -> Answer<'_, Vec<EntryId>> {
        let mut receipts = self.receipts.lock();
        ids.retain(|id| receipts.acknowledge(&user, *id, read, now));
        ready(ids)
    }

    fn entry_receipts(
        &self,
        id: EntryId,
        after: Option<UserId>,
        limit: usize,
    ) -> Answer<'_, Vec<EntryReceipt>> {
        let receipts = self.receipts.lock();
        let Some(kept) = receipts.entries.get(&id) else { return ready(Vec::new()) };
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = kept.users.range::<UserId, _>((from, Bound::Unbounded));
        ready(rows.take(limit).map(|(user, row)| row.told(user)).collect())
    }

    fn receipts_of(
        &self,
        user: UserId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Answer<'_, Vec<(EntryId, EntryReceipt)>> {
        let receipts = self.receipts.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = receipts.entries.range((from, Bound::Unbounded));
        let of_user = entries.filter_map(|(id, kept)| Some((*id, kept.users.get(&user)?.told(&user))));
        ready(of_user.take(limit).collect())
    }

    fn drop_receipts(&self, now: Timestamp, limit: usize) -> Answer<'_, u64> {
        ready(self.receipts.lock().drop_old(now, limit))
    }
}
