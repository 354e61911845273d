//! Inboxes in memory: every question is answered by looking at all of a user's.

mod inboxes;
mod schedule;

use hashbrown::HashMap;
use tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
use tidings_settings::Keep;

use self::inboxes::Added;
pub(super) use self::inboxes::Inboxes;
use super::{MemoryStore, ready};
use crate::{
    Entry, StoreError,
    store::{
        Answer, Once,
        inbox::{
            Addressed, Change, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification, Notified,
            Outcome, PAGE_MAX, Preferences, Reader, Receipt, Scheduled, Stir, Which,
        },
    },
};

impl InboxStore for MemoryStore {
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified> {
        let mut logs = self.logs.lock();
        let mut book = self.book.lock();
        match once.as_ref().and_then(|once| book.used(once)) {
            Some(Ok(before)) => {
                return ready(Notified::Before(before.into_iter().map(|(id, _)| id).collect()));
            }
            Some(Err(conflict)) => return Box::pin(std::future::ready(Err(conflict))),
            None => {}
        }
        let mut inboxes = self.inboxes.lock();
        if !inboxes.has_room_for(to.len()) {
            let why = "no more notifications fit into memory; set store.url to a file or to PostgreSQL";
            return Box::pin(std::future::ready(Err(StoreError::Full(why.into()))));
        }
        let (mut outcomes, mut ids) = (Vec::new(), Vec::new());
        let mut named = HashMap::new();
        for Addressed { audience, tell, later } in to {
            let added = match (named.get(&audience), later) {
                (Some(id), _) => Added::Known(*id),
                (None, Some(scheduled)) => {
                    inboxes.schedule.put(scheduled);
                    Added::Later
                }
                (None, None) => inboxes.add(&notification, audience.clone(), now),
            };
            let id = if let Added::Known(id) = added { id } else { notification.id };
            named.insert(audience, id);
            ids.push((id, Default::default()));
            outcomes.push(match added {
                Added::Known(id) => Outcome::Known(id),
                Added::Later => Outcome::Kept(Vec::new()),
                Added::New => {
                    Outcome::Kept(tell.into_iter().map(|(entry, keep)| logs.append(entry, keep)).collect())
                }
            });
        }
        if let Some(once) = once {
            book.use_key(once, ids);
        }
        ready(Notified::New(outcomes))
    }

    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked> {
        let mut logs = self.logs.lock();
        let book = self.book.lock();
        let mut inboxes = self.inboxes.lock();
        let changed = inboxes.mark(&book, &reader, &which, change, now);
        let tell = if changed.is_empty() { Vec::new() } else { tell };
        let entries = tell.into_iter().map(|(entry, keep)| logs.append(entry, keep)).collect();
        let counters = inboxes.counters(&book, &reader, now);
        ready(Marked { changed, entries, counters })
    }

    fn inbox(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'_, Vec<Item>> {
        let book = self.book.lock();
        let mut inboxes = self.inboxes.lock();
        inboxes.know(&reader.user);
        let mut items = inboxes.items(&book, &reader, now);
        items.retain(|item| {
            let Notification { id, severity, category, .. } = &item.notification;
            before.is_none_or(|before| *id < before)
                && filter.matches(*severity, category.as_ref(), &item.state)
        });
        items.truncate(limit.min(PAGE_MAX));
        ready(items)
    }

    fn notification(&self, reader: Reader, id: EntryId, now: Timestamp) -> Answer<'_, Option<Item>> {
        let book = self.book.lock();
        let mut inboxes = self.inboxes.lock();
        inboxes.know(&reader.user);
        ready(inboxes.items(&book, &reader, now).into_iter().find(|item| item.notification.id == id))
    }

    fn counters(&self, reader: Reader, now: Timestamp) -> Answer<'_, Counters> {
        let book = self.book.lock();
        ready(self.inboxes.lock().counters(&book, &reader, now))
    }

    fn recount(&self, reader: Reader, now: Timestamp) -> Answer<'_, u64> {
        let book = self.book.lock();
        ready(self.inboxes.lock().unread(&book, &reader, now))
    }

    fn notified_roles(&self) -> Answer<'_, Vec<Role>> {
        ready(self.inboxes.lock().roles())
    }

    fn inboxes(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<UserId>> {
        ready(self.inboxes.lock().users(after.as_ref(), limit))
    }

    fn receipts(&self, id: EntryId, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Receipt>> {
        let book = self.book.lock();
        ready(self.inboxes.lock().receipts(&book, id, after.as_ref(), limit))
    }

    fn inbox_of(&self, user: UserId, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Item>> {
        ready(self.inboxes.lock().all_of(&user, after, limit))
    }

    fn settle(&self, now: Timestamp, limit: usize) -> Answer<'_, Stir> {
        ready(self.inboxes.lock().settle(now, limit))
    }

    fn drop_notifications(&self, keep: KeepSince, limit: usize) -> Answer<'_, Stir> {
        ready(self.inboxes.lock().drop_old(keep, limit))
    }

    fn preferences(&self, user: UserId) -> Answer<'_, Option<Preferences>> {
        ready(self.inboxes.lock().preferences.get(&user).cloned())
    }

    fn put_preferences(&self, user: UserId, data: Json) -> Answer<'_, u64> {
        let mut inboxes = self.inboxes.lock();
        let before = inboxes.preferences.get(&user).map_or(0, |known| known.revision);
        inboxes.preferences.insert(user, Preferences { data, revision: before + 1 });
        ready(before + 1)
    }

    fn schedule(&self, scheduled: Scheduled) -> Answer<'_, ()> {
        self.inboxes.lock().schedule.put(scheduled);
        ready(())
    }

    fn due_scheduled(&self, now: Timestamp, lease_ms: u64, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        ready(self.inboxes.lock().schedule.take_due(now, lease_ms, limit))
    }

    fn finish_scheduled(&self, id: EntryId) -> Answer<'_, bool> {
        ready(self.inboxes.lock().schedule.remove(id))
    }

    fn all_scheduled(&self, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        ready(self.inboxes.lock().schedule.all(after, limit))
    }

    fn scheduled_of(&self, user: UserId) -> Answer<'_, Vec<Scheduled>> {
        ready(self.inboxes.lock().schedule.of(&user))
    }
}
