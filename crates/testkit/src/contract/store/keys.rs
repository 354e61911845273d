//! Idempotency keys: a request made again is done once.

use tidings_core::{
    StoreError,
    store::{Appended, Tidy},
};
use tidings_protocol::{Offset, Timestamp};
use tidings_settings::Keep;

use super::Fresh;
use crate::contract::samples::{
    LONG, at, before, entry, fill, log, name, new, offsets, once, personal, places, room, together,
};

/// Nothing is appended now; id and place of what was appended then, in its order.
pub async fn a_request_made_again_appends_nothing_and_is_told_what_was(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (a, b) = (room("a"), personal("b"));
    fill(&*store, &a, 2).await;
    let batch = || [&b, &a, &b].map(|room| (entry(room, "1"), LONG)).into();
    let first = places(&new(store.append(batch(), Some(once("key", 1, 0))).await.unwrap()));
    for again in 1..3 {
        fill(&*store, &a, 1).await;
        // A request made again has entries with new ids: its first answer may never have arrived.
        let second = before(store.append(batch(), Some(once("key", 1, again * 1000))).await.unwrap());
        assert_eq!(second, first);
    }
    assert_eq!(offsets(&log(&*store, &a).await), [1, 2, 3, 4, 5]);
    assert_eq!(offsets(&log(&*store, &b).await), [1, 2]);
}

/// Conflict, and nothing is appended; the first request's answer is still there.
pub async fn a_key_of_another_request_is_refused_and_nothing_is_appended(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (a, b) = (room("a"), room("b"));
    let first = new(store.append(vec![(entry(&a, "1"), LONG)], Some(once("key", 1, 0))).await.unwrap());
    for batch in [vec![(entry(&a, "2"), LONG), (entry(&b, "2"), Keep::Last)], Vec::new()] {
        let refused = store.append(batch, Some(once("key", 2, 1))).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    assert_eq!(offsets(&log(&*store, &a).await), [1]);
    assert_eq!(store.head(b.clone()).await.unwrap().offset, Offset(0));
    assert_eq!(store.room(b).await.unwrap(), None, "nor does a room begin");
    let again = store.append(vec![(entry(&a, "1"), LONG)], Some(once("key", 1, 2))).await.unwrap();
    assert_eq!(before(again), places(&first));
}

/// An append of no entry with a key keeps the key.
pub async fn a_key_of_no_entries_is_kept_too(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert!(new(store.append(Vec::new(), Some(once("key", 1, 0))).await.unwrap()).is_empty());
    assert!(before(store.append(Vec::new(), Some(once("key", 1, 1))).await.unwrap()).is_empty());
    let other = store.append(vec![(entry(&room("a"), "1"), LONG)], Some(once("key", 2, 1))).await;
    assert!(matches!(other, Err(StoreError::Conflict)), "{other:?}");
    assert_eq!(store.head(room("a")).await.unwrap().offset, Offset(0));
}

/// 1 to 255 visible ASCII characters, upper and lower case apart; and a print differs by every bit.
pub async fn keys_are_any_visible_text_and_differ_by_every_letter(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let visible: String = ('!'..='~').collect();
    let (long, longer) = ("k".repeat(254), "k".repeat(255));
    let texts = ["k", "K", "%", "_", "'", "''", "\\", "k%", &visible, &long, &longer];
    for text in texts {
        let append = || store.append(vec![(entry(&room("a"), "1"), LONG)], Some(once(text, 1, 0)));
        let first = places(&new(append().await.unwrap()));
        assert_eq!(before(append().await.unwrap()), first, "{text}");
    }
    assert_eq!(log(&*store, &room("a")).await.len(), texts.len());
    let mut near = once("k", 1, 0);
    near.print[31] ^= 1;
    let refused = store.append(Vec::new(), Some(near)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
}

/// What was appended may be gone meanwhile: the request was still done.
pub async fn a_key_outlives_what_was_appended_with_it(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let rooms = ["forgotten", "replaced", "deleted"].map(room);
    let batch = || rooms.each_ref().map(|room| (entry(room, "1"), LONG)).into();
    let first = places(&new(store.append(batch(), Some(once("key", 1, 0))).await.unwrap()));
    store.forget(rooms[0].clone(), Offset(1)).await.unwrap();
    store.append_one(entry(&rooms[1], "2"), Keep::Last).await.unwrap();
    store.delete_room(name("deleted")).await.unwrap();
    assert_eq!(before(store.append(batch(), Some(once("key", 1, 1))).await.unwrap()), first);
    assert_eq!(log(&*store, &rooms[0]).await.len(), 0);
    assert_eq!(offsets(&log(&*store, &rooms[1]).await), [2]);
    assert_eq!(store.room(rooms[2].clone()).await.unwrap(), None);
}

/// Keys older than a moment go and can be used for anything again; one of that moment stays.
pub async fn tidy_forgets_old_keys_only(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    let append = |key: &'static str, print, millis| {
        store.append(vec![(entry(&room("orders"), "1"), LONG)], Some(once(key, print, millis)))
    };
    for (key, millis) in [("old", 999), ("even", 1_000), ("young", 1_001)] {
        new(append(key, 1, millis).await.unwrap());
    }
    let long_ago = Timestamp::from_millis(0);
    let tidy = |keys_before| Tidy { keys_before, revocations_before: long_ago, entries_before: long_ago };
    assert_eq!(store.tidy(at(2_000), tidy(long_ago)).await.unwrap(), 0);
    before(append("old", 1, 2_000).await.unwrap());
    assert_eq!(store.tidy(at(2_000), tidy(at(1_000))).await.unwrap(), 1);
    for key in ["even", "young"] {
        before(append(key, 1, 2_001).await.unwrap());
    }
    assert_eq!(offsets(&new(append("old", 2, 2_001).await.unwrap())), [4]);
    before(append("old", 2, 2_002).await.unwrap());
    assert_eq!(log(&*store, &orders).await.len(), 4, "entries are nothing to it");
}

/// However many make one request at once, it is done once, and all of them hear of that; of different requests with one key,
/// one is done.
pub async fn of_many_with_one_key_at_once_one_appends(fresh: &mut impl Fresh) {
    const CALLERS: usize = 8;
    let store = fresh.store().await;
    let (a, b) = (room("a"), room("b"));
    for round in 0..10 {
        let answers = together(CALLERS, |caller| {
            let (store, batch) = (store.clone(), [&a, &b].map(|room| (entry(room, "1"), LONG)).into());
            // The first half makes one request, each of the others its own.
            let print = caller.saturating_sub(CALLERS / 2 - 1) as u8;
            let once = once(&format!("key{round}"), print, 0);
            async move { (print, store.append(batch, Some(once)).await) }
        });
        let (mut done, mut heard, mut refused) = (Vec::new(), Vec::new(), 0);
        for answer in answers.await {
            match answer {
                (print, Ok(Appended::New(entries))) => done.push((print, places(&entries))),
                (print, Ok(Appended::Before(places))) => heard.push((print, places)),
                (_, Err(StoreError::Conflict)) => refused += 1,
                (_, Err(other)) => panic!("{other}"),
            }
        }
        assert_eq!(done.len(), 1, "{done:?}");
        assert!(heard.iter().all(|heard| *heard == done[0]), "{heard:?}, {done:?}");
        let same = if done[0].0 == 0 { CALLERS / 2 - 1 } else { 0 };
        assert_eq!((heard.len(), refused), (same, CALLERS - 1 - same));
        assert_eq!(log(&*store, &a).await.len(), round + 1);
        assert_eq!(log(&*store, &b).await.len(), round + 1);
    }
}
