//! Who is there and is told: broadcasts to each connection of their audience, and badges to each device of their user.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use hashbrown::HashSet;
use tidings_protocol::{Timestamp, UserId, http::Reached, notification::UnreadCount};

use super::sending::{json, own_entry};
use crate::{
    Connection, Entry, Format, Identity, RoomKey, StoreError, Tidings,
    hub::{Proof, Pushed, Worth, with_ping},
    store::inbox::{Counters, Notification, Reader},
};

/// Members of a room that are asked for at once.
const PAGE: usize = 500;
/// Users whose badges are read at once.
const READS: usize = 16;
/// Users whose badges are told before what changed them is answered; of more, with the next turn.
const AT_ONCE: usize = 16;
/// Users whose badges are told in one turn.
const TURN: usize = 2_000;

impl Tidings {
    /// Tells an entry to everybody of a broadcast's audience who is connected and does not want quiet, and sees to their badges. Who else is of the
    /// audience finds it in the inbox.
    pub(super) async fn tell_audience(
        &self,
        audience: &RoomKey,
        entry: &Arc<Entry>,
        notification: Option<&Notification>,
    ) -> Reached {
        let now = self.clock.now();
        let proof = self.hub.proof_of(std::iter::once(entry));
        let mut frames: [Option<Bytes>; Format::COUNT] = Default::default();
        let (mut told, mut stirred, mut reached) = (HashSet::new(), HashSet::new(), Reached::default());
        let is_silent = |user: &UserId| {
            let rules = notification.and_then(|it| Some((it, self.desk.rules_of(user)?)));
            rules.is_some_and(|(notification, rules)| {
                rules.silence(notification, audience.name(), now)
                    || rules.digest(notification, None).is_some()
            })
        };
        for connection in self.audience_here(audience).await {
            stirred.insert(connection.user().clone());
            if is_silent(connection.user()) {
                continue;
            }
            let format = connection.format;
            let frame = frames[format.index()]
                .get_or_insert_with(|| with_ping(self.hub.encode().entry(format, entry), proof.as_ref()));
            if self.put(&connection, frame.clone(), proof.as_ref().map(|(proof, _)| proof)) {
                reached.connections += 1;
                told.insert(connection.user().clone());
            }
        }
        self.hub.metrics.entries.inc();
        reached.users = told.len();
        self.desk.stir(stirred);
        reached
    }

    /// Connections of a broadcast's audience.
    async fn audience_here(&self, audience: &RoomKey) -> Vec<Arc<Connection>> {
        let RoomKey::Named(room) = audience else {
            let mut connections = self.hub.all_connections();
            connections.retain(|it| it.follows(audience) && has_inbox(it));
            return connections;
        };
        let (mut connections, mut after) = (Vec::new(), None);
        // Where the store does not answer, the rest finds it in the inbox.
        while let Ok(page) = self.store.members(room.clone(), after, PAGE).await {
            let Some(last) = page.last() else { break };
            after = Some(last.user.clone());
            connections.extend(page.iter().flat_map(|member| self.hub.connections_of(&member.user)));
        }
        connections.retain(|connection| has_inbox(connection));
        connections
    }

    /// Puts a frame that may be lost onto a connection's queue; whether it is there.
    fn put(&self, connection: &Arc<Connection>, frame: Bytes, proof: Option<&Proof>) -> bool {
        match connection.push_proving(frame, Worth::Transient, proof) {
            Pushed::First => self.hub.flush_later(connection.clone()),
            Pushed::Behind => {}
            Pushed::Dropped => {
                self.hub.metrics.dropped.inc();
                return false;
            }
            Pushed::Overflowed | Pushed::Ended => return false,
        }
        self.hub.metrics.deliveries.inc();
        true
    }

    /// Tells users' badges: of a few at once, of many with the next turn.
    pub(super) async fn tell_counts_of(&self, mut users: Vec<UserId>) {
        self.desk.changed();
        users.retain(|user| !self.hub.connections_of(user).is_empty());
        if users.len() > AT_ONCE {
            self.desk.stir(users);
            return;
        }
        for user in users {
            if self.tell_count(&user).await.is_err() {
                self.desk.stir([user]);
            }
        }
    }

