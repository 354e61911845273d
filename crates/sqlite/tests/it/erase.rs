//! What was erased is in no file any more.

use std::sync::Arc;

use tidings_core::{Entry, RoomKey, Store, store::MemberRole};
use tidings_protocol::Offset;

use crate::harness::{Directory, HOUR, entry, name, room, texts, time, user};

const WHO: &str = "mallory@example.org";
const SECRET: &str = "the treasure lies under the oak";

/// Rooms of all sizes, entries of all lengths: pages split and are put together again, which must leave no copy behind.
async fn fill(store: &Arc<tidings_sqlite::SqliteStore>) {
    let appends: Vec<_> = (0..6_000_u64)
        .map(|n| {
            let (to, length) = (n * n % 37, (n * 7919 % 40) as usize * if n % 50 == 0 { 200 } else { 5 });
            let (from, text) = match n % 3 {
                0 => (WHO, format!("{SECRET}{}", ".".repeat(length))),
                _ => ("ada", "-".repeat(length)),
            };
            let to = if n % 97 == 0 { RoomKey::Personal(user(WHO)) } else { room(&format!("r{to}")) };
            store.append_one(entry(to, from, &text), HOUR)
        })
        .collect();
    for append in appends {
        append.await.unwrap();
    }
    for n in 0..300 {
        let role = MemberRole::default();
        store
            .put_member(name(&format!("r{}", n % 37)), user(&format!("u{n}")), role.clone(), time(1))
            .await
            .unwrap();
        if n % 10 == 0 {
            store.put_member(name(&format!("r{}", n % 37)), user(WHO), role, time(1)).await.unwrap();
        }
    }
    store.revoke(user(WHO), time(1)).await.unwrap();
    for n in 0..37 {
        store.forget(room(&format!("r{n}")), Offset(n)).await.unwrap();
    }
}

#[tokio::test]
async fn an_erased_user_is_in_no_file() {
    let directory = Directory::new();
    let store = Arc::new(directory.open());
    fill(&store).await;
    assert!(directory.contains(WHO) && directory.contains(SECRET));
    let before = texts(&store, "r1").await.unwrap();
    let erased = store.erase(user(WHO)).await.unwrap();
    assert!(erased.blanked_entries > 1000 && erased.memberships > 10, "{erased:?}");
    assert!(!directory.contains(WHO), "the id is left");
    assert!(!directory.contains(SECRET), "a text is left");
    let stretch =
        store.read(room("r1"), tidings_core::store::Page::After(Offset(0)), usize::MAX).await.unwrap();
    assert_eq!(stretch.entries.len(), before.len(), "the places stay");
    let blank = |entry: &Arc<Entry>| entry.r#type.as_str() == "entry_erased";
    assert!(stretch.entries.iter().any(blank));
    assert!(stretch.entries.iter().filter(|entry| blank(entry)).all(|entry| entry.from.is_none()));
}
