//! Who is there: users over all their connections, and what others are told of them.
//!
//! A user goes offline, and leaves rooms, only when `live.presence_grace` has passed without a connection: a reload is not a farewell. Rooms
//! with more people than `live.presence_names_max` are told numbers instead of names, so that ten thousand who return at once cost
//! ten thousand joins and not their square.
//!
//! What the back end is told, and what outlives the process, is in `tidings/people.rs`; from here it gets who came and who went.

mod changes;
mod events;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

pub(crate) use changes::Change;
pub use events::{UserEvent, UserEvents};

use hashbrown::HashSet;
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use tidings_protocol::{
    ConnectionId, EntryId, EventType, Json, RoomName, Timestamp, UserId,
    command::Availability,
    reply::{MemberChange, MemberCount, Presence, PresenceUpdate, Status},
};
use tidings_settings::Audience;

use self::{changes::Changes, events::Feed};
use crate::{
    Connection, Entry, Hub, Monotonic, Publication, RoomKey,
    hub::{Pushed, Room, RoomState, Worth},
    limits::Bucket,
};

/// How often a full room hears its number of members.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// A user with at least one connection, or in the grace after the last.
pub(crate) struct User {
    pub(crate) id: UserId,
    /// Whether they are somebody beyond this connection, of whom to keep when they were last seen.
    is_named: bool,
    /// Messages of all the user's connections.
    pub(crate) messages: Bucket,
    /// A [`Status`], as others were last told.
    status: AtomicU8,
    state: Mutex<UserState>,
}

#[derive(Default)]
pub(crate) struct UserState {
    pub(crate) connections: u32,
    /// Whether it left the hub: whoever still holds it must look it up again.
    pub(crate) gone: bool,
    /// Whether it was told that they are here; they have been from the first connection's welcome on.
    announced: bool,
    /// When the last connection was lost; told while there is none.
    lost_at: Option<Timestamp>,
    /// When the grace of the connection lost last ends.
    grace_end: Monotonic,
    /// Rooms the user is a member of.
    pub(crate) rooms: Vec<Arc<Room>>,
    /// What the user said with `presence`.
    said: Option<Json>,
}

/// What presence has to do later.
#[derive(Default)]
pub(crate) struct Presences {
    /// Users who lost a connection, by the end of its grace. All graces are equally long, so the queue is in order.
    graces: Mutex<VecDeque<(Monotonic, Arc<User>)>>,
    /// Full rooms whose number has changed, and when they are told.
    counts: Mutex<VecDeque<(Monotonic, Arc<Room>)>>,
    /// Who came and who went, for those who keep it.
    pub(crate) changes: Changes,
    /// What the back end is told.
    pub(crate) feed: Feed,
}

impl User {
    pub(crate) fn new(id: UserId, is_named: bool) -> Self {
        let (messages, state) = (Bucket::default(), Mutex::default());
        Self { id, is_named, messages, status: AtomicU8::new(Status::Online as u8), state }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, UserState> {
        self.state.lock()
    }

    pub(crate) fn status(&self) -> Status {
        match self.status.load(Ordering::Relaxed) {
            status if status == Status::Online as u8 => Status::Online,
            status if status == Status::Away as u8 => Status::Away,
            _ => Status::Offline,
        }
    }

    /// True when it is another one than before.
    fn set_status(&self, status: Status) -> bool {
        self.status.swap(status as u8, Ordering::Relaxed) != status as u8
    }
}

impl Hub {
    /// Sets how a user is on one connection; the user is away when all connections are.
    pub fn set_presence(&self, connection: &Connection, availability: Availability, said: Option<Json>) {
        connection.life.away.store(availability == Availability::Away, Ordering::Relaxed);
        let user = &connection.user;
        let mut state = user.lock();
        let spoke = said.is_some();
        if spoke {
            state.said = said;
        }
        if user.set_status(self.status_of_connections(&user.id)) || spoke {
            self.tell_presence(user, state);
        }
    }

    /// A user does something on a connection: whoever was idle is back.
    pub fn acted(&self, connection: &Connection) {
        connection.life.acted.store(self.clock.monotonic().0, Ordering::Relaxed);
        if connection.life.idle.swap(false, Ordering::Relaxed) {
            self.refresh_status(&connection.user);
        }
    }

    /// Tells how a user is now, if that is otherwise than before.
    pub(crate) fn refresh_status(&self, user: &Arc<User>) {
        let state = user.lock();
        if state.connections > 0 && user.set_status(self.status_of_connections(&user.id)) {
            self.tell_presence(user, state);
        }
    }

    /// How some users are; those who are not here are offline, and when they were last seen is known here only until it is kept.
    pub(crate) fn presence_of_users(&self, users: &[UserId]) -> Vec<Presence> {
        let presence = |id: &UserId| match self.users.get(id) {
            Some(user) => self.presence(&user),
            None => Presence {
                user: id.clone(),
                status: Status::Offline,
                last_seen: self.presences.changes.seen(id),
                connections: 0,
                data: None,
            },
        };
        users.iter().map(presence).collect()
    }

