//! Memory before a durable store: the newest entries of rooms that many come back to at once are read once for all of them.
//!
//! A room's *tail* is its newest entries without a gap up to its head. One is made when several read behind a place in a room
//! within a minute, and lives a minute: it is for those who come back together, and not a copy of the store. Who asks is told what
//! is so from then on, never what was so before:
//!
//! - Where this server hears of everything, a tail is right as long as appends fit onto its end. What does not (an entry before it is
//!   still on its way, one was given up half-way and may be kept or not, a log was cut or deleted) is not worked out here: the store is asked once for
//!   what is behind the tail's end, and that answer also says where the log begins and whether it is still the same.
//! - Where other servers append too, the store is asked so each time.
//! - Questions that are the same are put once (`flights`): who comes while one is on its way shares the next.

mod chat;
mod flights;
mod inbox;
mod keys;
mod people;
mod tail;
mod tails;

use std::{path::Path, sync::Arc};

use parking_lot::Mutex;
use tidings_protocol::{Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use self::{
    flights::Flights,
    tails::{Look, Tails},
};
use crate::{
    Entry, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, Erased, JobState, Member, MemberRole, Once, Page,
        Revocation, RoomRecord, Stretch, Tidy,
    },
};

/// Entries that are read at once to make a tail or to let it go on: two recovery pages.
const TAIL_PAGE: usize = 400;

/// How much is remembered, and when.
#[derive(Clone, Copy, Debug)]
pub struct RecentLimits {
    /// Bytes of all tails together, with the frames that were made of their entries. One room gets an eighth at most.
    pub bytes_max: usize,
    /// With which reader within a minute a room gets a tail. Before, the store is read only for what is asked: most rooms are small,
    /// and most who come back missed little.
    pub readers_min: usize,
}

impl Default for RecentLimits {
    fn default() -> Self {
        Self { bytes_max: 64 << 20, readers_min: 4 }
    }
}

/// A store that keeps logs on disk or elsewhere, with the newest entries in memory while many want them.
///
/// What [`Store::erase`] blanked and a chat's edits changed through another server is in this one's memory as it was for a minute more at most.
pub struct RecentStore {
    behind: Arc<Behind>,
    refreshes: Flights<RoomKey, ()>,
    pages: Flights<(RoomKey, Page, usize), Stretch>,
}

struct Behind {
    store: Arc<dyn Store>,
    /// Never locked while something is awaited.
    tails: Mutex<Tails>,
}

impl RecentStore {
    /// Memory before this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with_limits(store, RecentLimits::default())
    }

    /// Memory before this store, of another size.
    pub fn with_limits(store: Arc<dyn Store>, limits: RecentLimits) -> Self {
        let tails = Mutex::new(Tails::new(store.is_shared(), limits));
        Self { behind: Arc::new(Behind { store, tails }), refreshes: Flights::new(), pages: Flights::new() }
    }

    fn store(&self) -> &dyn Store {
        &*self.behind.store
    }

    fn tails(&self) -> &Mutex<Tails> {
        &self.behind.tails
    }

    /// Passes on what the store says of logs, and remembers that it was said.
    fn told<'a, T: 'a>(
        &'a self,
        answer: Answer<'a, T>,
        of: impl Fn(&mut Tails, &T) + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let answer = answer.await?;
            of(&mut self.tails().lock(), &answer);
            Ok(answer)
        })
    }

    fn append_begins(&self) -> Append<'_> {
        let tails = self.tails();
        Append { tails, upheaved: tails.lock().upheaved(), has_ended: false }
    }

    fn upheaval(&self, room: Option<RoomKey>) -> Upheaval<'_> {
        self.tails().lock().begin_upheaval();
        Upheaval { tails: self.tails(), room, is_certain: false }
    }
}

/// Calls that go to the store behind as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.store().$name($($argument),*) })*
    };
}
use pass_on;

impl Behind {
    /// Brings a room's tail up to date.
    async fn refresh(&self, room: &RoomKey) -> Result<(), StoreError> {
        let plan = self.tails.lock().plan(room);
        let Some(plan) = plan else { return Ok(()) };
        if let Some(end) = plan.end {
            let page = self.store.read(room.clone(), Page::After(end), TAIL_PAGE).await?;
            if self.tails.lock().go_on(room, &plan, page) {
                return Ok(());
            }
        }
        let page = self.store.read(room.clone(), Page::Before(Offset(u64::MAX)), TAIL_PAGE).await?;
        self.tails.lock().make(room, &plan, page);
        Ok(())
    }
}

/// An append on its way. Given up half-way, the store may have it or get it yet.
struct Append<'a> {
    tails: &'a Mutex<Tails>,
    upheaved: u64,
    has_ended: bool,
}

impl Append<'_> {
    /// What became of it.
    fn ended<'e>(mut self, outcome: Result<impl Iterator<Item = (&'e Arc<Entry>, Keep)>, &StoreError>) {
        self.has_ended = true;
        let mut tails = self.tails.lock();
        match outcome {
            Ok(entries) => entries.for_each(|(entry, keep)| tails.appended(entry, keep, self.upheaved)),
            Err(StoreError::Conflict) => {}
            Err(_) => tails.doubt(),
        }
    }
}

impl Drop for Append<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.tails.lock().doubt();
        }
    }
}

/// A change on its way that takes a log away, or something out of logs.
struct Upheaval<'a> {
    tails: &'a Mutex<Tails>,
    /// Where; none for anywhere.
    room: Option<RoomKey>,
    is_certain: bool,
}

