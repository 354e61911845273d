//! A flipped bit, a missing end: never garbage, never a panic, and nothing is deleted.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::Connection;
use tidings_core::{Store, StoreError, store::AuditRecord};
use tidings_sqlite::{OpenError, Options, SqliteStore};

use crate::harness::{Directory, append, json, name, room, texts, time};

const ROOMS: [&str; 4] = ["a", "b", "c", "d"];

type Logs = BTreeMap<&'static str, Vec<(u64, String)>>;

async fn fill(directory: &Directory) -> Logs {
    let store = directory.open();
    store.put_room(name("a"), json("some data of the back end"), time(1)).await.unwrap();
    for n in 0..400 {
        append(&store, ROOMS[n % 4], &format!("entry {n} {}", "abcdefgh".repeat(n % 40))).await.unwrap();
    }
    let mut logs = Logs::new();
    for room in ROOMS {
        logs.insert(room, texts(&store, room).await.unwrap());
    }
    logs
}

/// Opens what was damaged and reads everything: whatever is answered is true. Answers how many logs were whole.
async fn check(path: &Path, logs: &Logs) -> usize {
    let store = match SqliteStore::open(path, Options::default()) {
        Ok(store) => store,
        Err(
            OpenError::Damaged(..)
            | OpenError::DamagedLog(_)
            | OpenError::NotADatabase(_)
            | OpenError::NotOurs(_)
            | OpenError::Newer { .. }
            | OpenError::NotWritable(_),
        ) => return 0,
        Err(other) => panic!("{other}"),
    };
    let mut whole = 0;
    for (room, log) in logs {
        match texts(&store, room).await {
            Ok(texts) if texts.is_empty() => {}
            Ok(texts) => {
                assert_eq!(&texts, log, "garbage was handed out");
                whole += 1;
            }
            Err(StoreError::Corrupt(why)) => assert!(why.contains("restore a backup"), "{why}"),
            Err(other) => panic!("{other}"),
        }
    }
    if let Ok(Some(record)) = store.room(room("a")).await {
        assert!(
            ["null", "\"some data of the back end\""].contains(&record.data.as_str()),
            "{}",
            record.data.as_str()
        );
    }
    // Whether it still goes depends on the place; it may not end anything.
    let _ = append(&store, "a", "more").await;
    let _ = store.health().await;
    whole
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_the_rest_is_served() {
    let directory = Directory::new();
    let logs = fill(&directory).await;
    let bytes = fs::read(directory.database()).unwrap();
    let (mut whole, mut trials) = (0, 0);
    // Places spread over the file, the header's hundred bytes among them.
    for place in (0..100).step_by(9).chain((100..bytes.len()).step_by(bytes.len() / 120)) {
        let copy = directory.path().join(format!("flipped-{place}.db"));
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&copy, &flipped).unwrap();
        whole += check(&copy, &logs).await;
        trials += 1;
        fs::remove_file(&copy).unwrap();
    }
    assert!(whole > trials * 2, "{whole} of {}", trials * 4);
}

#[tokio::test]
async fn a_missing_end_is_refused() {
    let directory = Directory::new();
    let logs = fill(&directory).await;
    let bytes = fs::read(directory.database()).unwrap();
    for missing in [1, 4096, 20_000, bytes.len() - 50] {
        let copy = directory.path().join(format!("short-{missing}.db"));
        fs::write(&copy, &bytes[..bytes.len() - missing]).unwrap();
        check(&copy, &logs).await;
        assert!(fs::metadata(&copy).unwrap().len() > 0, "nothing was deleted");
    }
}

