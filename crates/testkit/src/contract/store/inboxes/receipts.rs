//! Who has a notification, and who has seen and read it.

use tidings_core::{
    RoomKey,
    store::{
        MemberRole,
        inbox::{Change, Notification, Receipt, Which},
    },
};
use tidings_protocol::EntryId;

use super::{super::Fresh, mark, notification, notify, reader, told};
use crate::contract::samples::{at, name, personal, room, user};

/// Whoever got it by name is there, with when it was seen and read.
pub async fn receipts_say_who_saw_and_read(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let it = notification("n", 1);
    let users = ["a", "b", "c", "d"];
    let to = users.iter().map(|who| told(personal(who))).collect();
    store.notify(it.clone(), to, None, at(1)).await.unwrap();
    mark(&*store, "b", Which::Ids(vec![it.id]), Change::Seen, 2).await;
    mark(&*store, "c", Which::UpTo(it.id), Change::Read, 3).await;
    let receipt = |who: &str, seen: Option<u64>, read: Option<u64>| Receipt {
        user: user(who),
        seen_at: seen.map(at),
        read_at: read.map(at),
    };
    let all = [
        receipt("a", None, None),
        receipt("b", Some(2), None),
        receipt("c", Some(3), Some(3)),
        receipt("d", None, None),
    ];
    assert_eq!(store.receipts(it.id, None, 10).await.unwrap(), all);
    assert_eq!(store.receipts(it.id, Some(user("b")), 1).await.unwrap(), all[2..3]);
    assert!(store.receipts(EntryId::new(at(1)), None, 10).await.unwrap().is_empty());
}

/// Of a broadcast those are named who did something with it, and those whose mark covers it and to whom it belongs.
pub async fn receipts_of_a_broadcast_name_whom_marks_cover(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for who in ["a", "b", "c", "d"] {
        store.counters(reader(who), at(0)).await.unwrap();
    }
    for who in ["a", "b"] {
        store.put_member(name("orders"), user(who), MemberRole::default(), at(1)).await.unwrap();
    }
    let (to_all, to_room) = (notification("all", 10), notification("room", 11));
    let to_role = notification("role", 12);
    notify(&*store, &to_all, RoomKey::Everyone, 10).await;
    notify(&*store, &to_room, room("orders"), 11).await;
    notify(&*store, &to_role, RoomKey::Role("support".parse().unwrap()), 12).await;
    store.put_member(name("orders"), user("c"), MemberRole::default(), at(20)).await.unwrap();
    store.counters(reader("late"), at(21)).await.unwrap();
    let later = notification("later", 30);
    notify(&*store, &later, RoomKey::Everyone, 30).await;
    mark(&*store, "a", Which::Ids(vec![to_all.id]), Change::Seen, 31).await;
    for who in ["b", "c", "late"] {
        mark(&*store, who, Which::UpTo(to_role.id), Change::Read, 32).await;
    }
    mark(&*store, "d", Which::UpTo(later.id), Change::Seen, 33).await;
    let said = async |of: &Notification| -> Vec<(String, bool, bool)> {
        let all = store.receipts(of.id, None, 10).await.unwrap();
        all.iter().map(|it| (it.user.to_string(), it.seen_at.is_some(), it.read_at.is_some())).collect()
    };
    let of = |who: &str, read: bool| (who.to_owned(), true, read);
    assert_eq!(said(&to_all).await, [of("a", false), of("b", true), of("c", true), of("d", false)]);
    assert_eq!(said(&to_room).await, [of("b", true)], "c came later, d never");
    assert_eq!(said(&to_role).await, [], "who has a role is not known here");
    assert_eq!(said(&later).await, [of("d", false)]);
    let page = store.receipts(to_all.id, Some(user("a")), 2).await.unwrap();
    assert_eq!(page.iter().map(|it| it.user.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}
