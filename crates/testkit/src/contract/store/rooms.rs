//! Rooms: what is known of them, their deletion, and their list.

use std::collections::HashSet;

use tidings_core::{
    RoomKey,
    store::{MemberRole, RoomRecord},
};
use tidings_protocol::{Json, Offset, Role};

use super::Fresh;
use crate::contract::samples::{
    LONG, TO_THE_END, at, changed, entry, fill, json, log, name, offsets, personal, read, room, together,
    user,
};

/// Put, appended to or given a member: each makes a room known, and the first says since when.
pub async fn a_room_is_known_by_what_was_done_to_it_first(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let put =
        async |name: &str, millis| store.put_room(self::name(name), json("1"), at(millis)).await.unwrap();
    let append = async |place: &RoomKey, millis| {
        let entry = changed(entry(place, "1"), |entry| entry.time = at(millis));
        store.append_one(entry, LONG).await.unwrap();
    };
    let give = async |name: &str, millis| {
        store.put_member(self::name(name), user("ada"), MemberRole::default(), at(millis)).await.unwrap();
    };
    assert_eq!(store.room(room("put")).await.unwrap(), None);
    put("put", 1).await;
    append(&room("put"), 2).await;
    append(&room("appended"), 1).await;
    give("appended", 2).await;
    put("appended", 3).await;
    give("given", 1).await;
    append(&room("given"), 2).await;
    append(&personal("ada"), 1).await;
    for (key, data, members) in [
        (room("put"), "1", 0),
        (room("appended"), "1", 1),
        (room("given"), "null", 1),
        (personal("ada"), "null", 0),
    ] {
        let head = store.head(key.clone()).await.unwrap();
        let expected = RoomRecord {
            room: key.clone(),
            head,
            oldest: Offset(1),
            data: json(data),
            members,
            created_at: at(1),
        };
        assert_eq!(store.room(key).await.unwrap(), Some(expected));
    }
}

/// Creates a room or changes its data; true when it was created.
pub async fn put_room_says_whether_it_is_new_and_keeps_the_log(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    let empty = store.head(orders.clone()).await.unwrap();
    let odd = r#"{"n": 1.0, "n": 2e2, "t": "\u0000 "}"#;
    assert!(store.put_room(name("orders"), json(odd), at(0)).await.unwrap());
    let record = store.room(orders.clone()).await.unwrap().unwrap();
    assert_eq!((record.head, record.oldest, record.data), (empty, Offset(1), json(odd)));
    fill(&*store, &orders, 3).await;
    let head = store.head(orders.clone()).await.unwrap();
    store.forget(orders.clone(), Offset(1)).await.unwrap();
    assert!(!store.put_room(name("orders"), Json::null(), at(2)).await.unwrap());
    let record = store.room(orders.clone()).await.unwrap().unwrap();
    assert_eq!(
        (record.head, record.oldest, record.data, record.created_at),
        (head, Offset(2), Json::null(), at(0))
    );
    assert_eq!(offsets(&log(&*store, &orders).await), [2, 3]);
    fill(&*store, &room("appended"), 1).await;
    assert!(
        !store.put_room(name("appended"), json("2"), at(3)).await.unwrap(),
        "it is there since the append"
    );
    store.put_member(name("given"), user("ada"), MemberRole::default(), at(1)).await.unwrap();
    assert!(!store.put_room(name("given"), json("2"), at(3)).await.unwrap(), "it is there since the member");
    assert_eq!(store.room(room("given")).await.unwrap().unwrap().members, 1);
}

/// However many put it at once.
pub async fn only_one_of_many_creates_a_room(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for round in 1..=5 {
        let place = format!("orders{round}");
        let created = together(8, |caller| {
            let (store, place, data) = (store.clone(), name(&place), json(&caller.to_string()));
            async move { store.put_room(place, data, at(0)).await.unwrap() }
        });
        assert_eq!(created.await.into_iter().filter(|created| *created).count(), 1);
        assert_eq!(store.rooms(None, 10).await.unwrap().len(), round);
    }
}

