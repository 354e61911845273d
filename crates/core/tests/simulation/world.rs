//! A server without sockets, clients and a clock that stands still until it is told.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
    path::Path,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use proptest::sample::Index;
use tidings_core::{
    Clock, Connection, Encode, Entry, Format, Hub, HubSettings, Identity, Joined, Kinds, Monotonic, Next,
    Origin, Pace, Publication, RoomKey, Store, Tidings,
    metrics::Metrics,
    store::{
        Answer, Appended, AuditAct, AuditRecord, DataKeyId, Erased, JobState, KeyStore, Member, MemberRole,
        Once, Page, People, Person, Revocation, Rewrap, RoomRecord, ServerId, Stretch, Tidy, WrappedKey,
    },
};
use tidings_protocol::{
    Audience, Epoch, EventType, Json, Offset, Position, Reply, ResumeCursor, RoomName, Timestamp, UserId,
    reply::JoinedRoom,
};
use tidings_settings::{Keep, Settings};

use crate::client::{Client, Wire};

pub(crate) const CLIENTS: usize = 4;
pub(crate) const ROOMS: usize = 3;
/// The rooms that are joined, and what goes to everyone.
pub(crate) const LOGS: usize = ROOMS + 1;

/// Rooms `a` and `b` keep a log, `last` keeps the last value, and `everyone` is followed without asking.
const NAMES: [&str; LOGS] = ["a", "b", "last", EVERYONE];
const EVERYONE: &str = "everyone";
const LOG: Keep = Keep::For(Duration::from_secs(300));

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An entry is stored; it is delivered later.
    Append {
        room: usize,
        size: usize,
    },
    /// One of the stored entries reaches the hub, in whatever order.
    Deliver(Index),
    /// An entry that nobody keeps.
    Transient(usize),
    Join {
        client: usize,
        room: usize,
    },
    Leave {
        client: usize,
        room: usize,
    },
    /// A connection is lost.
    Cut(usize),
    /// A client comes back and joins again from where it was.
    Return(usize),
    /// A client's socket takes some bytes.
    Read {
        client: usize,
        bytes: usize,
    },
    Turn(usize),
    /// Time passes, in milliseconds.
    Pass(u64),
}

pub(crate) struct World {
    tidings: Tidings,
    store: SharedStore,
    clock: Arc<StillClock>,
    clients: Vec<Client>,
    stored: Vec<Arc<Entry>>,
}

