//! What the memory before a store promises, by name; [`histories`] looks for what has none.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may end with a panic; clippy only knows that of functions marked as tests.

mod held;
mod histories;

use std::{
    collections::HashSet,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tidings_protocol::{EntryId, EventType};

use self::held::{Fate, Held};
use super::*;
use crate::{MemoryStore, Publication};

const HOUR: Keep = Keep::For(Duration::from_secs(3_600));
const TO_THE_END: Page = Page::Before(Offset(u64::MAX));

fn name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

fn key(text: &str) -> RoomKey {
    RoomKey::Named(name(text))
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn entry(room: &str, from: &str) -> Entry {
    let (r#type, data) = (EventType::parse("x").unwrap(), Json::of(&"hello").unwrap());
    let publication = Publication { r#type, data, from: Some(user(from)), except: None };
    let time = Timestamp::from_millis(1_000);
    Entry::new(key(room), publication, EntryId::new(time), time, None)
}

fn now<T>(answer: Answer<'_, T>) -> T {
    answer.now_or_never().unwrap().unwrap()
}

fn fill(store: &dyn Store, room: &str, count: usize) {
    (0..count).for_each(|_| drop(now(store.append_one(entry(room, "ada"), HOUR))));
}

fn offsets(stretch: &Stretch) -> Vec<u64> {
    stretch.entries.iter().map(|entry| entry.offset.unwrap().0).collect()
}

fn after(offset: u64) -> Page {
    Page::After(Offset(offset))
}

fn recent(held: &Arc<Held>) -> RecentStore {
    RecentStore::new(held.clone())
}

/// A store over one with so many entries in room `a`, of which a tail is made already.
fn warm(held: &Arc<Held>, count: usize) -> RecentStore {
    fill(&*held.memory, "a", count);
    let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
    let store = RecentStore::with_limits(held.clone(), limits);
    now(store.read(key("a"), after(0), 200));
    held.reads.lock().clear();
    store
}

/// What has ended among those that somebody woke: who is not woken is not asked.
fn drive<F: Future>(futures: &mut FuturesUnordered<F>) -> Vec<F::Output> {
    let mut ended = Vec::new();
    while let Poll::Ready(Some(output)) = futures.poll_next_unpin(&mut Context::from_waker(Waker::noop())) {
        ended.push(output);
    }
    ended
}

fn let_all_go(held: &Held) {
    (0..held.count()).for_each(|index| _ = held.let_go(index, Fate::Done));
}

/// How often the store is read when so many come back after a restart, each after another offset.
fn come_back(shared: bool, places: impl Fn(u64) -> u64) -> usize {
    let held = Held::new(shared);
    fill(&*held.memory, "a", 1_000);
    let store = recent(&held);
    held.hold(true);
    let mut readers: FuturesUnordered<_> =
        (0..1_000).map(|reader| store.read(key("a"), after(places(reader)), 200)).collect();
    let mut answers = drive(&mut readers);
    while answers.len() < 1_000 {
        let before = (answers.len(), held.read_count());
        let_all_go(&held);
        answers.extend(drive(&mut readers));
        assert_ne!((answers.len(), held.read_count()), before, "some wait for nothing");
    }
    let mut newest = HashSet::new();
    for answer in answers {
        let stretch = answer.unwrap();
        assert_eq!(stretch.head.offset, Offset(1_000));
        assert!(stretch.entries.len() >= 100 && *offsets(&stretch).last().unwrap() == 1_000);
        newest.insert(Arc::as_ptr(stretch.entries.last().unwrap()));
    }
    // Those who came before the tail was worth it have their own.
    assert!(newest.len() <= 4, "{} copies of one entry", newest.len());
    held.read_count()
}

#[test]
fn a_thousand_who_come_back_at_once_cost_a_handful_of_reads() {
    assert!(come_back(false, |_| 900) <= 6);
    assert!(come_back(true, |_| 900) <= 6);
}

#[test]
fn also_when_each_left_elsewhere() {
    assert!(come_back(false, |reader| 900 - reader % 100) <= 6);
    assert!(come_back(true, |reader| 900 - reader % 100) <= 6);
}

#[test]
fn one_alone_reads_what_it_missed_and_no_more() {
    let held = Held::new(false);
    fill(&*held.memory, "a", 1_000);
    now(recent(&held).read(key("a"), after(990), 200));
    assert_eq!(*held.reads.lock(), [(after(990), 200)]);
}

#[test]
fn appends_keep_a_tail_up_to_date_without_the_store() {
    let held = Held::new(false);
    let store = warm(&held, 10);
    let appended = now(store.append_one(entry("a", "ada"), HOUR));
    let stretch = now(store.read(key("a"), after(8), 200));
    assert_eq!((offsets(&stretch), stretch.oldest), (vec![9, 10, 11], Offset(1)));
    assert!(Arc::ptr_eq(&stretch.entries[2], &appended));
    let last = now(store.read(key("a"), TO_THE_END, 1));
    assert!(Arc::ptr_eq(&last.entries[0], &appended));
    assert_eq!(now(store.read(key("a"), after(u64::MAX), 1)).head.offset, Offset(11));
    assert_eq!(held.read_count(), 0);
}

#[test]
fn an_append_while_a_tail_is_made_is_not_left_out() {
    let held = Held::new(false);
    fill(&*held.memory, "a", 10);
    let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
    let store = RecentStore::with_limits(held.clone(), limits);
    held.hold(true);
    let mut readers: FuturesUnordered<_> = [store.read(key("a"), after(5), 200)].into_iter().collect();
    assert!(drive(&mut readers).is_empty());
    // The page is read, and on its way when something is appended.
    held.let_go(0, Fate::Done);
    held.hold(false);
    now(store.append_one(entry("a", "ada"), HOUR));
    readers.push(store.read(key("a"), after(5), 200));
    let lasts: Vec<u64> =
        drive(&mut readers).into_iter().map(|it| *offsets(&it.unwrap()).last().unwrap()).collect();
    assert!(lasts.len() == 2 && lasts.contains(&11), "{lasts:?}");
    assert_eq!(*offsets(&now(store.read(key("a"), after(5), 200))).last().unwrap(), 11);
}

#[test]
fn who_heard_of_a_later_append_reads_the_earlier_one_too() {
    let held = Held::new(false);
    let store = warm(&held, 10);
    let earlier = store.append_one(entry("a", "ada"), HOUR);
    now(store.append_one(entry("a", "ada"), HOUR));
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11, 12]);
    assert_eq!(held.read_count(), 1);
    now(earlier);
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11, 12]);
    now(store.append_one(entry("a", "ada"), HOUR));
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11, 12, 13]);
    assert!(held.read_count() <= 2);
}

