//! Every promise of the seam.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use tidings_core::Store;
use tidings_testkit::contract::store::Fresh;

use crate::server::{name, open, shared};

#[derive(Default)]
pub(crate) struct Postgres {
    pub(crate) url: Option<String>,
}

impl Fresh for Postgres {
    async fn store(&mut self) -> Arc<dyn Store> {
        let url = shared().database().unwrap();
        self.url = Some(url.clone());
        open(&url).await
    }

    async fn reopen(&mut self, store: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        drop(store);
        Some(open(self.url.as_deref()?).await)
    }

    async fn beside(&mut self) -> Option<Arc<dyn Store>> {
        Some(open(self.url.as_deref()?).await)
    }

    async fn copy(&mut self, file: &Path) -> Option<Arc<dyn Store>> {
        let url = shared().database().unwrap();
        let restored = Command::new("pg_restore").arg("--dbname").arg(&url).arg(file).status().unwrap();
        assert!(restored.success());
        Some(open(&url).await)
    }

    fn files(&self) -> Vec<PathBuf> {
        // Until then, what was written may be in memory and in the write-ahead log only.
        shared().sql("postgres", "CHECKPOINT").unwrap();
        let own = "SELECT oid FROM pg_database WHERE datname = current_database()";
        let folder = shared().sql(name(self.url.as_deref().unwrap()), own).unwrap();
        // The write-ahead log is beside it, and not the store's to clean.
        vec![shared().data().join("base").join(folder)]
    }
}

tidings_testkit::store_contract!(Postgres::default(), cases: 30);
