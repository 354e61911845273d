//! How fast a store's chat is, for the examples of the stores on disk.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tidings_core::{
    Entry, RoomKey, Store,
    store::chat::{Act, Ask, By, ClientId, Emoji, Of, Place, Sending, UpTo, Versions},
};
use tidings_protocol::{EntryId, Offset, Timestamp, UserId};

use crate::contract::samples::{LONG, at, changed, entry, json, room, user};

/// Callers at a time where many write.
const CALLERS: usize = 64;
/// Rooms of which one user asks what is unread.
const ROOMS: u64 = 200;
/// Stretches of the large room that have reactions, and how many messages each has.
const SPOTS: u64 = 20;
const SPOT: u64 = 50;

/// Fills a room with messages, and prints what reading and writing costs then.
pub async fn chat(store: Arc<dyn Store>, messages: u64) {
    fill(&store, messages).await;
    react(&store, messages / SPOTS).await;
    read(&*store, messages).await;
    compare(&store, messages).await;
    write(&store, messages).await;
}

async fn fill(store: &Arc<dyn Store>, messages: u64) {
    let begun = Instant::now();
    let into = store.clone();
    let sent = many(messages, move |number| send(into.clone(), room("large"), number)).await;
    println!(
        "{messages} messages, {CALLERS} at a time: {:?} ({}/s)",
        begun.elapsed(),
        per_second(messages, begun)
    );
    told("a message, then", sent);
    for number in 0..ROOMS {
        for turn in 0..5 {
            send(store.clone(), room(&format!("small{number}")), turn).await;
        }
    }
}

/// Reactions of four users to each message of some stretches, which lie so far apart.
async fn react(store: &Arc<dyn Store>, spots: u64) {
    let into = store.clone();
    many(SPOTS * SPOT * 4, move |number| {
        let (store, large) = (into.clone(), room("large"));
        async move {
            let place = Offset((number / 4 / SPOT) * spots + number / 4 % SPOT);
            let ask = Ask { room: large.clone(), of: Of::All, at: Place::After(place), viewer: None };
            let page = store.messages(ask, 1).await.unwrap();
            let Some(message) = page.messages.first().map(|message| message.entry.id) else { return };
            let (user, emoji) = (who(number), Emoji::parse(["👍", "🎉"][(number % 2) as usize]).unwrap());
            let told = by(&large, &user);
            store.chat(Act::React { message, user, emoji, on: true }, told, LONG).await.unwrap().unwrap();
        }
    })
    .await;
}

async fn read(store: &dyn Store, messages: u64) {
    let (large, spots) = (room("large"), messages / SPOTS);
    let viewer = Some(user("u1"));
    let page = |of, at| Ask { room: large.clone(), of, at, viewer: viewer.clone() };
    let spot = |turn: u64| Place::After(Offset(turn % SPOTS * spots));
    told(
        "a page of 50 with reactions",
        one_by_one(1_000, async |turn| {
            let found = store.messages(page(Of::All, spot(turn)), 50).await.unwrap();
            assert_eq!(found.messages.len(), 50);
            assert!(found.messages.iter().any(|message| !message.reactions.is_empty()), "reactions");
        })
        .await,
    );
    let anywhere = |turn: u64| Offset(turn * 7_919_993 % messages);
    told(
        "a page of 50 anywhere",
        one_by_one(1_000, async |turn| {
            store.messages(page(Of::All, Place::Before(anywhere(turn))), 50).await.unwrap();
        })
        .await,
    );
    told(
        "a page of 50 without replies",
        one_by_one(1_000, async |turn| {
            store.messages(page(Of::Main, Place::After(anywhere(turn))), 50).await.unwrap();
        })
        .await,
    );
    let middle = store.messages(page(Of::All, Place::Before(Offset(messages / 2))), 1).await.unwrap();
    let middle = middle.messages[0].entry.id;
    told(
        "50 around a message",
        one_by_one(500, async |_| {
            store.messages(page(Of::All, Place::Around(middle)), 50).await.unwrap();
        })
        .await,
    );
    let rooms: Vec<RoomKey> = (0..ROOMS).map(|number| room(&format!("small{number}"))).collect();
    told(
        "unread of 200 rooms",
        one_by_one(1_000, async |turn| {
            assert_eq!(store.unread_of(who(turn), rooms.clone()).await.unwrap().len(), ROOMS as usize);
        })
        .await,
    );
}

