//! Random histories of a few people in a few rooms, compared with the [`Model`] after each step.

use proptest::{
    prelude::{Strategy, any, prop, prop_oneof},
    test_runner::{Config, TestRunner},
};

use super::model::{EMOJI, Model, ROOMS, Step, USERS};
use crate::contract::{runtime, store::Fresh};

/// How far back messages are spoken of.
const BACK: usize = 5;

fn step() -> impl Strategy<Value = Step> {
    let (rooms, users) = (0..ROOMS.len(), 0..USERS.len());
    let who = || prop::option::weighted(0.85, 0..USERS.len());
    let mask = 0..(1_u8 << USERS.len());
    let send = (
        rooms.clone(),
        who(),
        prop::option::of(0..3_u8),
        prop::option::weighted(0.2, 0..BACK),
        prop::option::weighted(0.4, 0..BACK),
        mask.clone(),
        prop::bool::weighted(0.03),
    );
    prop_oneof![
        10 => send.prop_map(|(room, from, client, reply, thread, mentions, last)| {
            Step::Send { room, from, client, reply, thread, mentions, last }
        }),
        3 => (rooms.clone(), who(), 0..BACK, any::<bool>(), any::<bool>(), mask).prop_map(
            |(room, from, message, by, keep, mentions)| Step::Edit { room, from, message, by, keep, mentions }
        ),
        2 => (rooms.clone(), who(), 0..BACK, any::<bool>(), any::<bool>())
            .prop_map(|(room, from, message, by, keep)| Step::Delete { room, from, message, by, keep }),
        4 => (rooms.clone(), users.clone(), 0..BACK, 0..EMOJI.len(), prop::bool::weighted(0.7))
            .prop_map(|(room, user, message, emoji, on)| Step::React { room, user, message, emoji, on }),
        2 => (rooms.clone(), users.clone(), 0..BACK, prop::bool::weighted(0.7))
            .prop_map(|(room, user, message, on)| Step::Pin { room, user, message, on }),
        3 => (rooms.clone(), users.clone(), 0..20_u64, any::<bool>())
            .prop_map(|(room, user, offset, private)| Step::ReadOffset { room, user, offset, private }),
        2 => (rooms.clone(), users.clone(), 0..BACK, any::<bool>())
            .prop_map(|(room, user, message, private)| Step::ReadMessage { room, user, message, private }),
        1 => (rooms.clone(), prop::bool::weighted(0.2)).prop_map(|(room, last)| Step::Plain { room, last }),
        1 => (rooms.clone(), users.clone(), prop::option::of(0..20_u64))
            .prop_map(|(room, user, mute)| Step::Mute { room, user, mute }),
        2 => (rooms.clone(), 0..14_u64).prop_map(|(room, up_to)| Step::Forget { room, up_to }),
        1 => rooms.prop_map(Step::DeleteRoom),
        1 => users.prop_map(Step::Erase),
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
                if fresh.keeps_words() {
                    model.check_found(&*store).await;
                }
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
