//! Finding messages by their words: whatever anybody types, and only what is there.

use std::sync::Arc;

use tidings_core::{
    Entry, RoomKey, Store,
    search::{Query, text_of},
    store::{
        chat::{Act, By, Done, Sending, Versions},
        search::{ROOMS_MAX, Search},
    },
};
use tidings_protocol::{EntryId, EventType, Json, Offset};

use super::{Fresh, erasing::where_found};
use crate::contract::samples::{LONG, at, changed, entry, json, name, personal, room, user};

/// What people write, and a query that finds it and nothing else of this.
const TEXTS: [(&str, &str); 24] = [
    ("The printer on floor 3 is on fire", "printer fire"),
    ("Crème brûlée at noon", "creme BRULEE"),
    ("Straße des 17. Juni", "strasse"),
    ("don't \"quote\" me", "don't \"quote"),
    ("a-b -c --d", "-c --d"),
    ("SELECT * FROM entries; DROP TABLE messages; --", "' ; DROP TABLE messages"),
    ("robert'); DELETE", "robert');"),
    ("NEAR(one two, 3)", "NEAR(one two"),
    ("this AND that OR other NOT these", "AND that OR other"),
    ("col:on ^start {a b} : value", "col:on"),
    ("star* st*r", "st*r"),
    ("back\\slash \\u0041 %percent% _under_", "back\\slash"),
    ("nul\u{0}byte", "nul\u{0}byte"),
    ("日本語で東京タワーへ行く", "東京タワー"),
    ("我爱北京天安门", "天安门"),
    ("שלום עולם", "שָׁלוֹם"),
    ("مرحبا بالعالم", "مَرْحَبًا"),
    ("한국어를 배우다", "한국어"),
    ("สวัสดีชาวโลก", "สวัสดี"),
    ("हिन्दी में संदेश", "हिन्दी"),
    ("party 🎉🎂 tonight", "🎉🎂"),
    ("family 👨‍👩‍👧 day", "👨‍👩‍👧"),
    ("\u{202e}reversed\u{202c} text", "reversed"),
    ("& | ! <-> :* ts_query", "ts_query"),
];

/// Messages that have these words, anywhere.
pub(super) fn looking_for(query: &str, rooms: Option<Vec<RoomKey>>) -> Search {
    let tokens = Query::parse(query).unwrap().map(|query| query.tokens()).unwrap_or_default();
    Search { tokens, rooms, from: None, since: None, until: None, before: None, limit: 100 }
}

/// All that are found, page by page.
pub(super) async fn found(store: &dyn Store, search: Search) -> Vec<EntryId> {
    entries(store, search).await.iter().map(|entry| entry.id).collect()
}

async fn entries(store: &dyn Store, mut search: Search) -> Vec<Arc<Entry>> {
    let mut all = Vec::new();
    loop {
        let page = store.search(search.clone()).await.unwrap();
        assert!(page.candidates.len() <= search.limit);
        all.extend(page.candidates.into_iter().map(|candidate| candidate.entry));
        assert!(page.next.is_none_or(|next| search.before.is_none_or(|before| next < before)), "it goes on");
        search.before = page.next;
        if page.next.is_none() {
            return all;
        }
    }
}

/// What the messages that are found say.
async fn texts(store: &dyn Store, search: Search) -> Vec<String> {
    let all = entries(store, search).await;
    all.iter().map(|entry| text_of(&entry.data).unwrap()).collect()
}

fn content(text: &str) -> Json {
    Json::of(&serde_json::json!({ "content": text })).unwrap()
}

fn message(room: &RoomKey, from: &str, millis: u64, text: &str) -> Entry {
    changed(entry(room, "0"), |entry| {
        entry.r#type = EventType::parse("chat_message").unwrap();
        (entry.from, entry.time, entry.data) = (Some(user(from)), at(millis), content(text));
        entry.id = EntryId::new(entry.time);
    })
}

async fn say(store: &dyn Store, room: &RoomKey, from: &str, millis: u64, text: &str) -> Arc<Entry> {
    let act = Act::Send(Sending { words: Some(text.into()), ..Sending::default() });
    match store.chat(act, message(room, from, millis, text), LONG).await.unwrap().unwrap() {
        Done::Sent { entry, .. } => entry,
        done => panic!("expected a message: {done:?}"),
    }
}

async fn edit(store: &dyn Store, message: &Entry, text: &str, words: bool) {
    let act = Act::Edit {
        message: message.id,
        data: content(text),
        by: By::Moderator,
        versions: Versions::Drop,
        mentions: Default::default(),
        words: words.then(|| text.into()),
    };
    store.chat(act, entry(&message.room, "0"), LONG).await.unwrap().unwrap();
}

async fn delete(store: &dyn Store, message: &Entry) {
    let act = Act::Delete {
        message: message.id,
        tombstone: Json::null(),
        by: By::Moderator,
        versions: Versions::Drop,
    };
    store.chat(act, entry(&message.room, "0"), LONG).await.unwrap().unwrap();
}