    /// How the members of a room are.
    pub fn presence_of_room(&self, room: &RoomName) -> Vec<Presence> {
        let Some(room) = self.existing_room(&RoomKey::Named(room.clone())) else { return Vec::new() };
        let users: Vec<Arc<User>> = room.lock().members().cloned().collect();
        users.iter().map(|user| self.presence(user)).collect()
    }

    fn presence(&self, user: &User) -> Presence {
        let state = user.lock();
        // In the grace they are as they were: whoever asks is told what others are.
        Presence {
            user: user.id.clone(),
            status: user.status(),
            last_seen: Some(self.last_seen(&state)),
            connections: state.connections as usize,
            data: state.said.clone(),
        }
    }

    fn last_seen(&self, state: &UserState) -> Timestamp {
        let now = self.clock.now();
        state.lost_at.filter(|_| state.connections == 0).unwrap_or(now)
    }

    fn status_of_connections(&self, user: &UserId) -> Status {
        let Some(room) = self.existing_room(&RoomKey::Personal(user.clone())) else { return Status::Online };
        let all_away = room.lock().subscribers.iter().all(|connection| connection.life.is_away());
        if all_away { Status::Away } else { Status::Online }
    }

    /// A user came: for the first time, where everyone hears of it, or back from being away.
    pub(crate) fn tell_connected(&self, user: &Arc<User>) {
        let mut state = user.lock();
        let is_first = !std::mem::replace(&mut state.announced, true);
        if is_first {
            self.note_change(user, true, self.clock.now());
        }
        let is_news = is_first && self.settings.live.presence_audience == Audience::Everyone;
        if user.set_status(self.status_of_connections(&user.id)) || is_news {
            self.tell_presence(user, state);
        }
    }

    /// A connection of the user is gone.
    pub(crate) fn one_less(&self, user: &Arc<User>) {
        let mut state = user.lock();
        let due = self.clock.monotonic().after(self.settings.live.presence_grace);
        state.grace_end = due;
        state.lost_at = Some(self.clock.now());
        state.connections -= 1;
        if state.connections == 0 {
            self.present_users.fetch_sub(1, Ordering::Relaxed);
        }
        drop(state);
        self.presences.graces.lock().push_back((due, user.clone()));
    }

    /// A user has left a room by a word, not by a lost connection: no grace. But whoever comes and goes all the time is told once
    /// a grace.
    pub(crate) fn leave_now(&self, user: &Arc<User>, room: &Arc<Room>) {
        let now = self.clock.monotonic();
        let mut state = user.lock();
        let mut room_state = room.lock();
        let is_absent = room_state.connections_of(&user.id) == Some(0);
        if is_absent && room_state.left_within(&user.id, self.settings.live.presence_grace, now) {
            drop(room_state);
            let due = now.after(self.settings.live.presence_grace);
            state.grace_end = due;
            drop(state);
            return self.presences.graces.lock().push_back((due, user.clone()));
        }
        let has_left = room_state.remove_absent(&user.id);
        if has_left {
            self.note_left(&user.id, &mut room_state, now);
        }
        drop(room_state);
        if has_left {
            state.rooms.retain(|other| !Arc::ptr_eq(other, room));
            drop(state);
            self.tell_left(user, room);
        }
        self.retire(room);
    }

    /// Remembers that a room hears of somebody's leaving.
    fn note_left(&self, user: &UserId, room: &mut RoomState, now: Monotonic) {
        let live = &self.settings.live;
        if room.member_count() <= live.presence_names_max {
            room.note_left(user, live.presence_grace, now);
        }
    }

    /// Ends the graces that are over.
    pub(crate) fn settle_due(&self, now: Monotonic) {
        for user in take_due(&self.presences.graces, now) {
            self.settle(&user, now);
        }
    }

    fn settle(&self, user: &Arc<User>, now: Monotonic) {
        let mut state = user.lock();
        // Whoever came back and was lost again has a later end, and another place in the queue for it.
        if state.gone || state.grace_end > now {
            return;
        }
        let all_rooms = state.rooms.clone();
        let leave = |room: &mut Arc<Room>| {
            let mut room = room.lock();
            let has_left = room.remove_absent(&user.id);
            if has_left {
                self.note_left(&user.id, &mut room, now);
            }
            has_left
        };
        let left: Vec<Arc<Room>> = state.rooms.extract_if(.., leave).collect();
        if state.connections == 0 {
            state.gone = true;
            user.set_status(Status::Offline);
            self.users.with(&user.id, |users| users.remove(&user.id));
            // Said before the rooms are left, so that those who shared them hear it.
            state.rooms = all_rooms;
            // Whoever was shown out at the door never was here.
            if state.announced {
                self.note_change(user, false, self.last_seen(&state));
                self.tell_presence(user, state);
            }
        } else if user.set_status(self.status_of_connections(&user.id)) {
            // The connections that are left are all away.
            self.tell_presence(user, state);
        } else {
            drop(state);
        }
        for room in left {
            self.tell_left(user, &room);
            self.retire(&room);
        }
    }

