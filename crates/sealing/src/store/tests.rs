use tidings_core::MemoryStore;
use tidings_protocol::EntryId;
use tidings_settings::{Access, RoomRule, Secret};
use tidings_testkit::contract::samples::{
    LONG, TO_THE_END, at, before, changed, data, entry, new, once, personal, places, room,
};

use super::*;
use crate::rotate;

const A: &str = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const B: &str = "b:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
/// The id of `A` with the bytes of `B`.
const WRONG_A: &str = "a:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

const CARD: &str = r#"{"card":"4111 1111 1111 1111"}"#;
const PLAIN: &str = r#"{"text":"hello"}"#;

fn ring(keys: &[&str]) -> Arc<Keyring> {
    let keys: Vec<Secret> = keys.iter().map(|key| Secret::new(*key)).collect();
    Arc::new(Keyring::new(&keys).unwrap())
}

/// Rooms that begin with `secret_` are encrypted.
fn kinds(encrypt: bool) -> Kinds {
    let rule = |pattern: &str, encrypt| RoomRule {
        pattern: pattern.parse().unwrap(),
        join: Access::Anyone.into(),
        encrypt,
        ..RoomRule::default()
    };
    Kinds::new(&[rule("secret_{id}", encrypt), rule("{name}", false)])
}

fn sealed(inside: &Arc<MemoryStore>, keys: &[&str]) -> SealedStore {
    SealedStore::new(inside.clone(), ring(keys), kinds(true))
}

async fn publish(store: &SealedStore, place: &RoomKey, text: &str) -> Arc<Entry> {
    let entry = store.append_one(entry(place, text), LONG).await.unwrap();
    assert_eq!(entry.data.as_str(), text, "who published it gets it as it was");
    entry
}

async fn read(store: &dyn Store, place: &RoomKey) -> Result<Vec<String>, StoreError> {
    let stretch = store.read(place.clone(), TO_THE_END, 100).await?;
    Ok(data(&stretch.entries).into_iter().map(str::to_owned).collect())
}

