//! What time does to inboxes: snoozes end, notifications are due, expire and grow old. Who is concerned hears it.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tidings_protocol::{
    Timestamp,
    notification::{NotificationChange, NotificationUpdated},
};

use super::{
    scheduling::Carried,
    sending::{json, own_entry},
};
use crate::{
    Entry, Monotonic, RoomKey, StoreError, Tidings,
    store::{
        Appended,
        inbox::{KeepSince, Stir},
    },
};

/// Notifications that are seen to in one transaction.
const PIECE: usize = 500;
/// Plans that are taken at once.
const PLANS: usize = 50;
/// For how long: another server sends what this one took and did not send.
const LEASE: Duration = Duration::from_secs(60);

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Upkeep {
    /// Notifications that are in sight again, of users by themselves.
    pub woken: u64,
    /// Notifications that are gone, a broadcast counted once.
    pub gone: u64,
    /// Notifications that were due and were sent.
    pub sent: u64,
    /// Notifications that were due and could not be sent any more.
    pub dropped: u64,
    /// Whether there is more to do: the time was over.
    pub unfinished: bool,
}

impl Tidings {
    /// Whether something is due that this server knows of.
    pub fn has_due_notifications(&self) -> bool {
        self.desk.is_due(self.clock.now())
    }

    /// Sends what is due, and writes down which snoozes are over and what has expired, until `until` at most.
    ///
    /// # Errors
    /// Those of the store. What was done until then is done.
    pub async fn keep_notifications(&self, until: Monotonic) -> Result<Upkeep, StoreError> {
        let mut upkeep = Upkeep::default();
        self.desk.take_due();
        loop {
            let lease_ms = LEASE.as_millis() as u64;
            let due = self.store.due_scheduled(self.clock.now(), lease_ms, PLANS).await?;
            let count = due.len();
            for scheduled in due {
                match self.send_planned(scheduled).await? {
                    Carried::Out => upkeep.sent += 1,
                    Carried::WithOthers => {}
                    Carried::Dropped => upkeep.dropped += 1,
                }
            }
            if count < PLANS || self.is_over(until, &mut upkeep) {
                break;
            }
        }
        loop {
            let stir = self.store.settle(self.clock.now(), PIECE).await?;
            let more = stir.more;
            self.tell_stir(stir, true, &mut upkeep).await?;
            if !more || self.is_over(until, &mut upkeep) {
                return Ok(upkeep);
            }
        }
    }

    /// Drops notifications that are too old, until `until` at most.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn drop_notifications(&self, keep: KeepSince, until: Monotonic) -> Result<Upkeep, StoreError> {
        let mut upkeep = Upkeep::default();
        loop {
            let stir = self.store.drop_notifications(keep, PIECE).await?;
            let more = stir.more;
            self.tell_stir(stir, false, &mut upkeep).await?;
            if !more || self.is_over(until, &mut upkeep) {
                return Ok(upkeep);
            }
        }
    }

    fn is_over(&self, until: Monotonic, upkeep: &mut Upkeep) -> bool {
        upkeep.unfinished = self.clock.monotonic() >= until;
        upkeep.unfinished
    }

    /// Tells users what became of their notifications; those who are away too, if they shall find it when they come back soon.
    async fn tell_stir(&self, stir: Stir, also_away: bool, upkeep: &mut Upkeep) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (mut entries, mut users) = (Vec::new(), Vec::new());
        for stirred in stir.users {
            upkeep.woken += stirred.woken.len() as u64;
            upkeep.gone += stirred.gone.len() as u64;
            let is_here = !self.hub.connections_of(&stirred.user).is_empty();
            if is_here || also_away {
                let room = RoomKey::Personal(stirred.user.clone());
                let words =
                    [(stirred.woken, NotificationChange::Woken), (stirred.gone, NotificationChange::Gone)];
                let told = words.into_iter().filter(|(ids, _)| !ids.is_empty());
                let told =
                    told.filter_map(|(ids, word)| updated(&room, NotificationUpdated::of(ids, word), now));
                entries.extend(told.map(|entry| (entry, self.kinds.keep(&room))));
            }
            if is_here {
                users.push(stirred.user);
            }
        }
        if !entries.is_empty() {
            let watch = self.watch(entries.iter().map(|(entry, _)| &entry.room));
            let appended = self.store.append(entries, None).await?;
            let _coming = watch.answered();
            if let Appended::New(entries) = appended {
                entries.into_iter().for_each(|entry| {
                    self.hand_out(entry, false);
                });
            }
        }
        self.desk.stir(users);
        for (audience, id) in stir.broadcasts {
            upkeep.gone += 1;
            let gone = NotificationUpdated::of(vec![id], NotificationChange::Gone);
            if let Some(entry) = updated(&audience, gone, now) {
                self.tell_audience(&audience, &Arc::new(entry), None).await;
            }
        }
        Ok(())
    }
}

fn updated(room: &RoomKey, update: NotificationUpdated, now: Timestamp) -> Option<Entry> {
    own_entry(room, "notification_updated", json(&update).ok()?, now).ok()
}