#[test]
fn what_the_store_has_told_somebody_is_told_to_who_reads_next() {
    let ways: [fn(&RecentStore) -> Offset; 4] = [
        |store| now(store.head(key("a"))).offset,
        |store| now(store.room(key("a"))).unwrap().head.offset,
        |store| now(store.rooms(None, 10))[0].head.offset,
        |store| now(store.entries_of(user("ada"), None, 100)).last().unwrap().offset.unwrap(),
    ];
    for way in ways {
        let held = Held::new(false);
        let store = warm(&held, 10);
        // It is done, and whoever made it has not heard yet.
        let _unheard = store.append_one(entry("a", "ada"), HOUR);
        assert_eq!(way(&store), Offset(11));
        assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11]);
    }
}

#[test]
fn an_append_made_again_is_read_though_the_first_has_not_been_heard_of() {
    let held = Held::new(false);
    let store = warm(&held, 10);
    let once = || Some(Once { key: "key".into(), print: [1; 32], now: Timestamp::from_millis(1) });
    let _unheard = store.append(vec![(entry("a", "ada"), HOUR)], once());
    let again = now(store.append(vec![(entry("a", "ada"), HOUR)], once()));
    assert!(matches!(again, Appended::Before(_)));
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11]);
}

#[test]
fn a_log_that_has_not_begun_has_no_epoch_yet() {
    let held = Held::new(false);
    let store = warm(&held, 10);
    let before = now(store.read(key("b"), after(0), 200)).head.epoch;
    now(store.delete_room(name("a")));
    fill(&store, "b", 1);
    let stretch = now(store.read(key("b"), after(0), 200));
    assert_eq!(stretch.head, now(held.memory.head(key("b"))));
    assert_ne!(stretch.head.epoch, before);
}

#[test]
fn a_first_reader_who_goes_leaves_nobody_hanging() {
    let held = Held::new(false);
    fill(&*held.memory, "a", 10);
    let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
    let store = RecentStore::with_limits(held.clone(), limits);
    held.hold(true);
    let mut first = store.read(key("a"), after(0), 200);
    assert!((&mut first).now_or_never().is_none());
    let mut readers: FuturesUnordered<_> = (0..10).map(|_| store.read(key("a"), after(0), 200)).collect();
    assert!(drive(&mut readers).is_empty());
    drop(first);
    let_all_go(&held);
    held.hold(false);
    assert_eq!(drive(&mut readers).len(), 10);
    assert_eq!(held.read_count(), 1);
}

#[test]
fn a_question_that_nobody_waits_for_is_given_up() {
    let held = Held::new(false);
    let store = recent(&held);
    held.hold(true);
    let mut only = store.read(key("a"), after(0), 200);
    assert!((&mut only).now_or_never().is_none());
    drop(only);
    held.hold(false);
    now(store.read(key("a"), after(0), 200));
    assert_eq!(held.read_count(), 2);
}

#[test]
fn after_an_append_that_failed_or_was_given_up_the_store_is_asked() {
    for fate in [None, Some(Fate::DoneUncertain), Some(Fate::LostUncertain)] {
        let held = Held::new(false);
        let store = warm(&held, 10);
        held.hold(true);
        let lost = store.append_one(entry("a", "ada"), HOUR);
        match fate {
            None => drop(lost),
            Some(fate) => {
                held.let_go(held.count() - 1, fate);
                assert!(lost.now_or_never().unwrap().is_err());
            }
        }
        held.hold(false);
        now(store.read(key("a"), after(9), 200));
        // What was given up comes late.
        let_all_go(&held);
        let expected: &[u64] = if fate == Some(Fate::LostUncertain) { &[10] } else { &[10, 11] };
        assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), expected, "{fate:?}");
        let reads = held.read_count();
        for seconds in [1_000, 1_030, 1_061] {
            store.sweep(Timestamp::from_millis(seconds * 1_000), &|_| false);
        }
        (0..5).for_each(|_| assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), expected));
        assert!(held.read_count() - reads <= 2, "a doubt is over after a minute");
    }
}