#[tokio::test]
async fn a_damaged_log_is_refused_and_a_cut_one_is_read_as_far_as_it_goes() {
    let directory = Directory::new();
    let store = directory.open();
    for n in 0..40 {
        append(&store, "a", &n.to_string()).await.unwrap();
    }
    // As a process that was killed leaves them.
    let files = ["", "-wal"].map(|end| fs::read(directory.path().join(format!("tidings.db{end}"))).unwrap());
    let (database, log) = (&files[0], &files[1]);
    let left = directory.path().join("left.db");
    let leave = |log: &[u8]| {
        fs::write(&left, database).unwrap();
        fs::write(directory.path().join("left.db-wal"), log).unwrap();
    };
    leave(log);
    assert_eq!(texts(&crate::harness::open(&left), "a").await.unwrap().len(), 40);
    for place in (0..16).chain((24..log.len() * 3 / 4).step_by(997)) {
        let mut flipped = log.clone();
        flipped[place] ^= 16;
        leave(&flipped);
        match SqliteStore::open(&left, Options::default()) {
            Err(error @ OpenError::DamagedLog(_)) => {
                assert!(error.to_string().contains("nothing was deleted"))
            }
            // Of a frame's header neither the padding nor what is written again later counts.
            Ok(store) => assert_eq!(texts(&store, "a").await.unwrap().len(), 40, "left out unseen: {place}"),
            Err(other) => panic!("{other}"),
        }
    }
    for missing in [1, 5000, log.len() / 2] {
        leave(&log[..log.len() - missing]);
        let texts = texts(&crate::harness::open(&left), "a").await.unwrap();
        assert!(
            texts.len() < 40
                && texts
                    .iter()
                    .enumerate()
                    .all(|(n, (offset, text))| { *offset == n as u64 + 1 && *text == n.to_string() })
        );
    }
}

#[tokio::test]
async fn one_damaged_entry_costs_its_page_and_no_other_room() {
    let directory = Directory::new();
    let logs = fill(&directory).await;
    let connection = Connection::open(directory.database()).unwrap();
    connection.execute("UPDATE entries SET data = replace(data, 'entry 40 ', 'entry 41 ')", []).unwrap();
    drop(connection);
    let store = directory.open();
    assert!(matches!(texts(&store, "a").await, Err(StoreError::Corrupt(_))));
    for room in ["b", "c", "d"] {
        assert_eq!(&texts(&store, room).await.unwrap(), &logs[room]);
    }
    let page = store
        .read(room("a"), tidings_core::store::Page::Before(tidings_protocol::Offset(u64::MAX)), 20)
        .await;
    assert_eq!(page.unwrap().entries.len(), 20, "intact pages of the same room are read");
    let connection = Connection::open(directory.database()).unwrap();
    connection.execute("DELETE FROM entries WHERE offset = 50", []).unwrap();
    assert!(matches!(texts(&store, "b").await, Err(StoreError::Corrupt(why)) if why.contains("missing")));
}

#[tokio::test]
async fn the_audit_log_cannot_be_changed_unseen() {
    let directory = Directory::new();
    let store = directory.open();
    for n in 0..5 {
        let subject = format!("user {n}");
        let (actor, act) = ("cli".into(), "user.erase".into());
        let act = tidings_core::store::AuditAct { time: time(n), actor, act, subject, detail: json("") };
        store.audit(act).await.unwrap();
    }
    let connection = Connection::open(directory.database()).unwrap();
    let change = |sql| connection.execute_batch(sql);
    change("DELETE FROM audit WHERE number = 3").unwrap_err();
    change("UPDATE audit SET subject = 'nobody' WHERE number = 3").unwrap_err();
    assert_eq!(store.audit_log(0, 9).await.unwrap().len(), 5);
    change("DROP TRIGGER audit_is_not_changed; UPDATE audit SET subject = 'nobody' WHERE number = 3")
        .unwrap();
    // It is handed out as it is kept, so that whoever checks the chain can say where it breaks.
    let records = store.audit_log(0, 9).await.unwrap();
    let follows = |pair: &[AuditRecord]| pair[1].follows(&pair[0].hash);
    assert_eq!(records.windows(2).map(follows).collect::<Vec<_>>(), [true, false, true, true]);
    change("UPDATE audit SET detail = 'no JSON' WHERE number = 5").unwrap();
    assert!(matches!(store.audit_log(0, 9).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.audit_log(0, 4).await.unwrap().len(), 4);
}
