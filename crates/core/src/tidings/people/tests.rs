//! What the back end is told of people, whatever happens in between: connections, restarts, crashes.

use std::{
    io::{self, IoSlice},
    sync::Arc,
    task::{Context, Poll},
};

use proptest::prelude::*;
use tidings_protocol::{Reply, ResumeCursor, command::Availability, reply::Status};

use super::*;
use crate::{
    Clock, Connection, Format, Identity, Joined, MemoryStore, Origin, Outlet, RecentStore,
    tidings::stage::{Still, run, tidings_on},
};

struct Nowhere;

impl Outlet for Nowhere {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A server that can be killed and started again on what it kept, and the back end that hears of people.
struct Stage {
    tidings: Tidings,
    events: UserEvents,
    store: Arc<MemoryStore>,
    clock: Arc<Still>,
}

impl Stage {
    fn new() -> Self {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(Still::default()));
        let tidings = tidings_on(Box::new(RecentStore::new(store.clone())), &[], &clock);
        Self { events: tidings.user_events(), tidings, store, clock }
    }

    /// `kill -9`, and a start: what was not kept is gone.
    fn kill(&mut self) {
        self.tidings = tidings_on(Box::new(RecentStore::new(self.store.clone())), &[], &self.clock);
        self.events = self.tidings.user_events();
    }

    fn connect(&self, name: &str) -> Arc<Connection> {
        self.connect_as(name, false)
    }

    fn connect_as(&self, name: &str, anonymous: bool) -> Arc<Connection> {
        let (roles, grants) = (Vec::new(), Vec::new());
        let identity =
            Identity { user: user(name), roles, grants, anonymous, issued_at: None, expires_at: None };
        let origin = Origin {
            client_type: None,
            client_version: None,
            device_id: None,
            ip: [127, 0, 0, 1].into(),
            connected_at: self.clock.now(),
        };
        let format = Format { encoding: tidings_protocol::Encoding::Json, deflate: false };
        let connected = self.tidings.hub.connect(Arc::new(identity.clone()), format, origin, Nowhere);
        let connection: Arc<Connection> = connected.unwrap_or_else(|_| panic!("there is a place"));
        let greeting = |_: Joined, _| Reply::Goodbye { retry_after_ms: 0, spread_ms: 0 };
        run(self.tidings.welcome(&connection, &identity, &ResumeCursor::default(), &greeting)).unwrap();
        connection
    }

    /// Time passes, and the server does what it does meanwhile.
    fn pass(&self, ms: u64) {
        for _ in 0..ms / 500 {
            self.clock.pass(500);
            self.tidings.tick();
            run(self.tidings.keep_people()).unwrap();
        }
    }

    /// What the back end was told since it was last asked: who, whether online, and the revision.
    fn told(&mut self) -> Vec<(String, bool, u64)> {
        let events = std::iter::from_fn(|| self.events.try_next());
        events.map(|event| (event.user.to_string(), event.online, event.revision)).collect()
    }

    fn presence(&self, name: &str) -> Presence {
        run(self.tidings.presence_of_users(&[user(name)])).remove(0)
    }
}

fn told(name: &str, online: bool, revision: u64) -> (String, bool, u64) {
    (name.to_owned(), online, revision)
}

#[test]
fn c1_online_and_offline_are_told_once_each() {
    let mut stage = Stage::new();
    let (one, two) = (stage.connect("ada"), stage.connect("ada"));
    stage.pass(1_000);
    assert_eq!(stage.told(), [told("ada", true, 1)]);
    stage.tidings.hub.disconnect(&one);
    stage.pass(20_000);
    assert_eq!(stage.told(), [], "she has a connection");
    stage.tidings.hub.disconnect(&two);
    stage.pass(4_000);
    let again = stage.connect("ada");
    stage.pass(20_000);
    assert_eq!(stage.told(), [], "a reload is not a farewell");
    stage.tidings.hub.disconnect(&again);
    stage.pass(6_000);
    assert_eq!(stage.told(), [told("ada", false, 2)]);
    let _back = stage.connect("ada");
    stage.pass(1_000);
    assert_eq!(stage.told(), [told("ada", true, 3)]);
    let metrics = &stage.tidings.hub.metrics;
    assert_eq!((metrics.users_online.get(), metrics.users_offline.get()), (2, 1));
}

