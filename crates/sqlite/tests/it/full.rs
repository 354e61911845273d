//! No space left.

use std::{path::Path, process::Command, time::Duration};

use tidings_core::{Store, StoreError};
use tidings_sqlite::{Options, SqliteStore};

use crate::harness::{Directory, append, open, texts, until};

/// Appends until there is no more space; how many went.
async fn fill(store: &SqliteStore) -> u64 {
    for n in 0..100_000 {
        match append(store, "a", &"x".repeat(5_000)).await {
            Ok(_) => {}
            Err(StoreError::Full(why)) => {
                assert!(why.contains("free some space"), "{why}");
                return n;
            }
            Err(other) => panic!("{other}"),
        }
    }
    panic!("it never was full");
}

#[tokio::test]
async fn a_database_at_its_limit_says_so_reads_on_and_goes_on_when_there_is_space() {
    let directory = Directory::new();
    let options = Options { pages_max: Some(200), ..Options::default() };
    let store = SqliteStore::open(&directory.database(), options).unwrap();
    let kept = fill(&store).await;
    assert!(kept > 20, "{kept}");
    assert_eq!(texts(&store, "a").await.unwrap().len() as u64, kept, "what was acknowledged is there");
    store.forget(crate::harness::room("a"), tidings_protocol::Offset(kept / 2)).await.unwrap();
    assert_eq!(append(&store, "a", "again").await, Ok(kept + 1), "no offset was used up");
    store.health().await.unwrap();
}

/// A file system of four megabytes; none where that takes rights that the test has not.
struct Small(Directory);

impl Small {
    fn mount() -> Option<Self> {
        let directory = Directory::new();
        let arguments = ["-t", "tmpfs", "-o", "size=4m", "tmpfs"];
        let mounted = Command::new("mount").args(arguments).arg(directory.path()).output();
        mounted.is_ok_and(|done| done.status.success()).then_some(Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_no_end() {
    let Some(small) = Small::mount() else { return };
    let (database, ballast) = (small.path().join("tidings.db"), small.path().join("ballast"));
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = open(&database);
    let kept = fill(&store).await;
    assert_eq!(texts(&store, "a").await.unwrap().len() as u64, kept);
    assert!(matches!(store.health().await, Err(StoreError::Full(_)) | Ok(())));
    std::fs::remove_file(&ballast).unwrap();
    let last = "x".repeat(5_000);
    until(Duration::from_secs(5), async || append(&store, "a", &last).await.is_ok()).await;
    store.health().await.unwrap();
    drop(store);
    let texts = texts(&open(&database), "a").await.unwrap();
    assert_eq!(texts.len() as u64, kept + 1);
}
