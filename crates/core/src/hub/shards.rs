//! A map in 64 parts, each behind its own short lock. Only closures see inside, so no guard can outlive a line.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

const SHARDS: usize = 64;

pub(crate) struct Shards<K, V> {
    hasher: DefaultHashBuilder,
    shards: Box<[Mutex<HashMap<K, V>>]>,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: DefaultHashBuilder::default(), shards }
    }
}

impl<K: Hash + Eq, V: Clone> Shards<K, V> {
    /// Runs `act` on the part of the map that has the key.
    pub(crate) fn with<R>(&self, key: &K, act: impl FnOnce(&mut HashMap<K, V>) -> R) -> R {
        // The high bits choose the part: the low ones choose the place within it.
        let part = (self.hasher.hash_one(key) >> 58) as usize;
        act(&mut self.shards[part].lock())
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.with(key, |map| map.get(key).cloned())
    }

    pub(crate) fn for_each(&self, mut act: impl FnMut(&V)) {
        for shard in &self.shards {
            shard.lock().values().for_each(&mut act);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}
