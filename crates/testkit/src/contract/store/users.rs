//! What is known of a user: what they said and were told, and since when their tokens hold.

use std::sync::Arc;

use tidings_core::{Entry, RoomKey, Store, store::Tidy};
use tidings_protocol::{EntryId, Offset, Role, Timestamp, UserId};

use super::Fresh;
use crate::contract::samples::{
    Facts, LONG, at, entry, entry_from, json, log, name, new, personal, room, user,
};

/// What a user published anywhere and what is in the personal room, each once, as it is kept; nothing of others.
pub async fn entries_of_has_what_a_user_published_and_was_sent(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let role = RoomKey::Role(Role::parse("ada").unwrap());
    let (own, others) = (personal("ada"), personal("bob"));
    let hers = [
        entry_from("ada", &room("a"), r#"{"n": 1.0}"#),
        entry_from("ada", &role, "2"),
        entry_from("ada", &RoomKey::Everyone, "3"),
        entry_from("ada", &own, "4"),
        entry_from("bob", &own, "5"),
        entry(&own, "6"),
        entry_from("ada", &others, "7"),
        entry_from("ada", &room("a"), "8"),
    ];
    let expected = ids(hers.iter());
    let not_hers = [
        entry(&room("ada"), "9"),
        entry_from("bob", &room("a"), "10"),
        entry_from("bob", &others, "11"),
        entry_from("Ada", &room("a"), "12"),
        entry_from("ada2", &personal("ada2"), "13"),
        entry(&role, "14"),
    ];
    let batch = hers.into_iter().chain(not_hers).map(|entry| (entry, LONG)).collect();
    let appended = new(store.append(batch, None).await.unwrap());
    let found = store.entries_of(user("ada"), None, 100).await.unwrap();
    assert_eq!(ids(found.iter().map(|entry| &**entry)), expected);
    for entry in &found {
        let kept = appended.iter().find(|kept| kept.id == entry.id).unwrap();
        assert_eq!(Facts::of(entry), Facts::of(kept));
    }
    store.forget(room("a"), Offset(1)).await.unwrap();
    store.delete_room(name("unknown")).await.unwrap();
    assert_eq!(
        store.entries_of(user("ada"), None, 100).await.unwrap().len(),
        7,
        "what is forgotten is not found"
    );
    assert_eq!(store.entries_of(user("nobody"), None, 100).await.unwrap().len(), 0);
}

fn ids<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = entries.map(|entry| entry.id).collect();
    ids.sort_unstable();
    ids
}

/// Pages in an order of the store's own, each beginning behind the last entry of the one before: every entry once.
pub async fn entries_of_pages_meet(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let rooms = [room("b"), room("a"), personal("ada"), personal("é"), RoomKey::Everyone];
    for round in 0..6 {
        for place in &rooms {
            let entry = entry_from(if round % 2 == 0 { "ada" } else { "bob" }, place, "1");
            store.append_one(entry, LONG).await.unwrap();
        }
    }
    let mut expected = Vec::new();
    for place in &rooms {
        let kept = log(&*store, place).await;
        expected.extend(kept.into_iter().filter(|entry| entry.is_of(&user("ada"))));
    }
    let expected = ids(expected.iter().map(|entry| &**entry));
    assert_eq!(expected.len(), 18);
    let whole = pages(&*store, usize::MAX).await;
    for limit in [1, 2, 7, 100] {
        let found = pages(&*store, limit).await;
        assert_eq!(Facts::all(&found), Facts::all(&whole), "{limit} at a time");
        assert_eq!(ids(found.iter().map(|entry| &**entry)), expected, "{limit} at a time");
    }
    assert_eq!(store.entries_of(user("ada"), None, 0).await.unwrap().len(), 0);
}

async fn pages(store: &dyn Store, limit: usize) -> Vec<Arc<Entry>> {
    let mut found: Vec<Arc<Entry>> = Vec::new();
    loop {
        let after = found.last().map(|entry| (entry.room.clone(), entry.offset.unwrap()));
        let page = store.entries_of(user("ada"), after, limit).await.unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return found;
        }
        found.extend(page);
        assert!(found.len() < 1_000, "a page that does not go on: {:?}", found.last());
    }
}

async fn revoked(store: &dyn Store, since: Timestamp) -> Vec<(UserId, Timestamp)> {
    let mut found: Vec<_> =
        store.revocations(since).await.unwrap().into_iter().map(|it| (it.user, it.at)).collect();
    found.sort_unstable();
    found
}

/// An earlier moment than the one that is known changes nothing; all with `at` not before `since` are listed.
pub async fn revoke_keeps_the_latest(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for (who, millis) in [("ada", 5), ("ada", 9), ("ada", 7), ("bob", 4), ("é 🦀", 1), ("Ada", 2)] {
        store.revoke(user(who), at(millis)).await.unwrap();
    }
    let of = |expected: &[(&str, u64)]| -> Vec<(UserId, Timestamp)> {
        expected.iter().map(|(who, millis)| (user(who), at(*millis))).collect()
    };
    let all = of(&[("Ada", 2), ("ada", 9), ("bob", 4), ("é 🦀", 1)]);
    assert_eq!(revoked(&*store, Timestamp::from_millis(0)).await, all);
    assert_eq!(revoked(&*store, at(4)).await, of(&[("ada", 9), ("bob", 4)]));
    assert_eq!(revoked(&*store, at(5)).await, of(&[("ada", 9)]));
    assert_eq!(revoked(&*store, at(10)).await, of(&[]));
}

/// Those from before the moment go; one of that moment stays. Nothing else goes with them.
pub async fn tidy_forgets_old_revocations_only(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for (who, millis) in [("old", 9), ("even", 10), ("young", 11), ("renewed", 1), ("renewed", 12)] {
        store.revoke(user(who), at(millis)).await.unwrap();
    }
    store.put_room(name("orders"), json("1"), at(0)).await.unwrap();
    store.append_one(entry(&room("orders"), "1"), LONG).await.unwrap();
    let long_ago = Timestamp::from_millis(0);
    let tidy = Tidy { keys_before: long_ago, revocations_before: at(10), entries_before: long_ago };
    assert_eq!(store.tidy(at(20), tidy).await.unwrap(), 1);
    assert_eq!(store.tidy(at(21), tidy).await.unwrap(), 0);
    let left: Vec<_> = revoked(&*store, long_ago).await.into_iter().map(|(who, _)| who).collect();
    assert_eq!(left, ["even", "renewed", "young"].map(user));
    assert_eq!(log(&*store, &room("orders")).await.len(), 1);
}
