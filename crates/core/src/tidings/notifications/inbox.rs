//! Looking into inboxes.

use tidings_protocol::{EntryId, ErrorCode, Fault, Timestamp, UserId, notification::Notification};

use super::shown;
use crate::{
    Identity, StoreError, Tidings,
    store::inbox::{Counters, Filter, Reader},
    tidings::unavailable,
};

impl Tidings {
    /// Whose inbox somebody who is signed in may open: their own.
    ///
    /// # Errors
    /// `forbidden` without a token.
    pub fn own_inbox(identity: &Identity) -> Result<Reader, Fault> {
        match identity.anonymous {
            true => Err(Fault::new(ErrorCode::Forbidden, "only signed-in users have notifications")),
            false => Ok(super::telling::reader(identity)),
        }
    }

    /// What lists show when nobody says otherwise: what is neither archived nor snoozed.
    pub fn in_sight(unread: Option<bool>) -> Filter {
        Filter { unread, archived: Some(false), snoozed: Some(false), ..Filter::default() }
    }

    /// Notifications of an inbox, the newest first, those before `before`; at most `limit` and never more than 200.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn notifications(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Notification>, Fault> {
        let now = self.clock.now();
        let items = self.store.inbox(reader, filter, before, limit, now).await.map_err(unavailable)?;
        Ok(items.into_iter().map(|item| shown::item(item, now)).collect())
    }

    /// The badge.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn counters(&self, reader: Reader) -> Result<Counters, Fault> {
        self.store.counters(reader, self.clock.now()).await.map_err(unavailable)
    }

    /// Inboxes with what their badges say and what they should, in the order of their users, beginning behind `after`. What went to roles
    /// is left out: nobody here knows who has which.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recounted(
        &self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, u64, u64)>, StoreError> {
        let now: Timestamp = self.clock.now();
        let mut found = Vec::new();
        for user in self.store.inboxes(after, limit).await? {
            let reader = Reader { user: user.clone(), roles: Vec::new() };
            let said = self.store.counters(reader.clone(), now).await?.unread;
            found.push((user, said, self.store.recount(reader, now).await?));
        }
        Ok(found)
    }
}
