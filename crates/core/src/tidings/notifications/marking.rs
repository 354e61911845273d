//! What users do with their notifications; all of their devices hear it.

use hashbrown::HashSet;
use tidings_protocol::{
    EntryId, ErrorCode, Fault,
    notification::{NotificationChange, NotificationUpdated},
};

use super::sending::{json, own_entry};
use crate::{
    RoomKey, Tidings,
    store::inbox::{Change, Counters, Reader, Which},
    tidings::unavailable,
};

/// Which notifications of an inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WhichOnes {
    /// These, at most 200.
    Ids(Vec<EntryId>),
    /// All that the change is for, up to one or all there are.
    All(Option<EntryId>),
}

/// What became of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkedAs {
    /// How many were changed.
    pub changed: usize,
    /// Those of the named ones that are in the inbox.
    pub found: Vec<EntryId>,
    /// Those that are not.
    pub not_found: Vec<EntryId>,
    /// The badge after it.
    pub counters: Counters,
}

impl Tidings {
    /// Changes notifications of an inbox, and tells it to all devices of its user.
    ///
    /// # Errors
    /// `not_found` when none of those that were named is in the inbox, whoever else has it; `invalid_request` for a snooze that is over;
    /// `unavailable`.
    pub async fn mark(&self, reader: Reader, which: WhichOnes, change: Change) -> Result<MarkedAs, Fault> {
        let now = self.clock.now();
        if let Change::Snooze(until) = change
            && until <= now
        {
            return Err(Fault::invalid("until", "expected a time that is not past"));
        }
        let (which, named) = match which {
            WhichOnes::Ids(mut ids) => {
                let mut seen = HashSet::with_capacity(ids.len());
                ids.retain(|id| seen.insert(*id));
                (Which::Ids(ids.clone()), ids)
            }
            WhichOnes::All(up_to) => match self.last_of(&reader, change, up_to).await? {
                Some(last) => (Which::UpTo(last), Vec::new()),
                None => {
                    let counters = self.counters(reader).await?;
                    return Ok(MarkedAs { changed: 0, found: Vec::new(), not_found: Vec::new(), counters });
                }
            },
        };
        let personal = RoomKey::Personal(reader.user.clone());
        let entry = own_entry(&personal, "notification_updated", json(&update(&which, change))?, now)?;
        let tell = vec![(entry, self.kinds.keep(&personal))];
        let watch = self.watch(std::iter::once(&personal));
        let marked = self.store.mark(reader.clone(), which, change, tell, now).await.map_err(unavailable)?;
        let _coming = watch.answered();
        if !marked.changed.is_empty() {
            if let Change::Snooze(until) = change {
                self.desk.note_due(until);
            }
            marked.entries.into_iter().for_each(|entry| {
                self.hand_out(entry, !self.store.commits_together());
            });
            self.tell_counts_of(vec![reader.user.clone()]).await;
        }
        let changed = marked.changed.len();
        let (found, not_found) = self.told_apart(&reader, named, marked.changed).await?;
        if found.is_empty() && !not_found.is_empty() {
            return Err(Fault::new(ErrorCode::NotFound, "there is no such notification in this inbox"));
        }
        Ok(MarkedAs { changed, found, not_found, counters: marked.counters })
    }

    /// The last one that `all` means: the newest that the user can see now. One that comes while the user reads is not read by that.
    async fn last_of(
        &self,
        reader: &Reader,
        change: Change,
        up_to: Option<EntryId>,
    ) -> Result<Option<EntryId>, Fault> {
        if up_to.is_some() {
            return Ok(up_to);
        }
        let page = self.store.inbox(reader.clone(), change.scope(), None, 1, self.clock.now());
        Ok(page.await.map_err(unavailable)?.first().map(|item| item.notification.id))
    }

    /// Those that are in the inbox, and those that are not. What was changed is, or was until now.
    async fn told_apart(
        &self,
        reader: &Reader,
        named: Vec<EntryId>,
        changed: Vec<EntryId>,
    ) -> Result<(Vec<EntryId>, Vec<EntryId>), Fault> {
        let changed: HashSet<EntryId> = changed.into_iter().collect();
        let (mut found, mut not_found) = (Vec::new(), Vec::new());
        for id in named {
            let is_there = changed.contains(&id) || {
                let item = self.store.notification(reader.clone(), id, self.clock.now());
                item.await.map_err(unavailable)?.is_some()
            };
            if is_there { found.push(id) } else { not_found.push(id) }
        }
        Ok((found, not_found))
    }
}

fn update(which: &Which, change: Change) -> NotificationUpdated {
    let (word, snoozed_until) = match change {
        Change::Seen => (NotificationChange::Seen, None),
        Change::Read => (NotificationChange::Read, None),
        Change::Unread => (NotificationChange::Unread, None),
        Change::Archive => (NotificationChange::Archived, None),
        Change::Unarchive => (NotificationChange::Unarchived, None),
        Change::Snooze(until) => (NotificationChange::Snoozed, Some(until)),
        Change::Delete => (NotificationChange::Gone, None),
    };
    let update = match which {
        Which::Ids(ids) => NotificationUpdated::of(ids.clone(), word),
        Which::UpTo(last) => NotificationUpdated::up_to(*last, word),
    };
    NotificationUpdated { snoozed_until, ..update }
}