/// One after the other, so that what else the machine does meets both alike.
async fn compare(store: &Arc<dyn Store>, messages: u64) {
    let (mut plain, mut said) = (Duration::ZERO, Duration::ZERO);
    for round in 0..6 {
        let begun = Instant::now();
        let into = store.clone();
        many(4_000, move |number| {
            let store = into.clone();
            async move { drop(store.append_one(message(&room("plain"), number), LONG).await.unwrap()) }
        })
        .await;
        plain += begun.elapsed();
        let begun = Instant::now();
        let (into, first) = (store.clone(), messages + round * 4_000);
        many(4_000, move |number| send(into.clone(), room("said"), first + number)).await;
        said += begun.elapsed();
    }
    let each = |all: Duration| all / 24_000;
    println!(
        "{CALLERS} at a time, each: a plain append {:?}, a chat's message {:?}",
        each(plain),
        each(said)
    );
}

async fn write(store: &Arc<dyn Store>, messages: u64) {
    let large = room("large");
    let middle =
        Ask { room: large.clone(), of: Of::All, at: Place::Before(Offset(messages / 2)), viewer: None };
    let middle = store.messages(middle, 1).await.unwrap().messages[0].entry.id;
    told(
        "a message alone",
        one_by_one(500, async |turn| send(store.clone(), large.clone(), 2 * messages + turn).await).await,
    );
    told(
        "an edit alone",
        one_by_one(300, async |turn| {
            let act = Act::Edit {
                message: middle,
                data: json(&turn.to_string()),
                by: By::Moderator,
                versions: Versions::Drop,
                mentions: Default::default(),
                words: None,
            };
            store.chat(act, by(&large, &user("u1")), LONG).await.unwrap().unwrap();
        })
        .await,
    );
    told(
        "a read alone",
        one_by_one(300, async |turn| {
            let up_to = UpTo::Offset(Offset(turn * 100));
            let act = Act::Read { user: user("reader"), up_to, private: turn % 2 == 0 };
            store.chat(act, by(&large, &user("reader")), LONG).await.unwrap().unwrap();
        })
        .await,
    );
}

fn who(number: u64) -> UserId {
    user(&format!("u{}", number % 100))
}

fn by(place: &RoomKey, user: &UserId) -> Entry {
    changed(entry(place, "{}"), |entry| entry.from = Some(user.clone()))
}

fn message(place: &RoomKey, number: u64) -> Entry {
    let text = format!(r#"{{"content": "message {number} {}"}}"#, "lorem ".repeat(15));
    changed(by(place, &who(number)), |entry| {
        entry.data = json(&text);
        entry.time = Timestamp::from_millis(at(0).millis() + number % 1_000);
        entry.id = EntryId::new(entry.time);
    })
}

/// A message as a client sends it.
async fn send(store: Arc<dyn Store>, place: RoomKey, number: u64) {
    let client_id = Some(ClientId::parse(&number.to_string()).unwrap());
    let sending = Sending { client_id, ..Sending::default() };
    store.chat(Act::Send(sending), message(&place, number), LONG).await.unwrap().unwrap();
}

/// So many, [`CALLERS`] at a time; how long each took.
async fn many<F: Future<Output = ()> + Send + 'static>(
    count: u64,
    task: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Vec<Duration> {
    let next = Arc::new(AtomicU64::new(0));
    let call = || {
        let (next, task) = (next.clone(), task.clone());
        tokio::spawn(async move {
            let mut took = Vec::new();
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= count {
                    return took;
                }
                let begun = Instant::now();
                task(number).await;
                took.push(begun.elapsed());
            }
        })
    };
    let calls: Vec<_> = (0..CALLERS).map(|_| call()).collect();
    let mut took = Vec::new();
    for call in calls {
        took.extend(call.await.unwrap());
    }
    took
}

async fn one_by_one(count: u64, task: impl AsyncFn(u64)) -> Vec<Duration> {
    let mut took = Vec::new();
    for turn in 0..count {
        let begun = Instant::now();
        task(turn).await;
        took.push(begun.elapsed());
    }
    took
}

fn told(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let part = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    println!("{what}: half within {:?}, p99 {:?}", part(50), part(99));
}

fn per_second(count: u64, begun: Instant) -> u64 {
    (count as f64 / begun.elapsed().as_secs_f64()) as u64
}