/// Forgets a room with its entries and members; whether there was one.
pub async fn a_deleted_room_is_gone_with_entries_and_members(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let ada = || user("ada");
    assert!(!store.delete_room(name("unknown")).await.unwrap());
    for place in ["full", "other"] {
        store.put_room(name(place), json("1"), at(1)).await.unwrap();
        fill(&*store, &room(place), 3).await;
        store.put_member(name(place), ada(), MemberRole::default(), at(1)).await.unwrap();
    }
    fill(&*store, &room("appended"), 1).await;
    store.put_member(name("given"), ada(), MemberRole::default(), at(1)).await.unwrap();
    store.put_room(name("put"), json("1"), at(1)).await.unwrap();
    let other = store.room(room("other")).await.unwrap();
    for place in ["full", "appended", "given", "put"] {
        assert!(store.delete_room(name(place)).await.unwrap(), "{place}");
        assert!(!store.delete_room(name(place)).await.unwrap(), "{place} again");
        assert_eq!(store.room(room(place)).await.unwrap(), None);
        assert_eq!(store.head(room(place)).await.unwrap().offset, Offset(0));
        assert_eq!(log(&*store, &room(place)).await.len(), 0);
        assert_eq!(store.member(name(place), ada()).await.unwrap(), None);
        assert_eq!(store.members(name(place), None, 10).await.unwrap(), []);
    }
    assert_eq!(store.rooms_of(ada(), None, 10).await.unwrap(), [(name("other"), MemberRole::default())]);
    assert_eq!(store.room(room("other")).await.unwrap(), other, "the others are as they were");
    assert_eq!(log(&*store, &room("other")).await.len(), 3);
    let keys: Vec<_> = store.rooms(None, 10).await.unwrap().into_iter().map(|record| record.room).collect();
    assert_eq!(keys, [room("other")]);
    assert!(store.put_room(name("full"), json("2"), at(5)).await.unwrap());
    let begun = store.room(room("full")).await.unwrap().unwrap();
    assert_eq!((begun.members, begun.created_at, begun.head.offset), (0, at(5), Offset(0)));
}

/// Offsets begin at 1 again, in an epoch that the room never had; other rooms keep theirs.
pub async fn a_log_begun_again_has_another_epoch(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (orders, other) = (room("orders"), room("other"));
    fill(&*store, &other, 1).await;
    let others = store.head(other.clone()).await.unwrap();
    let mut epochs = HashSet::new();
    for _ in 0..5 {
        assert_eq!(offsets(&fill(&*store, &orders, 2).await), [1, 2]);
        let head = store.head(orders.clone()).await.unwrap();
        assert!(epochs.insert(head.epoch.clone()), "{} was there before", head.epoch);
        assert_eq!(read(&*store, &orders, TO_THE_END, 1).await.head, head);
        store.delete_room(name("orders")).await.unwrap();
        let gone = store.head(orders.clone()).await.unwrap();
        assert_eq!(gone.offset, Offset(0));
        assert!(!epochs.contains(&gone.epoch), "the position says that the log is another one");
    }
    assert_eq!(store.head(other).await.unwrap(), others);
}

/// All kinds of rooms in the order of their keys' texts, byte by byte, in pages that meet.
pub async fn rooms_come_in_the_order_of_their_keys(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let mut keys: Vec<RoomKey> =
        ["a", "B", "b", "a.b", "a:b", "a_b", "a-b", "ab", "A", "a@b", "10", "9"].map(room).into();
    keys.extend(["zoe", "Zoe", "é", "🦀", "\u{ffff}", "a b", "e\u{301}"].map(personal));
    keys.extend([RoomKey::Everyone, RoomKey::Role(Role::parse("admin").unwrap())]);
    for (number, key) in keys.iter().enumerate() {
        match key.name().filter(|_| number % 3 > 0) {
            None => drop(fill(&*store, key, 1).await),
            Some(name) if number % 3 == 1 => {
                store.put_room(name.clone(), json("1"), at(0)).await.unwrap();
            }
            Some(name) => {
                store.put_member(name.clone(), user("ada"), MemberRole::default(), at(0)).await.unwrap();
            }
        }
    }
    keys.sort_by_key(ToString::to_string);
    for limit in [1, 2, 5, 100, usize::MAX] {
        let mut listed = Vec::new();
        loop {
            let page = store.rooms(listed.last().cloned(), limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|record| record.room));
            assert!(listed.len() <= keys.len(), "a page that does not go on: {listed:?}");
        }
        assert_eq!(listed, keys, "{limit} at a time");
    }
    assert_eq!(store.rooms(None, 0).await.unwrap(), []);
    let behind = store.rooms(Some(room("a0")), 1).await.unwrap();
    assert_eq!(behind[0].room, room("a:b"), "the place to begin behind need not exist");
    for record in store.rooms(None, 100).await.unwrap() {
        assert_eq!(store.room(record.room.clone()).await.unwrap(), Some(record));
    }
}
