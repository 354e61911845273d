//! What is kept for users beside rooms: notifications, preferences, what is scheduled. The same is found and sealed in them.
//!
//! Of a notification that holds a secret all is sealed but what stores look at: severity, category, times, and the `dedupe_key`. What is
//! scheduled is sealed whatever it holds: it may be meant for an encrypted room.

use std::sync::Arc;

use tidings_core::{
    Entry, StoreError,
    store::{
        Answer, Once,
        inbox::{
            Addressed, Change, Content, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification,
            Notified, Outcome, Preferences, Reader, Receipt, Scheduled, Stir, Which,
        },
    },
};
use tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
use tidings_settings::Keep;

use super::{Form, SealedStore, all_as_published};
use crate::{data_keys::INBOXES, detect, envelope};

/// Places, as they are authenticated. No room has such a text.
const NOTIFICATION: &str = "notification";
const SCHEDULED: &str = "scheduled";

impl SealedStore {
    async fn content_kept(
        &self,
        notification: Notification,
        to: &[Addressed],
    ) -> Result<Notification, StoreError> {
        let whole = json(&notification.content)?;
        let is_secret = !self.keys.keyring.is_empty()
            && (to.iter().any(|to| self.kinds.encrypts(&to.audience))
                || detect::find(whole.as_str()).is_some());
        let Notification { id, content, .. } = notification;
        let content = if is_secret {
            let sealed = self.data_kept(INBOXES.to_owned(), NOTIFICATION, id, &whole, Form::Sealed).await?;
            Content { data: Some(sealed), dedupe_key: content.dedupe_key, ..Content::default() }
        } else {
            let data = match content.data {
                Some(data) if envelope::is_reserved(&data) => {
                    Some(self.data_kept(INBOXES.to_owned(), NOTIFICATION, id, &data, Form::Escaped).await?)
                }
                data => data,
            };
            Content { data, ..content }
        };
        Ok(Notification { content, ..notification })
    }

    async fn item_opened(&self, item: Item) -> Result<Item, StoreError> {
        let Item { notification, audience, state } = item;
        let Some(kept) = &notification.content.data else {
            return Ok(Item { notification, audience, state });
        };
        let Some(opened) = self.data_opened(&NOTIFICATION, notification.id, kept).await? else {
            return Ok(Item { notification, audience, state });
        };
        let content = match envelope::look(kept) {
            envelope::Kept::Sealed(_) => serde_json::from_str(opened.as_str())
                .map_err(|_| StoreError::Corrupt("a notification's content is none".into()))?,
            _ => Content { data: Some(opened), ..notification.content },
        };
        Ok(Item { notification: Notification { content, ..notification }, audience, state })
    }

    async fn items_opened(&self, items: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut opened = Vec::with_capacity(items.len());
        for item in items {
            opened.push(self.item_opened(item).await?);
        }
        Ok(opened)
    }

    /// In which form something is kept that is in no room.
    fn form_of(&self, data: &Json, is_secret: bool) -> Form {
        if !self.keys.keyring.is_empty() && (is_secret || detect::find(data.as_str()).is_some()) {
            Form::Sealed
        } else if envelope::is_reserved(data) {
            Form::Escaped
        } else {
            Form::AsItIs
        }
    }

    async fn scheduled_kept(&self, scheduled: Scheduled) -> Result<Scheduled, StoreError> {
        let form = self.form_of(&scheduled.data, true);
        let data = self.data_kept(INBOXES.to_owned(), SCHEDULED, scheduled.id, &scheduled.data, form).await?;
        Ok(Scheduled { data, ..scheduled })
    }

    async fn all_scheduled_opened(&self, all: Vec<Scheduled>) -> Result<Vec<Scheduled>, StoreError> {
        let mut opened = Vec::with_capacity(all.len());
        for Scheduled { id, due_at, user, part_of, data } in all {
            let data = self.data_opened(&SCHEDULED, id, &data).await?.unwrap_or(data);
            opened.push(Scheduled { id, due_at, user, part_of, data });
        }
        Ok(opened)
    }
}

/// A user's preferences have no id: their place says whose they are.
fn place_of(user: &UserId) -> (String, EntryId) {
    (format!("preferences:{user}"), EntryId::from_bytes([0; 16]))
}

fn json(content: &Content) -> Result<Json, StoreError> {
    Json::of(content).map_err(|_| StoreError::Unavailable("a notification could not be written".into()))
}

