//! Who has an entry of which receipts are kept.
//!
//! That it was written to a socket proves nothing. So a ping with a number goes right behind such an entry, in the same piece: what answers
//! it has read what stood before. Entries of which nobody asked for receipts cost one look at a number for each batch.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tidings_protocol::{EntryId, UserId};

use super::{Connection, Hub};
use crate::{
    Entry,
    store::receipts::{Delivered, Delivery},
};

/// Entries that are looked out for: the newest of which receipts are kept. Of older ones it is not noted when they are read from the past.
pub(crate) const TRACKED_MAX: usize = 65_536;
/// Deliveries that may wait to be kept.
const WAITING_MAX: usize = 100_000;
/// Proofs that may be outstanding on a connection.
const OUTSTANDING_MAX: usize = 256;

/// Of one hub.
#[derive(Default)]
pub(crate) struct Receipts {
    is_used: AtomicBool,
    /// Whether the store was asked what is tracked.
    knows_all: AtomicBool,
    tracked: RwLock<BTreeSet<EntryId>>,
    /// The last ping's.
    number: AtomicU64,
    /// Deliveries that are proved and not kept yet.
    waiting: Mutex<VecDeque<Delivery>>,
}

/// What proves that entries came: the answer to a ping behind them.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    number: u64,
    entries: Arc<[EntryId]>,
}

/// Proofs that a connection owes, in the order in which their pings were sent.
#[derive(Default, Debug)]
pub(crate) struct Owed(VecDeque<Proof>);

impl Owed {
    pub(crate) fn push(&mut self, proof: Proof) {
        if self.0.len() < OUTSTANDING_MAX {
            self.0.push_back(proof);
        }
    }

    /// Takes the proof of a ping's number and those before it: who answers a later ping need not answer an earlier one.
    pub(crate) fn up_to(&mut self, number: u64) -> Vec<Proof> {
        let place = self.0.iter().position(|proof| proof.number == number);
        place.map_or_else(Vec::new, |place| self.0.drain(..=place).collect())
    }

    /// The number of the last one that is about one of these entries.
    fn last_about(&self, ids: &[EntryId]) -> Option<u64> {
        let is_about = |proof: &&Proof| proof.entries.iter().any(|id| ids.contains(id));
        self.0.iter().rev().find(is_about).map(|proof| proof.number)
    }
}

impl Proof {
    /// The same without the entries that leave a connection out; none when nothing is left.
    pub(crate) fn without(&self, left_out: impl Fn(EntryId) -> bool) -> Option<Self> {
        let entries: Arc<[EntryId]> = self.entries.iter().copied().filter(|id| !left_out(*id)).collect();
        (!entries.is_empty()).then_some(Self { number: self.number, entries })
    }
}

impl Receipts {
    pub(crate) fn knows_all(&self) -> bool {
        self.knows_all.load(Ordering::Acquire)
    }

    pub(crate) fn note_that_all_is_known(&self) {
        self.knows_all.store(true, Ordering::Release);
    }

    /// Looks out for entries from now on.
    pub(crate) fn look_out_for(&self, ids: Vec<EntryId>) {
        if ids.is_empty() {
            return;
        }
        let mut tracked = self.tracked.write();
        tracked.extend(ids);
        while tracked.len() > TRACKED_MAX {
            tracked.pop_first();
        }
        self.is_used.store(!tracked.is_empty(), Ordering::Release);
    }

    /// What proves that these came, if there is one among them of which receipts are kept.
    fn proof_of<'a>(&self, entries: impl Iterator<Item = &'a Arc<Entry>>) -> Option<Proof> {
        if !self.is_used.load(Ordering::Acquire) {
            return None;
        }
        let tracked = self.tracked.read();
        let ids: Arc<[EntryId]> = entries.map(|entry| entry.id).filter(|id| tracked.contains(id)).collect();
        (!ids.is_empty())
            .then(|| Proof { number: self.number.fetch_add(1, Ordering::AcqRel) + 1, entries: ids })
    }

    /// Deliveries that are to be kept; they are taken out.
    pub(crate) fn take(&self, count: usize) -> Vec<Delivery> {
        let mut waiting = self.waiting.lock();
        let count = count.min(waiting.len());
        waiting.drain(..count).collect()
    }

    /// Puts back what could not be kept.
    pub(crate) fn put_back(&self, deliveries: Vec<Delivery>) {
        let mut waiting = self.waiting.lock();
        for delivery in deliveries.into_iter().rev() {
            if waiting.len() < WAITING_MAX {
                waiting.push_front(delivery);
            }
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.lock().is_empty()
    }

    /// Drops what waits to be kept of a user.
    pub(crate) fn forget(&self, user: &UserId) {
        self.waiting.lock().retain(|delivery| delivery.user != *user);
    }
}

impl Hub {
    /// What proves that these entries came, with the ping that asks for it, if there is one among them of which receipts are kept.
    pub(crate) fn proof_of<'a>(
        &self,
        entries: impl Iterator<Item = &'a Arc<Entry>>,
    ) -> Option<(Proof, Bytes)> {
        let proof = self.receipts.proof_of(entries)?;
        let ping = self.encode().ping(Some(proof.number));
        Some((proof, ping))
    }

    /// A client answered the ping of a number: what was sent before that came.
    pub fn proved(&self, connection: &Connection, number: u64) {
        let proofs = connection.prove(number);
        if proofs.is_empty() || connection.identity().anonymous {
            return;
        }
        let at = self.clock.now();
        let origin = &connection.origin;
        let device = origin.device_id.clone().unwrap_or_else(|| connection.id.to_string().into());
        let on = Delivered { device, client_type: origin.client_type.clone(), at };
        let user = connection.user();
        let mut waiting = self.receipts.waiting.lock();
        for id in proofs.iter().flat_map(|proof| proof.entries.iter()) {
            if waiting.len() >= WAITING_MAX {
                self.metrics.receipts_lost.inc();
                continue;
            }
            waiting.push_back(Delivery { id: *id, user: user.clone(), on: on.clone() });
        }
    }

    /// A client speaks of entries: those came, and what was sent before them.
    pub(crate) fn proved_by_name(&self, connection: &Connection, ids: &[EntryId]) {
        if let Some(number) = connection.owed(|owed| owed.last_about(ids)) {
            self.proved(connection, number);
        }
    }
}
