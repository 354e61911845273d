//! This server's live side: who is connected, who follows what, and how entries reach them.
//!
//! Plain maps behind short locks. Nothing in here awaits, reads a clock or knows a socket. Locks are taken in the order
//! user, room, connection. In reading order:

mod connection;
mod queue;
mod shards;
mod slots;

mod batch;
mod coming;
mod delivery;
mod join;
mod receipts;
mod registry;
mod room;

mod heartbeat;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tidings_protocol::{ConnectionId, UserId};

pub(crate) use batch::with_ping;
pub(crate) use coming::Coming;
pub use connection::{Connection, Next, Origin, Outlet};
pub(crate) use connection::{Pushed, Worth};
pub use delivery::{Left, Pace};
pub use join::Joined;
pub(crate) use join::{Answer, Attempt, Past};
pub(crate) use receipts::{Proof, TRACKED_MAX};
pub(crate) use room::{Room, State as RoomState};

use self::{heartbeat::Wheel, receipts::Receipts, shards::Shards};
use crate::{
    Clock, Encode, RoomKey,
    metrics::Metrics,
    presence::{Presences, User},
    typing::Typing,
};

/// Everything that is connected to this server.
pub struct Hub {
    rooms: Shards<RoomKey, Arc<Room>>,
    pub(crate) users: Shards<UserId, Arc<User>>,
    connections: Shards<ConnectionId, Arc<Connection>>,
    connection_count: AtomicUsize,
    /// Users with a connection; those in their grace are not among them.
    pub(crate) present_users: AtomicUsize,
    fanout: Mutex<Fanout>,
    wheel: Mutex<Wheel>,
    /// Rooms in which an entry came before the one that should precede it.
    gaps: Mutex<Vec<delivery::Gap>>,
    pub(crate) presences: Presences,
    pub(crate) typing: Mutex<Typing>,
    pub(crate) receipts: Receipts,
    pub(crate) settings: HubSettings,
    pub(crate) clock: Arc<dyn Clock>,
    encode: Box<dyn Encode>,
    /// Says that [`Hub::turn`] has work.
    wake: Box<dyn Fn() + Send + Sync>,
    pub(crate) metrics: Arc<Metrics>,
}

/// The settings that the hub itself heeds.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// `live.*`.
    pub live: tidings_settings::Live,
    /// `limits.*`.
    pub limits: tidings_settings::Limits,
    /// How long after `exp` a token still counts.
    pub leeway: std::time::Duration,
}

/// Work that waits for the next turn.
#[derive(Default)]
struct Fanout {
    /// Rooms with entries that are not yet on their subscribers' queues.
    rooms: VecDeque<Arc<Room>>,
    /// Connections whose queues are to be written.
    connections: VecDeque<Arc<Connection>>,
}

impl Hub {
    /// An empty hub. `wake` is called when [`Hub::turn`] should be, from whatever thread and under locks: it must only signal.
    pub fn new(
        settings: HubSettings,
        clock: Arc<dyn Clock>,
        encode: Box<dyn Encode>,
        wake: Box<dyn Fn() + Send + Sync>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            rooms: Shards::default(),
            users: Shards::default(),
            connections: Shards::default(),
            connection_count: AtomicUsize::new(0),
            present_users: AtomicUsize::new(0),
            fanout: Mutex::default(),
            wheel: Mutex::default(),
            gaps: Mutex::default(),
            presences: Presences::default(),
            typing: Mutex::default(),
            receipts: Receipts::default(),
            settings,
            clock,
            encode,
            wake,
            metrics,
        }
    }

    /// Does what is due: pings, expiries, presence graces, typing that ended. To be called a few times a second.
    pub fn tick(&self) {
        let now = self.clock.monotonic();
        self.beat(now);
        self.settle_due(now);
        self.tell_counts(now);
        self.expire_typing(now);
        self.check_gaps(now);
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> usize {
        self.connection_count.load(Ordering::Relaxed)
    }

    /// How many different users are connected now.
    pub fn present_user_count(&self) -> usize {
        self.present_users.load(Ordering::Relaxed)
    }

    /// How many different users are connected, or were within the presence grace.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn count_recovery(&self, asked: bool, recovered: bool) {
        match (asked, recovered) {
            (true, true) => self.metrics.recovered.inc(),
            (true, false) => self.metrics.unrecovered.inc(),
            (false, _) => 0,
        };
    }

    /// How many named rooms are followed by somebody, and by how many connections together.
    pub fn room_counts(&self) -> (usize, usize) {
        let (mut rooms, mut subscriptions) = (0, 0);
        self.rooms.for_each(|room| {
            if room.key.name().is_some() {
                rooms += 1;
                subscriptions += room.subscriber_count();
            }
        });
        (rooms, subscriptions)
    }

    /// The connection with this id.
    pub fn connection(&self, id: &ConnectionId) -> Option<Arc<Connection>> {
        self.connections.get(id)
    }

    /// A user's connections.
    pub fn connections_of(&self, user: &UserId) -> Vec<Arc<Connection>> {
        let room = self.rooms.get(&RoomKey::Personal(user.clone()));
        room.map_or_else(Vec::new, |room| room.lock().subscribers.iter().cloned().collect())
    }

    /// Every connection, at one moment or another while this runs.
    pub fn all_connections(&self) -> Vec<Arc<Connection>> {
        let mut all = Vec::with_capacity(self.connection_count());
        self.connections.for_each(|connection| all.push(connection.clone()));
        all
    }

    /// The encoder that all frames come from.
    pub fn encode(&self) -> &dyn Encode {
        &*self.encode
    }
}
