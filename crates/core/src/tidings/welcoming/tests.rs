//! Who begins where in what goes to everyone and to roles, whatever happens between looking and following.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use tidings_protocol::{Close, ConnectionId, Epoch, Json, Offset};

use super::*;
use crate::{
    Format, MemoryStore, Origin, Outlet, Publication, Target,
    tidings::stage::{Still, run, tidings_on},
};

/// A peer that takes everything.
struct Open;

impl Outlet for Open {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn identity(roles: &[&str]) -> Identity {
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    let user = "ada".parse().unwrap();
    Identity { user, roles, grants: Vec::new(), anonymous: false, issued_at: None, expires_at: None }
}

fn tidings() -> Tidings {
    tidings_on(Box::new(MemoryStore::default()), &[], &Arc::new(Still::default()))
}

fn connect(tidings: &Tidings, identity: &Identity) -> Arc<Connection> {
    let origin = Origin {
        client_type: None,
        client_version: None,
        device_id: None,
        ip: [127, 0, 0, 1].into(),
        connected_at: tidings.clock().now(),
    };
    let format = Format { encoding: tidings_protocol::Encoding::Json, deflate: false };
    let connected = tidings.hub.connect(Arc::new(identity.clone()), format, origin, Open);
    connected.unwrap_or_else(|_| panic!("there is a place")) as Arc<Connection>
}

/// Comes with a cursor: the cursor of the greeting, and what became of the one that was brought. `meanwhile` is done while the greeting is made.
fn come(
    tidings: &Tidings,
    identity: &Identity,
    cursor: &ResumeCursor,
    meanwhile: &(dyn Fn() + Sync),
) -> (Arc<Connection>, ResumeCursor, Vec<ResumedPart>) {
    let connection = connect(tidings, identity);
    let told = Mutex::new(None);
    let greeting = |_: Joined, cursor: ResumeCursor| {
        *told.lock() = Some(cursor);
        meanwhile();
        Reply::Pong { reply_to: None, timestamp: None }
    };
    let parts = run(tidings.welcome(&connection, identity, cursor, &greeting)).unwrap();
    (connection, told.into_inner().unwrap(), parts)
}

fn publish(tidings: &Tidings, target: Target, except: Option<ConnectionId>) {
    let publication = Publication { r#type: "x".parse().unwrap(), data: Json::null(), from: None, except };
    run(tidings.publish(target, publication)).unwrap();
}

fn everyone(parts: &[ResumedPart]) -> &ResumedLog {
    let mut logs = parts.iter().filter_map(|part| match part {
        ResumedPart::Broadcast { to: Audience::Everyone, log } => Some(log),
        _ => None,
    });
    logs.next().unwrap()
}

fn deliveries(tidings: &Tidings) -> u64 {
    tidings.hub.metrics.deliveries.get()
}

#[test]
fn j1_what_went_to_everyone_meanwhile_comes_once() {
    let tidings = tidings();
    let ada = identity(&[]);
    let (first, cursor, parts) = come(&tidings, &ada, &ResumeCursor::default(), &|| ());
    assert_eq!(everyone(&parts).offset, Some(Offset(0)));
    tidings.hub.disconnect(&first);
    for _ in 0..3 {
        publish(&tidings, Target::Everyone, None);
    }
    assert_eq!(deliveries(&tidings), 0);
    let (second, again, parts) = come(&tidings, &ada, &cursor, &|| ());
    assert_eq!((everyone(&parts).recovered, everyone(&parts).offset), (true, Some(Offset(3))));
    assert_eq!(deliveries(&tidings), 3);
    assert_eq!(again.broadcasts, cursor.broadcasts, "what follows comes after where it was");
    publish(&tidings, Target::Everyone, None);
    assert_eq!(deliveries(&tidings), 4);
    tidings.hub.disconnect(&second);
}

/// Between looking where everyone's log stands and following it, the greeting goes out: an entry of that moment is not lost, whether somebody else is here or not.
#[test]
fn j1_what_goes_to_everyone_during_the_greeting_follows_it() {
    for others in [0, 1] {
        let tidings = tidings();
        for n in 0..others {
            come(&tidings, &identity(&[]), &ResumeCursor::default(), &|| ());
            publish(&tidings, Target::Everyone, None);
            assert_eq!(deliveries(&tidings), n + 1);
        }
        let before = deliveries(&tidings);
        let publish = || publish(&tidings, Target::Everyone, None);
        let (_, cursor, parts) = come(&tidings, &identity(&[]), &ResumeCursor::default(), &publish);
        assert_eq!(cursor.broadcasts[&Audience::Everyone].offset, Offset(others), "as the greeting told it");
        assert!(!everyone(&parts).recovered);
        assert_eq!(deliveries(&tidings) - before, others + 1, "to everyone who is here");
    }
}

#[test]
fn j6_only_roles_that_the_token_has_are_brought_back() {
    let tidings = tidings();
    let admin = || Target::Role("admin".parse().unwrap());
    let (first, cursor, _) = come(&tidings, &identity(&["admin"]), &ResumeCursor::default(), &|| ());
    assert_eq!(cursor.broadcasts.len(), 2);
    tidings.hub.disconnect(&first);
    publish(&tidings, admin(), None);
    let (second, later, parts) = come(&tidings, &identity(&[]), &cursor, &|| ());
    assert_eq!((later.broadcasts.len(), parts.len(), deliveries(&tidings)), (1, 2, 0));
    publish(&tidings, admin(), None);
    assert_eq!(deliveries(&tidings), 0);
    run(tidings.change_identity(&second, identity(&["admin"]))).unwrap();
    publish(&tidings, admin(), None);
    assert_eq!(deliveries(&tidings), 1, "from then on");
    run(tidings.change_identity(&second, identity(&[]))).unwrap();
    publish(&tidings, admin(), None);
    assert_eq!(deliveries(&tidings), 1);
}

/// Erasing somebody gives logs that have not begun another epoch: nobody is made to come anew for that.
#[test]
fn h4_an_erasure_ends_no_connection() {
    let tidings = tidings();
    let ada = identity(&[]);
    let (here, cursor, _) = come(&tidings, &ada, &ResumeCursor::default(), &|| ());
    run(tidings.store().erase("bob".parse().unwrap())).unwrap();
    let (_, _, parts) = come(&tidings, &ada, &cursor, &|| ());
    let told: Option<&Epoch> = everyone(&parts).epoch.as_ref();
    assert!(told.is_some());
    publish(&tidings, Target::Everyone, Some(ConnectionId::new(tidings.clock().now())));
    assert_eq!(deliveries(&tidings), 2);
    let ended = match here.next(&mut Context::from_waker(std::task::Waker::noop())) {
        crate::Next::End(close) => Some(close),
        _ => None,
    };
    assert_eq!(ended, None::<Close>);
}
