//! Random histories, compared with the [`Model`] after each step.

use proptest::{
    prelude::{Just, Strategy, any, prop, prop_oneof},
    test_runner::{Config, TestRunner},
};

use super::{
    Fresh,
    model::{KEYS, Model, NAMES, ROOMS, USERS},
};
use crate::contract::runtime;

/// One entry that is to be appended; the numbers are indexes into the model's lists.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where.
    pub room: usize,
    /// Who; none is a back end.
    pub from: Option<usize>,
    /// Whether the room then keeps only the last.
    pub last: bool,
    /// Any text, which becomes a JSON string.
    pub text: String,
}

/// One call that changes something, or a page to look at.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the store's calls")]
pub enum Step {
    Append { drafts: Vec<Draft>, once: Option<(usize, u8)> },
    Read { room: usize, place: u64, limit: usize },
    Forget { room: usize, up_to: u64 },
    DeleteRoom(usize),
    PutRoom { room: usize, text: String },
    PutMember { room: usize, user: usize, role: usize },
    RemoveMember { room: usize, user: usize },
    Revoke { user: usize, ago: u64 },
    Erase(usize),
    Tidy { keys_ago: u64, revocations_ago: u64 },
}

fn draft() -> impl Strategy<Value = Draft> {
    let texts = prop_oneof![3 => any::<String>(), 1 => Just(String::new())];
    (0..ROOMS, prop::option::of(0..USERS), prop::bool::weighted(0.15), texts)
        .prop_map(|(room, from, last, text)| Draft { room, from, last, text })
}

fn step() -> impl Strategy<Value = Step> {
    let once = prop::option::weighted(0.3, (0..KEYS, 0..2u8));
    prop_oneof![
        8 => (prop::collection::vec(draft(), 0..5), once)
            .prop_map(|(drafts, once)| Step::Append { drafts, once }),
        3 => (0..ROOMS, 0..14u64, 0..6usize)
            .prop_map(|(room, place, limit)| Step::Read { room, place, limit }),
        2 => (0..ROOMS, 0..14u64).prop_map(|(room, up_to)| Step::Forget { room, up_to }),
        1 => (0..NAMES).prop_map(Step::DeleteRoom),
        1 => (0..NAMES, any::<String>()).prop_map(|(room, text)| Step::PutRoom { room, text }),
        2 => (0..NAMES, 0..USERS, 0..3usize)
            .prop_map(|(room, user, role)| Step::PutMember { room, user, role }),
        1 => (0..NAMES, 0..USERS).prop_map(|(room, user)| Step::RemoveMember { room, user }),
        1 => (0..USERS, 0..20u64).prop_map(|(user, ago)| Step::Revoke { user, ago }),
        1 => (0..USERS).prop_map(Step::Erase),
        1 => (0..20u64, 0..20u64)
            .prop_map(|(keys_ago, revocations_ago)| Step::Tidy { keys_ago, revocations_ago }),
    ]
}

/// Takes so many stores through a history each; a history that fails is made as short as it can be.
pub fn random<F: Fresh>(fresh: impl Fn() -> F, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let runtime = runtime();
    let histories = prop::collection::vec(step(), 1..30);
    let outcome = TestRunner::new(config).run(&histories, |steps| {
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
