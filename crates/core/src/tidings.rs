//! The façade that every edge calls: join, publish, presence, typing. Who may do it is asked here, once.

use std::sync::Arc;

use tidings_protocol::{
    Close, EntryId, ErrorCode, EventType, Fault, Json, Offset, Position, Reply, RoomName, UserId,
    command::{Availability, PresenceOf},
    http::Reached,
    reply::Presence,
};
use tidings_settings::Keep;

use crate::{
    Clock, Connection, Entry, Hub, Identity, Kinds, Publication, RoomKey, Store, StoreError, Target,
    access::{self, Act},
    hub::{Attempt, Joined, Past},
    limits::Rate,
    store::Page,
};

/// Most entries that one join brings back.
const RECOVERY_MAX: usize = 1_000;

/// One Tidings server: the hub and the store behind it.
pub struct Tidings {
    /// This server's live side.
    pub hub: Hub,
    store: Box<dyn Store>,
    kinds: Kinds,
    clock: Arc<dyn Clock>,
    messages: Rate,
    rooms_per_connection: usize,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The new entry; the first one's where there were several rooms.
    pub id: EntryId,
    /// Its place, where there was one room and it keeps entries.
    pub offset: Option<Offset>,
    /// Who was connected to hear it.
    pub reached: Reached,
}

impl Tidings {
    /// A server of these parts.
    pub fn new(hub: Hub, store: Box<dyn Store>, kinds: Kinds, clock: Arc<dyn Clock>) -> Self {
        let limits = &hub.settings.limits;
        let messages = Rate::per_minute(limits.messages_per_minute, limits.messages_burst);
        let rooms_per_connection = limits.rooms_per_connection;
        Self { hub, store, kinds, clock, messages, rooms_per_connection }
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Lets a fresh connection follow its user, its roles and everyone. `greeting` becomes the first message; what the user missed
    /// since `resume` follows it.
    ///
    /// # Errors
    /// `unavailable` when the store is.
    pub async fn welcome(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        resume: Option<Position>,
        greeting: &(dyn Fn(Joined) -> Reply + Sync),
    ) -> Result<(), Fault> {
        self.follow(connection, RoomKey::Personal(identity.user.clone()), resume, greeting).await?;
        self.hub.follow_quietly(connection, &RoomKey::Everyone);
        for role in &identity.roles {
            self.hub.follow_quietly(connection, &RoomKey::Role(role.clone()));
        }
        self.hub.tell_connected(&connection.user);
        Ok(())
    }

    /// A fresh token may bring other roles.
    pub fn change_roles(&self, connection: &Arc<Connection>, before: &Identity, after: &Identity) {
        for role in before.roles.iter().filter(|role| !after.roles.contains(role)) {
            self.hub.leave(connection, &RoomKey::Role(role.clone()));
        }
        for role in after.roles.iter().filter(|role| !before.roles.contains(role)) {
            self.hub.follow_quietly(connection, &RoomKey::Role(role.clone()));
        }
    }

    /// Counts one message of a connection's user.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn admit_message(&self, connection: &Connection) -> Result<(), Fault> {
        let taken = connection.user.messages.take(self.messages, self.clock.monotonic());
        taken.map_err(|wait_ms| Fault::rate_limited("too many messages", wait_ms))
    }

    /// Lets a connection follow a room; `answer` goes onto its queue with what it missed behind.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `rate_limited` for too many rooms, `unavailable` when the store is.
    pub async fn join(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        room: RoomName,
        since: Option<Position>,
        answer: &(dyn Fn(Joined) -> Reply + Sync),
    ) -> Result<(), Fault> {
        access::check(&self.kinds, identity, Act::Join, &room)?;
        let key = RoomKey::Named(room);
        if connection.room_count() >= self.rooms_per_connection && !connection.follows(&key) {
            let message = format!("a connection can follow at most {} rooms", self.rooms_per_connection);
            return Err(Fault { path: Some("room".into()), ..Fault::new(ErrorCode::RateLimited, message) });
        }
        self.follow(connection, key, since, answer).await
    }

    /// Stops following a room; true when the connection did.
    pub fn leave(&self, connection: &Connection, room: &RoomName) -> bool {
        self.hub.leave(connection, &RoomKey::Named(room.clone()))
    }

