//! What is really in the store, read without the server.

use std::{collections::HashMap, path::Path};

use serde_json::Value;
use tidings_core::{RoomKey, Store, store::Page};
use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_protocol::Offset;
use tidings_sqlite::SqliteStore;

use super::{Key, room};

/// Each room's entries in their order: offset, key and id.
pub(crate) struct Truth(pub(crate) Vec<Vec<(u64, Key, String)>>);

impl Truth {
    /// Of a database that nobody has open.
    pub(crate) async fn of_file(path: &Path, rooms: usize) -> Self {
        let store = SqliteStore::open(path, tidings_sqlite::Options::default()).unwrap();
        Self::of(&store, rooms).await
    }

    /// Of a PostgreSQL database.
    pub(crate) async fn of_postgres(url: &str, rooms: usize) -> Self {
        let store = PostgresStore::connect(url, PostgresOptions::default()).await.unwrap();
        Self::of(&store, rooms).await
    }

    async fn of(store: &dyn Store, rooms: usize) -> Self {
        let mut all = Vec::new();
        for number in 0..rooms {
            let key = RoomKey::parse(&format!("room:{}", room(number))).unwrap();
            let (mut entries, mut last) = (Vec::new(), Offset(0));
            loop {
                let stretch = store.read(key.clone(), Page::After(last), 1_000).await.unwrap();
                let Some(end) = stretch.entries.last().and_then(|entry| entry.offset) else { break };
                last = end;
                entries.extend(stretch.entries.iter().map(|entry| {
                    let data: Value = serde_json::from_str(entry.data.as_str()).unwrap();
                    (entry.offset.unwrap().0, data["key"].as_u64().unwrap(), entry.id.to_string())
                }));
            }
            all.push(entries);
        }
        Self(all)
    }

    /// The entry at an offset of a room, if there is one.
    pub(crate) fn at(&self, room: usize, offset: u64) -> Option<&(u64, Key, String)> {
        let at = self.0[room].binary_search_by_key(&offset, |entry| entry.0).ok()?;
        self.0[room].get(at)
    }

    /// How many times each key is there.
    pub(crate) fn keys(&self) -> HashMap<Key, usize> {
        let mut keys = HashMap::new();
        for (_, key, _) in self.0.iter().flatten() {
            *keys.entry(*key).or_default() += 1;
        }
        keys
    }
}
