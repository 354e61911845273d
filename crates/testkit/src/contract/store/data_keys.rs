//! Data keys: kept as they are given, one for a scope, and never without a trace.

use tidings_core::{
    Store, StoreError,
    store::{DataKeyId, MemberRole, Rewrap, WrappedKey},
};

use super::Fresh;
use crate::Folder;
use crate::contract::samples::{at, json, name, together, user};

fn key(number: u8, scope: &str, master: &str) -> WrappedKey {
    let wrapped = vec![number, 0, 255, b'\'', number];
    WrappedKey { id: DataKeyId([number; 16]), scope: scope.into(), master: master.into(), wrapped }
}

async fn put(store: &dyn Store, key: &WrappedKey) {
    assert_eq!(store.put_data_key(key.clone()).await.unwrap(), *key);
}

async fn all(store: &dyn Store) -> Vec<WrappedKey> {
    store.data_keys(None, 1_000).await.unwrap()
}

/// By its id and by its scope, byte for byte.
pub async fn a_data_key_is_found_by_id_and_scope(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert_eq!(store.data_key(DataKeyId([1; 16])).await.unwrap(), None);
    assert_eq!(store.data_key_of("room:orders".into()).await.unwrap(), None);
    for (number, scope) in [(255, "room:orders"), (0, "room:Orders"), (128, "everyone"), (7, "room:é 🦀 %'")]
    {
        let key = key(number, scope, "k1");
        put(&*store, &key).await;
        assert_eq!(store.data_key(key.id).await.unwrap(), Some(key.clone()));
        assert_eq!(store.data_key_of(scope.into()).await.unwrap(), Some(key));
    }
    assert_eq!(store.data_key_of("room:order".into()).await.unwrap(), None);
}

/// The one that the scope has stays, whoever comes later.
pub async fn put_data_key_keeps_the_first(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let first = key(1, "room:orders", "k1");
    put(&*store, &first).await;
    for later in [key(2, "room:orders", "k1"), key(3, "room:orders", "k2")] {
        assert_eq!(store.put_data_key(later.clone()).await.unwrap(), first);
        assert_eq!(store.data_key(later.id).await.unwrap(), None);
    }
    assert_eq!(all(&*store).await, [first]);
}

/// However many put one for a scope at once, also through another server, all are given the same.
pub async fn of_many_that_put_a_data_key_at_once_all_get_the_same(fresh: &mut impl Fresh) {
    const CALLERS: usize = 8;
    let store = fresh.store().await;
    let other = fresh.beside().await.unwrap_or_else(|| store.clone());
    for round in 0..10 {
        let given = together(CALLERS, |caller| {
            let store = if caller % 2 == 0 { store.clone() } else { other.clone() };
            let key = key((round * CALLERS + caller) as u8, &format!("room:{round}"), "k1");
            async move { store.put_data_key(key).await.unwrap() }
        });
        let given = given.await;
        assert!(given.iter().all(|key| *key == given[0]), "{given:?}");
        assert_eq!(store.data_key_of(format!("room:{round}")).await.unwrap().as_ref(), Some(&given[0]));
        assert_eq!(other.data_keys(None, 1_000).await.unwrap().len(), round + 1);
    }
}

/// Pages meet, and the order is that of the bytes.
pub async fn data_keys_come_in_the_order_of_their_ids(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let mut keys: Vec<WrappedKey> =
        [9, 200, 0, 127, 128, 255, 1].map(|number| key(number, &format!("room:{number}"), "k1")).into();
    for key in &keys {
        put(&*store, key).await;
    }
    keys.sort_by_key(|key| key.id);
    assert_eq!(all(&*store).await, keys);
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|key: &WrappedKey| key.id);
        let page = store.data_keys(after, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        found.extend(page);
    }
    assert_eq!(found, keys);
    assert_eq!(store.data_keys(None, 0).await.unwrap(), []);
}

/// What was changed meanwhile, or is not there, is passed over and not counted.
pub async fn rewrap_changes_what_is_as_it_was_read(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let keys = [1, 2, 3].map(|number| key(number, &format!("room:{number}"), "k1"));
    for key in &keys {
        put(&*store, key).await;
    }
    let under = |before: &WrappedKey, master: &str, byte: u8| Rewrap {
        before: before.clone(),
        now: WrappedKey { master: master.into(), wrapped: vec![byte], ..before.clone() },
    };
    assert_eq!(store.rewrap_data_keys(Vec::new()).await.unwrap(), 0);
    let first = under(&keys[1], "k2", 7);
    assert_eq!(store.rewrap_data_keys(vec![first.clone()]).await.unwrap(), 1);
    let unknown = key(9, "room:9", "k1");
    let again = vec![
        under(&keys[0], "k3", 8),
        under(&keys[1], "k3", 9),
        under(&keys[2], "k3", 10),
        under(&unknown, "k3", 1),
    ];
    assert_eq!(store.rewrap_data_keys(again.clone()).await.unwrap(), 2);
    let expected = [again[0].now.clone(), first.now, again[2].now.clone()];
    assert_eq!(all(&*store).await, expected);
    assert_eq!(store.data_key_of("room:1".into()).await.unwrap(), Some(expected[0].clone()));
    assert_eq!(store.rewrap_data_keys(again).await.unwrap(), 0, "done is done");
}

/// Each once, whatever there is under it.
pub async fn masters_come_once_each(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert_eq!(store.data_key_masters().await.unwrap(), []);
    for number in 0..40 {
        let master = ["k2", "k1", "K1", "k10"][usize::from(number % 4)];
        put(&*store, &key(number, &format!("room:{number}"), master)).await;
    }
    let masters = store.data_key_masters().await.unwrap();
    assert_eq!(masters.iter().map(|key| &*key.master).collect::<Vec<_>>(), ["K1", "k1", "k10", "k2"]);
    for key in masters {
        assert_eq!(store.data_key(key.id).await.unwrap().as_ref(), Some(&key));
    }
}

/// Not with a room, not with a user: what a key sealed may be elsewhere.
pub async fn no_data_key_ever_goes(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let keys = [key(1, "personal:0123", "k1"), key(2, "room:orders", "k1")];
    for key in &keys {
        put(&*store, key).await;
    }
    store.put_room(name("orders"), json("1"), at(0)).await.unwrap();
    store.put_member(name("other"), user("ada"), MemberRole::default(), at(0)).await.unwrap();
    store.delete_room(name("orders")).await.unwrap();
    store.erase(user("ada")).await.unwrap();
    assert_eq!(all(&*store).await, keys);
    let folder = Folder::new();
    let target = folder.path().join("copy");
    match store.backup(&target).await {
        Err(StoreError::Unsupported(_)) => {}
        copied => {
            copied.unwrap();
            if let Some(copy) = fresh.copy(&target).await {
                assert_eq!(all(&*copy).await, keys, "a backup has what its entries need");
            }
        }
    }
    let Some(store) = fresh.reopen(store).await else { return };
    assert_eq!(all(&*store).await, keys);
}