impl Upheaval<'_> {
    fn ended<T>(mut self, outcome: &Result<T, StoreError>) {
        self.is_certain = outcome.is_ok();
    }
}

impl Drop for Upheaval<'_> {
    fn drop(&mut self) {
        let mut tails = self.tails.lock();
        tails.end_upheaval(self.room.as_ref());
        if !self.is_certain {
            tails.doubt();
        }
    }
}

impl Store for RecentStore {
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended> {
        let keeps: Vec<Keep> = entries.iter().map(|(_, keep)| *keep).collect();
        let has_key = once.is_some();
        let rooms: Vec<RoomKey> =
            entries.iter().filter(|_| has_key).map(|(entry, _)| entry.room.clone()).collect();
        let append = self.append_begins();
        let answer = self.store().append(entries, once);
        Box::pin(async move {
            let appended = answer.await;
            append.ended(appended.as_ref().map(|appended| {
                let entries = match appended {
                    Appended::New(entries) => &entries[..],
                    Appended::Before(_) => &[],
                };
                entries.iter().zip(keeps)
            }));
            if let Ok(Appended::Before(_)) = &appended {
                // Whoever appended it then may not have heard yet.
                rooms.iter().for_each(|room| self.tails().lock().touch(room));
            }
            appended
        })
    }

    fn append_one(&self, entry: Entry, keep: Keep) -> Answer<'_, Arc<Entry>> {
        let append = self.append_begins();
        let answer = self.store().append_one(entry, keep);
        Box::pin(async move {
            let appended = answer.await;
            append.ended(appended.as_ref().map(|entry| std::iter::once((entry, keep))));
            appended
        })
    }

    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        Box::pin(async move {
            let look = self.tails().lock().look(&room, page, limit);
            match look {
                Look::Here(stretch) => return Ok(stretch),
                Look::Store => {}
                Look::Refresh => {
                    let (behind, refreshed) = (self.behind.clone(), room.clone());
                    let refresh = move || async move { behind.refresh(&refreshed).await };
                    self.refreshes.join(room.clone(), refresh).await?;
                    let stretch = self.tails().lock().read(&room, page, limit);
                    if let Some(stretch) = stretch {
                        return Ok(stretch);
                    }
                }
            }
            let (behind, of) = (self.behind.clone(), room.clone());
            let read = move || async move { behind.store.read(of, page, limit).await };
            let answer = self.pages.join((room.clone(), page, limit), read);
            self.told(Box::pin(answer), |tails, stretch| tails.told(&room, &stretch.head, stretch.oldest))
                .await
        })
    }

    fn head(&self, room: RoomKey) -> Answer<'_, Position> {
        let answer = self.store().head(room.clone());
        self.told(answer, move |tails, head| tails.told(&room, head, Offset(0)))
    }

    fn room(&self, room: RoomKey) -> Answer<'_, Option<RoomRecord>> {
        let answer = self.store().room(room);
        self.told(answer, |tails, record| {
            record.iter().for_each(|it| tails.told(&it.room, &it.head, it.oldest));
        })
    }

    fn rooms(&self, after: Option<RoomKey>, limit: usize) -> Answer<'_, Vec<RoomRecord>> {
        let answer = self.store().rooms(after, limit);
        self.told(answer, |tails, records| {
            records.iter().for_each(|it| tails.told(&it.room, &it.head, it.oldest));
        })
    }

    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>> {
        let answer = self.store().entries_of(user, after, limit);
        self.told(answer, |tails, entries| entries.iter().for_each(|entry| tails.touch(&entry.room)))
    }

    fn delete_room(&self, room: RoomName) -> Answer<'_, bool> {
        let upheaval = self.upheaval(Some(RoomKey::Named(room.clone())));
        let answer = self.store().delete_room(room);
        Box::pin(async move {
            let deleted = answer.await;
            upheaval.ended(&deleted);
            deleted
        })
    }

    /// All tails go: blanked entries may be in any, and in what is being read just now.
    fn erase(&self, user: UserId) -> Answer<'_, Erased> {
        let upheaval = self.upheaval(None);
        let answer = self.store().erase(user);
        Box::pin(async move {
            let erased = answer.await;
            upheaval.ended(&erased);
            erased
        })
    }

    fn forget(&self, room: RoomKey, up_to: Offset) -> Answer<'_, u64> {
        let answer = self.store().forget(room.clone(), up_to);
        Box::pin(async move {
            let gone = answer.await;
            self.tails().lock().touch(&room);
            gone
        })
    }

    fn tidy(&self, now: Timestamp, tidy: Tidy) -> Answer<'_, u64> {
        let answer = self.store().tidy(now, tidy);
        Box::pin(async move {
            let gone = answer.await;
            self.tails().lock().touch_all();
            gone
        })
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.store().backup(to)
    }

    fn keeps_audit(&self) -> bool {
        self.store().keeps_audit()
    }

    fn is_shared(&self) -> bool {
        self.store().is_shared()
    }

    fn commits_together(&self) -> bool {
        self.store().commits_together()
    }

    fn seals(&self, room: &RoomKey, data: &Json) -> bool {
        self.store().seals(room, data)
    }

    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        self.tails().lock().sweep(now);
        self.store().sweep(now, followed);
    }

    crate::calls_beside_logs!(pass_on);
    pass_on! {
        read_as_kept(room: RoomKey, page: Page, limit: usize) -> Stretch;
        audit(act: AuditAct) -> AuditRecord;
        health() -> ();
    }
}

#[cfg(test)]
mod tests;
