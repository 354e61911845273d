//! Random histories of inboxes, compared with the [`Model`] after each step.

use proptest::{
    prelude::{Just, Strategy, prop, prop_oneof},
    test_runner::{Config, TestRunner},
};

use super::model::Model;
use crate::contract::{runtime, store::Fresh};

/// How many users, roles, rooms and dedupe keys a history has.
pub const USERS: usize = 3;
/// Roles.
pub const ROLES: usize = 2;
/// Rooms.
pub const ROOMS: usize = 2;
/// Dedupe keys.
pub const KEYS: usize = 2;

/// To whom; the numbers are indexes into the model's lists.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of audiences")]
pub enum To {
    Users(Vec<usize>),
    Role(usize),
    Room(usize),
    Everyone,
}

/// What is done with notifications; moments are milliseconds from now.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are those of `Change`")]
pub enum Act {
    Seen,
    Read,
    Unread,
    Archive,
    Unarchive,
    Snooze(u64),
    Delete,
}

/// One call that changes something. `wait` is the milliseconds that pass before it.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long after the step before, at least 1.
    pub wait: u64,
    /// What is done.
    pub call: Call,
}

/// See [`Step`]. Notifications are meant by how many came after them.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the store's calls")]
pub enum Call {
    Notify {
        to: To,
        severity: usize,
        category: Option<usize>,
        expires: Option<u64>,
        key: Option<usize>,
    },
    MarkIds {
        user: usize,
        roles: usize,
        back: Vec<usize>,
        act: Act,
    },
    MarkUpTo {
        user: usize,
        roles: usize,
        back: usize,
        act: Act,
    },
    Look {
        user: usize,
        roles: usize,
    },
    List {
        user: usize,
        roles: usize,
        filter: [Option<bool>; 3],
        category: Option<usize>,
        severity: Option<usize>,
        page: usize,
    },
    Settle,
    Drop {
        read_ago: u64,
        unread_ago: u64,
    },
    PutMember {
        room: usize,
        user: usize,
    },
    RemoveMember {
        room: usize,
        user: usize,
    },
    DeleteRoom(usize),
    Erase(usize),
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        4 => prop::collection::vec(0..USERS, 1..3).prop_map(To::Users),
        1 => (0..ROLES).prop_map(To::Role),
        1 => (0..ROOMS).prop_map(To::Room),
        2 => Just(To::Everyone),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Seen),
        3 => Just(Act::Read),
        2 => Just(Act::Unread),
        2 => Just(Act::Archive),
        1 => Just(Act::Unarchive),
        3 => (0..40u64).prop_map(Act::Snooze),
        1 => Just(Act::Delete),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let who = || (0..USERS, 0..1usize << ROLES);
    prop_oneof![
        8 => (to(), 0..4usize, prop::option::of(0..2usize), prop::option::weighted(0.3, 0..60u64), prop::option::weighted(0.3, 0..KEYS))
            .prop_map(|(to, severity, category, expires, key)| Call::Notify { to, severity, category, expires, key }),
        5 => (who(), prop::collection::vec(0..8usize, 1..4), act())
            .prop_map(|((user, roles), back, act)| Call::MarkIds { user, roles, back, act }),
        4 => (who(), 0..6usize, act())
            .prop_map(|((user, roles), back, act)| Call::MarkUpTo { user, roles, back, act }),
        2 => who().prop_map(|(user, roles)| Call::Look { user, roles }),
        4 => (who(), prop::array::uniform3(prop::option::weighted(0.4, prop::bool::ANY)), prop::option::weighted(0.3, 0..2usize), prop::option::weighted(0.3, 0..4usize), 1..4usize)
            .prop_map(|((user, roles), filter, category, severity, page)| Call::List { user, roles, filter, category, severity, page }),
        2 => Just(Call::Settle),
        1 => (0..80u64, 0..80u64).prop_map(|(read_ago, unread_ago)| Call::Drop { read_ago, unread_ago }),
        2 => (0..ROOMS, 0..USERS).prop_map(|(room, user)| Call::PutMember { room, user }),
        1 => (0..ROOMS, 0..USERS).prop_map(|(room, user)| Call::RemoveMember { room, user }),
        1 => (0..ROOMS).prop_map(Call::DeleteRoom),
        1 => (0..USERS).prop_map(Call::Erase),
    ]
}

/// Takes so many stores through a history each; a history that fails is made as short as it can be.
pub fn random<F: Fresh>(fresh: impl Fn() -> F, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let runtime = runtime();
    let step = (1..15u64, call()).prop_map(|(wait, call)| Step { wait, call });
    let outcome = TestRunner::new(config).run(&prop::collection::vec(step, 1..40), |steps| {
        runtime.block_on(async {
            let mut fresh = fresh();
            let store = fresh.store().await;
            let mut model = Model::default();
            for step in steps {
                model.take(&*store, step).await;
                model.check(&*store).await;
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
