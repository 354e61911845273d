//! What a room of a million entries costs: `cargo run --release -p tidings-sqlite --example large [directory]`.

use std::{error::Error, time::Duration, time::Instant};

use tidings_core::{Entry, Publication, RoomKey, Store, store::Page};
use tidings_protocol::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;
use tidings_sqlite::{Options, SqliteStore};

const ENTRIES: u64 = 1_000_000;
/// Entries of one append: one transaction.
const TOGETHER: u64 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let path = base.join(format!("tidings-large-{}.db", std::process::id()));
    let room = RoomKey::Named(RoomName::parse("large")?);
    let store = SqliteStore::open(&path, Options::default())?;
    let begun = Instant::now();
    for first in (0..ENTRIES).step_by(TOGETHER as usize) {
        let entries =
            (first..first + TOGETHER).map(|n| Ok((entry(&room, n)?, Keep::For(Duration::from_secs(60)))));
        store.append(entries.collect::<Result<_, Box<dyn Error>>>()?, None).await?;
    }
    said("filling", begun);
    drop(store);
    println!("the file: {} MB", std::fs::metadata(&path)?.len() >> 20);

    let begun = Instant::now();
    let store = SqliteStore::open(&path, Options::default())?;
    store.append_one(entry(&room, 0)?, Keep::For(Duration::from_secs(60))).await?;
    said("start to first answer", begun);

    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for n in 0..1_000 {
        let begun = Instant::now();
        let page = store.read(room.clone(), Page::After(Offset(n * 7_919_993 % ENTRIES)), 50).await?;
        assert!(!page.entries.is_empty(), "a page has entries");
        slowest = slowest.max(begun.elapsed());
    }
    println!("a page of 50: {:?}, the slowest of 1,000: {slowest:?}", begun.elapsed() / 1_000);

    let begun = Instant::now();
    let found = store.entries_of(UserId::parse("rare")?, None, 10_000).await?;
    said(&format!("finding a user's {} entries", found.len()), begun);
    let begun = Instant::now();
    let erased = store.erase(UserId::parse("rare")?).await?;
    said(&format!("erasing {}", erased.blanked_entries), begun);
    let begun = Instant::now();
    store.backup(&path.with_extension("copy")).await?;
    said("a backup", begun);
    let begun = Instant::now();
    store.forget(room, Offset(100_000)).await?;
    said("forgetting 100,000", begun);
    drop(store);
    for end in ["db", "copy", "db.lock"] {
        std::fs::remove_file(path.with_extension(end))?;
    }
    Ok(())
}

fn said(what: &str, begun: Instant) {
    println!("{what}: {:?}", begun.elapsed());
}

fn entry(room: &RoomKey, n: u64) -> Result<Entry, Box<dyn Error>> {
    let from = UserId::parse(if n.is_multiple_of(1_000) { "rare" } else { "ada" })?;
    let (r#type, data) = (EventType::parse("message")?, Json::of(&"x".repeat(200))?);
    let (publication, time) =
        (Publication { r#type, data, from: Some(from), except: None }, Timestamp::from_millis(n));
    Ok(Entry::new(room.clone(), publication, EntryId::new(time), time, None))
}
