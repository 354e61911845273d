//! A disk that does not sync what it is asked to.

use std::{path::PathBuf, process::Command, time::Duration};

use tidings_core::{Store, StoreError};

use crate::harness::{Directory, append, open, texts, until};

const DIRECTORY: &str = "TIDINGS_TEST_FAULT_DIRECTORY";

/// What the process does whose syncs fail, which the test below starts: whatever was acknowledged is there, and it goes on by itself.
#[tokio::test]
async fn appends_while_syncs_fail() {
    let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let store = open(&directory.join("tidings.db"));
    let (mut kept, mut uncertain) = (Vec::new(), 0);
    for n in 0..60 {
        match append(&store, "a", &n.to_string()).await {
            Ok(_) => kept.push(n.to_string()),
            Err(StoreError::Uncertain(why)) => {
                assert!(why.contains("disk"), "{why}");
                uncertain += 1;
                until(Duration::from_secs(5), async || store.health().await.is_ok()).await;
            }
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(uncertain > 0, "no sync failed");
    assert!(kept.len() > 40, "it did not go on: {}", kept.len());
    let texts: Vec<String> = texts(&store, "a").await.unwrap().into_iter().map(|(_, text)| text).collect();
    assert!(kept.iter().all(|text| texts.contains(text)), "what was acknowledged is lost");
}

#[test]
fn a_sync_that_fails_is_no_acknowledgement_and_the_database_is_opened_again() {
    // Opening a new database syncs with each migration: those go well.
    for which in ["fsync,fdatasync:error=EIO:when=20+15", "fsync,fdatasync:error=EIO:when=30..33"] {
        let directory = Directory::new();
        let run = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"])
            .arg(format!("inject={which}"))
            .arg(std::env::current_exe().unwrap())
            .args(["faults::appends_while_syncs_fail", "--exact", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .output();
        // Without strace there is nothing to fail with.
        let Ok(run) = run else { return };
        let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{which}: {said}");
    }
}
