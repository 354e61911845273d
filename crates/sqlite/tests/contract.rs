//! The store in a file keeps the contract of stores.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tidings_core::Store;
use tidings_sqlite::{Options, SqliteStore};
use tidings_testkit::{Folder, contract::store::Fresh};

/// What is promised of a disk that answers: many tests at once can be too much for one.
fn patient() -> Options {
    Options { stall: std::time::Duration::from_secs(60), ..Options::default() }
}

struct File(Folder);

impl File {
    fn open(&self, path: &Path) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(path, patient()).expect("a database that opens"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("tidings.db")
    }
}

impl Fresh for File {
    async fn store(&mut self) -> Arc<dyn Store> {
        self.open(&self.path())
    }

    async fn reopen(&mut self, store: Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        drop(store);
        Some(self.open(&self.path()))
    }

    async fn copy(&mut self, at: &Path) -> Option<Arc<dyn Store>> {
        Some(self.open(at))
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.0.path().to_owned()]
    }
}

tidings_testkit::store_contract!(File(Folder::new()), cases: 30);
