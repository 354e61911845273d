//! Receipts: to whom an entry came, on what and when, and who has seen and read it.
//!
//! Nothing is kept of entries of which nobody asked for it. What is proved in the hub waits there until it is written, many at once.

use std::{collections::BTreeMap, time::Duration};

use hashbrown::HashSet;
use tidings_protocol::{EntryId, ErrorCode, Fault, Timestamp, UserId, command::Acknowledged};
use tidings_settings::Keep;

use super::{Tidings, unavailable};
use crate::{
    Connection, Monotonic, RoomKey, StoreError,
    hub::TRACKED_MAX,
    store::{
        inbox::{Receipt, first_id_of},
        receipts::{EntryReceipt, Tracked},
    },
};

/// How long receipts are kept, where the entry is not kept for longer.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Deliveries of one transaction: others who write wait for it, some milliseconds.
const BATCH: usize = 500;
/// Deliveries that one call keeps at most; the rest is for the next.
const TURN: usize = 20_000;
/// Rows that are dropped in one transaction.
const PIECE: usize = 2_000;
/// How far back it is looked for what other servers track: further than their clocks differ.
const LOOK_BACK: Duration = Duration::from_secs(120);

impl Tidings {
    /// What is tracked of an entry to these rooms.
    pub(super) fn tracked_of(&self, id: EntryId, rooms: &[RoomKey], now: Timestamp) -> Tracked {
        let kept = rooms.iter().filter_map(|room| match self.kinds.keep(room) {
            Keep::For(time) => Some(time),
            Keep::None | Keep::Last => None,
        });
        let personal = |room: &RoomKey| match room {
            RoomKey::Personal(user) => Some(user.clone()),
            RoomKey::Named(_) | RoomKey::Role(_) | RoomKey::Everyone => None,
        };
        let users = rooms.iter().filter_map(personal).collect();
        let until = after(now, kept.fold(KEEP, Duration::max));
        Tracked { id, users, until, is_notification: false }
    }

    /// What is tracked of a notification: whom it is for, and who has seen and read it, inboxes know.
    pub(super) fn tracked_notification(id: EntryId, now: Timestamp) -> Tracked {
        Tracked { id, users: Vec::new(), until: after(now, KEEP), is_notification: true }
    }

    /// Begins to keep receipts of what is about to be published.
    ///
    /// # Errors
    /// `unavailable`: then nothing should be published.
    pub(super) async fn begin_receipts(&self, tracked: Vec<Tracked>) -> Result<(), Fault> {
        if tracked.is_empty() {
            return Ok(());
        }
        let ids: Vec<EntryId> = tracked.iter().map(|it| it.id).collect();
        self.store.track(tracked).await.map_err(unavailable)?;
        self.hub.receipts.look_out_for(ids);
        Ok(())
    }

    /// Learns of which entries receipts are kept, and later what other servers on the same store began to track since. To be called before the
    /// first connection, and now and then.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn look_for_receipts(&self) -> Result<(), StoreError> {
        let knows_all = self.hub.receipts.knows_all();
        if knows_all && !self.store.is_shared() {
            return Ok(());
        }
        let from = self.clock.now().millis().saturating_sub(LOOK_BACK.as_millis() as u64);
        let from = if knows_all { from } else { 0 };
        let tracked = self.store.tracked(first_id_of(Timestamp::from_millis(from)), TRACKED_MAX).await?;
        self.hub.receipts.look_out_for(tracked);
        self.hub.receipts.note_that_all_is_known();
        Ok(())
    }

    /// Keeps what was proved. To be called a few times a second; what could not be kept is tried again by the next call.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keep_receipts(&self) -> Result<(), StoreError> {
        let mut kept = 0;
        while kept < TURN && self.hub.receipts.is_waiting() {
            let deliveries = self.hub.receipts.take(BATCH);
            kept += deliveries.len();
            if let Err(error) = self.store.note_deliveries(deliveries.clone()).await {
                self.hub.receipts.put_back(deliveries);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Notes that a user has seen entries, or read them; those of them that are the user's and of which receipts are kept.
    ///
    /// # Errors
    /// `forbidden` without a token, `unavailable`.
    pub async fn acknowledge(
        &self,
        connection: &Connection,
        mut ids: Vec<EntryId>,
        how: Acknowledged,
    ) -> Result<Vec<EntryId>, Fault> {
        let identity = connection.identity();
        if identity.anonymous {
            return Err(Fault::new(ErrorCode::Forbidden, "only signed-in users can acknowledge entries"));
        }
        let mut seen = HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(*id));
        self.hub.proved_by_name(connection, &ids);
        // Who is meant by a room or a role is known by what came to them.
        self.keep_receipts().await.map_err(unavailable)?;
        let read = how == Acknowledged::Read;
        let user = identity.user.clone();
        self.store.acknowledge(user, ids, read, self.clock.now()).await.map_err(unavailable)
    }

    /// Who has an entry, or a notification, in the order of their ids, beginning behind `after`. Of a notification inboxes say who has seen and
    /// read it.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn receipts(
        &self,
        id: EntryId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<EntryReceipt>, Fault> {
        self.keep_receipts().await.map_err(unavailable)?;
        let kept = self.store.entry_receipts(id, after.clone(), limit).await.map_err(unavailable)?;
        let inboxes = self.store.receipts(id, after, limit).await.map_err(unavailable)?;
        let mut merged: BTreeMap<UserId, EntryReceipt> =
            kept.into_iter().map(|receipt| (receipt.user.clone(), receipt)).collect();
        for Receipt { user, seen_at, read_at } in inboxes {
            let none =
                || EntryReceipt { user: user.clone(), delivered: Vec::new(), seen_at: None, read_at: None };
            let receipt = merged.entry(user.clone()).or_insert_with(none);
            (receipt.seen_at, receipt.read_at) = (seen_at, read_at);
        }
        Ok(merged.into_values().take(limit).collect())
    }

    /// Drops receipts whose time is over, until `until` at most; how many rows.
    ///
    /// # Errors
    /// Those of the store. What was dropped until then is dropped.
    pub async fn drop_receipts(&self, until: Monotonic) -> Result<u64, StoreError> {
        let mut gone = 0;
        while self.clock.monotonic() < until {
            let went = self.store.drop_receipts(self.clock.now(), PIECE).await?;
            gone += went;
            if went == 0 {
                break;
            }
        }
        Ok(gone)
    }
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_add(time.as_millis() as u64))
}
