//! Tokens that end before their time, and those that take over from others.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use tidings_protocol::{Audience, Close, ErrorCode, Fault, Timestamp, UserId};

use super::{
    Tidings,
    erasing::{is_stand_in, stand_in},
    unavailable,
};
use crate::{Connection, Identity, RoomKey};

/// How far the clocks of servers on one store may be apart, and how long a revocation may take to be seen, in milliseconds.
const SKEW_MS: u64 = 60_000;

impl Tidings {
    /// Makes all tokens of a user void that were issued up to now, and ends the connections that were opened with them; how many there
    /// were.
    ///
    /// # Errors
    /// `unavailable` when the store is: then nothing was revoked.
    pub async fn revoke(&self, user: &UserId) -> Result<usize, Fault> {
        let now = self.clock.now();
        self.store.revoke(user.clone(), now).await.map_err(unavailable)?;
        Ok(self.void(user, now))
    }

    /// Takes over what was revoked before this server began, and by others on the same store since. To be called before anybody is let
    /// in, and then about once a second.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn read_revocations(&self) -> Result<(), Fault> {
        let read_at = self.revocations_read_at.load(Ordering::Relaxed);
        if read_at > 0 && !self.store.is_shared() {
            return Ok(());
        }
        let now = self.clock.now().millis();
        let since = Timestamp::from_millis(read_at.saturating_sub(SKEW_MS));
        for revocation in self.store.revocations(since).await.map_err(unavailable)? {
            self.void(&revocation.user, revocation.at);
        }
        self.revocations_read_at.store(now.max(1), Ordering::Relaxed);
        Ok(())
    }

    /// Whether a token is still good; asked whenever one is shown.
    ///
    /// # Errors
    /// `unauthorized` when it was revoked, and when it does not say when it was issued while tokens of its user were revoked.
    pub fn admit_token(&self, identity: &Identity) -> Result<(), Fault> {
        let revoked = self.revoked.lock();
        if revoked.is_empty() {
            return Ok(());
        }
        let times = [revoked.get(&identity.user), revoked.get(&stand_in(&identity.user))];
        match times.into_iter().flatten().any(|at| is_void(identity, *at)) {
            true => Err(Fault::new(ErrorCode::Unauthorized, "the token was revoked")),
            false => Ok(()),
        }
    }

    /// A fresh token speaks for a connection from now on: it may bring other roles, and close rooms that the old one opened.
    ///
    /// # Errors
    /// As [`Self::admit_token`]; `unavailable` when a role comes with it and the store is: then the old token stays.
    pub async fn change_identity(&self, connection: &Arc<Connection>, fresh: Identity) -> Result<(), Fault> {
        self.admit_token(&fresh)?;
        let (before, fresh) = (connection.identity(), Arc::new(fresh));
        let gained = fresh.roles.iter().filter(|role| !before.roles.contains(role)).cloned();
        let starts = self.starts(gained.map(Audience::Role), &BTreeMap::new()).await?;
        self.hub.set_expiry(connection, fresh.expires_at);
        connection.set_identity(fresh.clone());
        for role in before.roles.iter().filter(|role| !fresh.roles.contains(role)) {
            self.hub.leave(connection, &RoomKey::Role(role.clone()));
        }
        for start in starts {
            if self.follow_audience(connection, start).await.is_err() {
                // It comes back with the new token and is told where everything stands.
                connection.end(Close::CONTINUITY_LOST);
                return Ok(());
            }
        }
        for room in connection.room_names() {
            self.show_out(connection, &room).await;
        }
        Ok(())
    }

    /// Remembers a revocation and ends what it ends; how many connections.
    pub(super) fn void(&self, user: &UserId, at: Timestamp) -> usize {
        let mut revoked = self.revoked.lock();
        let is_news = revoked.get(user).is_none_or(|known| *known < at);
        if is_news {
            revoked.insert(user.clone(), at);
        }
        drop(revoked);
        let connections = match is_stand_in(user) {
            false => self.hub.connections_of(user),
            // Looking through all of them is for once.
            true if is_news => {
                let mut all = self.hub.all_connections();
                all.retain(|connection| connection.user() == user || stand_in(connection.user()) == *user);
                all
            }
            true => Vec::new(),
        };
        let ended = connections.iter().filter(|connection| is_void(&connection.identity(), at));
        ended.map(|connection| connection.end(Close::TOKEN_REVOKED)).count()
    }
}

/// Tokens count whole seconds: one of the very second of the revocation is taken for an older one.
fn is_void(identity: &Identity, revoked_at: Timestamp) -> bool {
    !identity.anonymous
        && identity.issued_at.is_none_or(|issued_at| issued_at.seconds() <= revoked_at.seconds())
}
