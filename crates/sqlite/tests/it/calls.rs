//! A round through every call, and that all of it is there after the file was closed and opened.

use tidings_core::{
    RoomKey, Store, StoreError,
    store::{Appended, AuditAct, Erased, MemberRole, Once, Page, Tidy},
};
use tidings_protocol::{Json, Offset};
use tidings_settings::Keep;

use crate::harness::{Directory, HOUR, append, entry, json, name, room, texts, time, user};

fn once(key: &str, print: u8) -> Option<Once> {
    Some(Once { key: key.into(), print: [print; 32], now: time(1) })
}

#[tokio::test]
async fn a_log_is_read_both_ways_and_survives_being_closed() {
    let directory = Directory::new();
    let store = directory.open();
    let unborn = store.head(room("a")).await.unwrap();
    assert_eq!(unborn.offset, Offset(0));
    for n in 1..=10 {
        assert_eq!(append(&store, "a", &n.to_string()).await, Ok(n));
    }
    store.close();
    let store = directory.open();
    assert_eq!(store.head(room("b")).await.unwrap(), unborn);
    let offsets = async |page, limit| {
        let stretch = store.read(room("a"), page, limit).await.unwrap();
        assert_eq!((stretch.head.epoch, stretch.head.offset), (unborn.epoch.clone(), Offset(10)));
        stretch.entries.iter().map(|entry| entry.offset.unwrap().0).collect::<Vec<_>>()
    };
    assert_eq!(offsets(Page::After(Offset(3)), 2).await, [4, 5]);
    assert_eq!(offsets(Page::After(Offset(10)), 2).await, [0; 0]);
    assert_eq!(offsets(Page::After(Offset(0)), 0).await, [0; 0]);
    assert_eq!(offsets(Page::After(Offset(u64::MAX)), 2).await, [0; 0]);
    assert_eq!(offsets(Page::Before(Offset(3)), 5).await, [1, 2]);
    assert_eq!(offsets(Page::Before(Offset(1)), 5).await, [0; 0]);
    assert_eq!(offsets(Page::Before(Offset(0)), 5).await, [0; 0]);
    assert_eq!(offsets(Page::Before(Offset(u64::MAX)), 3).await, [8, 9, 10]);
    assert_eq!(store.forget(room("a"), Offset(4)).await, Ok(4));
    assert_eq!(store.read(room("a"), Page::After(Offset(0)), 1).await.unwrap().oldest, Offset(5));
    assert_eq!(offsets(Page::Before(Offset(8)), 100).await, [5, 6, 7]);
    assert_eq!(store.forget(room("a"), Offset(u64::MAX)).await, Ok(6));
    assert_eq!(append(&store, "a", "on").await, Ok(11));
}

#[tokio::test]
async fn last_keeps_one_and_a_deleted_room_begins_another_epoch() {
    let directory = Directory::new();
    let store = directory.open();
    for text in ["one", "two", "three"] {
        store.append_one(entry(room("a"), "ada", text), Keep::Last).await.unwrap();
    }
    assert_eq!(texts(&store, "a").await.unwrap(), [(3, "three".to_owned())]);
    let before = store.head(room("a")).await.unwrap().epoch;
    assert_eq!(store.delete_room(name("a")).await, Ok(true));
    assert_eq!(store.delete_room(name("a")).await, Ok(false));
    assert_eq!(store.room(room("a")).await, Ok(None));
    store.close();
    let store = directory.open();
    let unborn = store.head(room("a")).await.unwrap();
    assert_ne!(unborn.epoch, before);
    assert_eq!(append(&store, "a", "again").await, Ok(1));
    assert_eq!(store.head(room("a")).await.unwrap().epoch, unborn.epoch);
}

#[tokio::test]
async fn a_key_works_once_also_after_the_file_was_closed() {
    let directory = Directory::new();
    let store = directory.open();
    let two = || vec![(entry(room("a"), "ada", "one"), HOUR), (entry(room("b"), "ada", "two"), HOUR)];
    let Appended::New(new) = store.append(two(), once("k", 1)).await.unwrap() else { panic!("it is new") };
    store.close();
    let store = directory.open();
    let Appended::Before(before) = store.append(two(), once("k", 1)).await.unwrap() else {
        panic!("it was before")
    };
    let places: Vec<_> = new.iter().map(|entry| (entry.id, entry.offset.unwrap())).collect();
    assert_eq!(before, places);
    assert_eq!(store.append(two(), once("k", 2)).await.unwrap_err(), StoreError::Conflict);
    assert_eq!(texts(&store, "a").await.unwrap().len(), 1, "a refused append leaves nothing");
    assert!(matches!(store.append(vec![], once("empty", 1)).await, Ok(Appended::New(new)) if new.is_empty()));
    assert!(matches!(store.append(vec![], once("empty", 1)).await, Ok(Appended::Before(_))));
    let tidy = Tidy { keys_before: time(2), revocations_before: time(2), entries_before: time(0) };
    assert_eq!(store.tidy(time(3), tidy).await, Ok(2));
    assert!(matches!(store.append(two(), once("k", 2)).await, Ok(Appended::New(_))));
}

