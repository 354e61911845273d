//! What was committed apart and is wanted by many leaves together, and nothing waits for what does not come.

use std::{
    io::{self, IoSlice},
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};

use tidings_protocol::{EntryId, Json, Reply, Timestamp};

use super::*;
use crate::{
    Connection, Entry, Format, Identity, Joined, Left, MemoryStore, Origin, Outlet, Pace, Publication,
    Tidings,
    tidings::stage::{run, tidings_on},
};

/// More than are written to by whoever publishes.
const MANY: usize = 40;

/// Counts the writes to all sockets.
struct Counting(Arc<AtomicUsize>);

impl Outlet for Counting {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn room() -> RoomKey {
    RoomKey::Named("orders".parse().unwrap())
}

fn full_room() -> (Tidings, Arc<AtomicUsize>) {
    let tidings = tidings_on(Box::new(MemoryStore::default()), &[], &Arc::default());
    let writes = Arc::new(AtomicUsize::new(0));
    for number in 0..MANY {
        let user = format!("user{number}").parse().unwrap();
        let (roles, grants) = (Vec::new(), Vec::new());
        let identity = Identity { user, roles, grants, anonymous: false, issued_at: None, expires_at: None };
        let origin = Origin {
            client_type: None,
            client_version: None,
            device_id: None,
            ip: [127, 0, 0, 1].into(),
            connected_at: Timestamp::from_millis(0),
        };
        let format = Format { encoding: tidings_protocol::Encoding::Json, deflate: false };
        let connected =
            tidings.hub.connect(Arc::new(identity.clone()), format, origin, Counting(writes.clone()));
        let connection: Arc<Connection> = connected.unwrap_or_else(|_| panic!("there is a place"));
        let answer = |_: Joined| Reply::Goodbye { retry_after_ms: 0, spread_ms: 0 };
        run(tidings.join(&connection, &identity, "orders".parse().unwrap(), None, &answer)).unwrap();
        connection.flush();
    }
    while tidings.hub.turn(MANY, Pace::Now).connections {}
    writes.store(0, Ordering::Relaxed);
    (tidings, writes)
}

fn publish(tidings: &Tidings) {
    let now = Timestamp::from_millis(1_763_704_800_000);
    let publication =
        Publication { r#type: "n".parse().unwrap(), data: Json::null(), from: None, except: None };
    tidings.hub.deliver(Arc::new(Entry::new(room(), publication, EntryId::new(now), now, None)), false);
}

#[test]
fn what_is_on_its_way_is_waited_for_and_leaves_in_one_write_each() {
    let (tidings, writes) = full_room();
    let other = tidings.hub.announce(&room()).unwrap();
    publish(&tidings);
    assert_eq!(tidings.hub.turn(MANY, Pace::Joining), Left { connections: false, rooms: true });
    assert_eq!(writes.load(Ordering::Relaxed), 0);
    publish(&tidings);
    drop(other);
    assert_eq!(tidings.hub.turn(MANY, Pace::Joining), Left { connections: false, rooms: false });
    assert_eq!(writes.load(Ordering::Relaxed), MANY);
}

#[test]
fn what_was_given_up_is_waited_for_no_longer() {
    let (tidings, writes) = full_room();
    let given_up = tidings.hub.announce(&room());
    publish(&tidings);
    drop(given_up);
    assert!(!tidings.hub.turn(MANY, Pace::Joining).rooms);
    assert_eq!(writes.load(Ordering::Relaxed), MANY);
}

#[test]
fn after_a_moment_what_is_there_leaves() {
    let (tidings, writes) = full_room();
    let _never_comes = tidings.hub.announce(&room());
    publish(&tidings);
    assert!(tidings.hub.turn(MANY, Pace::Joining).rooms);
    assert!(!tidings.hub.turn(MANY, Pace::Now).rooms);
    assert_eq!(writes.load(Ordering::Relaxed), MANY);
}