fn missing(id: &str, error: &StoreError) {
    assert!(
        matches!(error, StoreError::Sealed(why) if why.contains(&format!("the master key {id}"))),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_secret_stands_in_no_store() {
    let inside = Arc::new(MemoryStore::default());
    let store = sealed(&inside, &[A]);
    let (secret, public, ada) = (room("secret_1"), room("orders"), personal("ada"));
    for (place, text, is_sealed) in [
        (&secret, PLAIN, true),
        (&secret, "null", true),
        (&public, PLAIN, false),
        (&public, CARD, true),
        (&ada, CARD, true),
        (&ada, PLAIN, false),
    ] {
        publish(&store, place, text).await;
        let kept = read(&*inside, place).await.unwrap().pop().unwrap();
        assert_eq!(kept.starts_with("\"tidings.sealed:"), is_sealed, "{kept}");
        assert_eq!(kept != text, is_sealed);
    }
    assert_eq!(read(&store, &secret).await.unwrap(), [PLAIN, "null"]);
    assert_eq!(read(&store, &public).await.unwrap(), [PLAIN, CARD]);
    let of_ada = store.entries_of("ada".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(data(&of_ada), [CARD, PLAIN]);
    let kept = store.read_as_kept(secret, TO_THE_END, 10).await.unwrap().entries;
    assert!(data(&kept).iter().all(|data| data.starts_with("\"tidings.sealed:")));
    // One key for each room that has any sealed entry, and no user's id with them.
    let keys = inside.data_keys(None, 100).await.unwrap();
    let mut scopes: Vec<_> = keys.iter().map(|key| key.scope.as_str()).collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["personal:fdee430d40bd57deeac186cd9790033d", "room:orders", "room:secret_1"]);
    store.health().await.unwrap();
}

#[tokio::test]
async fn rules_that_change_leave_what_is_kept_readable() {
    let inside = Arc::new(MemoryStore::default());
    let (on, off) = (sealed(&inside, &[A]), SealedStore::new(inside.clone(), ring(&[A]), kinds(false)));
    let secret = room("secret_1");
    publish(&off, &secret, PLAIN).await;
    publish(&on, &secret, PLAIN).await;
    publish(&off, &secret, "2").await;
    assert_eq!(read(&on, &secret).await.unwrap(), [PLAIN, PLAIN, "2"]);
    assert_eq!(read(&off, &secret).await.unwrap(), [PLAIN, PLAIN, "2"]);
    let kept = read(&*inside, &secret).await.unwrap();
    assert_eq!((kept[0].as_str(), kept[2].as_str()), (PLAIN, "2"), "what was kept as it is stays so");
}

#[tokio::test]
async fn data_that_looks_sealed_is_what_its_publisher_sent() {
    for keys in [&[][..], &[A]] {
        let inside = Arc::new(MemoryStore::default());
        let store = sealed(&inside, keys);
        let orders = room("orders");
        let real = publish(&sealed(&inside, &[A]), &room("secret_1"), PLAIN).await;
        let real = inside.read(real.room.clone(), TO_THE_END, 1).await.unwrap().entries.remove(0);
        let texts = [real.data.as_str(), r#""tidings.sealed:AAAA""#, r#""tidings.plain:x""#, "1"];
        let batch = texts.iter().map(|text| (entry(&orders, text), LONG)).collect();
        assert_eq!(data(&new(store.append(batch, None).await.unwrap())), texts);
        for text in texts {
            publish(&store, &orders, text).await;
        }
        assert_eq!(read(&store, &orders).await.unwrap(), [texts, texts].concat());
    }
}

#[tokio::test]
async fn a_key_that_is_missing_or_wrong_is_named_and_nothing_is_lost() {
    let inside = Arc::new(MemoryStore::default());
    let secret = room("secret_1");
    publish(&sealed(&inside, &[A]), &secret, PLAIN).await;
    for (index, keys) in [&[][..], &[B], &[WRONG_A]].into_iter().enumerate() {
        let store = sealed(&inside, keys);
        missing("a", &read(&store, &secret).await.unwrap_err());
        missing("a", &store.check().await.unwrap_err());
        missing("a", &store.health().await.unwrap_err());
        if !keys.is_empty() {
            // The room's key cannot be had, and is not replaced.
            missing("a", &store.append_one(entry(&secret, PLAIN), LONG).await.unwrap_err());
            publish(&store, &room(&format!("secret_other_{index}")), PLAIN).await;
        }
        // Moving and letting go need no key.
        assert_eq!(store.read_as_kept(secret.clone(), TO_THE_END, 10).await.unwrap().entries.len(), 1);
    }
    assert_eq!(read(&sealed(&inside, &[B, A]), &secret).await.unwrap(), [PLAIN]);
}

#[tokio::test]
async fn another_place_or_another_text_is_damage() {
    let inside = Arc::new(MemoryStore::default());
    let store = sealed(&inside, &[A]);
    let (one, other) = (room("secret_1"), room("secret_2"));
    publish(&store, &one, PLAIN).await;
    let kept = inside.read(one.clone(), TO_THE_END, 1).await.unwrap().entries.remove(0);
    let moved = |place: &RoomKey, id: EntryId, text: &str| changed(entry(place, text), |entry| entry.id = id);
    let mut text = kept.data.as_str().to_owned();
    inside.append_one(moved(&room("fine"), kept.id, "1"), LONG).await.unwrap();
    // Into another room, under another id, with a letter changed.
    inside.append_one(moved(&other, kept.id, &text), LONG).await.unwrap();
    inside.append_one(moved(&room("secret_3"), EntryId::new(at(1)), &text), LONG).await.unwrap();
    let letter = text.len() - 10;
    text.replace_range(letter..=letter, if &text[letter..=letter] == "A" { "B" } else { "A" });
    inside.append_one(moved(&room("secret_4"), kept.id, &text), LONG).await.unwrap();
    inside.append_one(moved(&room("secret_5"), kept.id, "\"tidings.sealed:!\""), LONG).await.unwrap();
    for place in [other, room("secret_3"), room("secret_4"), room("secret_5")] {
        let found = read(&store, &place).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{place}: {found:?}");
    }
    // As its own it still opens.
    inside.append_one(moved(&one, kept.id, kept.data.as_str()), LONG).await.unwrap();
    assert_eq!(read(&store, &one).await.unwrap(), [PLAIN, PLAIN]);
}

#[tokio::test]
async fn requests_made_again_are_known_and_their_prints_are_hidden() {
    let inside = Arc::new(MemoryStore::default());
    let store = sealed(&inside, &[A]);
    let batch = || vec![(entry(&room("orders"), CARD), LONG), (entry(&room("secret_1"), PLAIN), LONG)];
    let first = places(&new(store.append(batch(), Some(once("key", 1, 0))).await.unwrap()));
    for again in [&store, &sealed(&inside, &[B, A])] {
        assert_eq!(before(again.append(batch(), Some(once("key", 1, 1))).await.unwrap()), first);
        let other = again.append(batch(), Some(once("key", 2, 1))).await;
        assert!(matches!(other, Err(StoreError::Conflict)), "{other:?}");
    }
    // The store itself has another print than that of the request.
    let plain = inside.append(Vec::new(), Some(once("key", 1, 2))).await;
    assert!(matches!(plain, Err(StoreError::Conflict)), "{plain:?}");
}

#[tokio::test]
async fn after_a_rotation_the_new_key_is_enough() {
    let inside = Arc::new(MemoryStore::default());
    let old = sealed(&inside, &[A]);
    for number in 0..1_200 {
        publish(&old, &room(&format!("secret_{number}")), PLAIN).await;
    }
    // A server that runs all the while, with both.
    let running = sealed(&inside, &[B, A]);
    publish(&running, &room("secret_new"), PLAIN).await;
    let before = inside.data_keys(None, 10_000).await.unwrap();
    missing("a", &rotate(&*inside, &ring(&[B])).await.unwrap_err());
    assert_eq!(inside.data_keys(None, 10_000).await.unwrap(), before, "nothing was touched");
    let rotated = rotate(&running, &ring(&[B, A])).await.unwrap();
    assert_eq!((rotated.rewrapped, rotated.already), (1_200, 1));
    let again = rotate(&*inside, &ring(&[B, A])).await.unwrap();
    assert_eq!((again.rewrapped, again.already), (0, 1_201));
    let new = sealed(&inside, &[B]);
    for number in [0, 7, 1_199] {
        let place = room(&format!("secret_{number}"));
        publish(&running, &place, "2").await;
        publish(&new, &place, "3").await;
        for store in [&running, &new] {
            assert_eq!(read(store, &place).await.unwrap(), [PLAIN, "2", "3"]);
        }
    }
    new.check().await.unwrap();
    missing("b", &sealed(&inside, &[A]).check().await.unwrap_err());
    let none = rotate(&*inside, &ring(&[])).await;
    assert!(matches!(&none, Err(StoreError::Sealed(why)) if why.contains("is empty")), "{none:?}");
}
