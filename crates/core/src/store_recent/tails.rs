//! The tails of all rooms that somebody reads just now, and whether what they say is still so.

use std::{sync::Arc, time::Duration};

use hashbrown::HashMap;
use tidings_protocol::{Offset, Position, Timestamp};
use tidings_settings::Keep;

use super::{RecentLimits, tail::Tail};
use crate::{
    Entry, RoomKey,
    store::{Page, Stretch},
};

/// How long a tail lives. What another server erased is gone from this one's memory after it.
const LIFE: Duration = Duration::from_secs(60);
/// How often those that have lived are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// How long a change of which the end was not heard may still be made: many times what a store takes to give up.
const DOUBT: Duration = Duration::from_secs(60);
/// Bytes of a room without entries, about.
const SLOT_BYTES: usize = size_of::<RoomKey>() + size_of::<Slot>() + 64;

pub(super) struct Tails {
    /// Whether others append to the same logs: then no tail is known to be up to date.
    shared: bool,
    limits: RecentLimits,
    slots: HashMap<RoomKey, Slot>,
    bytes: usize,
    /// Counts reads and slots.
    number: u64,
    /// Changes under way that can take a log away or change what is in it.
    upheavals: usize,
    /// How many of those have ended.
    upheaved: u64,
    doubt: Doubt,
    now: Timestamp,
    swept_at: Timestamp,
}

/// A room of which somebody wanted the newest entries.
struct Slot {
    number: u64,
    /// Which read was the last.
    used: u64,
    born: Timestamp,
    readers: usize,
    tail: Option<Tail>,
    /// How often something happened here that the tail does not show.
    touched: u64,
    /// How often it had when the store was last asked for what the tail lacks.
    asked: u64,
}

/// Whether there are appends that failed or were given up, and that the store may have nevertheless or may get yet.
#[derive(Clone, Copy, PartialEq)]
enum Doubt {
    No,
    /// Since after the last sweep.
    New,
    Since(Timestamp),
}

/// How to answer a read.
pub(super) enum Look {
    /// With this.
    Here(Stretch),
    /// From the tail, when it has been brought up to date.
    Refresh,
    /// From the store.
    Store,
}

/// What brings a tail up to date.
pub(super) struct Plan {
    /// Where the tail ends; none to make one.
    pub(super) end: Option<Offset>,
    slot: u64,
    touched: u64,
}

impl Tails {
    pub(super) fn new(shared: bool, limits: RecentLimits) -> Self {
        Self {
            shared,
            limits,
            slots: HashMap::new(),
            bytes: 0,
            number: 0,
            upheavals: 0,
            upheaved: 0,
            doubt: Doubt::No,
            now: Timestamp::from_millis(0),
            swept_at: Timestamp::from_millis(0),
        }
    }

    /// How a page is best read. Asking for more than one entry behind a place, as those do who come back, is what tails are made for.
    pub(super) fn look(&mut self, room: &RoomKey, page: Page, limit: usize) -> Look {
        let is_recovery = matches!(page, Page::After(_)) && limit > 1;
        let (calm, born) = (self.is_calm(), self.now);
        self.number += 1;
        let number = self.number;
        let slot = match self.slots.get_mut(room) {
            Some(slot) => slot,
            None if !is_recovery => return Look::Store,
            None => {
                self.bytes += SLOT_BYTES;
                self.slots.entry(room.clone()).or_insert_with(|| Slot::new(number, born))
            }
        };
        slot.used = number;
        slot.readers += usize::from(is_recovery);
        let look = match &slot.tail {
            Some(tail) => match tail.read(page, limit) {
                Some(stretch) if calm && slot.is_current() => Look::Here(stretch),
                Some(_) if is_recovery => Look::Refresh,
                _ => Look::Store,
            },
            None if is_recovery && slot.readers >= self.limits.readers_min => Look::Refresh,
            None => Look::Store,
        };
        self.make_room();
        look
    }

    /// A page out of the tail, for one who waited until it was brought up to date.
    pub(super) fn read(&self, room: &RoomKey, page: Page, limit: usize) -> Option<Stretch> {
        self.slots.get(room)?.tail.as_ref()?.read(page, limit)
    }

    /// What is to be done before a tail is up to date; none where it is, and where nobody wants one any more.
    pub(super) fn plan(&self, room: &RoomKey) -> Option<Plan> {
        let slot = self.slots.get(room)?;
        let end = slot.tail.as_ref().map(Tail::end);
        let is_current = self.is_calm() && slot.is_current();
        (!is_current).then_some(Plan { end, slot: slot.number, touched: slot.touched })
    }

    /// Lets a tail go on with what the store has behind its end; false when that does not fit, and the tail is gone.
    pub(super) fn go_on(&mut self, room: &RoomKey, plan: &Plan, page: Stretch) -> bool {
        self.change(room, plan, |slot| {
            // A log that has become shorter is not the one that is known here.
            let went_back = plan.end.is_some_and(|end| page.head.offset < end);
            let fits = !went_back && slot.tail.as_mut().is_some_and(|tail| tail.go_on(page));
            if !fits {
                slot.tail = None;
            }
            fits
        })
    }

    /// Makes a tail of the end of the log.
    pub(super) fn make(&mut self, room: &RoomKey, plan: &Plan, page: Stretch) {
        let bytes_max = self.limits.bytes_max / 8;
        self.change(room, plan, |slot| {
            slot.tail = Tail::of(page, bytes_max);
            true
        });
        self.make_room();
    }