/// Every text is among what its query finds, and is all that is left when it is looked at again.
pub async fn any_text_is_found_by_its_words(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for (number, (text, _)) in TEXTS.iter().enumerate() {
        say(&*store, &room("lounge"), "ada", number as u64, text).await;
    }
    for (text, asked) in TEXTS {
        let query = Query::parse(asked).unwrap().unwrap();
        let mut found = texts(&*store, looking_for(asked, None)).await;
        found.retain(|text| query.found_in(text).is_some());
        assert_eq!(found, if fresh.keeps_words() { vec![text] } else { Vec::new() }, "{asked}");
    }
}

/// None is an error, whatever it is made of.
pub async fn any_input_is_words(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    say(&*store, &room("lounge"), "ada", 0, "one two three").await;
    let long = "word ".repeat(16);
    let inputs = [
        "\"",
        "\"\"\"one",
        "one\"",
        "'one' OR 1=1 --",
        "one*",
        "*",
        "one AND",
        "AND",
        "NOT one",
        "NEAR(one two, 2)",
        "tokens:one",
        "{one two}:three",
        "^one",
        "one + two",
        "(one",
        "one)",
        "-one",
        "--",
        ":*",
        "one & two | !three",
        "one <-> two",
        "\\",
        "\u{0}",
        "one\u{0}two",
        "\u{feff}one",
        "🎉",
        "一",
        "\u{202e}one",
        "%",
        "_",
        "$1",
        "?1",
        "1e309",
        "one'); DROP TABLE search; --",
        long.as_str(),
    ];
    for input in inputs {
        if let Some(query) = Query::parse(input).unwrap() {
            let mut found = texts(&*store, looking_for(input, None)).await;
            found.retain(|text| query.found_in(text).is_some());
            assert!(found.len() <= 1, "{input}");
        }
    }
    let expected: &[&str] = if fresh.keeps_words() { &["one two three"] } else { &[] };
    assert_eq!(texts(&*store, looking_for("one", None)).await, expected, "all is as it was");
}

/// Rooms, a sender and a time narrow it down, alone and together; the newest come first.
pub async fn what_is_found_is_of_whom_when_and_where_it_is_asked_for(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    if !fresh.keeps_words() {
        return;
    }
    let said =
        [("a", "ada", "1"), ("b", "bob", "2"), ("a", "bob", "3"), ("c", "ada", "4"), ("a", "ada", "5")];
    for (number, (place, who, text)) in said.iter().enumerate() {
        say(&*store, &room(place), who, number as u64 * 100_000, &format!("word {text}")).await;
    }
    let asked = |rooms: Option<&[&str]>| {
        looking_for("word", rooms.map(|rooms| rooms.iter().map(|place| room(place)).collect()))
    };
    let many: Vec<RoomKey> =
        (1..ROOMS_MAX).map(|number| room(&format!("other{number}"))).chain([room("a")]).collect();
    for (search, expected) in [
        (asked(None), &["word 5", "word 4", "word 3", "word 2", "word 1"][..]),
        (asked(Some(&["a"])), &["word 5", "word 3", "word 1"]),
        (asked(Some(&["a", "b"])), &["word 5", "word 3", "word 2", "word 1"]),
        (asked(Some(&["b", "nowhere"])), &["word 2"]),
        (asked(Some(&["nowhere"])), &[]),
        (asked(Some(&[])), &[]),
        (looking_for("word", Some(many)), &["word 5", "word 3", "word 1"]),
        (Search { from: Some(user("ada")), ..asked(None) }, &["word 5", "word 4", "word 1"]),
        (Search { from: Some(user("ada")), ..asked(Some(&["a"])) }, &["word 5", "word 1"]),
        (Search { from: Some(user("nobody")), ..asked(None) }, &[]),
        (Search { since: Some(at(200_000)), ..asked(None) }, &["word 5", "word 4", "word 3"]),
        (Search { until: Some(at(200_000)), ..asked(None) }, &["word 2", "word 1"]),
        (
            Search { since: Some(at(100_000)), until: Some(at(300_001)), ..asked(None) },
            &["word 4", "word 3", "word 2"],
        ),
        (Search { since: Some(at(900_000_000)), ..asked(None) }, &[]),
        (Search { until: Some(at(0)), ..asked(None) }, &[]),
        (looking_for("word 3", None), &["word 3"]),
        (looking_for("wor", None), &["word 5", "word 4", "word 3", "word 2", "word 1"]),
        (looking_for("wor ", None), &[]),
    ] {
        let what = format!("{search:?}");
        assert_eq!(texts(&*store, search).await, expected, "{what}");
    }
}

