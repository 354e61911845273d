//! Many at once: what readers see while others append.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tidings_core::{
    Entry, RoomKey, Store,
    store::{Page, Stretch},
};
use tidings_protocol::{EntryId, Offset};

use super::Fresh;
use crate::contract::samples::{LONG, TO_THE_END, data, entry, log, new, offsets, read, room};

const APPENDERS: usize = 8;
const APPENDS: usize = 200;
const ROOMS: usize = 5;
const READERS: usize = 2;

fn rooms() -> Vec<RoomKey> {
    (0..ROOMS).map(|number| room(&format!("room{number}"))).collect()
}

/// Nobody ever reads offset n+1 without n having been there before, and nobody reads one twice; the head is where the log ends.
pub async fn readers_meet_no_gap_and_no_double_while_many_append(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let done = Arc::new(AtomicBool::new(false));
    let appenders: Vec<_> =
        (0..APPENDERS).map(|caller| tokio::spawn(append_often(store.clone(), caller))).collect();
    let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(follow(store.clone(), done.clone()))).collect();
    let mut appended: Vec<Vec<(EntryId, Offset)>> = vec![Vec::new(); ROOMS];
    for appender in appenders {
        for (room, place) in appender.await.unwrap() {
            appended[room].push(place);
        }
    }
    done.store(true, Ordering::Relaxed);
    for places in &mut appended {
        places.sort_unstable_by_key(|(_, offset)| *offset);
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap(), appended, "what a reader saw is what the appenders were told");
    }
    for (room, places) in rooms().into_iter().zip(appended) {
        let offsets: Vec<u64> = places.iter().map(|(_, offset)| offset.0).collect();
        assert_eq!(offsets, (1..=offsets.len() as u64).collect::<Vec<_>>(), "none is missing, none is twice");
        assert_eq!(store.head(room).await.unwrap().offset.0, offsets.len() as u64);
    }
}

/// Mostly one entry at a time; now and then three in several rooms, so that appends hold more than one room at once, in any order.
async fn append_often(store: Arc<dyn Store>, caller: usize) -> Vec<(usize, (EntryId, Offset))> {
    let rooms = rooms();
    let mut places = Vec::new();
    for round in 0..APPENDS {
        let first = (caller + round) % ROOMS;
        let chosen = match round % 10 {
            0 => vec![first, (first + 3) % ROOMS, (first + 1) % ROOMS],
            _ => vec![first],
        };
        let text = format!("[{caller},{round}]");
        let batch = chosen.iter().map(|room| (entry(&rooms[*room], &text), LONG)).collect();
        let entries = new(store.append(batch, None).await.unwrap());
        places.extend(chosen.into_iter().zip(entries.iter().map(|entry| (entry.id, entry.offset.unwrap()))));
        tokio::task::yield_now().await;
    }
    places
}

/// Reads all rooms from their beginnings until nothing comes any more after `done`.
async fn follow(store: Arc<dyn Store>, done: Arc<AtomicBool>) -> Vec<Vec<(EntryId, Offset)>> {
    let rooms = rooms();
    let mut seen: Vec<Vec<(EntryId, Offset)>> = vec![Vec::new(); ROOMS];
    loop {
        let was_done = done.load(Ordering::Relaxed);
        let mut news = 0;
        for (number, room) in rooms.iter().enumerate() {
            let head = store.head(room.clone()).await.unwrap();
            let last = Offset(seen[number].len() as u64);
            let limit = 1 + (last.0 as usize * 7 + number) % 40;
            let page = read(&*store, room, Page::After(last), limit).await;
            check_step(last, &head.offset, &page, limit);
            news += page.entries.len();
            seen[number].extend(page.entries.iter().map(|entry| (entry.id, entry.offset.unwrap())));
            // From the other end too: the newest entries are there up to the head, without a gap ([`read`] looks).
            let newest = read(&*store, room, TO_THE_END, 5).await;
            assert_eq!(
                newest.entries.last().map_or(Offset(0), |entry| entry.offset.unwrap()),
                newest.head.offset
            );
            assert!(newest.head.offset >= page.head.offset, "a head never goes back");
        }
        if was_done && news == 0 {
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

fn check_step(last: Offset, head: &Offset, page: &Stretch, limit: usize) {
    let found = offsets(&page.entries);
    let next = last.0 + 1;
    assert!(found.first().is_none_or(|first| *first == next), "{found:?} behind {last}");
    assert!(page.head.offset >= *head, "a head never goes back");
    let expected = (page.head.offset.0 - last.0).min(limit as u64);
    assert_eq!(found.len() as u64, expected, "everything up to the head, {} behind {last}", page.head.offset);
}

/// An append is one transaction: who has seen one of its entries finds the others.
pub async fn an_append_in_two_rooms_is_seen_whole(fresh: &mut impl Fresh) {
    const PAIRS: u64 = 60;
    const BETWEEN: usize = 300;
    let store = fresh.store().await;
    let (a, b) = (room("a"), room("b"));
    let rounds = Arc::new(AtomicU64::new(0));
    let appender = {
        let (store, a, b, rounds) = (store.clone(), a.clone(), b.clone(), rounds.clone());
        tokio::spawn(async move {
            for number in 0..PAIRS {
                while rounds.load(Ordering::Relaxed) < number {
                    tokio::task::yield_now().await;
                }
                let text = number.to_string();
                // Those in between give a store that is not done at once the time to be caught.
                let between = room("between");
                let rooms = iter::once(&a).chain(iter::repeat_n(&between, BETWEEN)).chain([&b]);
                let mut batch: Vec<_> = rooms.map(|room| (entry(room, &text), LONG)).collect();
                if number % 2 == 1 {
                    batch.reverse();
                }
                store.append(batch, None).await.unwrap();
            }
        })
    };
    let mut seen = 0;
    while seen < PAIRS {
        for (one, other) in [(&a, &b), (&b, &a)] {
            let first = store.head(one.clone()).await.unwrap().offset;
            let second = store.head(other.clone()).await.unwrap().offset;
            assert!(second >= first, "{first} of one room, then only {second} of the other");
            seen = first.0;
        }
        rounds.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
    appender.await.unwrap();
    assert_eq!(data(&log(&*store, &a).await), data(&log(&*store, &b).await));
}

/// Of appends of one caller that waits for each, the order is the caller's; so it is across all rooms' answers.
pub async fn appends_of_one_caller_keep_their_order(fresh: &mut impl Fresh) {
    const EACH: usize = 60;
    let store = fresh.store().await;
    let orders = room("orders");
    let mut callers = Vec::new();
    for caller in 0..4 {
        let (store, orders) = (store.clone(), orders.clone());
        callers.push(tokio::spawn(async move {
            for round in 0..EACH {
                store.append_one(entry(&orders, &format!("[{caller},{round}]")), LONG).await.unwrap();
                tokio::task::yield_now().await;
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let kept: Vec<Arc<Entry>> = log(&*store, &orders).await;
    for caller in 0..4 {
        let start = format!("[{caller},");
        let mine: Vec<&str> = data(&kept).into_iter().filter(|text| text.starts_with(&start)).collect();
        let expected: Vec<String> = (0..EACH).map(|round| format!("[{caller},{round}]")).collect();
        assert_eq!(mine, expected);
    }
}