impl World {
    /// A world whose store is this one.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let mut settings = Settings::default();
        // Small enough that slow readers overflow within one history.
        settings.limits.queue_bytes = 2_000;
        let clock = Arc::new(StillClock(AtomicU64::new(1_000)));
        let store = SharedStore { store, lag: Arc::default() };
        let hub_settings = HubSettings {
            live: settings.live.clone(),
            limits: settings.limits.clone(),
            leeway: settings.auth.leeway,
        };
        let hub = Hub::new(
            hub_settings,
            clock.clone(),
            Box::new(Lines),
            Box::new(|| {}),
            Arc::new(Metrics::default()),
        );
        let rules = vec![rule("last", Keep::Last), rule("{name}", LOG)];
        let tidings = Tidings::new(hub, Box::new(store.clone()), Kinds::new(&rules), clock.clone());
        let clients = (0..CLIENTS).map(|_| Client::default()).collect();
        Self { tidings, store, clock, clients, stored: Vec::new() }
    }

    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Append { room, size } => {
                let keep = if NAMES[room] == "last" { Keep::Last } else { LOG };
                let entry = now(self.store.append_one(self.new_entry(room, size), keep)).unwrap();
                self.stored.push(entry);
            }
            Step::Deliver(which) if !self.stored.is_empty() => {
                let entry = self.stored.swap_remove(which.index(self.stored.len()));
                self.tidings.hub.deliver(entry.clone(), true);
                // The broker may say a thing twice.
                self.tidings.hub.deliver(entry, true);
            }
            Step::Deliver(_) => {}
            Step::Transient(room) => {
                let entry = self.new_entry(room, 3);
                self.tidings.hub.deliver(Arc::new(entry), true);
            }
            Step::Join { client, room } => self.join(client, room),
            Step::Leave { client, room } => self.leave(client, room),
            Step::Cut(client) => self.cut(client),
            Step::Return(client) => self.come_back(client),
            Step::Read { client, bytes } => self.read(client, bytes),
            Step::Turn(count) => {
                self.tidings.hub.turn(count, Pace::Joining);
            }
            Step::Pass(millis) => {
                self.clock.0.fetch_add(millis, Ordering::Relaxed);
                self.tidings.tick();
            }
        }
        self.end_the_ended();
    }

    fn new_entry(&self, room: usize, size: usize) -> Entry {
        let now = self.clock.now();
        Entry::new(key(room), publication(size), tidings_protocol::EntryId::new(now), now, None)
    }

    /// Every client reads what has arrived, and objects to what should not have.
    pub(crate) fn check(&mut self) {
        self.clients.iter_mut().for_each(Client::read);
    }

    pub(crate) fn is_connected(&self, client: usize) -> bool {
        self.clients[client].connection.is_some()
    }

    /// What a client whose socket takes everything was told of how another is, and of its leaving rooms.
    pub(crate) fn told(&mut self, client: usize, of: usize) -> Vec<String> {
        while self.tidings.hub.turn(8, Pace::Now).connections {}
        self.read(client, 1_000_000);
        let user = format!("\"user_id\":\"user{of}\"");
        self.clients[client].told.iter().filter(|told| told.contains(&user)).cloned().collect()
    }

    /// All that was stored is delivered, everyone comes back and reads everything.
    pub(crate) fn come_to_rest(&mut self) {
        for entry in std::mem::take(&mut self.stored) {
            self.tidings.hub.deliver(entry, true);
        }
        for round in 0..50 {
            while self.tidings.hub.turn(8, Pace::Now).connections {}
            self.clock.0.fetch_add(400, Ordering::Relaxed);
            self.tidings.tick();
            self.end_the_ended();
            for client in 0..CLIENTS {
                self.come_back(client);
                self.read(client, 1_000_000);
            }
            self.check();
            let _ = round;
        }
    }

    /// B6: at rest, whoever follows a room is where its log is.
    pub(crate) fn check_everyone_is_current(&mut self) {
        for (room, name) in NAMES.iter().enumerate() {
            let head = now(self.store.head(key(room))).unwrap();
            for client in &self.clients {
                match client.places.get(*name) {
                    Some(place) if place.live && *name == "last" => {
                        assert_eq!(client.last_value, head.offset.0, "the last value of {name}");
                    }
                    Some(place) if place.live => assert_eq!(place.offset, head.offset.0, "room {name}"),
                    _ => {}
                }
            }
        }
    }

    fn join(&mut self, client: usize, room: usize) {
        if self.clients[client].connection.is_none() {
            self.connect(client);
        }
        self.clients[client].read();
        let Some(connection) = self.clients[client].connection.clone() else { return };
        let shared: Arc<Connection> = connection;
        if shared.follows(&key(room)) {
            return;
        }
        let since = self.place(client, NAMES[room]);
        // Only a room that others follow can go on while its past is read: it is in the hub, and holds what comes.
        self.store.lag.store(self.is_followed(room), Ordering::Relaxed);
        let identity = identity(client);
        let answer = |joined: Joined| {
            let (epoch, offset) = joined.position.map(|position| (position.epoch, position.offset)).unzip();
            let (recovered, members, member_count) = (joined.recovered, joined.members, joined.member_count);
            let data = JoinedRoom {
                room: name(room),
                epoch,
                offset,
                recovered,
                lost: joined.lost,
                members,
                member_count,
            };
            Reply::JoinedRoom { reply_to: None, data }
        };
        now(self.tidings.join(&shared, &identity, name(room), since, &answer)).unwrap();
        shared.flush();
    }

    /// Where a client says that it was.
    fn place(&self, client: usize, name: &str) -> Option<Position> {
        let place = self.clients[client].places.get(name)?;
        Some(Position { epoch: Epoch(place.epoch.as_str().into()), offset: Offset(place.offset) })
    }

    fn is_followed(&self, room: usize) -> bool {
        self.clients.iter().flat_map(|other| &other.connection).any(|other| {
            let other: Arc<Connection> = other.clone();
            other.follows(&key(room))
        })
    }

    fn leave(&mut self, client: usize, room: usize) {
        let Some(connection) = self.clients[client].connection.clone() else { return };
        let shared: Arc<Connection> = connection;
        self.tidings.leave(&shared, &name(room));
        // What is on its way still arrives: read it before the place is forgotten.
        self.clients[client].connection.as_ref().unwrap().outlet.open(usize::MAX / 2);
        shared.flush();
        self.clients[client].read();
        self.clients[client].places.remove(NAMES[room]);
        self.cut(client);
    }

    fn connect(&mut self, client: usize) {
        let origin = Origin {
            client_type: None,
            client_version: None,
            device_id: None,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            connected_at: self.clock.now(),
        };
        let connected =
            self.tidings.hub.connect(Arc::new(identity(client)), Format::default(), origin, Wire::default());
        let connection = connected.unwrap_or_else(|_| panic!("too many connections"));
        let shared: Arc<Connection> = connection.clone();
        let since = self.place(client, EVERYONE);
        self.store.lag.store(since.is_some() && self.is_followed(ROOMS), Ordering::Relaxed);
        let broadcasts = since.clone().map(|since| (Audience::Everyone, since)).into_iter().collect();
        let cursor = ResumeCursor { broadcasts, ..ResumeCursor::default() };
        // As a client does that takes over the greeting's cursor: where it is its own, what was missed follows.
        let greeting = |_: Joined, mut cursor: ResumeCursor| {
            let position = cursor.broadcasts.remove(&Audience::Everyone);
            let recovered = position == since;
            let (epoch, offset) = position.map(|position| (position.epoch, position.offset)).unzip();
            let (room, lost, members) = (name(ROOMS), None, Vec::new());
            let data = JoinedRoom { room, epoch, offset, recovered, lost, members, member_count: 0 };
            Reply::JoinedRoom { reply_to: None, data }
        };
        now(self.tidings.welcome(&shared, &identity(client), &cursor, &greeting)).unwrap();
        shared.flush();
        self.clients[client].connection = Some(connection);
    }

    /// The connection is gone; what its socket had not taken is lost.
    fn cut(&mut self, client: usize) {
        self.clients[client].read();
        if let Some(connection) = self.clients[client].connection.take() {
            self.tidings.hub.disconnect(&*connection);
        }
        self.clients[client].places.values_mut().for_each(|place| place.live = false);
    }

    fn come_back(&mut self, client: usize) {
        if self.clients[client].connection.is_some() {
            return;
        }
        let rooms: Vec<usize> =
            (0..ROOMS).filter(|room| self.clients[client].places.contains_key(NAMES[*room])).collect();
        if self.clients[client].places.contains_key(EVERYONE) {
            self.connect(client);
        }
        for room in rooms {
            self.join(client, room);
        }
    }

    fn read(&mut self, client: usize, bytes: usize) {
        if let Some(connection) = &self.clients[client].connection {
            connection.outlet.open(bytes);
            // What the connection's task would do on hearing that the socket is writable.
            if matches!(connection.next(&mut Context::from_waker(Waker::noop())), Next::Write { .. }) {
                connection.flush();
            }
        }
        self.clients[client].read();
    }

    /// What the connections' tasks would do with those that the hub has ended.
    fn end_the_ended(&mut self) {
        for client in 0..CLIENTS {
            let ended = self.clients[client].connection.as_ref().is_some_and(|connection| {
                matches!(connection.next(&mut Context::from_waker(Waker::noop())), Next::End(_))
            });
            if ended {
                self.cut(client);
            }
        }
    }
}

