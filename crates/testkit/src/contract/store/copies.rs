//! Backups: a copy of everything, as of one moment.

use std::fs;

use tidings_core::{
    StoreError,
    store::{MemberRole, Person},
};

use super::{Fresh, lasting::book};
use crate::Folder;
use crate::contract::samples::{
    Facts, LONG, at, entry, entry_from, fill, json, log, name, offsets, personal, room, user,
};

/// Or the store says that it cannot, and leaves nothing.
pub async fn a_copy_has_everything_and_replaces_no_file(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let rooms = [room("orders"), personal("é 🦀")];
    for place in &rooms {
        store.append_one(entry_from("ada", place, r#"{"n": 1.0, "n": 2e2}"#), LONG).await.unwrap();
    }
    store.put_room(name("orders"), json("[ ]"), at(1)).await.unwrap();
    store.put_member(name("orders"), user("ada"), MemberRole::default(), at(1)).await.unwrap();
    store.revoke(user("bob"), at(1)).await.unwrap();
    let bob = Person { user: user("bob"), last_seen: at(1), revision: 2, server: None };
    store.note_people(vec![bob]).await.unwrap();
    let folder = Folder::new();
    let target = folder.path().join("copy");
    match store.backup(&target).await {
        Err(StoreError::Unsupported(_)) => return assert!(!target.exists()),
        other => other.unwrap(),
    }
    let written = fs::read(&target).unwrap();
    assert!(store.backup(&target).await.is_err(), "it must not exist");
    assert_eq!(fs::read(&target).unwrap(), written, "and is as it was");
    let Some(copy) = fresh.copy(&target).await else { return };
    assert_eq!(book(&*copy).await, book(&*store).await);
    for place in &rooms {
        assert_eq!(Facts::all(&log(&*copy, place).await), Facts::all(&log(&*store, place).await));
    }
    fill(&*copy, &rooms[0], 1).await;
    assert_eq!(log(&*store, &rooms[0]).await.len(), 1, "a copy is a store of its own");
}

/// Nothing of an append is in it without the rest, and none without those before.
pub async fn a_copy_is_of_one_moment(fresh: &mut impl Fresh) {
    const PAIRS: u64 = 200;
    let store = fresh.store().await;
    let (a, b) = (room("a"), room("b"));
    let appender = {
        let (store, a, b) = (store.clone(), a.clone(), b.clone());
        tokio::spawn(async move {
            for _ in 0..PAIRS {
                let batch = [&a, &b].map(|room| (entry(room, "1"), LONG));
                store.append(batch.into(), None).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    while store.head(a.clone()).await.unwrap().offset.0 < PAIRS / 10 {
        tokio::task::yield_now().await;
    }
    let folder = Folder::new();
    let target = folder.path().join("copy");
    let copied = store.backup(&target).await;
    appender.await.unwrap();
    match copied {
        Err(StoreError::Unsupported(_)) => return,
        other => other.unwrap(),
    }
    assert_eq!(log(&*store, &a).await.len() as u64, PAIRS, "copying holds up nobody for good");
    let Some(copy) = fresh.copy(&target).await else { return };
    let (in_a, in_b) = (offsets(&log(&*copy, &a).await), offsets(&log(&*copy, &b).await));
    assert_eq!(in_a, in_b);
    assert!(in_a.len() as u64 >= PAIRS / 10, "what was done before is in it");
}
