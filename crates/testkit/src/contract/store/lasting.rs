//! What a store kept is there for the next process, and for the server beside it.

use std::sync::Arc;

use tidings_core::{
    Entry, RoomKey, Store, StoreError,
    store::{AuditAct, MemberRole, Person, ServerId},
};
use tidings_protocol::{Offset, Timestamp};
use tidings_settings::Keep;

use super::Fresh;
use crate::contract::samples::{
    Facts, LONG, TO_THE_END, at, before, entry, entry_from, fill, json, log, name, new, offsets, once,
    personal, places, read, room, user,
};

/// Entries, oldest and head are what they were; offsets go on in the same epochs; deleted rooms do not come back.
pub async fn logs_go_on_after_reopening(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let kept = [room("orders"), personal("é 🦀"), RoomKey::Everyone, room("last"), room("empty")];
    for place in &kept {
        fill(&*store, place, 4).await;
    }
    store.append_one(entry_from("ada", &kept[0], r#"{"n": 1.0, "n": 2e2}"#), LONG).await.unwrap();
    store.forget(kept[0].clone(), Offset(2)).await.unwrap();
    store.append_one(entry(&kept[3], "5"), Keep::Last).await.unwrap();
    store.forget(kept[4].clone(), Offset(4)).await.unwrap();
    fill(&*store, &room("deleted"), 2).await;
    let deleted = store.head(room("deleted")).await.unwrap();
    store.delete_room(name("deleted")).await.unwrap();
    let mut expected = Vec::new();
    for place in &kept {
        expected.push(whole(&*store, place).await);
    }
    let Some(store) = fresh.reopen(store).await else { return };
    for (place, expected) in kept.iter().zip(expected) {
        assert_eq!(whole(&*store, place).await, expected, "{place}");
        let next = store.append_one(entry(place, "6"), LONG).await.unwrap();
        assert_eq!(next.offset, Some(expected.0.offset.next()));
        assert_eq!(store.head(place.clone()).await.unwrap().epoch, expected.0.epoch);
    }
    assert_eq!(store.room(room("deleted")).await.unwrap(), None);
    assert_eq!(offsets(&fill(&*store, &room("deleted"), 1).await), [1]);
    assert_ne!(store.head(room("deleted")).await.unwrap().epoch, deleted.epoch);
}

async fn whole(store: &dyn Store, room: &RoomKey) -> (tidings_protocol::Position, Offset, Vec<Facts>) {
    let stretch = read(store, room, TO_THE_END, 100).await;
    (stretch.head, stretch.oldest, Facts::all(&stretch.entries))
}

/// Rooms, members, keys, revocations, people, the audit log and jobs.
pub async fn the_book_is_as_it_was_after_reopening(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.put_room(name("orders"), json("{ \"n\": 1.0 }"), at(1)).await.unwrap();
    store.put_member(name("orders"), user("ada"), MemberRole::parse("owner").unwrap(), at(2)).await.unwrap();
    let batch = || vec![(entry(&room("orders"), "1"), LONG), (entry(&personal("ada"), "2"), LONG)];
    let first = new(store.append(batch(), Some(once("key", 1, 0))).await.unwrap());
    new(store.append(Vec::new(), Some(once("empty", 1, 0))).await.unwrap());
    store.revoke(user("bob"), at(3)).await.unwrap();
    let server = ServerId::fresh();
    store.renew_lease(server.clone(), at(4)).await.unwrap();
    let bob = Person { user: user("bob"), last_seen: at(3), revision: 7, server: Some(server) };
    store.note_people(vec![bob]).await.unwrap();
    let act = || AuditAct {
        time: at(4),
        actor: "cli".into(),
        act: "user.erase".into(),
        subject: "x".into(),
        detail: json("{}"),
    };
    store.audit(act()).await.unwrap();
    assert!(store.claim_job("retention", at(5), 1_000, 1_000).await.unwrap());
    assert!(store.claim_job("ended", at(5), 1_000, 1_000).await.unwrap());
    store.finish_job("ended", at(6), Err("no".into())).await.unwrap();
    let expected = book(&*store).await;
    let Some(store) = fresh.reopen(store).await else { return };
    assert_eq!(book(&*store).await, expected);
    assert_eq!(before(store.append(batch(), Some(once("key", 1, 9))).await.unwrap()), places(&first));
    let refused = store.append(batch(), Some(once("empty", 2, 9))).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    let last = store.audit_log(0, 10).await.unwrap().remove(0);
    let next = store.audit(act()).await.unwrap();
    assert!(next.number == 2 && next.follows(&last.hash));
    assert!(!store.claim_job("retention", at(900), 1_000, 1_000).await.unwrap());
    assert!(!store.claim_job("ended", at(900), 1_000, 1_000).await.unwrap());
}

/// Everything that is not in a log, to compare.
pub(super) async fn book(store: &dyn Store) -> String {
    let mut jobs = store.jobs().await.unwrap();
    jobs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut revocations = store.revocations(Timestamp::from_millis(0)).await.unwrap();
    revocations.sort_unstable_by(|a, b| a.user.cmp(&b.user));
    let rooms = store.rooms(None, 1_000).await.unwrap();
    let mut members = Vec::new();
    for name in rooms.iter().filter_map(|record| record.room.name()) {
        members.push(store.members(name.clone(), None, 1_000).await.unwrap());
    }
    let audit = store.audit_log(0, 1_000).await.unwrap();
    let people = store.all_people(None, 1_000).await.unwrap();
    format!("{rooms:#?} {members:#?} {revocations:#?} {people:#?} {audit:#?} {jobs:#?}")
}

/// What one server did is there for the other as soon as it is done; offsets, keys and jobs are one.
pub async fn two_servers_have_one_store(fresh: &mut impl Fresh) {
    let one = fresh.store().await;
    let Some(other) = fresh.beside().await else { return };
    assert!(one.is_shared() && other.is_shared());
    let orders = room("orders");
    let unknown = one.head(orders.clone()).await.unwrap();
    for round in 0..10 {
        let store = if round % 2 == 0 { &one } else { &other };
        assert_eq!(
            store.append_one(entry(&orders, "1"), LONG).await.unwrap().offset,
            Some(Offset(round + 1))
        );
    }
    assert_eq!(whole(&*one, &orders).await, whole(&*other, &orders).await);
    assert_eq!(one.head(orders.clone()).await.unwrap().epoch, unknown.epoch);
    let batch = || vec![(entry(&orders, "1"), LONG)];
    let first = new(one.append(batch(), Some(once("key", 1, 0))).await.unwrap());
    assert_eq!(before(other.append(batch(), Some(once("key", 1, 0))).await.unwrap()), places(&first));
    assert!(one.claim_job("retention", at(0), 1_000, 1_000).await.unwrap());
    assert!(!other.claim_job("retention", at(1), 1_000, 1_000).await.unwrap());
    let head = other.head(orders.clone()).await.unwrap();
    assert!(one.delete_room(name("orders")).await.unwrap());
    assert_eq!(other.room(orders.clone()).await.unwrap(), None);
    assert_eq!(offsets(&fill(&*other, &orders, 1).await), [1]);
    assert_ne!(one.head(orders.clone()).await.unwrap().epoch, head.epoch);
    append_from_both(one, other).await;
}

async fn append_from_both(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let busy = room("busy");
    let callers: Vec<_> = (0..6)
        .map(|caller| {
            let store = if caller % 2 == 0 { one.clone() } else { other.clone() };
            let busy = busy.clone();
            tokio::spawn(async move {
                for _ in 0..30 {
                    store.append_one(entry(&busy, "1"), LONG).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let kept: Vec<Arc<Entry>> = log(&*one, &busy).await;
    assert_eq!(offsets(&kept), (1..=180).collect::<Vec<_>>());
}

/// A store that does all this says that it can.
pub async fn a_store_is_healthy(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.health().await.unwrap();
    fill(&*store, &room("orders"), 1).await;
    store.health().await.unwrap();
}
