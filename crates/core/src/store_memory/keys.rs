//! Data keys, gone with what they sealed.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use hashbrown::HashMap;

use super::{MemoryStore, ready};
use crate::{
    StoreError,
    store::{Answer, DataKeyId, KeyStore, Rewrap, WrappedKey},
};

/// Most data keys that are kept: this store is for trying things out.
const KEYS_MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Keys {
    by_id: BTreeMap<DataKeyId, WrappedKey>,
    by_scope: HashMap<String, DataKeyId>,
}

impl Keys {
    fn of(&self, scope: &str) -> Option<WrappedKey> {
        self.by_id.get(self.by_scope.get(scope)?).cloned()
    }

    fn put(&mut self, key: WrappedKey) -> Result<WrappedKey, StoreError> {
        if let Some(known) = self.of(&key.scope) {
            return Ok(known);
        }
        if self.by_id.len() >= KEYS_MAX {
            return Err(StoreError::Full("the store in memory has no room for more data keys".into()));
        }
        self.by_scope.insert(key.scope.clone(), key.id);
        self.by_id.insert(key.id, key.clone());
        Ok(key)
    }

    fn rewrap(&mut self, Rewrap { before, now }: Rewrap) -> bool {
        match self.by_id.get_mut(&before.id) {
            Some(known) if *known == before => {
                (known.master, known.wrapped) = (now.master, now.wrapped);
                true
            }
            _ => false,
        }
    }
}

impl KeyStore for MemoryStore {
    fn data_key(&self, id: DataKeyId) -> Answer<'_, Option<WrappedKey>> {
        ready(self.keys.lock().by_id.get(&id).cloned())
    }

    fn data_key_of(&self, scope: String) -> Answer<'_, Option<WrappedKey>> {
        ready(self.keys.lock().of(&scope))
    }

    fn put_data_key(&self, key: WrappedKey) -> Answer<'_, WrappedKey> {
        Box::pin(std::future::ready(self.keys.lock().put(key)))
    }

    fn data_keys(&self, after: Option<DataKeyId>, limit: usize) -> Answer<'_, Vec<WrappedKey>> {
        let from = after.map_or(Unbounded, Excluded);
        ready(
            self.keys.lock().by_id.range((from, Unbounded)).take(limit).map(|(_, key)| key.clone()).collect(),
        )
    }

    fn rewrap_data_keys(&self, keys: Vec<Rewrap>) -> Answer<'_, u64> {
        let mut known = self.keys.lock();
        ready(keys.into_iter().filter_map(|key| known.rewrap(key).then_some(())).count() as u64)
    }

    fn data_key_masters(&self) -> Answer<'_, Vec<WrappedKey>> {
        let mut one_each = BTreeMap::new();
        for key in self.keys.lock().by_id.values() {
            one_each.entry(key.master.clone()).or_insert_with(|| key.clone());
        }
        ready(one_each.into_values().collect())
    }
}
