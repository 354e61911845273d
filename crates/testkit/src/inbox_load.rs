//! How long large inboxes take: fills one and prints figures. For examples of the stores' crates.

use std::time::{Duration, Instant};

use tidings_core::{
    RoomKey, Store,
    store::inbox::{
        Addressed, Category, Change, Content, Filter, Notification, Reader, Severity, Which, first_id_of,
    },
};
use tidings_protocol::{EntryId, Json, Timestamp};

use crate::contract::samples::{at, personal, user};

/// How often each question is put.
const TIMES: usize = 1_000;
/// What is under way at once while the inbox is filled.
const TOGETHER: usize = 200;

fn notification(number: u64) -> Notification {
    let now = at(number);
    Notification {
        id: EntryId::new(now),
        severity: Severity::ALL[(number % 4) as usize],
        category: Category::parse(&format!("category {}", number / 7 % 10)).ok(),
        created_at: now,
        expires_at: None,
        content: Content {
            title: "Order shipped".into(),
            message: Some(
                format!("Order {number} left the house this morning and should be there tomorrow").into(),
            ),
            data: Json::of(&number).ok(),
            url: Some(format!("/orders/{number}").into()),
            ..Content::default()
        },
    }
}

/// Fills the inbox of the user `ada` with so many own notifications and broadcasts more, and asks for everything that has to be quick.
///
/// # Panics
/// When the store fails.
pub async fn measure(store: &dyn Store, own: u64, broadcasts: u64) {
    let reader = Reader { user: user("ada"), roles: Vec::new() };
    let begun = Instant::now();
    store.counters(reader.clone(), at(0)).await.unwrap();
    for (audience, count) in [(personal("ada"), own), (RoomKey::Everyone, broadcasts)] {
        for first in (0..count).step_by(TOGETHER) {
            let mut under_way = Vec::new();
            for number in first..(first + TOGETHER as u64).min(count) {
                let to = vec![Addressed { audience: audience.clone(), tell: Vec::new(), later: None }];
                under_way.push(store.notify(notification(number), to, None, at(number)));
            }
            for answer in under_way {
                answer.await.unwrap();
            }
        }
    }
    let mut ids: Vec<EntryId> = Vec::new();
    loop {
        let before = ids.last().copied();
        let page = store.inbox(reader.clone(), Filter::default(), before, 200, at(own)).await.unwrap();
        if page.is_empty() {
            break;
        }
        ids.extend(page.iter().map(|item| item.notification.id));
    }
    // Of everything some: a third read, a tenth archived, some asleep.
    let now = at(own);
    let asleep = Change::Snooze(Timestamp::from_millis(now.millis() + 1_000_000_000));
    for (change, every) in [(Change::Read, 3), (Change::Archive, 10), (asleep, 23)] {
        let some: Vec<EntryId> = ids.iter().step_by(every).copied().collect();
        for some in some.chunks(1_000) {
            store.mark(reader.clone(), Which::Ids(some.to_vec()), change, Vec::new(), now).await.unwrap();
        }
    }
    println!("{} in the inbox, after {:?}", ids.len(), begun.elapsed());
    ask(store, &reader, ids.len() as u64).await;
    change(store, &reader, ids.len() as u64, &ids).await;
}

async fn ask(store: &dyn Store, reader: &Reader, own: u64) {
    let now = at(own);
    let counters = store.counters(reader.clone(), now).await.unwrap();
    let begun = Instant::now();
    assert_eq!(store.recount(reader.clone(), now).await.unwrap(), counters.unread);
    println!("recount of {}: {:?}", counters.unread, begun.elapsed());
    timed("counters", async |_| {
        store.counters(reader.clone(), now).await.unwrap();
    })
    .await;
    let category = Category::parse("category 3").ok();
    let all = Filter::default();
    let in_sight = Filter { archived: Some(false), snoozed: Some(false), ..all.clone() };
    let unread = Filter { unread: Some(true), ..in_sight.clone() };
    for (name, filter) in [
        ("all", all.clone()),
        ("in sight", in_sight),
        ("unread", unread.clone()),
        ("read", Filter { unread: Some(false), ..all.clone() }),
        ("archived", Filter { archived: Some(true), ..all.clone() }),
        ("snoozed", Filter { snoozed: Some(true), ..all.clone() }),
        ("a category", Filter { category: category.clone(), ..all.clone() }),
        ("errors", Filter { severity: Some(Severity::Error), ..all.clone() }),
        ("unread errors of a category", Filter { category, severity: Some(Severity::Error), ..unread }),
        ("of no category there is", Filter { category: Category::parse("none").ok(), ..all.clone() }),
    ] {
        timed(&format!("50 {name}, newest"), async |_| {
            store.inbox(reader.clone(), filter.clone(), None, 50, now).await.unwrap();
        })
        .await;
        timed(&format!("50 {name}, anywhere"), async |round| {
            let before = first_id_of(at(round as u64 * 7_919 % own));
            store.inbox(reader.clone(), filter.clone(), Some(before), 50, now).await.unwrap();
        })
        .await;
    }
}

async fn change(store: &dyn Store, reader: &Reader, own: u64, ids: &[EntryId]) {
    let now = at(own + 1);
    timed("one read", async |round| {
        let which = Which::Ids(vec![ids[(round * 7_919 + 1) % ids.len()]]);
        store.mark(reader.clone(), which, Change::Read, Vec::new(), now).await.unwrap();
    })
    .await;
    let begun = Instant::now();
    let users = (0..1_000).map(|number| personal(&format!("user{number}")));
    let to = users.map(|audience| Addressed { audience, tell: Vec::new(), later: None }).collect();
    store.notify(notification(own), to, None, now).await.unwrap();
    println!("one to 1,000 users: {:?}", begun.elapsed());
    for change in [Change::Seen, Change::Read] {
        let begun = Instant::now();
        let all = Which::UpTo(EntryId::from_bytes([u8::MAX; 16]));
        let marked = store.mark(reader.clone(), all, change, Vec::new(), now).await.unwrap();
        println!("all {change:?}, {}: {:?}", marked.changed.len(), begun.elapsed());
    }
    timed("counters after that", async |_| {
        store.counters(reader.clone(), now).await.unwrap();
    })
    .await;
}

async fn timed(what: &str, question: impl AsyncFn(usize)) {
    let mut times = Vec::with_capacity(TIMES);
    for round in 0..TIMES {
        let begun = Instant::now();
        question(round).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let of = |share: f64| times.get((TIMES as f64 * share) as usize).copied().unwrap_or(Duration::ZERO);
    println!("{what}: median {:?}, p99 {:?}", of(0.5), of(0.99));
}
