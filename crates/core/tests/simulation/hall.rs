//! A server whose sockets take everything at once and remember it as lines; for what people are told of each other.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tidings_core::{
    Clock, Connection, Encode, Entry, Format, Hub, HubSettings, Identity, Joined, Kinds, MemoryStore,
    Monotonic, Origin, Outlet, Pace, Tidings, metrics::Metrics,
};
use tidings_protocol::{Reply, ResumeCursor, RoomName, Timestamp, UserId, reply::JoinedRoom};
use tidings_settings::{Access, AnyOf, Keep, RoomRule, Settings};

/// The people, the clock and the server.
pub(crate) struct Hall {
    pub(crate) tidings: Tidings,
    clock: Arc<StillClock>,
}

impl Hall {
    /// An empty one with these settings; its rooms keep nothing.
    pub(crate) fn new(settings: &Settings) -> Self {
        let clock = Arc::new(StillClock(AtomicU64::new(1_000)));
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
        let anyone = || AnyOf::from(Access::Anyone);
        let rule = RoomRule {
            pattern: "{name}".parse().expect("a pattern"),
            join: anyone(),
            publish: anyone(),
            keep: Keep::None,
            encrypt: false,
            versions: tidings_settings::Earlier::None,
        };
        let store = Box::new(MemoryStore::default());
        Self { tidings: Tidings::new(hub, store, Kinds::new(&[rule]), clock.clone()), clock }
    }

    /// Milliseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        self.clock.0.load(Ordering::Relaxed)
    }

    /// Time passes; the server does what is due, and all of it arrives.
    pub(crate) fn pass(&self, millis: u64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
        self.tidings.tick();
        self.arrive();
    }

    /// Everybody shows that they are alive and doing something.
    pub(crate) fn stir(&self) {
        for connection in self.tidings.hub.all_connections() {
            connection.heard(self.clock.monotonic(), true);
            self.tidings.hub.acted(&connection);
        }
    }

    /// All that is on its way arrives.
    pub(crate) fn arrive(&self) {
        while self.tidings.hub.turn(1_024, Pace::Now).connections {}
    }

    /// A connection of a user.
    pub(crate) fn connect<O: Outlet + 'static>(&self, user: &str, outlet: O) -> Arc<Connection<O>> {
        let identity = identity(user);
        let origin = Origin {
            client_type: None,
            client_version: None,
            device_id: None,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            connected_at: self.clock.now(),
        };
        let connected =
            self.tidings.hub.connect(Arc::new(identity.clone()), Format::default(), origin, outlet);
        let connection = connected.unwrap_or_else(|_| unreachable!("there is no limit"));
        let greeting = |_: Joined, _| Reply::Goodbye { retry_after_ms: 0, spread_ms: 0 };
        let shared: Arc<Connection> = connection.clone();
        now(self.tidings.welcome(&shared, &identity, &ResumeCursor::default(), &greeting))
            .expect("a welcome");
        shared.flush();
        connection
    }

    /// A connection follows a room.
    pub(crate) fn join(&self, connection: &Arc<Connection>, room: &str) {
        let answer = |joined: Joined| {
            let (epoch, offset) = (None, None);
            let Joined { recovered, lost, members, member_count, .. } = joined;
            let data = JoinedRoom { room: name(room), epoch, offset, recovered, lost, members, member_count };
            Reply::JoinedRoom { reply_to: None, data }
        };
        let identity = connection.identity();
        now(self.tidings.join(connection, &identity, name(room), None, &answer)).expect("a place");
        connection.flush();
    }
}

/// A room's name.
pub(crate) fn name(text: &str) -> RoomName {
    RoomName::parse(text).expect("a name")
}

fn identity(user: &str) -> Identity {
    Identity {
        user: UserId::parse(user).expect("a user"),
        roles: Vec::new(),
        grants: Vec::new(),
        anonymous: false,
        issued_at: None,
        expires_at: None,
    }
}

/// A socket that takes everything and remembers it.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Vec<u8>>>);

impl Ear {
    /// What was heard since it was last asked, line by line.
    pub(crate) fn heard(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic before"));
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Outlet for Ear {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes = self.0.lock().expect("no panic before");
        pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
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

/// A line for each message: its type, its room, and its data as JSON.
struct Lines;

impl Encode for Lines {
    fn entry(&self, _: Format, entry: &Entry) -> Bytes {
        let room = entry.room.name().map_or("-", RoomName::as_str);
        format!("{} {room} {}\n", entry.r#type, entry.data.as_str()).into()
    }

    fn reply(&self, _: Format, reply: &Reply) -> Bytes {
        match reply {
            Reply::JoinedRoom { data, .. } => {
                let members: Vec<&str> = data.members.iter().map(|member| member.user.as_str()).collect();
                format!("joined_room {} {} {}\n", data.room, data.member_count, members.join(",")).into()
            }
            _ => Bytes::from_static(b"other - -\n"),
        }
    }

    fn ping(&self, _: Option<u64>) -> Bytes {
        Bytes::from_static(b"ping - -\n")
    }
}

/// The answer of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("nothing in here waits"),
    }
}