/// Also while more messages come, and where more are found than one page has.
pub async fn pages_of_what_is_found_meet(fresh: &mut impl Fresh) {
    const MESSAGES: u64 = 300;
    let store = fresh.store().await;
    if !fresh.keeps_words() {
        return;
    }
    for number in 0..MESSAGES {
        say(&*store, &room(&format!("room{}", number % 7)), "ada", number, &format!("word {number}")).await;
    }
    let mut search = Search { limit: 7, ..looking_for("word", None) };
    let mut numbers = Vec::new();
    loop {
        let page = store.search(search.clone()).await.unwrap();
        numbers.extend(page.candidates.iter().map(|it| text_of(&it.entry.data).unwrap()));
        say(&*store, &room("room1"), "bob", MESSAGES, "word later").await;
        search.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..MESSAGES).rev().map(|number| format!("word {number}")).collect();
    assert_eq!(numbers, expected);
}

/// An edit, a deletion, an erasure, retention and the end of a room, each at once.
pub async fn what_leaves_is_not_found_from_then_on(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    if !fresh.keeps_words() {
        return;
    }
    let (a, b) = (room("a"), room("b"));
    let edited = say(&*store, &a, "ada", 0, "edited").await;
    let deleted = say(&*store, &a, "ada", 1, "deleted").await;
    say(&*store, &a, "bob", 2, "erased").await;
    let sealed = say(&*store, &a, "ada", 3, "sealed").await;
    let left = say(&*store, &a, "ada", 4, "left").await;
    say(&*store, &b, "ada", 5, "room").await;
    let is_found = async |query: &str| !found(&*store, looking_for(query, None)).await.is_empty();
    for query in ["edited", "deleted", "erased", "sealed", "left", "room", "rea"] {
        assert_eq!(is_found(query).await, query != "rea", "{query}");
    }
    edit(&*store, &edited, "really other", true).await;
    assert_eq!((is_found("edited").await, is_found("rea").await), (false, true));
    assert_eq!(found(&*store, looking_for("other", Some(vec![a.clone()]))).await, [edited.id]);
    edit(&*store, &sealed, "secret", false).await;
    assert_eq!((is_found("sealed").await, is_found("secret").await), (false, false));
    edit(&*store, &sealed, "open", true).await;
    assert!(is_found("open").await, "what is plain again is found again");
    delete(&*store, &deleted).await;
    assert!(!is_found("deleted").await);
    store.erase(user("bob")).await.unwrap();
    assert!(!is_found("erased").await);
    store.forget(a.clone(), Offset(left.offset.unwrap().0 - 1)).await.unwrap();
    assert_eq!(
        (is_found("other").await, is_found("open").await, is_found("left").await),
        (false, false, true)
    );
    store.delete_room(name("b")).await.unwrap();
    assert!(!is_found("room").await);
    say(&*store, &b, "ada", 6, "other").await;
    assert_eq!(texts(&*store, looking_for("other", None)).await, ["other"]);
    assert!(!is_found("room").await, "a new room has nothing of the old");
    let tidy = tidings_core::store::Tidy {
        keys_before: at(0),
        revocations_before: at(0),
        entries_before: tidings_protocol::Timestamp::from_millis(0),
    };
    store.tidy(at(10), tidy).await.unwrap();
    assert_eq!(
        texts(&*store, looking_for("other", None)).await,
        ["other"],
        "tidying takes what is gone only"
    );
    assert_eq!(
        (is_found("left").await, is_found("erased").await, is_found("room").await),
        (true, false, false)
    );
    say(&*store, &personal("ada"), "ada", 7, "own").await;
    store.erase(user("ada")).await.unwrap();
    assert_eq!(
        (is_found("own").await, is_found("left").await, is_found("other").await),
        (false, false, false)
    );
}

/// After the process.
pub async fn what_is_found_lasts(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let said = say(&*store, &room("a"), "ada", 0, "lasting words").await;
    let Some(store) = fresh.reopen(store).await else { return };
    if fresh.keeps_words() {
        assert_eq!(found(&*store, looking_for("lasting", None)).await, [said.id]);
    }
}

/// What a message said is in its entry and nowhere else in the store's files, however it is looked for.
pub async fn an_index_holds_no_words(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let words = "unlikelyword anotherone";
    for number in 0..20 {
        // The index is given words that the entry does not say.
        let act = Act::Send(Sending { words: Some(words.into()), ..Sending::default() });
        let other = changed(message(&room("a"), "ada", number, "x"), |entry| entry.data = json("1"));
        store.chat(act, other, LONG).await.unwrap().unwrap();
    }
    if fresh.keeps_words() {
        assert_eq!(found(&*store, looking_for("unlikelyword anoth", None)).await.len(), 20);
    }
    // Every writer brings everything there.
    store.erase(user("nobody")).await.unwrap();
    for part in ["unlikelyword", "unlike", "anotherone"] {
        assert_eq!(where_found(&fresh.files(), part), Vec::<std::path::PathBuf>::new(), "{part}");
    }
}