    /// Carries out a plan, unless the room's slot went since it was made.
    fn change(&mut self, room: &RoomKey, plan: &Plan, change: impl FnOnce(&mut Slot) -> bool) -> bool {
        let Some(slot) = self.slots.get_mut(room).filter(|slot| slot.number == plan.slot) else {
            return true;
        };
        self.bytes -= slot.bytes();
        let done = change(slot);
        slot.asked = plan.touched;
        self.bytes += slot.bytes();
        done
    }

    /// How many upheavals there were until now: what an append brings back to [`Self::appended`].
    pub(super) fn upheaved(&self) -> u64 {
        self.upheaved
    }

    /// An entry was appended by a call that began when there had been so many upheavals: into the log that the tail is of, if there
    /// was none since.
    pub(super) fn appended(&mut self, entry: &Arc<Entry>, keep: Keep, upheaved: u64) {
        let same_log = self.is_calm() && upheaved == self.upheaved;
        let Some(slot) = self.slots.get_mut(&entry.room) else { return };
        self.bytes -= slot.bytes();
        if !slot.tail.as_mut().is_some_and(|tail| same_log && tail.push(entry, keep)) {
            slot.touched += 1;
        }
        self.bytes += slot.bytes();
        self.make_room();
    }

    /// The store has said this of a log to somebody: who reads after that must not be told of an earlier moment, which a tail shows as long as
    /// an append that is done has not been heard of.
    pub(super) fn told(&mut self, room: &RoomKey, head: &Position, oldest: Offset) {
        if let Some(slot) = self.slots.get_mut(room)
            && !slot.tail.as_ref().is_some_and(|tail| tail.shows(head, oldest))
        {
            slot.touch();
        }
    }

    /// Something else changed in a room.
    pub(super) fn touch(&mut self, room: &RoomKey) {
        self.slots.get_mut(room).into_iter().for_each(Slot::touch);
    }

    /// Something may have changed in any room.
    pub(super) fn touch_all(&mut self) {
        self.slots.values_mut().for_each(Slot::touch);
    }

    /// It is not known what became of a change.
    pub(super) fn doubt(&mut self) {
        self.doubt = Doubt::New;
    }

    /// A log is about to be taken away or changed.
    pub(super) fn begin_upheaval(&mut self) {
        self.upheavals += 1;
    }

    /// It was, in one room or in any.
    pub(super) fn end_upheaval(&mut self, room: Option<&RoomKey>) {
        self.upheavals -= 1;
        self.upheaved += 1;
        match room {
            Some(room) => self.bytes -= self.slots.remove(room).map_or(0, |slot| slot.bytes()),
            None => {
                self.slots.clear();
                self.bytes = 0;
            }
        }
    }

    /// Lets old tails go, and old doubts.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.now = now;
        match self.doubt {
            Doubt::New => self.doubt = Doubt::Since(now),
            Doubt::Since(since) if is_over(since, DOUBT, now) => {
                self.doubt = Doubt::No;
                self.touch_all();
            }
            _ => {}
        }
        if is_over(self.swept_at, SWEEP_INTERVAL, now) {
            self.swept_at = now;
            self.retain(|slot| !is_over(slot.born, LIFE, now));
        }
    }

    /// Whether this server hears of everything that becomes of the logs.
    fn is_calm(&self) -> bool {
        !self.shared && self.upheavals == 0 && self.doubt == Doubt::No
    }

    /// Lets those go that were not used for longest when there is too much: half of it, so that this is not done each time.
    fn make_room(&mut self) {
        if self.bytes <= self.limits.bytes_max {
            return;
        }
        let mut used: Vec<(u64, usize)> = self.slots.values().map(|slot| (slot.used, slot.bytes())).collect();
        used.sort_unstable_by(|a, b| b.cmp(a));
        let mut left = self.limits.bytes_max / 2;
        let fits = |(_, bytes): &&(u64, usize)| {
            let rest = left.checked_sub(*bytes);
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        let oldest = used.iter().take_while(fits).last().map_or(u64::MAX, |(used, _)| *used);
        self.retain(|slot| slot.used >= oldest);
    }

    fn retain(&mut self, stays: impl Fn(&Slot) -> bool) {
        let mut freed = 0;
        self.slots.retain(|_, slot| {
            let it_stays = stays(slot);
            freed += if it_stays { 0 } else { slot.bytes() };
            it_stays
        });
        self.bytes -= freed;
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        assert_eq!(self.bytes, self.slots.values().map(Slot::bytes).sum::<usize>());
        self.bytes
    }
}

impl Slot {
    fn new(number: u64, born: Timestamp) -> Self {
        Self { number, used: number, born, readers: 0, tail: None, touched: 0, asked: 0 }
    }

    fn touch(&mut self) {
        self.touched += 1;
    }

    fn is_current(&self) -> bool {
        self.touched == self.asked && self.tail.as_ref().is_some_and(Tail::has_begun)
    }

    fn bytes(&self) -> usize {
        SLOT_BYTES + self.tail.as_ref().map_or(0, Tail::bytes)
    }
}

fn is_over(since: Timestamp, time: Duration, now: Timestamp) -> bool {
    u128::from(now.millis().saturating_sub(since.millis())) >= time.as_millis()
}
