//! Erasing a user: the places stay, the person goes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tidings_core::{
    RoomKey, Store,
    store::{Erased, MemberRole, Person},
};
use tidings_protocol::{EventType, Json, Offset, Role, Timestamp};

use super::Fresh;
use crate::contract::samples::{
    Facts, LONG, TO_THE_END, at, entry, entry_from, fill, log, name, new, offsets, personal, read, room, user,
};

const ERASED: &str = "ada";

/// Two rooms and everyone with entries of Ada's between others', her personal room, a membership, a revocation.
async fn a_life(store: &dyn Store) -> Erased {
    let role = RoomKey::Role(Role::parse("admin").unwrap());
    let batch = [
        entry_from("bob", &room("a"), "1"),
        entry_from(ERASED, &room("a"), r#"{"secret": 1}"#),
        entry(&room("a"), "3"),
        entry_from(ERASED, &room("a"), "4"),
        entry_from(ERASED, &RoomKey::Everyone, "5"),
        entry_from(ERASED, &role, "6"),
        entry_from(ERASED, &personal("bob"), "7"),
        entry_from("bob", &personal("bob"), "8"),
        entry_from("bob", &personal(ERASED), "9"),
        entry_from(ERASED, &personal(ERASED), "10"),
        entry(&personal(ERASED), "11"),
    ];
    store.append(batch.map(|entry| (entry, LONG)).into(), None).await.unwrap();
    for (place, who) in [("a", ERASED), ("b", ERASED), ("a", "bob")] {
        store.put_member(name(place), user(who), MemberRole::default(), at(1)).await.unwrap();
    }
    store.revoke(user(ERASED), at(1)).await.unwrap();
    store.revoke(user("bob"), at(1)).await.unwrap();
    Erased { personal_entries: 3, blanked_entries: 5, memberships: 2, ..Erased::default() }
}

/// The personal room, memberships and revocations are gone; other rooms' logs have places instead of her entries.
pub async fn erase_takes_the_personal_room_and_blanks_the_rest(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    a_life(&*store).await;
    let her_head = store.head(personal(ERASED)).await.unwrap();
    let everywhere = || {
        let role = RoomKey::Role(Role::parse("admin").unwrap());
        [room("a"), RoomKey::Everyone, role, personal("bob")]
    };
    let mut expected = Vec::new();
    for place in everywhere() {
        let stretch = read(&*store, &place, TO_THE_END, 100).await;
        let blank = |facts: Facts| match facts.from == Some(user(ERASED)) {
            true => {
                let r#type = EventType::parse(Erased::ENTRY_TYPE).unwrap();
                Facts { r#type, from: None, data: Json::null(), ..facts }
            }
            false => facts,
        };
        let entries: Vec<Facts> = Facts::all(&stretch.entries).into_iter().map(blank).collect();
        expected.push((stretch.head, stretch.oldest, entries));
    }
    store.erase(user(ERASED)).await.unwrap();
    let mut found = Vec::new();
    for place in everywhere() {
        let stretch = read(&*store, &place, TO_THE_END, 100).await;
        found.push((stretch.head, stretch.oldest, Facts::all(&stretch.entries)));
    }
    assert_eq!(found, expected);
    assert_eq!(store.entries_of(user(ERASED), None, 10).await.unwrap().len(), 0);
    assert_eq!(store.rooms_of(user(ERASED), None, 10).await.unwrap(), []);
    assert_eq!(store.member(name("a"), user(ERASED)).await.unwrap(), None);
    assert_eq!(store.room(room("b")).await.unwrap().unwrap().members, 0);
    let revoked = store.revocations(Timestamp::from_millis(0)).await.unwrap();
    assert_eq!(revoked.iter().map(|it| it.user.as_str()).collect::<Vec<_>>(), ["bob"]);

    assert_eq!(store.room(personal(ERASED)).await.unwrap(), None, "the room is forgotten, name and all");
    assert_eq!(log(&*store, &personal(ERASED)).await.len(), 0);
    let gone = store.head(personal(ERASED)).await.unwrap();
    assert_eq!(gone.offset, Offset(0));
    assert_ne!(gone.epoch, her_head.epoch, "the position says that the log is another one");
    assert_eq!(offsets(&fill(&*store, &personal(ERASED), 1).await), [1]);
    assert_ne!(store.head(personal(ERASED)).await.unwrap().epoch, her_head.epoch);
    assert_eq!(offsets(&fill(&*store, &room("a"), 1).await), [5], "other logs go on");
}

/// The counts are right; erasing again finds nothing, and a user who comes back begins anew.
pub async fn erase_reports_what_it_did_and_does_it_once(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert_eq!(store.erase(user(ERASED)).await.unwrap(), Erased::default(), "nobody knows her yet");
    let expected = a_life(&*store).await;
    assert_eq!(store.erase(user(ERASED)).await.unwrap(), expected);
    assert_eq!(store.erase(user(ERASED)).await.unwrap(), Erased::default());
    store.append_one(entry_from(ERASED, &room("a"), "1"), LONG).await.unwrap();
    let found = store.entries_of(user(ERASED), None, 10).await.unwrap();
    assert_eq!(offsets(&found), [5]);
    let again = store.erase(user(ERASED)).await.unwrap();
    assert_eq!(again, Erased { blanked_entries: 1, ..Erased::default() });
}

/// Whoever's id only looks like the erased one keeps everything.
pub async fn erase_leaves_similar_users_alone(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let others = ["a_a", "aXa", "a%", "A_A", "a_a ", "a_", "a_aa", "' OR 1=1 --"];
    for who in others {
        let entries = [entry_from(who, &room("a"), "1"), entry_from(who, &personal(who), "2")];
        new(store.append(entries.map(|entry| (entry, LONG)).into(), None).await.unwrap());
        store.put_member(name("a"), user(who), MemberRole::default(), at(1)).await.unwrap();
        store.revoke(user(who), at(1)).await.unwrap();
    }
    for erased in ["a_a", "a%", "' OR 1=1 --"] {
        let one = Erased { personal_entries: 1, blanked_entries: 1, memberships: 1, ..Erased::default() };
        assert_eq!(store.erase(user(erased)).await.unwrap(), one, "{erased}");
    }
    for who in ["aXa", "A_A", "a_a ", "a_", "a_aa"] {
        assert_eq!(store.entries_of(user(who), None, 10).await.unwrap().len(), 2, "{who:?}");
        assert!(store.member(name("a"), user(who)).await.unwrap().is_some(), "{who:?}");
    }
    assert_eq!(store.revocations(Timestamp::from_millis(0)).await.unwrap().len(), 5);
    assert_eq!(store.room(room("a")).await.unwrap().unwrap().members, 5);
}

/// What was erased cannot be read from the store's files afterwards.
pub async fn what_was_erased_is_in_no_file(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let who = "quite-unlikely-person";
    let long = format!("\"quite-unlikely-text {}\"", "quite-unlikely-tail ".repeat(2_000));
    for number in 0..20 {
        for place in [room("a"), personal(who)] {
            let text = if number % 4 == 0 { &*long } else { "\"quite-unlikely-text\"" };
            store.append_one(entry_from(who, &place, text), LONG).await.unwrap();
            fill(&*store, &room("a"), 3).await;
        }
        store.put_member(name(&format!("b{number}")), user(who), MemberRole::default(), at(1)).await.unwrap();
    }
    store.revoke(user(who), at(1)).await.unwrap();
    let person = Person { user: user(who), last_seen: at(1), revision: 1, server: None };
    store.note_people(vec![person]).await.unwrap();
    let files = fresh.files();
    if files.is_empty() {
        return;
    }
    assert!(!where_found(&files, "quite-unlikely-text").is_empty(), "what is kept is in a file");
    store.erase(user(who)).await.unwrap();
    for trace in [who, "quite-unlikely-text", "quite-unlikely-tail"] {
        assert_eq!(where_found(&files, trace), Vec::<PathBuf>::new(), "{trace}");
    }
}

/// The files in which a text stands; folders are looked through.
pub(super) fn where_found(paths: &[PathBuf], text: &str) -> Vec<PathBuf> {
    // Bytes that are no text become other bytes, which hides no text beside them.
    let holds = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).contains(text);
    let mut found = Vec::new();
    for path in paths {
        match fs::read_dir(path) {
            Ok(items) => {
                let inner: Vec<PathBuf> = items.filter_map(|item| Some(item.ok()?.path())).collect();
                found.extend(where_found(&inner, text));
            }
            Err(_) => found.extend(holds(path).then(|| path.clone())),
        }
    }
    found
}
