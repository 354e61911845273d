//! Appending: offsets, order, and that what is kept is what was given.

use std::sync::Arc;

use tidings_core::{Entry, RoomKey, store::Page};
use tidings_protocol::{ConnectionId, EntryId, EventType, Json, Offset, Role, Timestamp};
use tidings_settings::Keep;

use super::Fresh;
use crate::contract::samples::{
    Facts, LONG, TO_THE_END, at, changed, data, entry, entry_from, fill, json, log, new, offsets, personal,
    read, room, user,
};

/// Entries of a room get offsets one after the other, beginning at 1.
pub async fn offsets_begin_at_1_and_leave_none_out(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    assert_eq!(offsets(&fill(&*store, &orders, 5).await), [1, 2, 3, 4, 5]);
    let batch = (0..3).map(|_| (entry(&orders, "0"), LONG)).collect();
    assert_eq!(offsets(&new(store.append(batch, None).await.unwrap())), [6, 7, 8]);
    assert_eq!(offsets(&log(&*store, &orders).await), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(store.head(orders).await.unwrap().offset, Offset(8));
}

/// What happens in one room moves no other.
pub async fn rooms_count_for_themselves(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (a, b) = (room("a"), room("b"));
    fill(&*store, &a, 3).await;
    fill(&*store, &b, 1).await;
    assert_eq!(offsets(&fill(&*store, &a, 1).await), [4]);
    assert_eq!(offsets(&fill(&*store, &b, 1).await), [2]);
    store.forget(a.clone(), Offset(4)).await.unwrap();
    assert_eq!(offsets(&log(&*store, &b).await), [1, 2]);
}

/// The order of the entries of one append is the caller's, in the answer and in each room.
pub async fn entries_of_one_append_keep_their_order(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (a, b, c) = (room("a"), personal("b"), RoomKey::Everyone);
    fill(&*store, &b, 1).await;
    let order = [&c, &a, &b, &a, &a, &c, &b, &a];
    let batch = order.iter().enumerate().map(|(n, room)| (entry(room, &n.to_string()), LONG)).collect();
    let appended = new(store.append(batch, None).await.unwrap());
    assert_eq!(data(&appended), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(appended.iter().map(|entry| &entry.room).collect::<Vec<_>>(), order);
    assert_eq!(offsets(&appended), [1, 1, 2, 2, 3, 2, 3, 4]);
    assert_eq!(data(&log(&*store, &a).await), ["1", "3", "4", "7"]);
    assert_eq!(data(&log(&*store, &b).await), ["1", "2", "6"]);
    assert_eq!(data(&log(&*store, &c).await), ["0", "5"]);
}

/// The answer is the entry with its offset, whom it is not for too: the hub hands it out. What is read later is the same.
pub async fn an_entry_comes_back_as_it_was_given(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    let except = ConnectionId::new(at(0));
    let given = || {
        let entry = entry_from("ada", &orders, "[1]");
        changed(entry, |entry| (entry.except, entry.time) = (Some(except), at(7)))
    };
    let one = given();
    let facts = Facts { offset: Some(Offset(1)), ..Facts::of(&one) };
    let kept = store.append_one(one, LONG).await.unwrap();
    assert_eq!((Facts::of(&kept), kept.except), (facts.clone(), Some(except)));
    let two = given();
    let more = Facts { offset: Some(Offset(2)), ..Facts::of(&two) };
    let kept = new(store.append(vec![(two, LONG)], None).await.unwrap());
    assert_eq!((Facts::all(&kept), kept[0].except), (vec![more.clone()], Some(except)));
    assert_eq!(Facts::all(&log(&*store, &orders).await), [facts, more]);
}

/// Data, senders and types are texts to a store, and none of its own letters, numbers or spaces mean anything to it.
pub async fn texts_come_back_byte_for_byte(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    let long = format!("\"{}é\"", "x".repeat(64 * 1024));
    let texts = [
        r#"{"n": 1.0, "n": 2e2}"#,
        "{\"b\":1,\n\t\"a\" : [ ] }",
        "\"\u{2028}\u{2029}\u{feff}é🦀\u{10ffff}\"",
        r#""\u0000\ud83e\udd80\/\\\"""#,
        "123456789012345678901234567890.00e400",
        r"-0",
        r#""'; DROP TABLE entries; -- $1 ?1 %s \\x00""#,
        "null",
        "\"\"",
        &long,
    ];
    let senders = [r#"a"d'a\"#, "🦀 é\u{2028}", " ada ", "ADA", "ada", "a%_\u{301}", "null"];
    let mut given = Vec::new();
    for (number, text) in texts.into_iter().enumerate() {
        let entry = entry_from(senders[number % senders.len()], &orders, text);
        let r#type = EventType::parse(["a", "A", "order/paid:1.2_3-4"][number % 3]).unwrap();
        let entry = changed(entry, |entry| entry.r#type = r#type);
        given.push(Facts { offset: Some(Offset(number as u64 + 1)), ..Facts::of(&entry) });
        store.append_one(entry, LONG).await.unwrap();
    }
    let batch: Vec<_> = texts.iter().map(|text| (entry(&orders, text), LONG)).collect();
    store.append(batch, None).await.unwrap();
    let kept = log(&*store, &orders).await;
    assert_eq!(Facts::all(&kept[..texts.len()]), given);
    assert_eq!(data(&kept[texts.len()..]), texts);
}

/// Rooms, users, roles and types of 128 bytes.
pub async fn names_may_be_as_long_as_they_may(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (ascii, crabs) = ("n".repeat(128), "🦀".repeat(32));
    let rooms =
        [room(&ascii), personal(&crabs), personal(&ascii), RoomKey::Role(Role::parse(&crabs).unwrap())];
    for place in &rooms {
        let r#type = EventType::parse(&ascii).unwrap();
        let entry = changed(entry_from(&crabs, place, "1"), |entry| entry.r#type = r#type);
        let facts = Facts { offset: Some(Offset(1)), ..Facts::of(&entry) };
        store.append_one(entry, LONG).await.unwrap();
        assert_eq!(Facts::all(&log(&*store, place).await), [facts]);
        assert_eq!(store.room(place.clone()).await.unwrap().unwrap().room, *place);
    }
    assert_eq!(store.entries_of(user(&crabs), None, 10).await.unwrap().len(), 4);
    assert_eq!(store.entries_of(user(&ascii), None, 10).await.unwrap().len(), 1);
}

/// A user, a role and everyone are rooms too, and none is mistaken for another of the same name.
pub async fn every_kind_of_room_has_a_log_of_its_own(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let kinds = [
        room("ada"),
        personal("ada"),
        RoomKey::Role(Role::parse("ada").unwrap()),
        RoomKey::Everyone,
        room("everyone"),
        room("ADA"),
        room("user:ada"),
        personal("Ada"),
        personal("room:ada"),
    ];
    for (count, kind) in kinds.iter().enumerate() {
        fill(&*store, kind, count as u64 + 1).await;
    }
    for (count, kind) in kinds.iter().enumerate() {
        assert_eq!(store.head(kind.clone()).await.unwrap().offset.0, count as u64 + 1, "{kind}");
        assert_eq!(log(&*store, kind).await.len(), count + 1, "{kind}");
    }
}

/// The order of a log is that of its offsets, whatever the times and ids of its entries say.
pub async fn any_time_will_do(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    let times = [at(5_000), at(0), Timestamp::from_millis(0), Timestamp::from_millis(u64::MAX), at(1)];
    for time in times {
        let entry = changed(entry(&orders, "1"), |entry| (entry.time, entry.id) = (time, EntryId::new(time)));
        store.append_one(entry, LONG).await.unwrap();
    }
    let kept = log(&*store, &orders).await;
    assert_eq!(kept.iter().map(|entry| entry.time).collect::<Vec<_>>(), times);
    assert_eq!(offsets(&kept), [1, 2, 3, 4, 5]);
}

/// No number of entries or bytes that a request can hold is too much for one append.
pub async fn an_append_may_be_large(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let rooms = ["a", "b", "c"].map(room);
    let text = format!("\"{}\"", "x".repeat(1024));
    let batch = (0..2_400).map(|n| (entry_from("ada", &rooms[n % 3], &text), LONG)).collect();
    assert_eq!(new(store.append(batch, None).await.unwrap()).len(), 2_400);
    for place in &rooms {
        assert_eq!(offsets(&log(&*store, place).await), (1..=800).collect::<Vec<_>>());
    }
}

/// Nothing is appended, no room begins.
pub async fn an_append_of_nothing_is_nothing(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert!(new(store.append(Vec::new(), None).await.unwrap()).is_empty());
    assert!(store.rooms(None, 10).await.unwrap().is_empty());
}

/// With `Keep::Last` the older entries of the room go in the same transaction.
pub async fn keep_last_leaves_one(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (price, other) = (room("price"), room("other"));
    fill(&*store, &other, 3).await;
    fill(&*store, &price, 3).await;
    let kept = async |expected: &[&str], oldest: u64| {
        assert_eq!(data(&log(&*store, &price).await), expected);
        assert_eq!(read(&*store, &price, TO_THE_END, 1).await.oldest, Offset(oldest));
    };
    for number in 4..=6u64 {
        let appended = store.append_one(entry(&price, &number.to_string()), Keep::Last).await.unwrap();
        assert_eq!(appended.offset, Some(Offset(number)));
        kept(&[&number.to_string()], number).await;
    }
    let batch = ["7", "8"].map(|text| (entry(&price, text), Keep::Last));
    assert_eq!(offsets(&new(store.append(batch.into(), None).await.unwrap())), [7, 8], "all are answered");
    kept(&["8"], 8).await;
    let epoch = store.head(price.clone()).await.unwrap().epoch;
    store.append_one(entry(&price, "9"), LONG).await.unwrap();
    kept(&["8", "9"], 8).await;
    assert_eq!(store.head(price.clone()).await.unwrap().epoch, epoch);
    assert_eq!(log(&*store, &other).await.len(), 3);
}

/// Drops the entries up to an offset; the head stays, and so does the epoch.
pub async fn forget_drops_the_oldest_only(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (orders, other) = (room("orders"), room("other"));
    let appended = fill(&*store, &orders, 10).await;
    fill(&*store, &other, 10).await;
    let head = store.head(orders.clone()).await.unwrap();
    for (up_to, gone, left) in
        [(0, 0, 10), (3, 3, 7), (3, 0, 7), (2, 0, 7), (7, 4, 3), (u64::MAX, 3, 0), (9, 0, 0)]
    {
        assert_eq!(store.forget(orders.clone(), Offset(up_to)).await.unwrap(), gone, "up to {up_to}");
        let expected: &[Arc<Entry>] = &appended[10 - left..];
        assert_eq!(Facts::all(&log(&*store, &orders).await), Facts::all(expected), "up to {up_to}");
        let stretch = read(&*store, &orders, Page::After(Offset(0)), 100).await;
        assert_eq!((stretch.head, stretch.oldest), (head.clone(), Offset(11 - left as u64)), "up to {up_to}");
        assert_eq!(store.head(orders.clone()).await.unwrap(), head);
    }
    let next = store.append_one(entry(&orders, "11"), LONG).await.unwrap();
    assert_eq!((next.offset, &next.data), (Some(Offset(11)), &json("11")));
    assert_eq!(store.head(orders.clone()).await.unwrap().epoch, head.epoch);
    assert_eq!(log(&*store, &other).await.len(), 10);
    assert_eq!(store.forget(room("unknown"), Offset(5)).await.unwrap(), 0);
    assert_eq!(store.room(room("unknown")).await.unwrap(), None, "to forget nothing begins no room");
    let record = store.room(orders).await.unwrap().unwrap();
    assert_eq!((record.head.offset, record.oldest, record.data), (Offset(11), Offset(11), Json::null()));
}