/// Calls that go to the store behind as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.store.$name($($argument),*) })*
    };
}

impl InboxStore for SealedStore {
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified> {
        Box::pin(async move {
            let once = self.once_kept(once).await?;
            let notification = self.content_kept(notification, &to).await?;
            let (mut kept, mut published) = (Vec::with_capacity(to.len()), Vec::with_capacity(to.len()));
            for Addressed { audience, tell, later } in to {
                let (tell, data) = self.all_kept(tell).await?;
                let later = match later {
                    Some(scheduled) => Some(self.scheduled_kept(scheduled).await?),
                    None => None,
                };
                kept.push(Addressed { audience, tell, later });
                published.push(data);
            }
            Ok(match self.store.notify(notification, kept, once, now).await? {
                Notified::New(outcomes) => {
                    let outcomes = outcomes.into_iter().zip(published);
                    let as_published = |(outcome, published)| match outcome {
                        Outcome::Kept(entries) => Outcome::Kept(all_as_published(entries, published)),
                        known => known,
                    };
                    Notified::New(outcomes.map(as_published).collect())
                }
                before => before,
            })
        })
    }

    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked> {
        Box::pin(async move {
            let (tell, published) = self.all_kept(tell).await?;
            let Marked { changed, entries, counters } =
                self.store.mark(reader, which, change, tell, now).await?;
            let entries: Vec<Arc<Entry>> = all_as_published(entries, published);
            Ok(Marked { changed, entries, counters })
        })
    }

    fn inbox(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'_, Vec<Item>> {
        let items = self.store.inbox(reader, filter, before, limit, now);
        Box::pin(async move { self.items_opened(items.await?).await })
    }

    fn notification(&self, reader: Reader, id: EntryId, now: Timestamp) -> Answer<'_, Option<Item>> {
        let item = self.store.notification(reader, id, now);
        Box::pin(async move {
            match item.await? {
                Some(item) => self.item_opened(item).await.map(Some),
                None => Ok(None),
            }
        })
    }

    fn inbox_of(&self, user: UserId, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Item>> {
        let items = self.store.inbox_of(user, after, limit);
        Box::pin(async move { self.items_opened(items.await?).await })
    }

    fn preferences(&self, user: UserId) -> Answer<'_, Option<Preferences>> {
        Box::pin(async move {
            let Some(Preferences { data, revision }) = self.store.preferences(user.clone()).await? else {
                return Ok(None);
            };
            let (place, id) = place_of(&user);
            let data = self.data_opened(&place, id, &data).await?.unwrap_or(data);
            Ok(Some(Preferences { data, revision }))
        })
    }

    fn put_preferences(&self, user: UserId, data: Json) -> Answer<'_, u64> {
        Box::pin(async move {
            let ((place, id), form) = (place_of(&user), self.form_of(&data, false));
            let data = self.data_kept(INBOXES.to_owned(), &place, id, &data, form).await?;
            self.store.put_preferences(user, data).await
        })
    }

    fn schedule(&self, scheduled: Scheduled) -> Answer<'_, ()> {
        Box::pin(async move {
            let scheduled = self.scheduled_kept(scheduled).await?;
            self.store.schedule(scheduled).await
        })
    }

    fn due_scheduled(&self, now: Timestamp, lease_ms: u64, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        let due = self.store.due_scheduled(now, lease_ms, limit);
        Box::pin(async move { self.all_scheduled_opened(due.await?).await })
    }

    fn all_scheduled(&self, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        let all = self.store.all_scheduled(after, limit);
        Box::pin(async move { self.all_scheduled_opened(all.await?).await })
    }

    fn scheduled_of(&self, user: UserId) -> Answer<'_, Vec<Scheduled>> {
        let scheduled = self.store.scheduled_of(user);
        Box::pin(async move { self.all_scheduled_opened(scheduled.await?).await })
    }

    pass_on! {
        counters(reader: Reader, now: Timestamp) -> Counters;
        recount(reader: Reader, now: Timestamp) -> u64;
        notified_roles() -> Vec<Role>;
        inboxes(after: Option<UserId>, limit: usize) -> Vec<UserId>;
        receipts(id: EntryId, after: Option<UserId>, limit: usize) -> Vec<Receipt>;
        settle(now: Timestamp, limit: usize) -> Stir;
        drop_notifications(keep: KeepSince, limit: usize) -> Stir;
        finish_scheduled(id: EntryId) -> bool;
    }
}
