//! Reading: where a log ends, and stretches of it in both directions.

use std::sync::Arc;

use tidings_core::{Store, store::Page};
use tidings_protocol::Offset;

use super::Fresh;
use crate::contract::samples::{LONG, TO_THE_END, entry, fill, offsets, personal, read, room};

/// Offset 0, and the epoch is already the one that the first entry will be in.
pub async fn an_unknown_room_ends_at_0_in_the_epoch_of_its_first_entry(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    fill(&*store, &room("other"), 3).await;
    for place in [room("orders"), personal("ada")] {
        let unknown = store.head(place.clone()).await.unwrap();
        assert_eq!(unknown.offset, Offset(0));
        let empty = read(&*store, &place, TO_THE_END, 10).await;
        assert_eq!((&empty.head, empty.oldest, empty.entries.len()), (&unknown, Offset(1), 0));
        assert_eq!(store.head(place.clone()).await.unwrap(), unknown, "asked again, the same");
        assert_eq!(store.room(place.clone()).await.unwrap(), None, "asking begins no room");
        fill(&*store, &place, 1).await;
        let begun = store.head(place.clone()).await.unwrap();
        assert_eq!((begun.epoch, begun.offset), (unknown.epoch, Offset(1)));
    }
}

/// Every page around every place of a log whose beginning is gone.
pub async fn pages_begin_and_end_where_they_are_asked_to(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    fill(&*store, &orders, 12).await;
    store.forget(orders.clone(), Offset(4)).await.unwrap();
    let head = store.head(orders.clone()).await.unwrap();
    let places = (0..15).chain([i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX - 1, u64::MAX]);
    for place in places {
        for limit in [0, 1, 3, 8, 1000, usize::MAX] {
            let after = read(&*store, &orders, Page::After(Offset(place)), limit).await;
            let expected: Vec<u64> = (5..=12).filter(|offset| *offset > place).take(limit).collect();
            assert_eq!(offsets(&after.entries), expected, "{limit} after {place}");
            let before = read(&*store, &orders, Page::Before(Offset(place)), limit).await;
            let mut expected: Vec<u64> =
                (5..=12).rev().filter(|offset| *offset < place).take(limit).collect();
            expected.reverse();
            assert_eq!(offsets(&before.entries), expected, "{limit} before {place}");
            for stretch in [after, before] {
                assert_eq!((stretch.head, stretch.oldest), (head.clone(), Offset(5)), "{limit} at {place}");
            }
        }
    }
}

/// A log of which nothing is left still has its head; what is oldest is what comes next.
pub async fn pages_of_an_empty_log_say_where_it_stands(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let orders = room("orders");
    fill(&*store, &orders, 3).await;
    let head = store.head(orders.clone()).await.unwrap();
    store.forget(orders.clone(), Offset(3)).await.unwrap();
    for page in [Page::After(Offset(0)), Page::After(Offset(3)), Page::Before(Offset(2)), TO_THE_END] {
        let stretch = read(&*store, &orders, page, 10).await;
        assert_eq!((stretch.entries.len(), &stretch.head, stretch.oldest), (0, &head, Offset(4)), "{page:?}");
    }
}

/// Who reads back from the end and who reads on from there have, together, every entry once, while others append.
pub async fn both_directions_meet_while_entries_arrive(fresh: &mut impl Fresh) {
    const BEFORE: u64 = 60;
    const MEANWHILE: u64 = 120;
    let store = fresh.store().await;
    let orders = room("orders");
    fill(&*store, &orders, BEFORE).await;
    let (appending, place) = (store.clone(), orders.clone());
    let appender = tokio::spawn(async move {
        for _ in 0..MEANWHILE {
            appending.append_one(entry(&place, "0"), LONG).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let last = read(&*store, &orders, TO_THE_END, 7).await;
    let middle = offsets(&last.entries)[0];
    let (mut back, mut on) = (Vec::new(), offsets(&last.entries));
    let mut from = middle;
    while from > 1 {
        let page = read(&*store, &orders, Page::Before(Offset(from)), 7).await;
        let page = offsets(&page.entries);
        assert!(page[0] < from, "a page that does not go on: {page:?}");
        from = page[0];
        back.splice(0..0, page);
    }
    forward(&store, &mut on, BEFORE + MEANWHILE).await;
    appender.await.unwrap();
    back.extend(on);
    assert_eq!(back, (1..=BEFORE + MEANWHILE).collect::<Vec<_>>());

    async fn forward(store: &Arc<dyn Store>, seen: &mut Vec<u64>, end: u64) {
        let orders = room("orders");
        while seen.last() != Some(&end) {
            let last = seen.last().copied().unwrap_or_default();
            let page = read(&**store, &orders, Page::After(Offset(last)), 7).await;
            seen.extend(offsets(&page.entries));
            tokio::task::yield_now().await;
        }
    }
}
