//! Inboxes: what comes in, what is done with it, what time does, and that the counters are right whatever happens.

mod later;
pub mod model;
mod receipts;
pub mod steps;

use std::{collections::BTreeSet, path::PathBuf};

use tidings_core::{
    RoomKey, Store, StoreError,
    store::{
        MemberRole,
        inbox::{
            Addressed, Category, Change, Content, Counters, Filter, Item, KeepSince, Notification, Notified,
            Outcome, Preferences, Reader, Scheduled, Severity, Which,
        },
    },
};
use tidings_protocol::{EntryId, Role, Timestamp};

pub use self::{
    later::{what_comes_later_is_kept_with_what_comes_now, what_is_due_is_taken_by_one},
    receipts::{receipts_of_a_broadcast_name_whom_marks_cover, receipts_say_who_saw_and_read},
};
use super::{Fresh, erasing::where_found};
use crate::contract::samples::{LONG, at, data, entry, json, log, name, once, personal, together, user};

fn notification(title: &str, millis: u64) -> Notification {
    Notification {
        id: EntryId::new(at(millis)),
        severity: Severity::Info,
        category: None,
        created_at: at(millis),
        expires_at: None,
        content: Content { title: title.into(), ..Content::default() },
    }
}

fn reader(who: &str) -> Reader {
    Reader { user: user(who), roles: Vec::new() }
}

/// With one entry in the audience's room.
fn told(audience: RoomKey) -> Addressed {
    let tell = vec![(entry(&audience, "\"told\""), LONG)];
    Addressed { audience, tell, later: None }
}

async fn notify(store: &dyn Store, notification: &Notification, to: RoomKey, millis: u64) -> Outcome {
    match store.notify(notification.clone(), vec![told(to)], None, at(millis)).await.unwrap() {
        Notified::New(mut outcomes) if outcomes.len() == 1 => outcomes.remove(0),
        other => panic!("expected one outcome and got {other:?}"),
    }
}

async fn mark(store: &dyn Store, who: &str, which: Which, change: Change, millis: u64) -> Vec<EntryId> {
    store.mark(reader(who), which, change, Vec::new(), at(millis)).await.unwrap().changed
}

async fn items(store: &dyn Store, who: &str, millis: u64) -> Vec<Item> {
    store.inbox(reader(who), Filter::default(), None, 200, at(millis)).await.unwrap()
}

async fn titles(store: &dyn Store, who: &str, millis: u64) -> Vec<String> {
    items(store, who, millis).await.iter().map(|item| item.notification.content.title.to_string()).collect()
}

async fn unread(store: &dyn Store, reader: Reader, millis: u64) -> u64 {
    let Counters { unread, .. } = store.counters(reader.clone(), at(millis)).await.unwrap();
    assert_eq!(store.recount(reader, at(millis)).await.unwrap(), unread);
    unread
}

