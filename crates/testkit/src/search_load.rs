//! How long searches take in many messages: fills a store and prints figures. For examples of the stores' crates.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tidings_core::{
    Entry, RoomKey, Store,
    search::{Query, text_of},
    store::{
        chat::{Act, By, Sending, Versions},
        search::{Found, Search},
    },
};
use tidings_protocol::{EntryId, EventType, Json, Timestamp, UserId};

use crate::contract::samples::{LONG, at, changed, entry, room, user};

/// Callers at a time while the store is filled.
const CALLERS: u64 = 64;
/// Words of a message, and how many different ones there are. The n-th is said about n times as seldom as the first.
const WORDS: u64 = 20;
const VOCABULARY: f64 = 20_000.0;
/// How often each question is put.
const TIMES: u64 = 500;
/// What a page is to have.
const WANTED: usize = 20;
/// Small rooms; half of all messages are in one large room.
const SMALL: u64 = 1_000;

/// Fills a store with messages, and asks for everything that has to be quick.
pub async fn measure(store: Arc<dyn Store>, messages: u64) {
    let begun = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let (store, next) = (store.clone(), next.clone());
        callers.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= messages {
                    return;
                }
                send(&*store, number, true).await;
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let took = begun.elapsed();
    println!("{messages} messages in {took:?}: {} a second", (messages as f64 / took.as_secs_f64()) as u64);
    ask(&*store, messages).await;
    write(&*store, messages).await;
}

async fn ask(store: &dyn Store, messages: u64) {
    let (common, often, seldom, rare) = (word(1), word(100), word(2_000), word(19_000));
    let small: Vec<RoomKey> = (0..20).map(|number| room(&format!("small{number}"))).collect();
    let many: Vec<RoomKey> = (0..SMALL).map(|number| room(&format!("small{number}"))).collect();
    let (large, one) = (Some(vec![room("large")]), Some(vec![room("small7")]));
    let times = |search: Search| async move {
        let mut took = Vec::new();
        let mut found = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            found = page(store, search.clone()).await;
            took.push(begun.elapsed());
        }
        (took, found)
    };
    for (what, query, rooms) in [
        ("a common word", format!("{common} "), None),
        ("a frequent word", format!("{often} "), None),
        ("a seldom word", format!("{seldom} "), None),
        ("a rare word", format!("{rare} "), None),
        ("no word of any", "xyzzy ".into(), None),
        ("two common words", format!("{common} {} ", word(2)), None),
        ("a common and a rare word", format!("{common} {rare} "), None),
        ("two frequent words", format!("{often} {} ", word(120)), None),
        ("three letters", common[..3].into(), None),
        ("six letters", seldom[..6.min(seldom.len())].into(), None),
        ("a common word in the large room", format!("{common} "), large.clone()),
        ("a seldom word in the large room", format!("{seldom} "), large),
        ("a common word in a small room", format!("{common} "), one.clone()),
        ("a seldom word in a small room", format!("{seldom} "), one),
        ("a common word in 20 small rooms", format!("{common} "), Some(small.clone())),
        ("a seldom word in 20 small rooms", format!("{seldom} "), Some(small)),
        ("a common word in 1000 small rooms", format!("{common} "), Some(many.clone())),
        ("a frequent word in 1000 small rooms", format!("{often} "), Some(many.clone())),
        ("a seldom word in 1000 small rooms", format!("{seldom} "), Some(many)),
    ] {
        let (took, found) = times(looking(&query, rooms)).await;
        told(&format!("{what} ({found} found)"), took);
    }
    let from = |query: &str| Search { from: Some(user("u42")), ..looking(query, None) };
    let (took, found) = times(from(&format!("{common} "))).await;
    told(&format!("a common word of one sender ({found} found)"), took);
    let (took, found) = times(from(&format!("{seldom} "))).await;
    told(&format!("a seldom word of one sender ({found} found)"), took);
    let old = Search { until: Some(at(messages / 10)), ..looking(&format!("{common} "), None) };
    let (took, found) = times(old).await;
    told(&format!("a common word, long ago ({found} found)"), took);
    let best = Search { limit: 500, ..looking(&format!("{common} "), None) };
    let (took, found) = times(best).await;
    told(&format!("500 of a common word, to be compared ({found} found)"), took);
}

async fn write(store: &dyn Store, messages: u64) {
    for (what, indexed) in [("a message alone, not indexed", false), ("a message alone, indexed", true)] {
        let mut took = Vec::new();
        for number in 0..TIMES {
            let begun = Instant::now();
            send(store, messages + number, indexed).await;
            took.push(begun.elapsed());
        }
        told(what, took);
    }
    let mut found = store.search(Search { limit: 300, ..looking(&word(1), None) }).await.unwrap();
    let mut took = Vec::new();
    for candidate in found.candidates.drain(..) {
        let begun = Instant::now();
        let (message, data) = (candidate.entry.id, candidate.entry.data.clone());
        let words = text_of(&data).map(Into::into);
        let (by, versions, mentions) = (By::Moderator, Versions::Drop, Default::default());
        let act = Act::Edit { message, data, by, versions, mentions, words };
        store.chat(act, entry(&candidate.entry.room, "0"), LONG).await.unwrap().unwrap();
        took.push(begun.elapsed());
    }
    told("an edit alone", took);
}

/// A page as it is asked for above the store: candidates until there are enough.
async fn page(store: &dyn Store, mut search: Search) -> usize {
    let (query, mut found) = (search.limit, 0);
    for _ in 0..4 {
        let Found { candidates, next } = store.search(search.clone()).await.unwrap();
        found += candidates.len();
        search.before = next;
        if next.is_none() || found >= query {
            break;
        }
    }
    found
}

fn looking(query: &str, rooms: Option<Vec<RoomKey>>) -> Search {
    let tokens = Query::parse(query).unwrap().unwrap().tokens();
    Search { tokens, rooms, from: None, since: None, until: None, before: None, limit: WANTED }
}

async fn send(store: &dyn Store, number: u64, indexed: bool) {
    let text: Vec<String> = (0..WORDS).map(|turn| word(rank(number * WORDS + turn))).collect();
    let text = text.join(" ");
    let place = match number % 2 {
        0 => room("large"),
        _ => room(&format!("small{}", scatter(number) % SMALL)),
    };
    let message = changed(entry(&place, "0"), |entry: &mut Entry| {
        entry.r#type = EventType::parse("chat_message").unwrap();
        entry.from = Some(who(number));
        entry.time = Timestamp::from_millis(at(0).millis() + number);
        entry.id = EntryId::new(entry.time);
        entry.data = Json::of(&serde_json::json!({ "content": text })).unwrap();
    });
    let words = indexed.then(|| text.into());
    store.chat(Act::Send(Sending { words, ..Sending::default() }), message, LONG).await.unwrap().unwrap();
}

fn who(number: u64) -> UserId {
    user(&format!("u{}", scatter(number) % 500))
}

/// Which word is said, 1 for the most common one.
fn rank(number: u64) -> u64 {
    let part = (scatter(number) >> 11) as f64 / (1_u64 << 53) as f64;
    VOCABULARY.powf(part) as u64
}

/// The n-th word, of syllables, so that many begin alike.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 10] = ["ka", "lo", "mi", "ne", "ru", "sta", "ter", "von", "wes", "zor"];
    rank.to_string().bytes().map(|digit| SYLLABLES[usize::from(digit - b'0')]).collect::<String>() + "en"
}

fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

fn told(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let part = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    println!("{what}: half within {:?}, p99 {:?}", part(50), part(99));
}
