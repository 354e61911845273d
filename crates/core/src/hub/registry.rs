//! Connections coming and going, and rooms that exist as long as somebody is in them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tidings_protocol::{ConnectionId, Fault, RoomName, UserId};

use super::{
    Hub, Room,
    connection::{Beginning, Connection, Origin, Outlet},
};
use crate::{Format, Identity, RoomKey, presence::User};

impl Hub {
    /// A new connection of a user, counted from now on. It follows nothing yet.
    ///
    /// # Errors
    /// `rate_limited`, and the outlet back, when the user or the server has as many connections as `limits` allow.
    pub fn connect<O: Outlet + 'static>(
        &self,
        identity: Arc<Identity>,
        format: Format,
        origin: Origin,
        outlet: O,
    ) -> Result<Arc<Connection<O>>, (Fault, O)> {
        let user = match self.place_for(&identity) {
            Ok(user) => user,
            Err(fault) => return Err((fault, outlet)),
        };
        let now = self.clock.monotonic();
        let id = ConnectionId::new(self.clock.now());
        let queue_bytes_max = self.settings.limits.queue_bytes;
        let beginning = Beginning { id, user, identity, format, origin, queue_bytes_max, now };
        let connection = Arc::new(Connection::new(beginning, outlet));
        let shared: Arc<Connection> = connection.clone();
        self.watch(&shared, now);
        self.connections.with(&id, |connections| connections.insert(id, shared));
        self.metrics.opened.inc();
        Ok(connection)
    }

    /// Takes a connection out of everything; its user's presence ends after the grace.
    pub fn disconnect(&self, connection: &Connection) {
        if self.connections.with(&connection.id, |connections| connections.remove(&connection.id)).is_none() {
            return;
        }
        let subscriptions = std::mem::take(&mut *connection.subscriptions.lock());
        for subscription in subscriptions {
            self.unsubscribe(connection.user(), &subscription.room, subscription.place);
            self.retire(&subscription.room);
        }
        self.one_less(&connection.user);
        self.connection_count.fetch_sub(1, Ordering::Relaxed);
        self.metrics.closed.inc();
    }

    /// Takes a connection out of a room; true when it followed it. The user stays a member through the grace.
    pub(super) fn unsubscribe(&self, user: &UserId, room: &Room, place: u32) -> bool {
        let mut state = room.lock();
        let was_there = state.subscribers.remove(place).is_some();
        if was_there {
            state.one_less(user);
        }
        was_there
    }

    /// The room, made if nobody follows it yet, so that it holds whatever is delivered from now on. It may be gone by the time it
    /// is locked: then ask again.
    pub(crate) fn room(&self, key: &RoomKey) -> Arc<Room> {
        self.rooms.with(key, |rooms| match rooms.get(key) {
            Some(room) => room.clone(),
            None => rooms.entry(key.clone()).or_insert(Arc::new(Room::new(key.clone()))).clone(),
        })
    }

    /// How many people are in a room now; those in their grace are not among them.
    pub fn present_in(&self, room: &RoomName) -> usize {
        let room = self.rooms.get(&RoomKey::Named(room.clone()));
        room.map_or(0, |room| room.lock().present_count())
    }

    /// Lets a room go whoever is in it, and ends the subscriptions: whoever is about to follow it begins anew, with what the store says
    /// from now on. Those who followed it.
    pub(crate) fn dissolve(&self, key: &RoomKey) -> Vec<Arc<Connection>> {
        let mut first = Vec::new();
        let dissolved = self.rooms.with(key, |rooms| {
            let room = rooms.remove(key)?;
            let mut state = room.lock();
            self.distribute(&mut state, &mut first);
            state.gone = true;
            let followers: Vec<Arc<Connection>> = state.subscribers.iter().cloned().collect();
            drop(state);
            Some((room, followers))
        });
        first.iter().for_each(|connection| connection.flush());
        let Some((room, mut followers)) = dissolved else { return Vec::new() };
        followers.retain(|connection| self.leave_room(connection, &room));
        followers
    }

    /// The room, if somebody follows it.
    pub(crate) fn existing_room(&self, key: &RoomKey) -> Option<Arc<Room>> {
        self.rooms.get(key)
    }

    /// Lets a room go when nobody is in it any more.
    pub(crate) fn retire(&self, room: &Arc<Room>) {
        self.rooms.with(&room.key, |rooms| {
            let mut state = room.lock();
            let empty = state.subscribers.len() == 0 && state.member_count() == 0;
            if empty && !state.gone {
                state.gone = true;
                rooms.remove(&room.key);
            }
        });
    }

    fn place_for(&self, identity: &Identity) -> Result<Arc<User>, Fault> {
        let place = Counted::take(&self.connection_count, self.settings.limits.connections)?;
        let user = self.user_with_one_more(identity)?;
        place.keep();
        Ok(user)
    }

    fn user_with_one_more(&self, identity: &Identity) -> Result<Arc<User>, Fault> {
        let (id, max) = (&identity.user, self.settings.limits.connections_per_user);
        loop {
            let fresh = || Arc::new(User::new(id.clone(), !identity.anonymous));
            let user = self.users.with(id, |users| users.entry(id.clone()).or_insert_with(fresh).clone());
            let mut state = user.lock();
            if state.gone {
                continue;
            }
            if max > 0 && state.connections as usize >= max {
                return Err(too_many("this user has"));
            }
            state.connections += 1;
            if state.connections == 1 {
                self.present_users.fetch_add(1, Ordering::Relaxed);
            }
            drop(state);
            return Ok(user);
        }
    }
}

/// A place among a limited number, given back unless it is kept.
struct Counted<'a>(Option<&'a AtomicUsize>);

impl<'a> Counted<'a> {
    /// `max` 0 is no limit.
    fn take(count: &'a AtomicUsize, max: usize) -> Result<Self, Fault> {
        let place = Self(Some(count));
        let before = count.fetch_add(1, Ordering::Relaxed);
        if max > 0 && before >= max { Err(too_many("the server has")) } else { Ok(place) }
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0 {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn too_many(who: &str) -> Fault {
    Fault::rate_limited(format!("too many connections: {who} as many as the limit allows"), 5_000)
}
