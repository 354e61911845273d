//! Two servers on one database.

use std::sync::Arc;

use tidings_core::Store;
use tidings_testkit::contract::{
    run,
    samples::{log, offsets, room},
};

use crate::server::{append, open, shared};

#[test]
fn appends_of_two_servers_interleave_without_gap_or_double() {
    run(async {
        let url = shared().database().unwrap();
        let stores = [open(&url).await, open(&url).await];
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16 {
            let store = stores[writer % 2].clone();
            writers.spawn(async move {
                let mut own = Vec::new();
                for number in 0..25 {
                    // Several rooms in changing order: servers must not wait for each other in a circle.
                    let name = format!("room{}", (writer * 7 + number) % 3);
                    let entry =
                        append(&*store, &room(&name), (writer * 1_000 + number) as u64).await.unwrap();
                    own.push((name, entry.offset.unwrap().0));
                }
                own
            });
        }
        let mut given = writers.join_all().await.concat();
        given.sort();
        let mut kept = Vec::new();
        for name in ["room0", "room1", "room2"] {
            let store: Arc<dyn Store> = stores[0].clone();
            let there = offsets(&log(&*store, &room(name)).await);
            assert!(there.iter().copied().eq(1..=there.len() as u64));
            kept.extend(there.into_iter().map(|offset| (name.to_owned(), offset)));
        }
        assert_eq!((given.len(), given), (400, kept));
        assert!(stores[0].is_shared());
    });
}
