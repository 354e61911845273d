//! What is kept of people's presence: when they were last seen, and what the back end was last told of them.

use std::{fmt, ops::RangeInclusive, sync::Arc};

use tidings_protocol::{Timestamp, UserId};

use super::{Answer, fresh_epoch};

/// Keeps what must be known of people who are not connected.
///
/// Who is online is the hub's to say. Here it says on which server somebody is online *as the back end was told*, so that a
/// server that died can be found out: it renews one lease for all its people, and they are nobody's when that has ended.
pub trait People: Send + Sync {
    /// Notes how users stand, each at most once, all or none. Of what is known already the later stays: `last_seen` never goes
    /// back, and a revision below the known one changes neither that nor the server.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](super::StoreError::Unavailable), [`StoreError::Full`](super::StoreError::Full),
    /// [`StoreError::Uncertain`](super::StoreError::Uncertain).
    fn note_people(&self, people: Vec<Person>) -> Answer<'_, ()>;

    /// Those of these users that were ever noted, in no order. Whoever is online was seen when their server last renewed its lease,
    /// if that is later than what was noted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](super::StoreError::Unavailable), [`StoreError::Corrupt`](super::StoreError::Corrupt).
    fn people(&self, users: Vec<UserId>) -> Answer<'_, Vec<Person>>;

    /// All that were ever noted, in the order of their ids, beginning behind `after`; as [`Self::people`] tells of them.
    ///
    /// # Errors
    /// Those of [`Self::people`].
    fn all_people(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Person>>;

    /// A server says that it is there. It does so before it notes people as online on it. Servers that were not there for a day
    /// and have nobody left are forgotten.
    ///
    /// # Errors
    /// Those of [`Self::note_people`].
    fn renew_lease(&self, server: ServerId, now: Timestamp) -> Answer<'_, ()>;

    /// People who are online on servers that renewed their lease last at a moment outside of these, in no order; as
    /// [`Self::people`] tells of them.
    ///
    /// # Errors
    /// Those of [`Self::people`].
    fn left_behind(&self, alive: RangeInclusive<Timestamp>, limit: usize) -> Answer<'_, Vec<Person>>;
}

/// What is kept of a user's presence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// When a server last had a connection of theirs.
    pub last_seen: Timestamp,
    /// Counts how often they came online or went offline, as the back end was told.
    pub revision: u64,
    /// On which server they are online, as the back end was told; none for somebody who is offline.
    pub server: Option<ServerId>,
}

impl Person {
    /// What is known once this was noted after what was known before.
    #[must_use]
    pub fn noted_after(self, known: Self) -> Self {
        let last_seen = self.last_seen.max(known.last_seen);
        let newer = if self.revision >= known.revision { self } else { known };
        Self { last_seen, ..newer }
    }

    /// What is told of them when their server renewed its lease at a moment.
    #[must_use]
    pub fn seen_with(self, renewed_at: Option<Timestamp>) -> Self {
        let last_seen = renewed_at.filter(|_| self.server.is_some()).max(Some(self.last_seen));
        Self { last_seen: last_seen.unwrap_or(self.last_seen), ..self }
    }
}

/// One run of a server: another one after each start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerId(Arc<str>);

impl ServerId {
    /// One that no other run has.
    pub fn fresh() -> Self {
        // Twice eight characters: there may be many runs on one store.
        Self(format!("{}{}", fresh_epoch().0, fresh_epoch().0).into())
    }

    /// As it was kept.
    pub fn kept(text: &str) -> Self {
        Self(text.into())
    }

    /// As it is to be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
