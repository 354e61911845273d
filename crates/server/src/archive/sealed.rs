//! Lines whose data is sealed: their data keys, and opening them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use tidings_core::{
    RoomKey, Store, StoreError,
    store::{DataKeyId, WrappedKey},
};
use tidings_protocol::Json;
use tidings_sealing::{Keyring, key_of, open_apart, scope};

use super::line::Line;

/// The data key of one line's data, as the store had it: sealed under a master key.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct LineKey {
    /// Id of the master key.
    pub master: String,
    /// The data key, sealed under that: base64 with the URL alphabet.
    pub wrapped: String,
}

impl LineKey {
    pub(super) fn of(key: &WrappedKey) -> Self {
        Self { master: key.master.clone(), wrapped: URL_SAFE_NO_PAD.encode(&key.wrapped) }
    }
}

impl Line {
    /// The line as its publisher knows it: data opened, and no key.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] names the master key that is missing; [`StoreError::Corrupt`] when the line was changed.
    pub fn opened(self, keyring: &Keyring) -> Result<Self, StoreError> {
        let Some(room) = RoomKey::parse(&self.room) else {
            return Err(StoreError::Corrupt("a room's name that is none stands there".into()));
        };
        let opened = open_apart(keyring, self.wrapped_key().as_ref(), &room, self.id, &self.data)?;
        Ok(Self { data: opened.unwrap_or(self.data), key: None, ..self })
    }

    /// Its data key as a store would have it.
    pub(super) fn wrapped_key(&self) -> Option<WrappedKey> {
        let (id, key) = (key_of(&self.data)?, self.key.as_ref()?);
        let wrapped = URL_SAFE_NO_PAD.decode(&key.wrapped).ok()?;
        let scope = scope(&RoomKey::parse(&self.room)?);
        Some(WrappedKey { id, scope, master: key.master.clone(), wrapped })
    }
}

/// A store's data keys, each asked for once.
pub(super) struct Keys<'a> {
    store: &'a dyn Store,
    known: HashMap<DataKeyId, Option<LineKey>>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(store: &'a dyn Store) -> Self {
        Self { store, known: HashMap::new() }
    }

    /// What has to stand beside data that is sealed. Where the store has it no more the entry is as unreadable as it was before.
    pub(super) async fn of_data(&mut self, data: &Json) -> Result<Option<LineKey>, String> {
        let Some(id) = key_of(data) else { return Ok(None) };
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let key = self.store.data_key(id).await.map_err(|error| error.to_string())?;
        let key = key.as_ref().map(LineKey::of);
        self.known.insert(id, key.clone());
        Ok(key)
    }
}
