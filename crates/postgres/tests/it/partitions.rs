//! Weeks of entries: created before they begin, dropped when they are too old.

use tidings_core::{
    Store,
    store::{Page, Tidy},
};
use tidings_protocol::{Offset, Timestamp};
use tidings_testkit::contract::{
    run,
    samples::{LONG, at, changed, entry, offsets, read, room},
};

use crate::server::{name, open, shared};

const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;

fn weeks(url: &str) -> Vec<u64> {
    let sql =
        "SELECT substr(relname, 18) FROM pg_class WHERE relname ~ '^tidings_entries_w[0-9]+$' ORDER BY 1";
    shared().sql(name(url), sql).unwrap().lines().map(|week| week.parse().unwrap()).collect()
}

fn before(moment: Timestamp) -> Tidy {
    Tidy { keys_before: at(0), revocations_before: at(0), entries_before: moment }
}

#[test]
fn weeks_are_there_before_they_begin_and_go_as_a_whole() {
    run(async {
        let url = shared().database().unwrap();
        let store = open(&url).await;
        let now = at(0).millis() / WEEK_MS;
        assert_eq!(weeks(&url), [now, now + 1, now + 2]);

        // One in this week, and one in a week that nobody expected: it is kept nevertheless.
        let middle = |week: u64| Timestamp::from_millis(week * WEEK_MS + WEEK_MS / 2);
        for week in [now, now + 1, now + 5, now + 5] {
            let entry = changed(entry(&room("a"), "1"), |entry| entry.time = middle(week));
            store.append_one(entry, LONG).await.unwrap();
        }
        let gone = store.tidy(middle(now + 4), before(middle(now))).await.unwrap();
        assert_eq!((gone, weeks(&url)), (0, vec![now, now + 1, now + 2, now + 4, now + 5, now + 6]));
        assert_eq!(
            offsets(&read(&*store, &room("a"), Page::After(Offset(0)), 10).await.entries),
            [1, 2, 3, 4]
        );

        let gone = store.tidy(middle(now + 4), before(middle(now + 2))).await.unwrap();
        assert_eq!((gone, weeks(&url)), (2, vec![now + 2, now + 4, now + 5, now + 6]));
        let left = read(&*store, &room("a"), Page::After(Offset(0)), 10).await;
        assert_eq!(
            (left.oldest, left.head.offset, offsets(&left.entries)),
            (Offset(3), Offset(4), vec![3, 4])
        );
    });
}

#[test]
fn clocks_that_differ_leave_no_gap_when_a_week_goes() {
    run(async {
        let url = shared().database().unwrap();
        let store = open(&url).await;
        let border = (at(0).millis() / WEEK_MS + 1) * WEEK_MS;
        for time in [border - 2, border + 1, border - 1, border + 2] {
            let entry = changed(entry(&room("a"), "1"), |entry| entry.time = Timestamp::from_millis(time));
            store.append_one(entry, LONG).await.unwrap();
        }
        assert_eq!(store.tidy(at(0), before(Timestamp::from_millis(border))).await.unwrap(), 3);
        let left = read(&*store, &room("a"), Page::After(Offset(0)), 10).await;
        assert_eq!((left.oldest, offsets(&left.entries)), (Offset(4), vec![4]));
    });
}
