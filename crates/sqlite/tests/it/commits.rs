//! Many share a commit; their order is one.

use std::sync::Arc;

use tidings_core::{Store, StoreError};
use tidings_sqlite::{Options, SqliteStore};

use crate::harness::{Directory, HOUR, append, entry, room, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_append_to_one_room_get_every_offset_once_and_share_commits() {
    let directory = Directory::new();
    let store = Arc::new(directory.open());
    let tasks = (0..64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut offsets = Vec::new();
            for n in 0..20 {
                let offset = append(&store, "a", &format!("{task}-{n}")).await.unwrap();
                let stretch = store.read(
                    room("a"),
                    tidings_core::store::Page::Before(tidings_protocol::Offset(u64::MAX)),
                    5,
                );
                let stretch = stretch.await.unwrap();
                assert!(stretch.head.offset.0 >= offset, "what was answered is there");
                offsets.push(offset);
            }
            assert!(offsets.is_sorted(), "one caller's appends keep their order");
            offsets
        })
    });
    let mut offsets = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        offsets.extend(task.await.unwrap());
    }
    offsets.sort_unstable();
    assert_eq!(offsets, (1..=1280).collect::<Vec<_>>());
    let read: Vec<u64> = texts(&store, "a").await.unwrap().iter().map(|(offset, _)| *offset).collect();
    assert_eq!(read, offsets);
    let figures = store.figures();
    assert_eq!(figures.commands, 1280);
    assert!(figures.commits * 4 < figures.commands, "{figures:?}");
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_refused_at_once() {
    let directory = Directory::new();
    let options = Options { queue_commands: 4, ..Options::default() };
    let store = SqliteStore::open(&directory.database(), options).unwrap();
    // All are handed in before the first is waited for.
    let appends: Vec<_> = (0..500).map(|_| store.append_one(entry(room("a"), "ada", "x"), HOUR)).collect();
    let mut done = 0;
    for append in appends {
        match append.await {
            Ok(_) => done += 1,
            Err(StoreError::Unavailable(why)) => assert!(why.contains("later"), "{why}"),
            Err(other) => panic!("{other}"),
        }
    }
    assert!((4..500).contains(&done), "{done}");
    assert_eq!(texts(&store, "a").await.unwrap().len(), done);

    let options = Options { queue_bytes: 10_000, ..Options::default() };
    let directory = Directory::new();
    let store = SqliteStore::open(&directory.database(), options).unwrap();
    let large = store.append_one(entry(room("a"), "ada", &"x".repeat(20_000)), HOUR).await;
    assert!(matches!(large, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn what_waits_when_the_store_is_dropped_is_done() {
    let directory = Directory::new();
    let store = directory.open();
    let appends: Vec<_> =
        (0..200).map(|_| drop(store.append_one(entry(room("a"), "ada", "x"), HOUR))).collect();
    drop(store);
    assert!(!directory.path().join("tidings.db-wal").exists(), "the log is in the database");
    assert_eq!(texts(&directory.open(), "a").await.unwrap().len(), appends.len());
}