/// Every part of it, to a user and to everyone, byte for byte.
pub async fn a_notification_comes_back_as_it_was_given(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.counters(reader("ada"), at(0)).await.unwrap();
    let mut given = Vec::new();
    for (number, audience) in (1u64..).zip([personal("ada"), RoomKey::Everyone]) {
        let notification = Notification {
            severity: Severity::Warning,
            category: Category::parse("über 'x' %").ok(),
            expires_at: Some(at(1_000)),
            content: Content {
                title: "a \u{0} \"title\" 🦀".into(),
                message: Some("long ".repeat(5_000).into()),
                data: Some(json(r#"{"n": 1.0, "a":[ ]}"#)),
                url: Some("/orders/1?x=%00".into()),
                actions: Some(json(r#"[{"title":"Yes"}]"#)),
                dedupe_key: Some("k \u{0}".into()),
                digest: Some(json("{ \"count\":2.0}")),
            },
            ..notification("", number)
        };
        notify(&*store, &notification, audience.clone(), number).await;
        given.push((notification, audience));
    }
    given.reverse();
    let found = items(&*store, "ada", 5).await;
    let found: Vec<_> = found.into_iter().map(|item| (item.notification, item.audience)).collect();
    assert_eq!(found, given);
    for (notification, _) in given {
        let one = store.notification(reader("ada"), notification.id, at(5)).await.unwrap();
        assert_eq!(one.unwrap().notification, notification);
        let mine = store.notification(reader("bob"), notification.id, at(5)).await.unwrap();
        assert_eq!(mine, None, "it is another's, or came before he was known");
    }
}

/// Of one audience the second with the same key is the first; the key is free when that is gone.
pub async fn two_with_one_dedupe_key_are_one(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let with_key = |millis: u64, expires: Option<u64>| {
        let plain = notification("n", millis);
        let content = Content { dedupe_key: Some("key".into()), ..plain.content.clone() };
        Notification { content, expires_at: expires.map(at), ..plain }
    };
    for audience in [personal("ada"), RoomKey::Everyone] {
        let (first, second, third) = (with_key(1, Some(10)), with_key(2, None), with_key(10, None));
        assert!(matches!(notify(&*store, &first, audience.clone(), 1).await, Outcome::Kept(_)));
        assert!(
            matches!(notify(&*store, &second, audience.clone(), 2).await, Outcome::Known(id) if id == first.id)
        );
        assert_eq!(log(&*store, &audience).await.len(), 1, "nobody is told twice");
        assert!(
            matches!(notify(&*store, &third, audience.clone(), 10).await, Outcome::Kept(_)),
            "it has expired"
        );
    }
    assert!(matches!(notify(&*store, &with_key(11, None), personal("bob"), 11).await, Outcome::Kept(_)));
    let all = Which::UpTo(EntryId::from_bytes([255; 16]));
    assert_eq!(mark(&*store, "ada", all, Change::Delete, 12).await.len(), 2);
    assert!(matches!(notify(&*store, &with_key(13, None), personal("ada"), 13).await, Outcome::Kept(_)));
    assert_eq!(titles(&*store, "ada", 14).await.len(), 1);
}

/// The same request notifies nobody and says which notifications there are; another request with its key is refused.
pub async fn a_notification_made_again_is_told_what_was(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (first, second) = (notification("first", 1), notification("second", 2));
    let to = || vec![told(personal("ada")), told(personal("bob"))];
    store.notify(first.clone(), to(), Some(once("key", 1, 1)), at(1)).await.unwrap();
    match store.notify(second.clone(), to(), Some(once("key", 1, 2)), at(2)).await.unwrap() {
        Notified::Before(ids) => assert_eq!(ids, [first.id, first.id]),
        other => panic!("{other:?}"),
    }
    let other = store.notify(second, to(), Some(once("key", 2, 3)), at(3)).await;
    assert!(matches!(other, Err(StoreError::Conflict)), "{other:?}");
    assert_eq!(titles(&*store, "bob", 4).await, ["first"]);
    assert_eq!(log(&*store, &personal("bob")).await.len(), 1);
}

/// Entries are in their rooms, with their offsets, when something was changed, and not when nothing was.
pub async fn what_tells_a_change_comes_with_it(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let one = notification("n", 1);
    let Outcome::Kept(entries) = notify(&*store, &one, personal("ada"), 1).await else { panic!("it is new") };
    assert_eq!(entries[0].offset.map(|offset| offset.0), Some(1));
    let tell =
        |text: &str| vec![(entry(&personal("ada"), text), LONG), (entry(&RoomKey::Everyone, text), LONG)];
    let ids = Which::Ids(vec![one.id, one.id, EntryId::new(at(0))]);
    let read = store.mark(reader("ada"), ids.clone(), Change::Read, tell("1"), at(2)).await.unwrap();
    assert_eq!((read.changed, read.counters.unread), (vec![one.id], 0));
    assert_eq!(read.entries.iter().map(|it| it.offset.unwrap().0).collect::<Vec<_>>(), [2, 1]);
    let again = store.mark(reader("ada"), ids.clone(), Change::Read, tell("2"), at(3)).await.unwrap();
    assert!(again.changed.is_empty() && again.entries.is_empty());
    assert_eq!(again.counters, read.counters);
    let others = store.mark(reader("bob"), ids, Change::Unread, tell("3"), at(4)).await.unwrap();
    assert!(others.changed.is_empty() && others.entries.is_empty(), "it is not his");
    assert_eq!(data(&log(&*store, &personal("ada")).await), ["\"told\"", "1"]);
    assert_eq!(data(&log(&*store, &RoomKey::Everyone).await), ["1"]);
}

/// It is in the inboxes of those who are of its audience, were known when it came, and, of a room, were members.
pub async fn a_broadcast_is_for_those_who_were_there(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let role = Role::parse("admin").unwrap();
    let room = RoomKey::Named(name("orders"));
    store.put_member(name("orders"), user("ada"), MemberRole::default(), at(1)).await.unwrap();
    for who in ["ada", "bob"] {
        store.counters(reader(who), at(1)).await.unwrap();
    }
    let audiences = [RoomKey::Everyone, RoomKey::Role(role.clone()), room.clone()];
    for (number, audience) in (2u64..).zip(audiences) {
        notify(&*store, &notification(&audience.to_string(), number), audience, number).await;
    }
    store.put_member(name("orders"), user("bob"), MemberRole::default(), at(10)).await.unwrap();
    let admin = |who: &str| Reader { roles: vec![role.clone(), role.clone()], ..reader(who) };
    assert_eq!(titles(&*store, "ada", 11).await, ["room:orders", "everyone"]);
    assert_eq!(titles(&*store, "bob", 11).await, ["everyone"], "he came to the room later");
    assert!(titles(&*store, "late", 11).await.is_empty(), "she was not known");
    for (who, expected) in [(admin("ada"), 3), (admin("bob"), 2), (reader("ada"), 2), (reader("late"), 0)] {
        assert_eq!(unread(&*store, who.clone(), 11).await, expected, "{who:?}");
    }
    let before = store.counters(reader("ada"), at(12)).await.unwrap();
    store.remove_member(name("orders"), user("ada")).await.unwrap();
    let after = store.counters(reader("ada"), at(12)).await.unwrap();
    assert!(after.unread == 1 && after.revision > before.revision, "{after:?} after {before:?}");
    store.put_member(name("orders"), user("ada"), MemberRole::default(), at(1)).await.unwrap();
    assert_eq!(titles(&*store, "ada", 13).await.len(), 2);
    store.delete_room(name("orders")).await.unwrap();
    store.put_member(name("orders"), user("ada"), MemberRole::default(), at(1)).await.unwrap();
    assert_eq!(titles(&*store, "ada", 14).await, ["everyone"], "the room's are gone with it");
    let roles = store.notified_roles().await.unwrap();
    assert_eq!(roles, [role]);
}

/// What comes later is unread, also when its id is an earlier one; what was there before with a later id is not covered.
pub async fn a_mark_covers_what_was_there(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.counters(reader("ada"), at(0)).await.unwrap();
    let ids: Vec<EntryId> = {
        let mut ids = Vec::new();
        // By their ids: the second came last of these three.
        for millis in [10, 30, 20] {
            let it = notification(&millis.to_string(), millis);
            notify(&*store, &it, RoomKey::Everyone, 30).await;
            ids.push(it.id);
        }
        ids
    };
    let up_to = Which::UpTo(ids[2]);
    let changed: BTreeSet<EntryId> =
        mark(&*store, "ada", up_to.clone(), Change::Read, 40).await.into_iter().collect();
    assert_eq!(changed, BTreeSet::from([ids[0], ids[2]]));
    assert_eq!(unread(&*store, reader("ada"), 41).await, 1);
    notify(&*store, &notification("late", 15), RoomKey::Everyone, 41).await;
    assert_eq!(unread(&*store, reader("ada"), 42).await, 2, "what comes late is unread");
    assert_eq!(mark(&*store, "ada", Which::Ids(vec![ids[0]]), Change::Unread, 43).await, [ids[0]]);
    assert_eq!(unread(&*store, reader("ada"), 44).await, 3, "what is covered can be unread again");
    assert_eq!(mark(&*store, "ada", up_to, Change::Read, 45).await.len(), 2);
    assert_eq!(unread(&*store, reader("ada"), 46).await, 1);
    let read = Filter { unread: Some(false), ..Filter::default() };
    assert_eq!(store.inbox(reader("ada"), read, None, 10, at(47)).await.unwrap().len(), 3);
}

/// Settling goes on until nothing is left, changes no counter at its moment, and says what woke and what is gone.
pub async fn settling_in_steps_changes_no_counter(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let mut sleepers = Vec::new();
    for number in 0..10u64 {
        let it = Notification {
            expires_at: (number % 2 == 0).then(|| at(50)),
            ..notification(&number.to_string(), number)
        };
        notify(&*store, &it, personal("ada"), number).await;
        sleepers.extend((number % 2 == 1).then_some(it.id));
    }
    mark(&*store, "ada", Which::Ids(sleepers.clone()), Change::Snooze(at(60)), 20).await;
    assert_eq!(unread(&*store, reader("ada"), 49).await, 5);
    assert_eq!(unread(&*store, reader("ada"), 50).await, 0);
    assert_eq!(unread(&*store, reader("ada"), 60).await, 5);
    let before = store.counters(reader("ada"), at(70)).await.unwrap();
    let (mut woken, mut gone, mut steps) = (BTreeSet::new(), 0, 0);
    loop {
        let stir = store.settle(at(70), 3).await.unwrap();
        for it in stir.users {
            assert_eq!(it.user, user("ada"));
            woken.extend(it.woken);
            gone += it.gone.len();
        }
        let after = store.counters(reader("ada"), at(70)).await.unwrap();
        assert_eq!(after.unread, before.unread);
        assert!(after.revision >= before.revision);
        steps += 1;
        if !stir.more {
            break;
        }
        assert!(steps < 20);
    }
    assert_eq!((woken, gone), (sleepers.into_iter().collect(), 5));
    assert_eq!(items(&*store, "ada", 70).await.len(), 5);
    assert_eq!(store.inbox_of(user("ada"), None, 100).await.unwrap().len(), 5);
}

/// What was read goes by one limit, what was not by the other, broadcasts when they are older than both; the counter follows.
pub async fn what_is_too_old_is_dropped(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.counters(reader("ada"), at(0)).await.unwrap();
    let mut ids = Vec::new();
    for (number, audience) in
        (1u64..).zip([personal("ada"), personal("ada"), personal("ada"), RoomKey::Everyone])
    {
        let it = notification(&number.to_string(), number * 10);
        notify(&*store, &it, audience, number * 10).await;
        ids.push(it.id);
    }
    mark(&*store, "ada", Which::Ids(vec![ids[1], ids[3]]), Change::Read, 50).await;
    let long_ago = Timestamp::from_millis(0);
    let drop = async |read, unread| {
        let stir = store.drop_notifications(KeepSince { read, unread }, 100).await.unwrap();
        assert!(!stir.more);
        stir.users.iter().map(|it| it.gone.len()).sum::<usize>() + stir.broadcasts.len()
    };
    assert_eq!(drop(at(10), long_ago).await, 0);
    assert_eq!(drop(at(1_000), long_ago).await, 1, "the one that was read");
    assert_eq!(titles(&*store, "ada", 60).await, ["4", "3", "1"]);
    assert_eq!(drop(long_ago, at(11)).await, 1);
    assert_eq!(unread(&*store, reader("ada"), 60).await, 1);
    assert_eq!(drop(at(1_000), at(1_000)).await, 2);
    assert_eq!(unread(&*store, reader("ada"), 60).await, 0);
    assert!(titles(&*store, "ada", 60).await.is_empty());
}

/// Thousands at once: each is changed, each counted, and it is told once.
pub async fn all_of_a_large_inbox_is_marked(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for first in (0..5_000u64).step_by(500) {
        let add = |number| {
            let it = notification("n", number);
            store.notify(
                it,
                vec![Addressed { audience: personal("ada"), tell: Vec::new(), later: None }],
                None,
                at(number),
            )
        };
        let under_way: Vec<_> = (first..first + 500).map(add).collect();
        for answer in under_way {
            answer.await.unwrap();
        }
    }
    assert_eq!(unread(&*store, reader("ada"), 6_000).await, 5_000);
    let all = || Which::UpTo(EntryId::from_bytes([255; 16]));
    for change in [Change::Seen, Change::Read, Change::Archive, Change::Unarchive] {
        let tell = vec![(entry(&personal("ada"), "1"), LONG)];
        let marked = store.mark(reader("ada"), all(), change, tell, at(6_000)).await.unwrap();
        assert_eq!(marked.changed.iter().collect::<BTreeSet<_>>().len(), 5_000, "{change:?}");
        assert_eq!((marked.changed.len(), marked.entries.len()), (5_000, 1), "{change:?}");
    }
    assert_eq!(unread(&*store, reader("ada"), 6_000).await, 0);
    assert_eq!(log(&*store, &personal("ada")).await.len(), 4);
}

/// Whatever comes in and is marked at the same time: the counter is right, and every change had a revision of its own.
pub async fn changes_of_many_at_once_are_all_counted(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for who in ["ada", "bob"] {
        store.counters(reader(who), at(0)).await.unwrap();
    }
    let task = {
        let store = store.clone();
        move |number: usize| {
            let store = store.clone();
            async move {
                let mut revisions = Vec::new();
                for round in 0..8u64 {
                    let it = notification("n", round);
                    let audience = if number.is_multiple_of(4) { RoomKey::Everyone } else { personal("ada") };
                    let to = vec![told(audience), told(personal("bob"))];
                    store.notify(it.clone(), to, None, at(100)).await.unwrap();
                    let which = if round % 4 == 3 { Which::UpTo(it.id) } else { Which::Ids(vec![it.id]) };
                    let tell = vec![(entry(&personal("ada"), "1"), LONG)];
                    let marked = store.mark(reader("ada"), which, Change::Read, tell, at(100)).await.unwrap();
                    if !marked.changed.is_empty() {
                        revisions.push(marked.counters.revision);
                    }
                }
                revisions
            }
        }
    };
    let revisions = together(12, task).await.concat();
    assert_eq!(revisions.iter().collect::<BTreeSet<_>>().len(), revisions.len());
    unread(&*store, reader("ada"), 101).await;
    assert_eq!(unread(&*store, reader("bob"), 101).await, 120, "none of his was read");
    assert_eq!(titles(&*store, "ada", 101).await.len(), 96);
}

/// They come back byte for byte, and each put has the next revision.
pub async fn preferences_have_a_revision(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert_eq!(store.preferences(user("ada")).await.unwrap(), None);
    for revision in 1..4u64 {
        let data = json(&format!("{{ \"n\":{revision}.0}}"));
        assert_eq!(store.put_preferences(user("ada"), data.clone()).await.unwrap(), revision);
        assert_eq!(store.preferences(user("ada")).await.unwrap(), Some(Preferences { data, revision }));
    }
    assert_eq!(store.preferences(user("Ada")).await.unwrap(), None);
    store.erase(user("ada")).await.unwrap();
    assert_eq!(store.preferences(user("ada")).await.unwrap(), None);
}

/// Whoever opens the store anew, or has it beside, finds the same inboxes, counters and plans.
pub async fn inboxes_outlast_the_process(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.counters(reader("ada"), at(0)).await.unwrap();
    let mut ids = Vec::new();
    for (number, audience) in
        (1u64..).zip([personal("ada"), RoomKey::Everyone, personal("ada"), RoomKey::Everyone])
    {
        let it = notification(&number.to_string(), number);
        notify(&*store, &it, audience, number).await;
        ids.push(it.id);
    }
    mark(&*store, "ada", Which::UpTo(ids[1]), Change::Read, 10).await;
    mark(&*store, "ada", Which::Ids(vec![ids[3]]), Change::Snooze(at(90)), 11).await;
    let (all, counters) =
        (items(&*store, "ada", 20).await, store.counters(reader("ada"), at(20)).await.unwrap());
    assert_eq!((all.len(), counters.unread), (4, 1));
    if let Some(beside) = fresh.beside().await {
        assert_eq!(items(&*beside, "ada", 20).await, all);
        mark(&*beside, "ada", Which::Ids(vec![ids[2]]), Change::Archive, 21).await;
        assert_eq!(unread(&*store, reader("ada"), 22).await, 0);
        mark(&*store, "ada", Which::Ids(vec![ids[2]]), Change::Unarchive, 23).await;
    }
    let counters = store.counters(reader("ada"), at(30)).await.unwrap();
    if let Some(store) = fresh.reopen(store).await {
        assert_eq!(items(&*store, "ada", 30).await, all);
        assert_eq!(store.counters(reader("ada"), at(30)).await.unwrap(), counters);
        assert_eq!(unread(&*store, reader("ada"), 90).await, 2);
    }
}

/// Nothing of an erased user's inbox is in a file, and others' stay.
pub async fn an_erased_inbox_is_in_no_file(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let who = "quite-unlikely-person";
    for number in 0..30u64 {
        let it = notification("quite-unlikely-text", number);
        let to = vec![Addressed { audience: personal(who), tell: Vec::new(), later: None }];
        store.notify(it, to, None, at(number)).await.unwrap();
        notify(&*store, &notification("for all", number), RoomKey::Everyone, number).await;
    }
    mark(&*store, who, Which::UpTo(EntryId::from_bytes([255; 16])), Change::Archive, 50).await;
    notify(&*store, &notification("bob's", 60), personal("bob"), 60).await;
    store.put_preferences(user(who), json("\"quite-unlikely-wish\"")).await.unwrap();
    let data = json("\"quite-unlikely-plan\"");
    let plan =
        Scheduled { id: EntryId::new(at(1)), due_at: at(1), user: Some(user(who)), part_of: None, data };
    store.schedule(plan).await.unwrap();
    let files = fresh.files();
    assert!(files.is_empty() || !where_found(&files, "quite-unlikely-text").is_empty());
    assert_eq!(store.erase(user(who)).await.unwrap().notifications, 30);
    assert_eq!(titles(&*store, "bob", 70).await, ["bob's"]);
    assert!(store.inbox_of(user(who), None, 10).await.unwrap().is_empty());
    for trace in [who, "quite-unlikely-text", "quite-unlikely-wish", "quite-unlikely-plan"] {
        assert_eq!(where_found(&files, trace), Vec::<PathBuf>::new(), "{trace}");
    }
}
