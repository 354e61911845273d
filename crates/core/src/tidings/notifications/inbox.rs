//! Looking into inboxes.

use tidings_protocol::{EntryId, ErrorCode, Fault, Role, Timestamp, UserId, notification::Notification};

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

    /// Everything that is kept of notifications for one user alone, for an export: oldest first, beginning behind `after`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn all_notifications_of(
        &self,
        user: &UserId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError> {
        let items = self.store.inbox_of(user.clone(), after, limit).await?;
        Ok(items.into_iter().map(|item| shown::item(item, self.clock.now())).collect())
    }

    /// The badge.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn counters(&self, reader: Reader) -> Result<Counters, Fault> {
        self.store.counters(reader, self.clock.now()).await.map_err(unavailable)
    }

    /// Inboxes with what their badges say and what they should, in the order of their users, beginning behind `after`. Nobody here knows who has
    /// which role: an inbox is counted without any, and if that is right, as if its user had all of `roles`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recounted(
        &self,
        after: Option<UserId>,
        limit: usize,
        roles: &[Role],
    ) -> Result<Vec<(UserId, u64, u64)>, StoreError> {
        let now: Timestamp = self.clock.now();
        let mut found = Vec::new();
        for user in self.store.inboxes(after, limit).await? {
            let (mut said, mut right) = self.said_and_counted(&user, &[], now).await?;
            if said == right && !roles.is_empty() {
                (said, right) = self.said_and_counted(&user, roles, now).await?;
            }
            found.push((user, said, right));
        }
        Ok(found)
    }

    async fn said_and_counted(
        &self,
        user: &UserId,
        roles: &[Role],
        now: Timestamp,
    ) -> Result<(u64, u64), StoreError> {
        let reader = Reader { user: user.clone(), roles: roles.to_vec() };
        let said = self.store.counters(reader.clone(), now).await?.unread;
        Ok((said, self.store.recount(reader, now).await?))
    }
}
