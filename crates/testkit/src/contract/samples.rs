//! Short ways to write rooms, users, times and entries, and to compare what came back.

use std::{
    future::Future,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use tidings_core::{
    Entry, Publication, RoomKey, Store,
    store::{Appended, Once, Page, Stretch},
};
use tidings_protocol::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;
use tokio::sync::Barrier;

/// Longer than any test.
pub const LONG: Keep = Keep::For(Duration::from_secs(90 * 24 * 3600));

/// A page that ends with the log.
pub const TO_THE_END: Page = Page::Before(Offset(u64::MAX));

/// A moment: so many milliseconds after the tests began. The time of day, for a store that is laid out by time expects it.
pub fn at(millis: u64) -> Timestamp {
    static BEGAN: LazyLock<u64> = LazyLock::new(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    });
    Timestamp::from_millis(*BEGAN + millis)
}

/// A room's name.
pub fn name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

/// A room that clients join.
pub fn room(text: &str) -> RoomKey {
    RoomKey::Named(name(text))
}

/// A user.
pub fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

/// A user's personal room.
pub fn personal(text: &str) -> RoomKey {
    RoomKey::Personal(user(text))
}

/// JSON exactly as it is written.
pub fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// An entry with this JSON that a back end published.
pub fn entry(room: &RoomKey, data: &str) -> Entry {
    let publication =
        Publication { r#type: EventType::parse("note").unwrap(), data: json(data), from: None, except: None };
    Entry::new(room.clone(), publication, EntryId::new(at(0)), at(0), None)
}

/// An entry with this JSON that a user published.
pub fn entry_from(from: &str, room: &RoomKey, data: &str) -> Entry {
    changed(entry(room, data), |entry| entry.from = Some(user(from)))
}

/// The entry, with something else in it.
pub fn changed(mut entry: Entry, change: impl FnOnce(&mut Entry)) -> Entry {
    change(&mut entry);
    entry
}

/// So many entries in a room, one append each; their data is their offset.
pub async fn fill(store: &dyn Store, room: &RoomKey, count: u64) -> Vec<Arc<Entry>> {
    let mut entries = Vec::new();
    for number in 1..=count {
        entries.push(store.append_one(entry(room, &number.to_string()), LONG).await.unwrap());
    }
    entries
}

/// Runs so many tasks that begin at the same moment, as far as the machine can; their results in their order.
pub async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(count));
    let begin = |number| {
        let (start, task) = (start.clone(), task(number));
        tokio::spawn(async move {
            start.wait().await;
            task.await
        })
    };
    let tasks: Vec<_> = (0..count).map(begin).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// An idempotency key with a print made of one byte, used at a moment.
pub fn once(key: &str, print: u8, millis: u64) -> Once {
    Once { key: key.into(), print: [print; 32], now: at(millis) }
}

/// What was appended now; not before.
#[track_caller]
pub fn new(appended: Appended) -> Vec<Arc<Entry>> {
    match appended {
        Appended::New(entries) => entries,
        Appended::Before(places) => panic!("expected new entries and got {places:?} of before"),
    }
}

/// What was appended before; not now.
#[track_caller]
pub fn before(appended: Appended) -> Vec<(EntryId, Offset)> {
    match appended {
        Appended::Before(places) => places,
        Appended::New(entries) => panic!("expected places of before and got {entries:?} anew"),
    }
}

/// Ids and places.
pub fn places(entries: &[Arc<Entry>]) -> Vec<(EntryId, Offset)> {
    entries.iter().map(|entry| (entry.id, entry.offset.unwrap())).collect()
}

/// Offsets only.
pub fn offsets(entries: &[Arc<Entry>]) -> Vec<u64> {
    entries.iter().map(|entry| entry.offset.unwrap().0).collect()
}

/// The data only, as text.
pub fn data(entries: &[Arc<Entry>]) -> Vec<&str> {
    entries.iter().map(|entry| entry.data.as_str()).collect()
}

/// All that is kept of an entry, to compare.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// Which.
    pub id: EntryId,
    /// Where.
    pub room: RoomKey,
    /// Its place.
    pub offset: Option<Offset>,
    /// What.
    pub r#type: EventType,
    /// Who.
    pub from: Option<UserId>,
    /// When.
    pub time: Timestamp,
    /// Byte for byte.
    pub data: Json,
}

impl Facts {
    /// Those of an entry.
    pub fn of(entry: &Entry) -> Self {
        let Entry { id, room, offset, r#type, from, time, data, .. } = entry;
        let (room, r#type, from, data) = (room.clone(), r#type.clone(), from.clone(), data.clone());
        Self { id: *id, room, offset: *offset, r#type, from, time: *time, data }
    }

    /// Those of several.
    pub fn all(entries: &[Arc<Entry>]) -> Vec<Self> {
        entries.iter().map(|entry| Self::of(entry)).collect()
    }
}

/// Reads a page and checks what is true of every page: within the limit and the log, in order, no gap, no other room's.
pub async fn read(store: &dyn Store, room: &RoomKey, page: Page, limit: usize) -> Stretch {
    let stretch = store.read(room.clone(), page, limit).await.unwrap();
    let found = offsets(&stretch.entries);
    let Stretch { head, oldest, entries } = &stretch;
    assert!(found.len() <= limit, "{} entries, asked for {limit}", found.len());
    assert!(found.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap: {found:?}");
    assert!(
        found.iter().all(|offset| (oldest.0..=head.offset.0).contains(offset)),
        "{found:?} in {stretch:?}"
    );
    assert!(oldest.0 >= 1 && oldest.0 <= head.offset.0 + 1, "{stretch:?}");
    assert!(entries.iter().all(|entry| entry.room == *room), "another room's entry: {stretch:?}");
    stretch
}

/// All that a room keeps.
pub async fn log(store: &dyn Store, room: &RoomKey) -> Vec<Arc<Entry>> {
    let stretch = read(store, room, TO_THE_END, 100_000).await;
    assert_eq!(
        stretch.entries.len() as u64,
        stretch.head.offset.0 + 1 - stretch.oldest.0,
        "all that is kept"
    );
    stretch.entries
}