    /// Leaves it to those who keep it that a user came or went. Under the user's lock, so that it is in order.
    fn note_change(&self, user: &User, online: bool, at: Timestamp) {
        if user.is_named && !self.presences.changes.note(&user.id, online, at) {
            self.metrics.user_events_dropped.inc();
        }
    }

    /// Tells those who may know how a user is now.
    fn tell_presence(&self, user: &User, state: MutexGuard<'_, UserState>) {
        let (rooms, said, last_seen) = (state.rooms.clone(), state.said.clone(), self.last_seen(&state));
        drop(state);
        let now = self.clock.now();
        let update =
            PresenceUpdate { user_id: user.id.clone(), status: user.status(), last_seen, data: said };
        let Some(entry) = own_entry(RoomKey::Everyone, "presence_update", &update, now, None) else { return };
        match self.settings.live.presence_audience {
            Audience::Everyone => {
                self.deliver(entry, true);
            }
            Audience::Rooms => self.tell_companions(&rooms, &entry),
        }
    }

    /// Hands an entry once to each connection that shares one of the rooms, as far as these are small enough for names.
    fn tell_companions(&self, rooms: &[Arc<Room>], entry: &Arc<Entry>) {
        let mut told = HashSet::new();
        for room in rooms {
            let state = room.lock();
            if room.key.name().is_none() || state.member_count() > self.settings.live.presence_names_max {
                continue;
            }
            for connection in state.subscribers.iter() {
                if told.insert(connection.id) {
                    self.tell_one(connection, entry);
                }
            }
        }
    }

    /// Hands a transient entry to everybody in its room but one user's connections.
    pub(crate) fn tell_others(&self, user: &UserId, entry: &Arc<Entry>) {
        let Some(room) = self.existing_room(&entry.room) else { return };
        let state = room.lock();
        let others = state.subscribers.iter().filter(|other| other.user() != user);
        others.for_each(|connection| self.tell_one(connection, entry));
    }

    fn tell_one(&self, connection: &Arc<Connection>, entry: &Arc<Entry>) {
        let frame = entry.past_frame(connection.format, self.encode()).clone();
        match connection.push(frame, Worth::Transient) {
            Pushed::First => {
                self.metrics.deliveries.inc();
                self.flush_later(connection.clone());
            }
            Pushed::Behind => {
                self.metrics.deliveries.inc();
            }
            Pushed::Dropped => {
                self.metrics.dropped.inc();
            }
            Pushed::Overflowed | Pushed::Ended => {}
        }
    }

    /// Tells a room that a user came with this connection, which knows already.
    pub(crate) fn tell_came(&self, connection: &Connection, room: &Arc<Room>) {
        self.tell_change("member_joined", &connection.user, room, Some(connection.id));
    }

    fn tell_left(&self, user: &User, room: &Arc<Room>) {
        self.tell_change("member_left", user, room, None);
    }

    fn tell_change(&self, r#type: &str, user: &User, room: &Arc<Room>, except: Option<ConnectionId>) {
        if room.key.name().is_none() {
            return;
        }
        let mut state = room.lock();
        // A room of the same name that began anew is not this one.
        if state.gone {
            return;
        }
        let member_count = state.member_count();
        if member_count > self.settings.live.presence_names_max {
            if !std::mem::replace(&mut state.count_changed, true) {
                let due = self.clock.monotonic().after(COUNT_INTERVAL);
                self.presences.counts.lock().push_back((due, room.clone()));
            }
            return;
        }
        drop(state);
        let change = MemberChange { user_id: user.id.clone(), status: user.status(), member_count };
        if let Some(entry) = own_entry(room.key.clone(), r#type, &change, self.clock.now(), except) {
            self.deliver(entry, true);
        }
    }

    /// Tells full rooms how many members they have, where that has changed.
    pub(crate) fn tell_counts(&self, now: Monotonic) {
        for room in take_due(&self.presences.counts, now) {
            let mut state = room.lock();
            state.count_changed = false;
            let count = MemberCount { member_count: state.member_count() };
            drop(state);
            if let Some(entry) = own_entry(room.key.clone(), "member_count", &count, self.clock.now(), None) {
                self.deliver(entry, true);
            }
        }
    }
}

/// Takes from the front of a queue that is in order of time.
pub(crate) fn take_due<T>(queue: &Mutex<VecDeque<(Monotonic, T)>>, now: Monotonic) -> Vec<T> {
    let mut queue = queue.lock();
    let count = queue.partition_point(|(due, _)| *due <= now);
    queue.drain(..count).map(|(_, item)| item).collect()
}

/// A transient entry of the server's own. None when the data cannot be written, which plain structs always can.
pub(crate) fn own_entry(
    room: RoomKey,
    r#type: &str,
    data: &impl Serialize,
    now: Timestamp,
    except: Option<ConnectionId>,
) -> Option<Arc<Entry>> {
    let publication = Publication {
        r#type: EventType::parse(r#type).ok()?,
        data: Json::of(data).ok()?,
        from: None,
        except,
    };
    Some(Arc::new(Entry::new(room, publication, EntryId::new(now), now, None)))
}
