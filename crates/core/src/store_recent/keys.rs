//! Data keys are no entries: all of it goes to the store behind as it is.

use super::RecentStore;
use crate::store::{Answer, DataKeyId, KeyStore, Rewrap, WrappedKey};

impl KeyStore for RecentStore {
    fn data_key(&self, id: DataKeyId) -> Answer<'_, Option<WrappedKey>> {
        self.store().data_key(id)
    }

    fn data_key_of(&self, scope: String) -> Answer<'_, Option<WrappedKey>> {
        self.store().data_key_of(scope)
    }

    fn put_data_key(&self, key: WrappedKey) -> Answer<'_, WrappedKey> {
        self.store().put_data_key(key)
    }

    fn data_keys(&self, after: Option<DataKeyId>, limit: usize) -> Answer<'_, Vec<WrappedKey>> {
        self.store().data_keys(after, limit)
    }

    fn rewrap_data_keys(&self, keys: Vec<Rewrap>) -> Answer<'_, u64> {
        self.store().rewrap_data_keys(keys)
    }

    fn data_key_masters(&self) -> Answer<'_, Vec<WrappedKey>> {
        self.store().data_key_masters()
    }
}
