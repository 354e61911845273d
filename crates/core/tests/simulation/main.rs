//! The hub under random histories: publishes that arrive out of order, sockets that take what they like, clients that come,
//! go and come back. Whatever happens, a client sees each room's offsets one after the other, once, or is told.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may end with a panic; clippy only knows that of functions marked as tests.

mod client;
mod world;

use proptest::prelude::*;

use world::{Step, World};

fn step() -> impl Strategy<Value = Step> {
    let client = 0..world::CLIENTS;
    let room = 0..world::ROOMS;
    prop_oneof![
        6 => (room.clone(), 0usize..400).prop_map(|(room, size)| Step::Append { room, size }),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        1 => room.clone().prop_map(Step::Transient),
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
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check();
        }
        world.come_to_rest();
        world.check();
        world.check_everyone_is_current();
    }
}
