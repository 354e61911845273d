//! The store in memory keeps the contract of stores.

use std::sync::Arc;

use tidings_core::{MemoryStore, Store};
use tidings_testkit::contract::store::Fresh;

struct Memory;

impl Fresh for Memory {
    async fn store(&mut self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::default())
    }
}

tidings_testkit::store_contract!(Memory, cases: 200);
