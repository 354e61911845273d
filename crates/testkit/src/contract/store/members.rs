//! Who is a member of what.

use tidings_core::store::{Member, MemberRole};

use super::Fresh;
use crate::contract::samples::{at, name, room, together, user};

fn role(text: &str) -> MemberRole {
    MemberRole::parse(text).unwrap()
}

/// Becoming one is told from changing the role, and the day of the first stays.
pub async fn a_member_is_put_changed_and_removed(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (orders, ada) = (|| name("orders"), || user("ada"));
    let longest = "owner_of-9".repeat(4)[..32].to_owned();
    assert_eq!(store.member(orders(), ada()).await.unwrap(), None);
    assert!(!store.remove_member(orders(), ada()).await.unwrap());
    assert_eq!(store.room(room("orders")).await.unwrap(), None, "to remove nobody begins no room");
    assert!(store.put_member(orders(), ada(), role("member"), at(1)).await.unwrap());
    assert!(store.put_member(orders(), user("bob"), role("member"), at(2)).await.unwrap());
    assert!(!store.put_member(orders(), ada(), role(&longest), at(3)).await.unwrap());
    let member = Member { user: ada(), role: role(&longest), since: at(1) };
    assert_eq!(store.member(orders(), ada()).await.unwrap(), Some(member));
    assert_eq!(store.member(orders(), user("Ada")).await.unwrap(), None);
    assert_eq!(store.member(name("Orders"), ada()).await.unwrap(), None);
    assert_eq!(store.room(room("orders")).await.unwrap().unwrap().members, 2);
    assert!(store.remove_member(orders(), ada()).await.unwrap());
    assert!(!store.remove_member(orders(), ada()).await.unwrap());
    assert_eq!(store.member(orders(), ada()).await.unwrap(), None);
    assert_eq!(store.rooms_of(ada(), None, 10).await.unwrap(), []);
    assert!(store.put_member(orders(), ada(), role("guest"), at(9)).await.unwrap());
    assert_eq!(store.member(orders(), ada()).await.unwrap().unwrap().since, at(9));
    for who in [ada(), user("bob")] {
        assert!(store.remove_member(orders(), who).await.unwrap());
    }
    let record = store.room(room("orders")).await.unwrap().expect("a room without members is still one");
    assert_eq!((record.members, record.created_at), (0, at(1)));
}

/// Byte by byte, in pages that meet.
pub async fn members_come_in_the_order_of_their_ids(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let longest = "🦀".repeat(32);
    let mut ids =
        ["b", "a", "B", "A", "é", "e\u{301}", "z", "10", "9", " ", "a'\"\\", "%", "_", "\u{ffff}", &longest];
    for id in ids {
        assert!(store.put_member(name("orders"), user(id), MemberRole::default(), at(1)).await.unwrap());
        store.put_member(name("order"), user("x"), MemberRole::default(), at(1)).await.unwrap();
    }
    ids.sort_unstable();
    for limit in [1, 4, 100, usize::MAX] {
        let mut listed: Vec<Member> = Vec::new();
        loop {
            let after = listed.last().map(|member| member.user.clone());
            let page = store.members(name("orders"), after, limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
            assert!(listed.len() <= ids.len(), "a page that does not go on: {listed:?}");
        }
        assert_eq!(
            listed.iter().map(|member| member.user.as_str()).collect::<Vec<_>>(),
            ids,
            "{limit} at a time"
        );
    }
    assert_eq!(store.members(name("orders"), None, 0).await.unwrap(), []);
    let behind = store.members(name("orders"), Some(user("a0")), 1).await.unwrap();
    assert_eq!(behind[0].user.as_str(), "b", "the place to begin behind need not exist");
    assert_eq!(store.members(name("unknown"), None, 10).await.unwrap(), []);
}

/// With the role in each; byte by byte, in pages that meet.
pub async fn rooms_of_a_user_come_in_the_order_of_their_names(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let longest = "r".repeat(128);
    let mut names = ["b", "a", "B", "a.b", "a:b", "a_b", "a-b", "ab", "a@b", "10", "9", &longest];
    for (number, text) in names.into_iter().enumerate() {
        store.put_member(name(text), user("ada"), role(&format!("r{number}")), at(1)).await.unwrap();
        store.put_member(name(&format!("{}x", &text[1..])), user("ada2"), role("no"), at(1)).await.unwrap();
    }
    let roles: Vec<(String, String)> =
        names.iter().enumerate().map(|(number, text)| ((*text).to_owned(), format!("r{number}"))).collect();
    names.sort_unstable();
    for limit in [1, 5, 100, usize::MAX] {
        let mut listed = Vec::new();
        loop {
            let after = listed.last().map(|(name, _): &(_, MemberRole)| Clone::clone(name));
            let page = store.rooms_of(user("ada"), after, limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
            assert!(listed.len() <= names.len(), "a page that does not go on: {listed:?}");
        }
        assert_eq!(
            listed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            names,
            "{limit} at a time"
        );
        for (name, role) in &listed {
            assert!(roles.contains(&(name.to_string(), role.to_string())), "{name} as {role}");
        }
    }
    assert_eq!(store.rooms_of(user("ada"), None, 0).await.unwrap(), []);
    assert_eq!(store.rooms_of(user("nobody"), None, 10).await.unwrap(), []);
}

/// However many put it at once, in a room that none of them made.
pub async fn only_one_of_many_makes_the_member(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for round in 0..5 {
        let place = format!("orders{round}");
        let made = together(8, |caller| {
            let (store, place, role) = (store.clone(), name(&place), role(&format!("r{caller}")));
            async move { store.put_member(place, user("ada"), role, at(1)).await.unwrap() }
        });
        assert_eq!(made.await.into_iter().filter(|made| *made).count(), 1);
        assert_eq!(store.members(name(&place), None, 10).await.unwrap().len(), 1);
        assert_eq!(store.room(room(&place)).await.unwrap().unwrap().members, 1);
    }
}
