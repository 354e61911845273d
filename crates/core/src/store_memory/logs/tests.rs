use std::time::Duration;

use tidings_protocol::{EntryId, EventType, Json, RoomName};

use super::*;
use crate::Publication;

fn room(name: &str) -> RoomKey {
    RoomKey::Named(RoomName::parse(name).unwrap())
}

fn append(logs: &mut Logs, name: &str, keep: Keep, seconds: u64) -> u64 {
    let (time, r#type) = (Timestamp::from_millis(seconds * 1000), EventType::parse("x").unwrap());
    let publication = Publication { r#type, data: Json::of(&"hello").unwrap(), from: None, except: None };
    logs.append(Entry::new(room(name), publication, EntryId::new(time), time, None), keep).offset.unwrap().0
}

fn offsets(logs: &mut Logs, name: &str, after: u64) -> Vec<u64> {
    let stretch = logs.read(&room(name), Page::After(Offset(after)), 10_000);
    stretch.entries.iter().map(|entry| entry.offset.unwrap().0).collect()
}

fn logs() -> Logs {
    Logs::new(usize::MAX)
}

const HOUR: Keep = Keep::For(Duration::from_secs(3600));

#[test]
fn offsets_rise_by_one_in_each_room() {
    let mut logs = logs();
    assert_eq!(
        [append(&mut logs, "a", HOUR, 1), append(&mut logs, "a", HOUR, 1), append(&mut logs, "b", HOUR, 1)],
        [1, 2, 1]
    );
    assert_eq!(offsets(&mut logs, "a", 0), [1, 2]);
    assert_eq!(offsets(&mut logs, "a", 1), [2]);
    assert_eq!(offsets(&mut logs, "a", 7), [0; 0]);
}

#[test]
fn last_keeps_one_and_time_keeps_what_is_young() {
    let mut logs = logs();
    for second in 20..25 {
        append(&mut logs, "last", Keep::Last, second);
        append(&mut logs, "time", Keep::For(Duration::from_secs(2)), second);
    }
    logs.sweep(Timestamp::from_millis(24_000), &|_| false);
    assert_eq!(offsets(&mut logs, "last", 0), [5]);
    assert_eq!(offsets(&mut logs, "time", 0), [3, 4, 5]);
    logs.sweep(Timestamp::from_millis(60_000), &|_| false);
    assert_eq!(offsets(&mut logs, "time", 0), [0; 0]);
    assert_eq!(append(&mut logs, "time", HOUR, 61), 6, "an empty log goes on counting");
}

#[test]
fn a_room_is_bounded_by_number() {
    let mut logs = logs();
    for _ in 0..ROOM_ENTRIES_MAX + 10 {
        append(&mut logs, "a", HOUR, 1);
    }
    assert_eq!(offsets(&mut logs, "a", 0).len(), ROOM_ENTRIES_MAX);
    assert_eq!(offsets(&mut logs, "a", 0)[0], 11);
}

#[test]
fn all_rooms_together_are_bounded_by_bytes() {
    let mut logs = Logs::new(20_000);
    for n in 0..1_000 {
        append(&mut logs, &format!("room{}", n % 50), HOUR, 1);
    }
    let kept: usize = logs.rooms.values().flat_map(|log| &log.entries).map(|entry| entry.cost()).sum();
    assert_eq!(kept, logs.bytes);
    assert!(kept <= 20_000 && kept > 15_000, "{kept}");
    assert_eq!(offsets(&mut logs, "room49", 0).last(), Some(&20), "the youngest stay");
}

#[test]
fn records_of_entries_that_are_gone_are_swept_out() {
    let mut logs = logs();
    append(&mut logs, "old", HOUR, 1);
    for _ in 0..100_000 {
        append(&mut logs, "busy", Keep::Last, 1);
    }
    assert!(logs.appended.len() <= 4097, "{}", logs.appended.len());
}

#[test]
fn a_forgotten_room_begins_another_epoch_and_a_followed_one_is_not_forgotten() {
    let mut logs = logs();
    let epoch = |logs: &Logs, name: &str| logs.read(&room(name), Page::After(Offset(0)), 1).head.epoch;
    append(&mut logs, "a", Keep::For(Duration::from_secs(1)), 1);
    append(&mut logs, "b", Keep::For(Duration::from_secs(1)), 1);
    let (a, b) = (epoch(&logs, "a"), epoch(&logs, "b"));
    logs.sweep(Timestamp::from_millis(7_200_000), &|key| *key == room("b"));
    assert_ne!(epoch(&logs, "a"), a);
    assert_eq!(epoch(&logs, "b"), b);
    assert_eq!(append(&mut logs, "b", HOUR, 7_201), 2);
}