#[test]
fn c1_when_somebody_was_last_seen_outlives_the_server() {
    let mut stage = Stage::new();
    assert_eq!(stage.presence("ada").last_seen, None, "never");
    let ada = stage.connect("ada");
    stage.pass(10_000);
    let seen = stage.clock.now();
    stage.tidings.hub.disconnect(&ada);
    stage.pass(3_000);
    let in_grace = stage.presence("ada");
    assert_eq!((in_grace.status, in_grace.connections, in_grace.last_seen), (Status::Online, 0, Some(seen)));
    stage.pass(2_000);
    let gone = stage.presence("ada");
    assert_eq!((gone.status, gone.connections, gone.last_seen), (Status::Offline, 0, Some(seen)));
    stage.pass(60_000);
    stage.kill();
    let after = stage.presence("ada");
    assert_eq!((after.status, after.last_seen), (Status::Offline, Some(seen)));
}

#[test]
fn c1_in_the_grace_one_is_as_one_was() {
    let stage = Stage::new();
    let ada = stage.connect("ada");
    stage.tidings.set_presence(&ada, Availability::Away, None);
    stage.tidings.hub.disconnect(&ada);
    stage.pass(1_000);
    assert_eq!(stage.presence("ada").status, Status::Away);
}

#[test]
fn j5_a_crash_leaves_no_ghost() {
    let mut stage = Stage::new();
    let (_ada, _bob) = (stage.connect("ada"), stage.connect("bob"));
    stage.pass(70_000);
    let killed_at = stage.clock.now();
    assert_eq!(stage.told().len(), 2);
    stage.kill();
    for name in ["ada", "bob"] {
        let shown = stage.presence(name);
        assert_eq!(shown.status, Status::Offline, "nobody is shown online who is not");
        let unseen = killed_at.millis() - shown.last_seen.unwrap().millis();
        assert!(unseen <= 15_000, "seen until {unseen} ms before");
    }
    stage.pass(10_000);
    let _back = stage.connect("ada");
    stage.pass(60_000);
    assert_eq!(stage.told(), [told("bob", false, 2)], "ada was never away for the back end");
    assert!(stage.presence("bob").last_seen.unwrap() <= killed_at);
    stage.pass(60_000);
    assert_eq!(stage.told(), [], "once");
    let _bob = stage.connect("bob");
    stage.pass(1_000);
    assert_eq!(stage.told(), [told("bob", true, 3)]);
}

#[test]
fn j5_a_restart_is_no_farewell() {
    let mut stage = Stage::new();
    let ada = stage.connect("ada");
    stage.pass(20_000);
    stage.told();
    stage.tidings.hub.disconnect(&ada);
    run(stage.tidings.leave_people()).unwrap();
    let left_at = stage.clock.now();
    stage.kill();
    assert_eq!(stage.presence("ada").last_seen, Some(left_at));
    stage.pass(20_000);
    let _back = stage.connect("ada");
    stage.pass(100_000);
    assert_eq!(stage.told(), []);
}

#[test]
fn c1_who_came_and_went_before_it_was_kept_was_seen() {
    let mut stage = Stage::new();
    let ada = stage.connect("ada");
    stage.tidings.hub.disconnect(&ada);
    let seen = stage.clock.now();
    stage.clock.pass(6_000);
    stage.tidings.tick();
    assert_eq!(stage.presence("ada").last_seen, Some(seen), "also before it is kept");
    stage.pass(1_000);
    assert_eq!(stage.told(), []);
    stage.kill();
    assert_eq!(stage.presence("ada").last_seen, Some(seen));
}

#[test]
fn who_is_nobody_in_particular_is_not_kept() {
    let mut stage = Stage::new();
    let somebody = stage.connect_as("anonymous:1", true);
    stage.pass(1_000);
    stage.tidings.hub.disconnect(&somebody);
    stage.pass(10_000);
    assert_eq!(stage.told(), []);
    assert_eq!(run(stage.tidings.store().all_people(None, 10)).unwrap(), []);
}