    /// An entry from a user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_request` for a type that only the server may use, `unavailable` when the store is.
    pub async fn publish_as(
        &self,
        identity: &Identity,
        room: RoomName,
        event: EventType,
        data: Json,
    ) -> Result<Published, Fault> {
        access::check(&self.kinds, identity, Act::Publish, &room)?;
        if is_the_servers(&event) {
            return Err(Fault::invalid("event", "this type is the server's own"));
        }
        let publication =
            Publication { r#type: event, data, from: Some(identity.user.clone()), except: None };
        self.publish(Target::Room(room), publication).await
    }

    /// An entry from the back end, to whom it says.
    ///
    /// # Errors
    /// `not_found` for a room that no rule knows, `unavailable` when the store is: then nothing was published in that room.
    pub async fn publish(&self, target: Target, publication: Publication) -> Result<Published, Fault> {
        match target {
            Target::User(user) => self.publish_in(RoomKey::Personal(user), publication).await,
            Target::Room(room) => self.publish_in(self.known(room, "to.room")?, publication).await,
            Target::Role(role) => self.publish_in(RoomKey::Role(role), publication).await,
            Target::Everyone => self.publish_in(RoomKey::Everyone, publication).await,
            Target::Users(users) => {
                self.publish_in_all(users.into_iter().map(RoomKey::Personal), publication).await
            }
            Target::Rooms(rooms) => {
                let keys: Vec<RoomKey> =
                    rooms.into_iter().map(|room| self.known(room, "to.rooms")).collect::<Result<_, _>>()?;
                self.publish_in_all(keys.into_iter(), publication).await
            }
        }
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
    pub fn presence(&self, identity: &Identity, of: &PresenceOf) -> Result<Vec<Presence>, Fault> {
        match of {
            PresenceOf::Users(users) => Ok(self.hub.presence_of_users(users)),
            PresenceOf::Room(room) => {
                access::check(&self.kinds, identity, Act::Join, room)?;
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

    async fn follow(
        &self,
        connection: &Arc<Connection>,
        key: RoomKey,
        since: Option<Position>,
        answer: &(dyn Fn(Joined) -> Reply + Sync),
    ) -> Result<(), Fault> {
        let keep = self.kinds.keep(&key);
        let asked = since.is_some() && keep != Keep::None;
        loop {
            let room = self.hub.room(&key);
            let past = match self.past(&key, keep, since.as_ref()).await {
                Ok(past) => past,
                Err(fault) => {
                    self.hub.retire(&room);
                    return Err(fault);
                }
            };
            if self.hub.try_join(connection, &room, past.as_ref(), answer) == Attempt::Done {
                self.hub.count_recovery(asked, past.is_some_and(|past| past.recovered));
                return Ok(());
            }
        }
    }

    /// What somebody who joins needs of a room's past; nothing where nothing is kept.
    async fn past(&self, key: &RoomKey, keep: Keep, since: Option<&Position>) -> Result<Option<Past>, Fault> {
        let after = match (keep, since) {
            (Keep::None, _) => return Ok(None),
            (_, Some(since)) => since.offset,
            (Keep::Last, None) => Offset(0),
            (Keep::For(_), None) => Offset(u64::MAX),
        };
        let mut stretch =
            self.store.read(key.clone(), Page::After(after), RECOVERY_MAX).await.map_err(unavailable)?;
        let recovered = since.is_some_and(|since| {
            let complete = stretch.entries.last().is_none_or(|last| last.offset == Some(stretch.head.offset));
            let same_log = since.epoch == stretch.head.epoch && since.offset <= stretch.head.offset;
            same_log && stretch.oldest <= since.offset.next() && complete
        });
        if !recovered {
            stretch = match keep {
                // The last value is shown whatever was asked.
                Keep::Last => self
                    .store
                    .read(key.clone(), Page::Before(Offset(u64::MAX)), 1)
                    .await
                    .map_err(unavailable)?,
                _ => crate::store::Stretch { entries: Vec::new(), ..stretch },
            };
        }
        Ok(Some(Past { stretch, recovered }))
    }

    fn known(&self, room: RoomName, path: &str) -> Result<RoomKey, Fault> {
        if self.kinds.of(&room).is_none() {
            let fault = Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name");
            return Err(Fault { path: Some(path.into()), ..fault });
        }
        Ok(RoomKey::Named(room))
    }

    async fn publish_in(&self, key: RoomKey, publication: Publication) -> Result<Published, Fault> {
        let now = self.clock.now();
        let entry = match self.kinds.keep(&key) {
            Keep::None => Arc::new(Entry::new(key, publication, EntryId::new(now), now, None)),
            keep => {
                let entry = Entry::new(key, publication, EntryId::new(now), now, None);
                self.store.append_one(entry, keep).await.map_err(unavailable)?
            }
        };
        self.hub.metrics.entries.inc();
        let (id, offset) = (entry.id, entry.offset);
        Ok(Published { id, offset, reached: self.hub.deliver(entry) })
    }

    async fn publish_in_all(
        &self,
        keys: impl Iterator<Item = RoomKey>,
        publication: Publication,
    ) -> Result<Published, Fault> {
        let mut first: Option<Published> = None;
        for key in keys {
            let published = self.publish_in(key, publication.clone()).await?;
            match &mut first {
                None => first = Some(Published { offset: None, ..published }),
                Some(first) => {
                    first.reached.users += published.reached.users;
                    first.reached.connections += published.reached.connections;
                }
            }
        }
        first.ok_or_else(|| Fault::invalid("to", "expected at least one"))
    }
}

/// Types that a client could mistake for the server's word.
fn is_the_servers(event: &EventType) -> bool {
    const OWN: &[&str] = &[
        "connection_established",
        "authenticated",
        "pong",
        "joined_room",
        "left_room",
        "published",
        "presence_state",
        "error",
        "goodbye",
        "presence_update",
        "member_joined",
        "member_left",
        "member_count",
        "typing_indicator",
    ];
    OWN.contains(&event.as_str())
}

fn unavailable(error: StoreError) -> Fault {
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
        StoreError::Corrupt(_) => {
            Fault::new(ErrorCode::Internal, "the store is damaged: see the server's log")
        }
        StoreError::Unsupported(why) => Fault::new(ErrorCode::InvalidRequest, why),
        StoreError::Unavailable(_) => {
            Fault::new(ErrorCode::Unavailable, "the store is not available, try again")
        }
    }
}
