//! Files that are not what they should be, or not where.

use std::{fs, time::Duration};

use rusqlite::Connection;
use tidings_core::Store;
use tidings_sqlite::{Migrated, SqliteStore, look};

use crate::harness::{Directory, append, refusal, room, texts, until};

#[test]
fn a_second_tidings_is_told_so() {
    let directory = Directory::new();
    let store = directory.open();
    let why = refusal(&directory.database());
    assert!(why.contains("another Tidings uses this database"), "{why}");
    #[cfg(unix)]
    {
        let other_name = directory.path().join("other.db");
        std::os::unix::fs::symlink(directory.database(), &other_name).unwrap();
        assert!(refusal(&other_name).contains("another Tidings"));
    }
    drop(store);
    directory.open();
}

#[test]
fn what_cannot_be_opened_says_what_to_do() {
    let directory = Directory::new();
    let check = |path: &std::path::Path, part: &str| {
        let why = refusal(path);
        assert!(why.contains(part), "{why}");
    };
    check(&directory.path().join("missing/tidings.db"), "create it");
    check(directory.path(), "is a folder: name a file in store.url");
    assert!(!directory.path().with_extension("lock").exists(), "nothing was put beside it");

    let locked = directory.path().join("locked.db");
    let other = Connection::open(&locked).unwrap();
    other.execute_batch("CREATE TABLE photos (id); BEGIN EXCLUSIVE").unwrap();
    check(&locked, "another program has");
    drop(other);

    let text = directory.path().join("text.db");
    fs::write(&text, "shopping list\n".repeat(1000)).unwrap();
    check(&text, "is not a database");
    assert!(fs::read_to_string(&text).unwrap().starts_with("shopping"), "nothing was changed");

    let other = directory.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE photos (id)").unwrap();
    check(&other, "another program");

    let read_only = directory.path().join("read-only.db");
    fs::write(&read_only, "").unwrap();
    let mut permissions = fs::metadata(&read_only).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&read_only, permissions).unwrap();
    check(&read_only, "cannot be written");
}

#[test]
fn a_look_says_what_is_there_and_makes_nothing() {
    let directory = Directory::new();
    let files = || fs::read_dir(directory.path()).unwrap().count();
    let at = |path: &std::path::Path| look(path).map_err(|why| why.to_string());
    assert_eq!((at(&directory.database()), files()), (Ok(None), 0));
    assert!(at(&directory.path().join("missing/tidings.db")).unwrap_err().contains("create it"));
    assert!(at(directory.path()).unwrap_err().contains("is a folder"));

    fs::write(directory.database(), "").unwrap();
    let empty = at(&directory.database()).unwrap().unwrap();
    assert_eq!((empty.version, empty.is_in_use, files()), (0, false, 1));
    // With a name that an address would have to escape.
    let strange = directory.path().join("50% of?this#one.db");
    let Migrated { to, .. } = SqliteStore::migrate(&strange).unwrap();
    let before = files();
    let closed = at(&strange).unwrap().unwrap();
    assert_eq!((closed.version, closed.known, closed.is_in_use, files()), (to, to, false, before));

    let store = directory.open();
    let before = files();
    let open = at(&directory.database()).unwrap().unwrap();
    assert_eq!((open.version, open.is_in_use, files()), (to, true, before), "also what is in the log only");
    drop(store);
    fs::write(&strange, "shopping list\n".repeat(1000)).unwrap();
    assert!(at(&strange).unwrap_err().contains("is not a database"));
    let connection = Connection::open(directory.database()).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    assert!(at(&directory.database()).unwrap_err().contains("newer Tidings"));
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_stays_as_it_is() {
    let directory = Directory::new();
    let Migrated { from, to } = SqliteStore::migrate(&directory.database()).unwrap();
    assert_eq!(from, 0);
    assert_eq!(SqliteStore::migrate(&directory.database()).unwrap(), Migrated { from: to, to });
    let connection = Connection::open(directory.database()).unwrap();
    connection.pragma_update(None, "user_version", to + 1).unwrap();
    drop(connection);
    let why = refusal(&directory.database());
    let expected = format!("newer Tidings (schema {}, this program knows up to {to})", to + 1);
    assert!(why.contains(&expected), "{why}");
    let connection = Connection::open(directory.database()).unwrap();
    connection.pragma_update(None, "user_version", to).unwrap();
    drop(connection);
    append(&directory.open(), "a", "x").await.unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let _store = directory.open();
    for file in fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_database_that_is_deleted_while_it_is_used_begins_anew_by_itself() {
    let directory = Directory::new();
    let store = directory.open();
    append(&store, "a", "x").await.unwrap();
    let epoch = store.head(room("a")).await.unwrap().epoch;
    fs::remove_file(directory.database()).unwrap();
    until(Duration::from_secs(5), async || append(&store, "a", "y").await.is_ok()).await;
    until(Duration::from_secs(5), async || store.health().await.is_ok()).await;
    assert_ne!(
        store.head(room("a")).await.unwrap().epoch,
        epoch,
        "clients are told that the log is another one"
    );
    drop(store);
    assert_eq!(texts(&directory.open(), "a").await.unwrap(), [(1, "y".to_owned())]);
}

#[tokio::test]
async fn a_log_that_is_deleted_takes_nothing_along() {
    let directory = Directory::new();
    let store = directory.open();
    append(&store, "a", "one").await.unwrap();
    fs::remove_file(directory.path().join("tidings.db-wal")).unwrap();
    until(Duration::from_secs(5), async || append(&store, "a", "two").await.is_ok()).await;
    drop(store);
    let texts = texts(&directory.open(), "a").await.unwrap();
    assert_eq!(texts.first(), Some(&(1, "one".to_owned())));
    assert_eq!(texts.last().unwrap().1, "two");
}

#[tokio::test]
async fn somebody_elses_lock_is_waited_for_less_than_two_seconds() {
    let directory = Directory::new();
    let store = directory.open();
    append(&store, "a", "one").await.unwrap();
    let other = Connection::open(directory.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    append(&store, "a", "two").await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(2));
    store.health().await.unwrap_err();
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(append(&store, "a", "two").await, Ok(2));
    store.health().await.unwrap();
}
