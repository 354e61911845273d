//! Directories that go, stores in them, and entries to put there.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use tidings_core::{
    Entry, Publication, RoomKey, Store, StoreError,
    store::{Page, fresh_epoch},
};
use tidings_protocol::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;
use tidings_sqlite::{Options, SqliteStore};

pub(crate) const HOUR: Keep = Keep::For(Duration::from_secs(3600));

/// A directory of a test's own.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let path = std::env::temp_dir().join(format!("tidings-sqlite-{}-{number}", fresh_epoch()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("tidings.db")
    }

    pub(crate) fn open(&self) -> SqliteStore {
        open(&self.database())
    }

    /// Every byte of every file.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let files = std::fs::read_dir(&self.0).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn open(path: &Path) -> SqliteStore {
    let stall = std::time::Duration::from_secs(60);
    SqliteStore::open(path, Options { stall, ..Options::default() }).unwrap()
}

/// What a database that does not open says.
pub(crate) fn refusal(path: &Path) -> String {
    SqliteStore::open(path, Options::default()).err().expect("it opened").to_string()
}

pub(crate) fn name(room: &str) -> RoomName {
    RoomName::parse(room).unwrap()
}

pub(crate) fn room(room: &str) -> RoomKey {
    RoomKey::Named(name(room))
}

pub(crate) fn user(user: &str) -> UserId {
    UserId::parse(user).unwrap()
}

pub(crate) fn time(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

pub(crate) fn json(text: &str) -> Json {
    Json::of(&text).unwrap()
}

pub(crate) fn entry(room: RoomKey, from: &str, text: &str) -> Entry {
    let (r#type, from) = (EventType::parse("message").unwrap(), Some(user(from)));
    let publication = Publication { r#type, data: json(text), from, except: None };
    Entry::new(room, publication, EntryId::new(time(1)), time(1), None)
}

/// Appends one and says where it is.
pub(crate) async fn append(store: &SqliteStore, to: &str, text: &str) -> Result<u64, StoreError> {
    let entry = store.append_one(entry(room(to), "ada", text), HOUR).await?;
    Ok(entry.offset.unwrap().0)
}

/// Offsets and data of a room.
pub(crate) async fn texts(store: &SqliteStore, of: &str) -> Result<Vec<(u64, String)>, StoreError> {
    let stretch = store.read(room(of), Page::After(Offset(0)), usize::MAX).await?;
    let text = |data: &Json| serde_json::from_str(data.as_str()).unwrap();
    Ok(stretch.entries.iter().map(|entry| (entry.offset.unwrap().0, text(&entry.data))).collect())
}

/// Tries again until it is so; what is waited for comes by itself.
pub(crate) async fn until<F: Future<Output = bool>>(limit: Duration, what: impl Fn() -> F) {
    let begun = std::time::Instant::now();
    while !what().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
