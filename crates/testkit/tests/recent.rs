//! Memory before a store keeps the contract of stores: alone, and as one of several servers.

use std::sync::Arc;

use tidings_core::{MemoryStore, RecentStore, Store, store_recent::RecentLimits};
use tidings_testkit::contract::store::Fresh;

struct Recent;

impl Fresh for Recent {
    async fn store(&mut self) -> Arc<dyn Store> {
        // Whoever comes first gets a tail: a promise is kept with one too.
        let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
        Arc::new(RecentStore::with_limits(Arc::new(MemoryStore::default()), limits))
    }
}

tidings_testkit::store_contract!(Recent, cases: 200);