/// A store that can be asked what it holds, and that can answer as of a moment ago: as if the room went on between reading
/// its past and joining it.
#[derive(Clone)]
struct SharedStore {
    store: Arc<dyn Store>,
    lag: Arc<AtomicBool>,
}

/// Calls that go to the store behind as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.store.$name($($argument),*) })*
    };
}

impl KeyStore for SharedStore {
    tidings_core::key_calls!(pass_on);
}

tidings_core::hand_on_inbox!(SharedStore, |shared| shared.store);
tidings_core::hand_on_chat!(SharedStore, |shared| shared.store);
tidings_core::hand_on_receipts!(SharedStore, |shared| shared.store);

impl People for SharedStore {
    tidings_core::people_calls!(pass_on);
}

impl Store for SharedStore {
    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        let mut stretch = now(self.store.read(room, page, limit));
        let from = match page {
            Page::After(Offset(after)) => after,
            Page::Before(_) => 0,
        };
        if let (Ok(stretch), true) = (&mut stretch, self.lag.swap(false, Ordering::Relaxed)) {
            stretch.head.offset.0 =
                stretch.head.offset.0.saturating_sub(1).max(from.min(stretch.head.offset.0));
            stretch.entries.retain(|entry| entry.offset <= Some(stretch.head.offset));
        }
        Box::pin(std::future::ready(stretch))
    }
    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.store.backup(to)
    }
    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }
    fn commits_together(&self) -> bool {
        self.store.commits_together()
    }
    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        self.store.sweep(now, followed);
    }
    tidings_core::calls_beside_logs!(pass_on);
    tidings_core::calls_about_logs!(pass_on);
    pass_on! {
        append(entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Appended;
        entries_of(user: UserId, after: Option<(RoomKey, Offset)>, limit: usize) -> Vec<Arc<Entry>>;
        audit(act: AuditAct) -> AuditRecord;
        health() -> ();
    }
}