#[tokio::test]
async fn rooms_and_members_are_paged_in_order() {
    let directory = Directory::new();
    let store = directory.open();
    assert_eq!(store.put_room(name("b"), json("data"), time(5)).await, Ok(true));
    assert_eq!(store.put_room(name("b"), json("other"), time(6)).await, Ok(false));
    let (member, owner) = (MemberRole::default(), MemberRole::parse("owner").unwrap());
    for who in ["ada", "bob", "eve"] {
        assert_eq!(store.put_member(name("b"), user(who), member.clone(), time(7)).await, Ok(true));
    }
    assert_eq!(store.put_member(name("b"), user("bob"), owner.clone(), time(8)).await, Ok(false));
    assert_eq!(store.put_member(name("c"), user("bob"), member.clone(), time(8)).await, Ok(true));
    append(&store, "a", "hello").await.unwrap();
    store.append_one(entry(RoomKey::Everyone, "ada", "x"), HOUR).await.unwrap();
    let rooms = store.rooms(None, 10).await.unwrap();
    let keys: Vec<String> = rooms.iter().map(|record| record.room.to_string()).collect();
    assert_eq!(keys, ["everyone", "room:a", "room:b", "room:c"]);
    let b = &rooms[2];
    assert_eq!((b.data.as_str(), b.members, b.created_at, b.oldest), ("\"other\"", 3, time(5), Offset(1)));
    assert_eq!(store.rooms(Some(room("a")), 1).await.unwrap()[0].room, room("b"));
    let bob = store.member(name("b"), user("bob")).await.unwrap().unwrap();
    assert_eq!((bob.role, bob.since), (owner.clone(), time(7)));
    let page = store.members(name("b"), Some(user("ada")), 1).await.unwrap();
    assert_eq!(page[0].user, user("bob"));
    assert_eq!(
        store.rooms_of(user("bob"), None, 9).await.unwrap(),
        [(name("b"), owner), (name("c"), member)]
    );
    assert_eq!(store.rooms_of(user("bob"), Some(name("b")), 9).await.unwrap().len(), 1);
    assert_eq!(store.remove_member(name("b"), user("bob")).await, Ok(true));
    assert_eq!(store.remove_member(name("b"), user("bob")).await, Ok(false));
    assert_eq!(store.member(name("b"), user("bob")).await, Ok(None));
}

#[tokio::test]
async fn users_jobs_and_the_audit_log() {
    let directory = Directory::new();
    let store = directory.open();
    store.revoke(user("ada"), time(9)).await.unwrap();
    store.revoke(user("ada"), time(3)).await.unwrap();
    assert_eq!(store.revocations(time(9)).await.unwrap()[0].at, time(9));
    for (to, from) in [("a", "ada"), ("a", "bob"), ("b", "ada"), ("b", "ada")] {
        store.append_one(entry(room(to), from, "x"), HOUR).await.unwrap();
    }
    let personal = RoomKey::Personal(user("ada"));
    store.append_one(entry(personal.clone(), "bob", "x"), HOUR).await.unwrap();
    let mut pages = Vec::new();
    let mut after = None;
    while let Some(entry) = store.entries_of(user("ada"), after, 1).await.unwrap().pop() {
        after = Some((entry.room.clone(), entry.offset.unwrap()));
        pages.push(after.clone().unwrap());
    }
    let at = |room: RoomKey, offset| (room, Offset(offset));
    assert_eq!(pages, [at(room("a"), 1), at(room("b"), 1), at(room("b"), 2), at(personal, 1)]);
    store.put_member(name("a"), user("ada"), MemberRole::default(), time(1)).await.unwrap();
    let erased = Erased { personal_entries: 1, blanked_entries: 3, memberships: 1, ..Erased::default() };
    assert_eq!(store.erase(user("ada")).await, Ok(erased));
    assert_eq!(store.erase(user("ada")).await, Ok(Erased::default()));
    assert_eq!(store.revocations(time(0)).await, Ok(vec![]));

    assert_eq!(store.claim_job("tidy", time(10), 1000, 5000).await, Ok(true));
    assert_eq!(store.claim_job("tidy", time(11), 1000, 5000).await, Ok(false));
    store.finish_job("tidy", time(12), Ok(Json::null())).await.unwrap();
    assert_eq!(store.jobs().await.unwrap()[0].ended_at, Some(time(12)));
    assert_eq!(store.claim_job("tidy", time(13), 1000, 5000).await, Ok(true));
    assert_eq!(store.claim_job("tidy", time(18), 1000, 5000).await, Ok(true), "the lease has ended");

    let act = |subject: &str| AuditAct {
        time: time(1),
        actor: "cli".into(),
        act: "user.erase".into(),
        subject: subject.into(),
        detail: Json::null(),
    };
    let first = store.audit(act("one")).await.unwrap();
    let second = store.audit(act("two")).await.unwrap();
    assert!(first.follows(&[0; 32]) && second.follows(&first.hash));
    assert_eq!(store.audit_log(0, 1).await.unwrap(), [first]);
    assert_eq!(store.audit_log(1, 9).await.unwrap(), [second]);
}

#[tokio::test]
async fn a_backup_is_a_database_and_replaces_nothing() {
    let directory = Directory::new();
    let (store, copy) = (directory.open(), directory.path().join("copy.db"));
    append(&store, "a", "hello").await.unwrap();
    store.backup(&copy).await.unwrap();
    append(&store, "a", "later").await.unwrap();
    let again = store.backup(&copy).await.unwrap_err();
    assert!(matches!(&again, StoreError::Unsupported(why) if why.contains("another name")), "{again}");
    let copy = crate::harness::open(&copy);
    assert_eq!(texts(&copy, "a").await.unwrap(), [(1, "hello".to_owned())]);
    assert_eq!(copy.head(room("a")).await.unwrap().epoch, store.head(room("a")).await.unwrap().epoch);
}