#[test]
fn a_store_that_fails_is_not_asked_again_by_all_who_wait() {
    let held = Held::new(false);
    let store = recent(&held);
    held.hold(true);
    let mut readers: FuturesUnordered<_> = (0..100).map(|_| store.read(key("a"), after(0), 200)).collect();
    assert!(drive(&mut readers).is_empty());
    (0..held.count()).for_each(|index| _ = held.let_go(index, Fate::LostUncertain));
    assert!(drive(&mut readers).iter().all(Result::is_err));
    assert!(readers.is_empty() && held.read_count() <= 4);
}

#[test]
fn what_is_not_in_a_tail_is_read_from_the_store() {
    let held = Held::new(false);
    let store = warm(&held, 900);
    assert_eq!(offsets(&now(store.read(key("a"), after(700), 200))).len(), 200);
    assert_eq!(held.read_count(), 0);
    assert_eq!(offsets(&now(store.read(key("a"), after(100), 200))), (101..=300).collect::<Vec<_>>());
    assert_eq!(held.read_count(), 1);
}

#[test]
fn a_last_value_is_one() {
    let held = Held::new(false);
    let store = warm(&held, 3);
    now(store.append_one(entry("a", "ada"), Keep::Last));
    for page in [after(0), after(3), TO_THE_END] {
        let stretch = now(store.read(key("a"), page, 200));
        assert_eq!((offsets(&stretch), stretch.oldest), (vec![4], Offset(4)), "{page:?}");
    }
    assert_eq!(held.read_count(), 0);
}

#[test]
fn what_is_forgotten_erased_or_deleted_is_so_at_once() {
    let held = Held::new(false);
    let store = warm(&held, 5);
    now(store.append_one(entry("a", "bob"), HOUR));
    now(store.forget(key("a"), Offset(2)));
    let stretch = now(store.read(key("a"), after(0), 200));
    assert_eq!((offsets(&stretch), stretch.oldest), (vec![3, 4, 5, 6], Offset(3)));

    now(store.erase(user("bob")));
    let stretch = now(store.read(key("a"), after(0), 200));
    assert_eq!(stretch.entries[3].r#type.as_str(), Erased::ENTRY_TYPE);

    now(store.delete_room(name("a")));
    let gone = now(store.read(key("a"), after(0), 200));
    assert_ne!(gone.head.epoch, stretch.head.epoch);
    assert_eq!((gone.head.offset, gone.entries.len()), (Offset(0), 0));
}

#[test]
fn what_other_servers_did_is_read_too() {
    let held = Held::new(true);
    let store = warm(&held, 10);
    fill(&*held.memory, "a", 2);
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), [10, 11, 12]);
    assert_eq!(*held.reads.lock(), [(after(10), TAIL_PAGE)], "only what is behind the tail");
    now(held.memory.delete_room(name("a")));
    fill(&*held.memory, "a", 20);
    assert_eq!(offsets(&now(store.read(key("a"), after(9), 200))), (10..=20).collect::<Vec<_>>());
    fill(&*held.memory, "a", TAIL_PAGE + 10);
    assert_eq!(offsets(&now(store.read(key("a"), after(TAIL_PAGE as u64 + 29), 200))).len(), 1);
}

#[test]
fn tails_are_bounded_in_bytes_and_in_time() {
    let held = Held::new(false);
    let limits = RecentLimits { readers_min: 1, bytes_max: 200_000 };
    let store = RecentStore::with_limits(held.clone(), limits);
    for room in 0..200 {
        let room = room.to_string();
        fill(&*held.memory, &room, 20);
        now(store.read(key(&room), after(0), 200));
        assert!(store.tails().lock().bytes() <= 200_000);
    }
    held.reads.lock().clear();
    now(store.read(key("199"), after(0), 200));
    assert_eq!(held.read_count(), 0, "the latest is there");
    now(store.read(key("0"), after(0), 200));
    assert_eq!(held.read_count(), 1, "the oldest is not");

    fill(&store, "199", 5_000);
    assert!(store.tails().lock().bytes() <= 200_000);
    assert_eq!(offsets(&now(store.read(key("199"), after(5_015), 200))), [5_016, 5_017, 5_018, 5_019, 5_020]);

    store.sweep(Timestamp::from_millis(1_000_000_000), &|_| false);
    assert_eq!(store.tails().lock().bytes(), 0);
}

#[test]
fn over_any_store() {
    let boxed: Box<dyn Store> = Box::new(MemoryStore::default());
    let store = RecentStore::new(boxed.into());
    fill(&store, "a", 3);
    assert_eq!(offsets(&now(store.read(key("a"), after(1), 200))), [2, 3]);
}
