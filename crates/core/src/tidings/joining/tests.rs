//! What may happen to somebody who reads page after page of what they missed.

use std::{
    io::{self, IoSlice},
    sync::atomic::AtomicBool,
    task::{Context, Poll, Waker},
};

use tidings_protocol::{Json, Reply, ResumeCursor};

use super::*;
use crate::{
    Format, MemoryStore, Next, Origin, Outlet, Publication, Target,
    store::MemberRole,
    tidings::stage::{Still, run, tidings_on},
};

/// A peer that reads when it wants to.
#[derive(Default)]
struct Gate(AtomicBool);

impl Outlet for Arc<Gate> {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.0.load(Ordering::Relaxed) {
            true => Ok(pieces.iter().map(|piece| piece.len()).sum()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        if self.0.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn ada() -> Identity {
    let user = "ada".parse().unwrap();
    let (roles, grants) = (Vec::new(), Vec::new());
    Identity { user, roles, grants, anonymous: false, issued_at: None, expires_at: None }
}

fn connect(tidings: &Tidings, gate: &Arc<Gate>) -> Arc<Connection> {
    let origin = Origin {
        client_type: None,
        client_version: None,
        device_id: None,
        ip: [127, 0, 0, 1].into(),
        connected_at: tidings.clock().now(),
    };
    let format = Format { encoding: tidings_protocol::Encoding::Json, deflate: false };
    let connected = tidings.hub.connect(Arc::new(ada()), format, origin, gate.clone());
    connected.unwrap_or_else(|_| panic!("there is a place")) as Arc<Connection>
}

fn publish(tidings: &Tidings, room: &str, count: usize) {
    let data = Json::of(&"x".repeat(10_000)).unwrap();
    for _ in 0..count {
        let publication =
            Publication { r#type: "x".parse().unwrap(), data: data.clone(), from: None, except: None };
        run(tidings.publish(Target::Room(room.parse().unwrap()), publication)).unwrap();
    }
}

fn end(connection: &Connection) -> Option<Close> {
    match connection.next(&mut Context::from_waker(Waker::noop())) {
        Next::End(close) => Some(close),
        _ => None,
    }
}

/// Joins a room of 300 entries from its beginning, reads nothing until `meanwhile` is done, and then all.
fn joins_while(meanwhile: impl FnOnce(&Tidings, &RoomName)) -> (Tidings, Arc<Connection>) {
    let (room, clock) = ("order_7".parse::<RoomName>().unwrap(), Arc::new(Still::default()));
    let tidings = tidings_on(Box::new(MemoryStore::default()), &[], &clock);
    run(tidings.put_member(room.clone(), ada().user, MemberRole::default())).unwrap();
    publish(&tidings, room.as_str(), 300);
    let epoch = run(tidings.room(&room)).unwrap().head.epoch;
    let gate = Arc::new(Gate::default());
    let connection = connect(&tidings, &gate);
    let identity = ada();
    let answer = |_: Joined| Reply::Pong { reply_to: None, timestamp: None };
    let since = Some(Position { epoch, offset: Offset(0) });
    let mut joining = Box::pin(tidings.join(&connection, &identity, room.clone(), since, &answer));
    let mut context = Context::from_waker(Waker::noop());
    assert!(joining.as_mut().poll(&mut context).is_pending(), "it waits for the reader");
    meanwhile(&tidings, &room);
    gate.0.store(true, Ordering::Relaxed);
    run(joining).unwrap();
    (tidings, connection)
}

fn follows(connection: &Connection) -> bool {
    connection.follows(&RoomKey::Named("order_7".parse().unwrap()))
}

#[test]
fn b6_who_reads_slowly_gets_what_came_meanwhile_too() {
    let (tidings, connection) = joins_while(|tidings, room| publish(tidings, room.as_str(), 300));
    assert!(follows(&connection) && end(&connection).is_none());
    assert_eq!(tidings.hub.metrics.deliveries.get(), 600);
}

#[test]
fn b6_when_the_rest_is_gone_meanwhile_the_reader_is_made_to_come_anew() {
    // The store in memory keeps a thousand.
    let (_, connection) = joins_while(|tidings, room| publish(tidings, room.as_str(), 1_200));
    assert!(!follows(&connection));
    assert_eq!(end(&connection), Some(Close::CONTINUITY_LOST));
    let (_, connection) = joins_while(|tidings, room| {
        assert!(run(tidings.delete_room(room)).unwrap());
        run(tidings.put_member(room.clone(), ada().user, MemberRole::default())).unwrap();
    });
    assert_eq!(end(&connection), Some(Close::CONTINUITY_LOST), "another epoch is another log");
}

#[test]
fn j6_who_is_taken_out_meanwhile_gets_no_more() {
    let (tidings, connection) = joins_while(|tidings, room| {
        assert!(run(tidings.remove_member(room, &ada().user)).unwrap());
    });
    assert_eq!((follows(&connection), end(&connection)), (false, None));
    assert_eq!(tidings.hub.metrics.deliveries.get(), 200, "the page that was on its way");
}

#[test]
fn j6_a_revocation_during_the_greeting_counts() {
    let clock = Arc::new(Still::default());
    let tidings = tidings_on(Box::new(MemoryStore::default()), &[], &clock);
    let identity = Identity { issued_at: Some(tidings.clock().now()), ..ada() };
    tidings.admit_token(&identity).unwrap();
    assert_eq!(run(tidings.revoke(&identity.user)), Ok(0), "the socket is not among the connections yet");
    let connection = connect(&tidings, &Arc::default());
    let greeting = |_: Joined, _| Reply::Pong { reply_to: None, timestamp: None };
    let cursor = ResumeCursor::default();
    let refused = run(tidings.welcome(&connection, &identity, &cursor, &greeting)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unauthorized);
}
