//! The data keys of a store, opened and remembered.

use std::{hash::Hash, sync::Arc};

use aws_lc_rs::hmac;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tidings_core::{
    RoomKey, Store, StoreError,
    pseudonym::pseudonym,
    store::{DataKeyId, Once, WrappedKey},
};

use crate::{
    cipher::{Cipher, KeyBytes, fresh_key},
    envelope::DataKey,
    keyring::{Keyring, Trouble},
};

/// Keys that are remembered at most, twice: those that were asked for lately, and those before.
const REMEMBERED: usize = 4_096;
/// The scope of idempotency keys' prints.
const PRINTS: &str = "prints";
/// The scope of what is in no room: notifications, preferences, what is scheduled.
pub(crate) const INBOXES: &str = "inboxes";

/// Opens data keys with the master keys, and makes those that are missing.
pub(crate) struct DataKeys {
    pub(crate) keyring: Arc<Keyring>,
    opened: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    by_scope: Lately<String, Arc<DataKey>>,
    by_id: Lately<DataKeyId, Arc<DataKey>>,
    prints: Option<hmac::Key>,
}

impl DataKeys {
    pub(crate) fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring, opened: Mutex::default() }
    }

    /// The key that seals what is of a scope; it is in the store when this answers.
    pub(crate) async fn of_scope(
        &self,
        store: &dyn Store,
        scope: String,
    ) -> Result<Arc<DataKey>, StoreError> {
        let known = self.opened.lock().by_scope.get(&scope);
        if let Some(key) = known {
            return Ok(key);
        }
        let (wrapped, bytes) = self.find_or_make(store, scope).await?;
        let key = data_key(wrapped.id, &bytes)?;
        let mut opened = self.opened.lock();
        opened.by_scope.put(wrapped.scope, key.clone());
        opened.by_id.put(wrapped.id, key.clone());
        Ok(key)
    }

    /// The key with which something was sealed.
    pub(crate) async fn with_id(&self, store: &dyn Store, id: DataKeyId) -> Result<Arc<DataKey>, StoreError> {
        let known = self.opened.lock().by_id.get(&id);
        if let Some(key) = known {
            return Ok(key);
        }
        let wrapped = store.data_key(id).await?.ok_or_else(|| {
            StoreError::Corrupt(format!(
                "an entry is sealed with the data key {id}, which is not there; keep a copy of the database and restore a backup"
            ))
        })?;
        let key = data_key(id, &self.keyring.unwrap(&wrapped)?)?;
        self.opened.lock().by_id.put(id, key.clone());
        Ok(key)
    }

    /// The print of a request, as it may be kept: a plain hash of a body that is secret could be found by trying.
    pub(crate) async fn hide_print(&self, store: &dyn Store, once: Once) -> Result<Once, StoreError> {
        let known = self.opened.lock().prints.clone();
        let key = match known {
            Some(key) => key,
            None => {
                let (_, bytes) = self.find_or_make(store, PRINTS.to_owned()).await?;
                let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes[..]);
                self.opened.lock().prints.insert(key).clone()
            }
        };
        let mut print = [0; 32];
        print.copy_from_slice(hmac::sign(&key, &once.print).as_ref());
        Ok(Once { print, ..once })
    }

    /// Of several who make one at the same time, all get the one that the store has.
    async fn find_or_make(
        &self,
        store: &dyn Store,
        scope: String,
    ) -> Result<(WrappedKey, KeyBytes), StoreError> {
        let wrapped = match store.data_key_of(scope.clone()).await? {
            Some(wrapped) => wrapped,
            None => {
                let (id, key) =
                    fresh_key().and_then(|id| Ok((id, fresh_key()?))).map_err(|_| Trouble::Refused)?;
                let mut short = [0; DataKeyId::BYTES];
                short.copy_from_slice(&id[..DataKeyId::BYTES]);
                let fresh = self.keyring.wrap(DataKeyId(short), scope, &key)?;
                store.put_data_key(fresh).await?
            }
        };
        let bytes = self.keyring.unwrap(&wrapped)?;
        Ok((wrapped, bytes))
    }
}

/// What a room's data key is kept under. A user's id is not in it: the key stays when the user is erased, because what was sealed
/// with it may still be on its way.
pub fn scope(room: &RoomKey) -> String {
    match room {
        RoomKey::Personal(user) => format!("personal:{}", pseudonym(user)),
        room => room.to_string(),
    }
}

pub(crate) fn data_key(id: DataKeyId, bytes: &KeyBytes) -> Result<Arc<DataKey>, Trouble> {
    let cipher = Cipher::new(bytes).map_err(|_| Trouble::Refused)?;
    Ok(Arc::new(DataKey { id, cipher }))
}

/// The newest half of what was asked for, at least, and never more than twice as much.
struct Lately<K, V> {
    now: HashMap<K, V>,
    before: HashMap<K, V>,
}

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self { now: HashMap::new(), before: HashMap::new() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Lately<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.now.get(key) {
            return Some(value.clone());
        }
        let value = self.before.remove(key)?;
        self.put(key.clone(), value.clone());
        Some(value)
    }

    fn put(&mut self, key: K, value: V) {
        if self.now.len() >= REMEMBERED {
            self.before = std::mem::take(&mut self.now);
        }
        self.now.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_remembered_and_the_rest_bounded() {
        let mut lately = Lately::default();
        for key in 0..10 * REMEMBERED {
            lately.put(key, key);
            assert_eq!(lately.get(&0), Some(0), "after {key}");
        }
        assert!(lately.now.len() + lately.before.len() <= 2 * REMEMBERED);
        assert_eq!(lately.get(&1), None);
    }

    #[test]
    fn no_users_id_is_in_a_scope() {
        let scope = |room: &str| scope(&RoomKey::parse(room).unwrap());
        assert_eq!(scope("room:orders"), "room:orders");
        assert_eq!(scope("everyone"), "everyone");
        assert_eq!(scope("user:ada"), "personal:fdee430d40bd57deeac186cd9790033d");
    }
}