struct StillClock(AtomicU64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + self.0.load(Ordering::Relaxed))
    }
    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.load(Ordering::Relaxed))
    }
}

/// A line for each message: all that a client of this test needs.
struct Lines;

impl Encode for Lines {
    fn entry(&self, _: Format, entry: &Entry) -> Bytes {
        let everyone = name(ROOMS);
        let room = entry.room.name().or((entry.room == RoomKey::Everyone).then_some(&everyone));
        let line = match (room, entry.offset) {
            (Some(room), Some(offset)) => format!("entry {room} {offset} {}\n", entry.data.as_str()),
            _ if matches!(entry.r#type.as_str(), "presence_update" | "member_left") => {
                format!("told {} {}\n", entry.r#type, entry.data.as_str())
            }
            _ => "other\n".to_owned(),
        };
        line.into()
    }
    fn reply(&self, _: Format, reply: &Reply) -> Bytes {
        match reply {
            Reply::JoinedRoom {
                data: JoinedRoom { room, epoch: Some(epoch), offset: Some(offset), recovered, .. },
                ..
            } => format!("joined {room} {epoch} {offset} {recovered}\n").into(),
            _ => Bytes::from_static(b"other\n"),
        }
    }
    fn ping(&self, _: Option<u64>) -> Bytes {
        Bytes::from_static(b"ping\n")
    }
}

/// The answer of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing in this world waits"),
    }
}

fn rule(pattern: &str, keep: Keep) -> tidings_settings::RoomRule {
    let anyone = || tidings_settings::AnyOf::from(tidings_settings::Access::Anyone);
    tidings_settings::RoomRule {
        pattern: pattern.parse().unwrap(),
        join: anyone(),
        publish: anyone(),
        keep,
        encrypt: false,
        versions: tidings_settings::Earlier::None,
    }
}

fn name(room: usize) -> RoomName {
    RoomName::parse(NAMES[room]).unwrap()
}

fn key(room: usize) -> RoomKey {
    if NAMES[room] == EVERYONE { RoomKey::Everyone } else { RoomKey::Named(name(room)) }
}

fn identity(client: usize) -> Identity {
    let user = UserId::parse(&format!("user{client}")).unwrap();
    Identity {
        user,
        roles: Vec::new(),
        grants: Vec::new(),
        anonymous: false,
        issued_at: None,
        expires_at: None,
    }
}

fn publication(size: usize) -> Publication {
    Publication {
        r#type: EventType::parse("x").unwrap(),
        data: Json::of(&"x".repeat(size)).unwrap(),
        from: None,
        except: None,
    }
}
