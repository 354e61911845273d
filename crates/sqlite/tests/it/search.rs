//! What the index forgets it forgets: nothing of a message is left in it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tidings_core::{
    Store, hex,
    search::Token,
    store::{
        Tidy,
        chat::{Act, By, ChatStore, Done, Sending, Versions},
    },
};
use tidings_protocol::{EntryId, Offset, Timestamp};
use tidings_sqlite::SqliteStore;

use crate::harness::{Directory, HOUR, entry, name, room, time, user};

async fn say(store: &SqliteStore, number: u64) -> EntryId {
    let words = format!("message {number} of {} words", ["some", "many", "few"][(number % 3) as usize]);
    let who = ["ada", "mallory"][usize::from(number.is_multiple_of(4))];
    let message = entry(room(&format!("r{}", number % 5)), who, &words);
    let act = Act::Send(Sending { words: Some(words.into()), ..Sending::default() });
    match store.chat(act, message, HOUR).await.unwrap().unwrap() {
        Done::Sent { entry, .. } => entry.id,
        done => panic!("expected a message: {done:?}"),
    }
}

/// How many messages each token has, by the index itself and by what is beside it; the index must be whole.
fn counted(directory: &Directory) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let connection = Connection::open(directory.database()).unwrap();
    connection.execute("INSERT INTO search_index (search_index) VALUES ('integrity-check')", []).unwrap();
    connection
        .execute_batch("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search_index, row)")
        .unwrap();
    let mut all = connection.prepare("SELECT term, doc FROM temp.vocabulary").unwrap();
    let indexed = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut known: BTreeMap<String, i64> = BTreeMap::new();
    let mut rows = connection.prepare("SELECT tokens FROM search").unwrap();
    for tokens in rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        for token in tokens.unwrap().chunks(Token::BYTES) {
            *known.entry(hex(token)).or_default() += 1;
        }
    }
    let indexed = indexed.map(Result::unwrap).collect();
    // What FTS5 only marked as deleted would be left away by merging all of it.
    let bytes = || {
        let sum = "SELECT sum(length(block)) FROM search_index_data";
        connection.query_row(sum, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let kept = bytes();
    connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')", []).unwrap();
    assert!(kept <= bytes() + 64, "{kept} bytes and not {}: what is gone is still in the file", bytes());
    (indexed, known)
}

#[tokio::test]
async fn what_is_gone_is_in_no_index() {
    let directory = Directory::new();
    let store = directory.open();
    let mut ids = Vec::new();
    for number in 0..600 {
        ids.push(say(&store, number).await);
    }
    for (number, id) in ids.iter().enumerate().step_by(7) {
        let told = entry(room(&format!("r{}", number % 5)), "ada", "0");
        let versions = Versions::Drop;
        let act = match number % 2 {
            0 => Act::Delete { message: *id, tombstone: told.data.clone(), by: By::Moderator, versions },
            _ => Act::Edit {
                message: *id,
                data: told.data.clone(),
                by: By::Moderator,
                versions,
                mentions: Default::default(),
                words: Some(format!("edited {number}").into()),
            },
        };
        store.chat(act, told, HOUR).await.unwrap().unwrap();
    }
    store.erase(user("mallory")).await.unwrap();
    drop(store);
    let (indexed, known) = counted(&directory);
    assert_eq!(indexed, known, "after edits, deletions and an erasure");
    assert!(
        !indexed.contains_key(&hex(&Token::sender(&user("mallory")).bytes())),
        "an erased sender is left"
    );

    let store = directory.open();
    store.forget(room("r1"), Offset(50)).await.unwrap();
    store.delete_room(name("r2")).await.unwrap();
    let epoch = Timestamp::from_millis(0);
    store
        .tidy(time(1), Tidy { keys_before: epoch, revocations_before: epoch, entries_before: epoch })
        .await
        .unwrap();
    drop(store);
    let (indexed, known) = counted(&directory);
    assert_eq!(indexed, known, "after retention and the end of a room");
    assert!(!indexed.contains_key(&hex(&Token::room(&room("r2")).bytes())), "a deleted room is left");
    assert!(indexed.contains_key(&hex(&Token::room(&room("r3")).bytes())));

    let store = directory.open();
    for number in [0, 1, 3, 4] {
        store.delete_room(name(&format!("r{number}"))).await.unwrap();
    }
    store
        .tidy(time(2), Tidy { keys_before: epoch, revocations_before: epoch, entries_before: epoch })
        .await
        .unwrap();
    drop(store);
    assert_eq!(counted(&directory), (BTreeMap::new(), BTreeMap::new()));
}
