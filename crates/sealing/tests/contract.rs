//! Before a store that keeps the contract of stores, sealing keeps it too: with every room encrypted.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tidings_core::{Kinds, MemoryStore, Store};
use tidings_sealing::{Keyring, SealedStore};
use tidings_settings::{RoomRule, Secret};
use tidings_sqlite::{Options, SqliteStore};
use tidings_testkit::{Folder, contract::store::Fresh};

fn sealed(inside: Arc<dyn Store>) -> Arc<dyn Store> {
    let key = Secret::new("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let rule = RoomRule { encrypt: true, ..RoomRule::default() };
    let keyring = Arc::new(Keyring::new(&[key]).expect("a good key"));
    Arc::new(SealedStore::new(inside, keyring, Kinds::new(&[rule])))
}

struct Memory;

impl Fresh for Memory {
    async fn store(&mut self) -> Arc<dyn Store> {
        sealed(Arc::new(MemoryStore::default()))
    }

    fn keeps_words(&self) -> bool {
        false
    }
}

/// Its files are nothing to look into: what is erased was not to be found there before either.
struct File(Folder);

impl File {
    fn open(&self, path: &Path) -> Arc<dyn Store> {
        let options = Options { stall: std::time::Duration::from_secs(60), ..Options::default() };
        sealed(Arc::new(SqliteStore::open(path, options).expect("a database that opens")))
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

    fn keeps_words(&self) -> bool {
        false
    }
}

mod memory {
    tidings_testkit::store_contract!(super::Memory, cases: 50);
}

mod file {
    tidings_testkit::store_contract!(super::File(super::Folder::new()), cases: 10);
}
