//! When people were last seen, what the back end was told of them, and whose server is gone.

use tidings_core::{
    Store,
    store::{Person, ServerId},
};
use tidings_protocol::Timestamp;

use super::Fresh;
use crate::contract::samples::{at, user};

fn on(who: &str, seen: u64, revision: u64, server: &ServerId) -> Person {
    Person { user: user(who), last_seen: at(seen), revision, server: Some(server.clone()) }
}

fn off(who: &str, seen: u64, revision: u64) -> Person {
    Person { user: user(who), last_seen: at(seen), revision, server: None }
}

fn sorted(mut people: Vec<Person>) -> Vec<Person> {
    people.sort_unstable_by(|a, b| a.user.cmp(&b.user));
    people
}

async fn known(store: &dyn Store, users: &[&str]) -> Vec<Person> {
    sorted(store.people(users.iter().map(|who| user(who)).collect()).await.unwrap())
}

/// People come back as they were noted, whoever they are; who was never noted is not there.
pub async fn people_are_noted_as_they_are(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let server = ServerId::fresh();
    store.renew_lease(server.clone(), at(0)).await.unwrap();
    let people =
        vec![on("Ada", 1, 1, &server), off("ada", 2, 0), off("' OR 1=1 --", 3, 4), off("é 🦀", 4, 5)];
    store.note_people(Vec::new()).await.unwrap();
    store.note_people(people.clone()).await.unwrap();
    let expected = sorted(people);
    assert_eq!(known(&*store, &["é 🦀", "ada", "nobody", "Ada", "' OR 1=1 --"]).await, expected);
    assert_eq!(known(&*store, &[]).await, []);
    assert_eq!(known(&*store, &["nobody"]).await, []);
    assert_eq!(store.all_people(None, 10).await.unwrap(), expected);
    let Some(store) = fresh.reopen(store).await else { return };
    assert_eq!(store.all_people(None, 10).await.unwrap(), expected);
}

/// `last_seen` never goes back, and what has an older revision changes neither that nor the server.
pub async fn of_what_is_noted_the_later_stays(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (one, other) = (ServerId::fresh(), ServerId::fresh());
    let steps = [
        (on("ada", 5, 3, &one), on("ada", 5, 3, &one)),
        (off("ada", 4, 4), off("ada", 5, 4)),
        (on("ada", 6, 3, &other), off("ada", 6, 4)),
        (on("ada", 6, 5, &other), on("ada", 6, 5, &other)),
        (on("ada", 2, 5, &one), on("ada", 6, 5, &one)),
    ];
    for (noted, expected) in steps {
        store.note_people(vec![noted.clone()]).await.unwrap();
        assert_eq!(known(&*store, &["ada"]).await, [expected], "after {noted:?}");
    }
}

/// Whoever is online was seen when their server last renewed its lease; whoever is offline was not.
pub async fn a_lease_says_when_all_its_people_were_seen(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (one, other) = (ServerId::fresh(), ServerId::fresh());
    store.renew_lease(one.clone(), at(0)).await.unwrap();
    store.renew_lease(other.clone(), at(0)).await.unwrap();
    store.note_people(vec![on("ada", 1, 1, &one), on("bob", 1, 1, &other), off("cyd", 1, 2)]).await.unwrap();
    store.renew_lease(one.clone(), at(30)).await.unwrap();
    let expected = [on("ada", 30, 1, &one), on("bob", 1, 1, &other), off("cyd", 1, 2)];
    assert_eq!(known(&*store, &["ada", "bob", "cyd"]).await, expected);
    assert_eq!(store.all_people(None, 10).await.unwrap(), expected);
    store.note_people(vec![off("ada", 20, 2)]).await.unwrap();
    assert_eq!(known(&*store, &["ada"]).await, [off("ada", 20, 2)], "she was last seen before that");
}

/// Those of servers that did not renew in time are found, page by page, until they are noted elsewhere.
pub async fn who_is_left_behind_is_found(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (alive, gone, ahead) = (ServerId::fresh(), ServerId::fresh(), ServerId::fresh());
    for (server, renewed_at) in [(&alive, 100), (&gone, 49), (&ahead, 301)] {
        store.renew_lease(server.clone(), at(renewed_at)).await.unwrap();
    }
    let mut people = vec![on("ada", 1, 1, &alive), off("bob", 1, 2), on("cyd", 1, 1, &ahead)];
    people.extend((0..10).map(|n| on(&format!("u{n}"), 1, 1, &gone)));
    store.note_people(people).await.unwrap();
    assert_eq!(store.left_behind(at(0)..=at(1_000), 100).await.unwrap(), []);
    let mut found = Vec::new();
    for round in 0..10 {
        let left = store.left_behind(at(50)..=at(300), 3).await.unwrap();
        assert!(left.len() <= 3 && round < 5, "it does not end: {left:?}");
        if left.is_empty() {
            break;
        }
        let offline = |person: &Person| Person { server: None, revision: 2, ..person.clone() };
        store.note_people(left.iter().map(offline).collect()).await.unwrap();
        found.extend(left);
    }
    let mut expected: Vec<Person> = (0..10).map(|n| on(&format!("u{n}"), 49, 1, &gone)).collect();
    expected.push(on("cyd", 301, 1, &ahead));
    assert_eq!(sorted(found), sorted(expected));
    assert_eq!(known(&*store, &["ada"]).await, [on("ada", 100, 1, &alive)]);
}

/// All there are, in the order of their ids, in pages that meet.
pub async fn all_people_come_in_the_order_of_their_ids(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let people: Vec<Person> =
        ["b", "a", "B", "é", "a b", "zz", "z"].iter().map(|who| off(who, 1, 2)).collect();
    store.note_people(people.clone()).await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.all_people(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.user.clone());
        found.extend(page);
    }
    assert_eq!(found, sorted(people));
    assert_eq!(store.all_people(None, 0).await.unwrap(), []);
}

/// Nothing is left of who is erased; others stay, and whoever comes back begins anew.
pub async fn erase_forgets_when_somebody_was_seen(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    store.note_people(vec![off("ada", 5, 8), off("Ada", 6, 2)]).await.unwrap();
    store.erase(user("ada")).await.unwrap();
    assert_eq!(known(&*store, &["Ada", "ada"]).await, [off("Ada", 6, 2)]);
    assert_eq!(store.all_people(None, 10).await.unwrap(), [off("Ada", 6, 2)]);
    store.note_people(vec![off("ada", 1, 1)]).await.unwrap();
    assert_eq!(known(&*store, &["ada"]).await, [off("ada", 1, 1)]);
}

/// A server that was not there for a day is forgotten once nobody is left on it.
pub async fn old_leases_are_forgotten_with_their_last_one(fresh: &mut impl Fresh) {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    let store = fresh.store().await;
    let (old, young) = (ServerId::fresh(), ServerId::fresh());
    store.renew_lease(old.clone(), at(0)).await.unwrap();
    store.note_people(vec![on("ada", 0, 1, &old)]).await.unwrap();
    store.renew_lease(young.clone(), at(DAY + 1)).await.unwrap();
    let late: Timestamp = at(DAY);
    let left = store.left_behind(late..=at(2 * DAY), 10).await.unwrap();
    assert_eq!(left, [on("ada", 0, 1, &old)], "somebody is left on it");
    store.note_people(vec![off("ada", 0, 2)]).await.unwrap();
    store.renew_lease(young, at(DAY + 2)).await.unwrap();
    store.note_people(vec![on("ada", 0, 3, &old)]).await.unwrap();
    assert_eq!(store.left_behind(late..=at(2 * DAY), 10).await.unwrap(), [], "it is not known any more");
}
