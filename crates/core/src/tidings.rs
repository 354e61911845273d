//! The façade that every edge calls: join, publish, presence, typing. Who may do it is asked here, once.

mod auditing;
pub mod chat;
mod erasing;
mod history;
mod joining;
mod membership;
pub mod notifications;
mod people;
mod publishing;
mod receipts;
mod resuming;
mod searching;
mod settling;
mod tokens;
mod welcoming;

#[cfg(test)]
pub(crate) mod stage;

use std::sync::{Arc, atomic::AtomicU64};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tidings_protocol::{
    Close, ErrorCode, Fault, Json, RoomName, Timestamp, UserId,
    command::{Availability, PresenceOf},
    reply::Presence,
};

pub use self::{
    auditing::{Break, Chain, Head, Mismatch, Subject},
    publishing::Published,
    resuming::Resuming,
};
use crate::{
    Clock, Connection, Hub, Identity, Kinds, Monotonic, RoomKey, Store, StoreError, access::Act, limits::Rate,
};

/// One Tidings server: the hub and the store behind it.
pub struct Tidings {
    /// This server's live side.
    pub hub: Hub,
    store: Box<dyn Store>,
    kinds: Kinds,
    clock: Arc<dyn Clock>,
    messages: Rate,
    rooms_per_connection: usize,
    /// How many times somebody lost a way into a room: who is let in meanwhile looks once more.
    removals: AtomicU64,
    /// Users whose tokens from before a moment are void.
    revoked: Mutex<HashMap<UserId, Timestamp>>,
    /// When the store was last asked for those, in milliseconds; 0 before the first time.
    revocations_read_at: AtomicU64,
    /// Rooms whose store may have more than the hub was handed.
    unsettled: Mutex<HashMap<RoomKey, Monotonic>>,
    /// What is kept of people's presence.
    keeper: people::Keeper,
    /// What notifications need beside the store.
    desk: notifications::Desk,
    /// What chat needs beside the store.
    chats: chat::Desk,
}

impl Tidings {
    /// A server of these parts.
    pub fn new(hub: Hub, store: Box<dyn Store>, kinds: Kinds, clock: Arc<dyn Clock>) -> Self {
        let limits = &hub.settings.limits;
        let messages = Rate::per_minute(limits.messages_per_minute, limits.messages_burst);
        let rooms_per_connection = limits.rooms_per_connection;
        let (removals, revoked, unsettled) = (AtomicU64::default(), Mutex::default(), Mutex::default());
        Self {
            hub,
            store,
            kinds,
            clock,
            messages,
            rooms_per_connection,
            removals,
            revoked,
            revocations_read_at: AtomicU64::default(),
            unsettled,
            keeper: people::Keeper::new(),
            desk: notifications::Desk::default(),
            chats: chat::Desk::default(),
        }
    }

    /// The rules of rooms.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// What keeps things, for those who keep house. Whoever serves clients calls the methods here.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Counts one message of a connection's user.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn admit_message(&self, connection: &Connection) -> Result<(), Fault> {
        let taken = connection.user.messages.take(self.messages, self.clock.monotonic());
        taken.map_err(|wait_ms| Fault::rate_limited("too many messages", wait_ms))
    }

    /// Somebody types, or no longer.
    ///
    /// # Errors
    /// `forbidden` for a room that the connection does not follow.
    pub fn typing(&self, connection: &Connection, room: &RoomName, typing: bool) -> Result<(), Fault> {
        if !connection.follows(&RoomKey::Named(room.clone())) {
            let fault = Fault::new(ErrorCode::Forbidden, "join the room before typing in it");
            return Err(Fault { path: Some("room".into()), ..fault });
        }
        match typing {
            true => self.hub.start_typing(connection, room),
            false => self.hub.stop_typing(connection, room),
        }
        Ok(())
    }

    /// How a user is on this connection.
    pub fn set_presence(&self, connection: &Connection, availability: Availability, said: Option<Json>) {
        self.hub.set_presence(connection, availability, said);
    }

    /// Who is there, as far as the asking user may know.
    ///
    /// # Errors
    /// `forbidden` or `not_found` for a room that the user may not join.
    pub async fn presence(&self, identity: &Identity, of: &PresenceOf) -> Result<Vec<Presence>, Fault> {
        match of {
            PresenceOf::Users(users) => Ok(self.presence_of_users(users).await),
            PresenceOf::Room(room) => {
                self.may(identity, Act::Presence, room).await?;
                Ok(self.hub.presence_of_room(room))
            }
        }
    }

    /// Ends all connections of a user; how many there were.
    pub fn disconnect_user(&self, user: &UserId, close: &Close) -> usize {
        let connections = self.hub.connections_of(user);
        connections.iter().for_each(|connection| connection.end(close.clone()));
        connections.len()
    }

    /// Does what is due, in the hub and in the store. To be called a few times a second.
    pub fn tick(&self) {
        self.hub.tick();
        self.store.sweep(self.clock.now(), &|key| self.hub.existing_room(key).is_some());
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        unavailable(error)
    }
}

/// A store's trouble as the asking side is told. What only operators should know stays in the store's own words, for the log.
pub(crate) fn unavailable(error: StoreError) -> Fault {
    match error {
        StoreError::Conflict => {
            Fault::new(ErrorCode::Conflict, "this Idempotency-Key was used for another request")
        }
        StoreError::Full(_) => {
            Fault::new(ErrorCode::Unavailable, "the store is full: nothing more can be kept")
        }
        StoreError::Uncertain(_) => Fault::new(
            ErrorCode::Unavailable,
            "it is not known whether this was kept: send it again with the same Idempotency-Key",
        ),
        // The sentence names a key by the id that the operator gave it, and nothing else.
        StoreError::Sealed(_) => Fault::new(ErrorCode::Unavailable, error.to_string()),
        StoreError::Corrupt(_) => {
            Fault::new(ErrorCode::Internal, "the store is damaged: see the server's log")
        }
        StoreError::Unsupported(why) => Fault::new(ErrorCode::InvalidRequest, why),
        StoreError::Unavailable(_) => {
            Fault::new(ErrorCode::Unavailable, "the store is not available, try again")
        }
    }
}
