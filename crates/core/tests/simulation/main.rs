//! The hub under random histories: publishes that arrive out of order, sockets that take what they like, clients that come,
//! go and come back. Whatever happens, a client sees each room's offsets one after the other, once, or is told.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may end with a panic; clippy only knows that of functions marked as tests.

mod client;
mod crowd;
mod hall;
mod presence;
mod world;

use std::sync::Arc;

use proptest::prelude::*;
use tidings_core::{MemoryStore, RecentStore, Store, store_recent::RecentLimits};

use world::{Step, World};

fn step() -> impl Strategy<Value = Step> {
    let client = 0..world::CLIENTS;
    let (room, log) = (0..world::ROOMS, 0..world::LOGS);
    prop_oneof![
        6 => (log.clone(), 0usize..400).prop_map(|(room, size)| Step::Append { room, size }),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        1 => log.prop_map(Step::Transient),
        2 => (client.clone(), room.clone()).prop_map(|(client, room)| Step::Join { client, room }),
        1 => (client.clone(), room).prop_map(|(client, room)| Step::Leave { client, room }),
        1 => client.clone().prop_map(Step::Cut),
        1 => client.clone().prop_map(Step::Return),
        3 => (client, 0usize..3_000).prop_map(|(client, bytes)| Step::Read { client, bytes }),
        3 => (1usize..5).prop_map(Step::Turn),
        1 => (0u64..900).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// B6, B7: no gap, no double, no disorder, or the gap is told.
    #[test]
    fn b6_every_client_sees_every_kept_entry_in_order_once_or_is_told(steps in prop::collection::vec(step(), 1..250)) {
        live(steps, Arc::new(MemoryStore::default()));
    }

    /// The same where recovery reads memory first.
    #[test]
    fn b6_also_with_the_newest_entries_in_memory(steps in prop::collection::vec(step(), 1..250)) {
        let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
        live(steps, Arc::new(RecentStore::with_limits(Arc::new(MemoryStore::default()), limits)));
    }
}

fn live(steps: Vec<Step>, store: Arc<dyn Store>) {
    let mut world = World::new(store);
    for step in steps {
        world.take(step);
        world.check();
    }
    world.come_to_rest();
    world.check();
    world.check_everyone_is_current();
}

/// C1: the grace is counted from the last loss, not from an earlier one.
#[test]
fn c1_who_is_lost_twice_has_the_grace_of_the_second_loss() {
    let mut world = World::new(Arc::new(MemoryStore::default()));
    world.take(Step::Join { client: 0, room: 0 });
    world.take(Step::Join { client: 1, room: 0 });
    // It comes back to the rooms that it knows it is in.
    world.take(Step::Read { client: 1, bytes: 1_000 });
    // The grace is 5 s. Lost at 0 s, back at 4 s, lost again at 4.5 s.
    world.take(Step::Cut(1));
    world.take(Step::Pass(4_000));
    world.take(Step::Return(1));
    assert!(world.is_connected(1));
    world.take(Step::Pass(500));
    world.take(Step::Cut(1));
    for (millis, at) in [(600, "5.1 s, past the first grace"), (4_300, "9.4 s, before the end of the second")]
    {
        world.take(Step::Pass(millis));
        assert_eq!(world.told(0, 1), Vec::<String>::new(), "at {at}");
    }
    for at in ["10 s", "10.6 s"] {
        world.take(Step::Pass(600));
        let told = world.told(0, 1);
        let [update, left] = &told[..] else { panic!("at {at}: {told:?}") };
        assert!(update.starts_with("presence_update ") && update.contains("\"offline\""), "{update}");
        assert!(left.starts_with("member_left "), "{left}");
    }
}

/// C4: a room of 100,000 tells how many there are, and nobody is sent more names than a room that names its people has.
#[test]
fn c4_a_room_of_a_hundred_thousand_sends_no_hundred_thousand_names() {
    let names_max = tidings_settings::Settings::default().live.presence_names_max as u64;
    let figures = crowd::fill(100_000, 20_000);
    // Whoever came first is named to itself in the answer, and heard of each who came until there were numbers.
    assert!(figures.names_most <= names_max, "{figures:?}");
    // The answer to each join and a number a second.
    assert!(figures.bytes_each < 1_000, "{figures:?}");
    assert_eq!(figures.left, 0, "{figures:?}");
}
