//! A user's own: handing all of it out, and forgetting it.

use std::{collections::HashSet, sync::Arc};

use tidings_protocol::{Close, Fault, Offset, UserId};

use super::{Tidings, unavailable};
use crate::{
    Entry, RoomKey,
    pseudonym::pseudonym,
    store::{Erased, Page, StoreError},
};

/// How often what came in while it was being erased is erased too, before the rest is left to the next call.
const PASSES: usize = 3;
/// What is read at once.
const PAGE: usize = 500;

impl Tidings {
    /// Entries that a user published or has in the personal room: pages in an order of the store's own, beginning behind a place.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn entries_of(
        &self,
        user: &UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Result<Vec<Arc<Entry>>, Fault> {
        self.store.entries_of(user.clone(), after, limit).await.map_err(unavailable)
    }

    /// The first half of an erasure: makes the user's tokens void and ends the user's connections; how many. Other servers on the same
    /// store do so when they read revocations the next time. What is remembered for that names the user by a pseudonym.
    ///
    /// # Errors
    /// Those of the store: then nothing was done.
    pub async fn end_for_good(&self, user: &UserId) -> Result<usize, StoreError> {
        let now = self.clock.now();
        self.store.revoke(stand_in(user), now).await?;
        let connections = self.disconnect_user(user, &Close::ENDED);
        self.void(&stand_in(user), now);
        self.revoked.lock().remove(user);
        Ok(connections)
    }

    /// The second half: forgets what the store has of the user. A publication that was under way is forgotten too.
    ///
    /// # Errors
    /// Those of the store; the same call may be made again.
    pub async fn erase(&self, user: &UserId) -> Result<Erased, StoreError> {
        let mut sum = Erased::default();
        for _ in 0..PASSES {
            self.hub.receipts.forget(user);
            self.take_back_mentions_by(user).await?;
            let erased = self.without_keeping(user, self.store.erase(user.clone())).await?;
            sum.personal_entries += erased.personal_entries;
            sum.blanked_entries += erased.blanked_entries;
            sum.memberships += erased.memberships;
            sum.notifications += erased.notifications;
            if self.store.entries_of(user.clone(), None, 1).await?.is_empty() {
                break;
            }
        }
        Ok(sum)
    }

    /// Users whose pseudonyms are among those given: whom to erase again after an old backup was restored. Looks through everything
    /// that is kept.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn users_behind(&self, pseudonyms: &HashSet<String>) -> Result<Vec<UserId>, Fault> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        let mut note = |user: &UserId| {
            if !seen.contains(user) {
                seen.insert(user.clone());
                if pseudonyms.contains(&pseudonym(user)) {
                    found.push(user.clone());
                }
            }
        };
        let mut after = None;
        loop {
            let rooms = self.store.rooms(after, PAGE).await.map_err(unavailable)?;
            let Some(last) = rooms.last() else { break };
            after = Some(last.room.clone());
            for room in rooms {
                match &room.room {
                    RoomKey::Personal(user) => note(user),
                    RoomKey::Named(name) => {
                        let mut behind = None;
                        loop {
                            let page =
                                self.store.members(name.clone(), behind, PAGE).await.map_err(unavailable)?;
                            let Some(last) = page.last() else { break };
                            behind = Some(last.user.clone());
                            page.iter().for_each(|member| note(&member.user));
                        }
                    }
                    RoomKey::Role(_) | RoomKey::Everyone => {}
                }
                let mut read = Offset(0);
                loop {
                    let page = Page::After(read);
                    let stretch =
                        self.store.read_as_kept(room.room.clone(), page, PAGE).await.map_err(unavailable)?;
                    stretch.entries.iter().filter_map(|entry| entry.from.as_ref()).for_each(&mut note);
                    match stretch.last() {
                        Some(last) => read = last.offset,
                        None => break,
                    }
                }
            }
        }
        let mut behind = None;
        loop {
            let inboxes = self.store.inboxes(behind, PAGE).await.map_err(unavailable)?;
            let Some(last) = inboxes.last() else { break };
            behind = Some(last.clone());
            inboxes.iter().for_each(&mut note);
        }
        let mut behind = None;
        loop {
            let people = self.store.all_people(behind, PAGE).await.map_err(unavailable)?;
            let Some(last) = people.last() else { return Ok(found) };
            behind = Some(last.user.clone());
            people.iter().for_each(|person| note(&person.user));
        }
    }
}

/// Who stands for an erased user where tokens are made void: no user's id is left there.
pub(super) fn stand_in(user: &UserId) -> UserId {
    UserId::parse(&format!("{STAND_IN}{}", pseudonym(user))).unwrap_or_else(|_| user.clone())
}

/// Whether a revocation's user stands for an erased one.
pub(super) fn is_stand_in(user: &UserId) -> bool {
    user.as_str().starts_with(STAND_IN)
}

const STAND_IN: &str = "erased:";

#[cfg(test)]
mod tests;