    /// Tells the badges that changed and were not told yet. To be called a few times a second; what the store does not answer is asked again by the
    /// next call.
    pub async fn tell_counts(&self) {
        let users = self.desk.take(TURN);
        let tell = |user: UserId| async move { self.tell_count(&user).await.err().map(|_| user) };
        let left: Vec<Option<UserId>> =
            stream::iter(users.into_iter().map(tell)).buffer_unordered(READS).collect().await;
        let left: Vec<UserId> = left.into_iter().flatten().collect();
        if !left.is_empty() {
            self.desk.stir(left);
        }
    }

    /// Tells a user's badge to all connections; each hears it as its own roles make it.
    async fn tell_count(&self, user: &UserId) -> Result<(), StoreError> {
        let mut connections = self.hub.connections_of(user);
        connections.retain(|connection| has_inbox(connection));
        while let Some(first) = connections.first() {
            let identity = first.identity();
            let counters = self.store.counters(reader(&identity), self.clock.now()).await?;
            let is_same = |other: &Arc<Connection>| other.identity().roles == identity.roles;
            let (same, others): (Vec<_>, Vec<_>) = connections.into_iter().partition(is_same);
            self.put_counts(&same, counters);
            connections = others;
        }
        Ok(())
    }

    fn put_counts(&self, connections: &[Arc<Connection>], counters: Counters) {
        let entry = connections.first().and_then(|it| unread_count(it.user(), counters, self.clock.now()));
        if let Some(entry) = entry {
            self.put_whole(connections, &entry);
        }
    }

    /// Tells connections of one user how something of theirs stands now, as a whole.
    fn put_whole(&self, connections: &[Arc<Connection>], entry: &Entry) {
        let mut frames: [Option<Bytes>; Format::COUNT] = Default::default();
        for connection in connections {
            let format = connection.format;
            let frame = frames[format.index()].get_or_insert_with(|| self.hub.encode().entry(format, entry));
            // Dropped for a full queue, it would be missing until the next change: who reads so slowly comes back and is told.
            if connection.push(frame.clone(), Worth::Kept) == Pushed::First {
                self.hub.flush_later(connection.clone());
            }
        }
    }

    /// Tells all connections of a user, whose greeting is out, how something of theirs stands now, as a whole.
    pub(in crate::tidings) fn tell_whole(&self, user: &UserId, entry: &Entry) {
        let mut connections = self.hub.connections_of(user);
        connections.retain(|connection| has_inbox(connection));
        self.put_whole(&connections, entry);
    }

    /// Whose badge it is gets to know the inbox, before anything else is told: from then on broadcasts are in it. Gives the badge for the
    /// greeting, and a mark for [`Self::inbox_opened`]; nothing for strangers, and where the store does not answer.
    pub async fn open_inbox(&self, identity: &Identity) -> Option<(UnreadCount, u64)> {
        if identity.anonymous {
            return None;
        }
        let changes = self.desk.changes();
        if !self.desk.is_open() {
            return Some((UnreadCount { unread: 0, revision: 0 }, changes));
        }
        let ask = reader(identity);
        let counters = self.store.counters(ask, self.clock.now());
        let preferences = self.store.preferences(identity.user.clone());
        let (counters, preferences) = future::join(counters, preferences).await;
        if let Ok(Some(preferences)) = preferences {
            self.remember_rules(&identity.user, super::preferences::rules_of(Some(&preferences)));
        }
        let Counters { unread, revision } = counters.ok()?;
        Some((UnreadCount { unread, revision }, changes))
    }

    /// The greeting is on its way: what changed since [`Self::open_inbox`] is told.
    pub fn inbox_opened(&self, identity: &Identity, opened: Option<(UnreadCount, u64)>) {
        if opened.is_some_and(|(_, changes)| changes != self.desk.changes()) {
            self.desk.stir([identity.user.clone()]);
        }
    }
}

/// Whose inbox an identity opens.
pub(in crate::tidings) fn reader(identity: &Identity) -> Reader {
    Reader { user: identity.user.clone(), roles: identity.roles.clone() }
}

/// Whether its user has an inbox, and the greeting is out: nothing may come before that.
fn has_inbox(connection: &Connection) -> bool {
    !connection.identity().anonymous && connection.follows(&RoomKey::Personal(connection.user().clone()))
}

fn unread_count(user: &UserId, counters: Counters, now: Timestamp) -> Option<Entry> {
    let Counters { unread, revision } = counters;
    let data = json(&UnreadCount { unread, revision }).ok()?;
    own_entry(&RoomKey::Personal(user.clone()), "unread_count", data, now).ok()
}