#[test]
fn of_who_is_erased_nothing_is_written_afterwards() {
    for is_kept in [true, false] {
        let stage = Stage::new();
        let ada = stage.connect("ada");
        if is_kept {
            stage.pass(1_000);
        }
        run(stage.tidings.erase(&user("ada"))).unwrap();
        stage.tidings.hub.disconnect(&ada);
        stage.pass(60_000);
        assert_eq!(run(stage.tidings.store().all_people(None, 10)).unwrap(), [], "kept before: {is_kept}");
        assert_eq!(stage.presence("ada").last_seen, None);
    }
}

#[test]
fn who_is_only_known_by_their_presence_can_be_erased_again() {
    let stage = Stage::new();
    let _ada = stage.connect("ada");
    stage.pass(1_000);
    let pseudonyms = [crate::pseudonym::pseudonym(&user("ada"))].into();
    assert_eq!(run(stage.tidings.users_behind(&pseudonyms)).unwrap(), [user("ada")]);
}

#[test]
fn what_was_kept_without_an_answer_is_told_later() {
    let own = ServerId::fresh();
    let at = Timestamp::from_millis;
    let change = |online| Change { was_online: false, online, at: at(9), tried: Some(5) };
    let kept = Person { user: user("ada"), last_seen: at(7), revision: 5, server: Some(own.clone()) };
    let online = |revision, millis| UserEvent { user: user("ada"), online: true, revision, at: at(millis) };
    let was_kept = step(&user("ada"), &change(true), Some(kept.clone()), &own);
    assert_eq!(was_kept, Step { before: Some(online(5, 7)), note: None, after: None });
    let was_not =
        step(&user("ada"), &change(true), Some(Person { revision: 4, server: None, ..kept.clone() }), &own);
    assert_eq!((was_not.before, was_not.after), (None, Some(online(5, 9))));
    let both = step(&user("ada"), &change(false), Some(kept), &own);
    let offline = UserEvent { online: false, ..online(6, 9) };
    assert_eq!((both.before, both.after), (Some(online(5, 7)), Some(offline)));
}

#[derive(Clone, Debug)]
enum Act {
    Connect(usize),
    Drop(prop::sample::Index),
    Pass(u64),
    Kill,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..3).prop_map(Act::Connect),
        4 => any::<prop::sample::Index>().prop_map(Act::Drop),
        6 => (0u64..30).prop_map(|halves| Act::Pass(halves * 500)),
        1 => Just(Act::Kill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// J5: whatever happens, the back end hears of each user online, offline, online …, each with the next revision, and at rest
    /// what it heard is so.
    #[test]
    fn j5_what_the_back_end_was_told_is_so(acts in prop::collection::vec(act(), 1..60)) {
        const NAMES: [&str; 3] = ["ada", "bob", "cyd"];
        let mut stage = Stage::new();
        let (mut open, mut heard) = (Vec::new(), Vec::new());
        for act in acts {
            match act {
                Act::Connect(who) => open.push((NAMES[who], stage.connect(NAMES[who]))),
                Act::Drop(which) if !open.is_empty() => {
                    let (_, connection) = open.swap_remove(which.index(open.len()));
                    stage.tidings.hub.disconnect(&connection);
                }
                Act::Drop(_) => {}
                Act::Pass(ms) => stage.pass(ms),
                Act::Kill => {
                    heard.extend(stage.told());
                    open.clear();
                    stage.kill();
                }
            }
        }
        stage.pass(70_000);
        heard.extend(stage.told());
        for name in NAMES {
            let own: Vec<(bool, u64)> =
                heard.iter().filter(|it| it.0 == name).map(|it| (it.1, it.2)).collect();
            let expected: Vec<(bool, u64)> =
                (1..=own.len() as u64).map(|revision| (revision % 2 == 1, revision)).collect();
            prop_assert_eq!(&own, &expected, "{}", name);
            let is_here = open.iter().any(|it| it.0 == name);
            prop_assert_eq!(own.last().is_some_and(|last| last.0), is_here, "{}", name);
            let shown = stage.presence(name).status;
            prop_assert_eq!(shown != Status::Offline, is_here);
        }
    }
}
