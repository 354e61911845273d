//! What is to be done at a moment.

use tidings_core::store::{
    Once,
    inbox::{Addressed, Notified, Outcome, Scheduled},
};
use tidings_protocol::EntryId;

use super::{super::Fresh, notification, titles, told};
use crate::contract::samples::{at, json, personal, together, user};

/// Each thing that is due is one caller's until its lease ends; what is put again is another; what is finished is gone.
pub async fn what_is_due_is_taken_by_one(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let plan = |number: u64, who: Option<&str>| Scheduled {
        id: EntryId::new(at(number)),
        due_at: at(number * 10),
        user: who.map(user),
        part_of: None,
        data: json(&format!("{{\"n\": {number}.0}}")),
    };
    let plans = [plan(3, Some("ada")), plan(1, None), plan(2, Some("ada")), plan(9, None)];
    for it in &plans {
        store.schedule(it.clone()).await.unwrap();
    }
    assert!(store.due_scheduled(at(9), 100, 10).await.unwrap().is_empty());
    assert_eq!(store.due_scheduled(at(30), 100, 2).await.unwrap(), [plans[1].clone(), plans[2].clone()]);
    let rest = together(4, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move { store.due_scheduled(at(30), 100, 10).await.unwrap() }
        }
    });
    assert_eq!(rest.await.concat(), [plans[0].clone()]);
    assert!(store.finish_scheduled(plans[0].id).await.unwrap());
    assert!(!store.finish_scheduled(plans[0].id).await.unwrap());
    store.schedule(Scheduled { due_at: at(500), ..plans[2].clone() }).await.unwrap();
    assert!(store.due_scheduled(at(89), 100, 10).await.unwrap().is_empty());
    let after_lease = store.due_scheduled(at(130), 100, 10).await.unwrap();
    assert_eq!(
        after_lease,
        [plans[3].clone(), plans[1].clone()],
        "earliest first, by when each was due next"
    );
    assert_eq!(store.scheduled_of(user("ada")).await.unwrap().len(), 1);
    store.erase(user("ada")).await.unwrap();
    assert!(store.scheduled_of(user("ada")).await.unwrap().is_empty());
    assert_eq!(store.due_scheduled(at(9_000), 1, 10).await.unwrap().len(), 2);
}

/// What is for later is kept with what is for now, all or none, and once for a key; parts come and go together.
pub async fn what_comes_later_is_kept_with_what_comes_now(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let it = notification("n", 5);
    let part = |number: u64, who: &str| Scheduled {
        id: EntryId::new(at(number)),
        due_at: at(100),
        user: Some(user(who)),
        part_of: Some(it.id),
        data: json("{}"),
    };
    let parts = [part(10, "bob"), part(11, "cy")];
    let later = |part: &Scheduled| Addressed {
        later: Some(part.clone()),
        ..told(personal(part.user.as_ref().unwrap().as_str()))
    };
    let to = || vec![later(&parts[0]), told(personal("ada")), later(&parts[1])];
    let once = Once { key: "k".into(), print: [7; 32], now: at(5) };
    let Notified::New(outcomes) = store.notify(it.clone(), to(), Some(once.clone()), at(5)).await.unwrap()
    else {
        panic!("the key is new")
    };
    let kept = |outcome: &Outcome| match outcome {
        Outcome::Kept(entries) => entries.len(),
        Outcome::Known(_) => usize::MAX,
    };
    assert_eq!(outcomes.iter().map(kept).collect::<Vec<_>>(), [0, 1, 0]);
    assert!(titles(&*store, "bob", 6).await.is_empty());
    assert_eq!(titles(&*store, "ada", 6).await, ["n"]);
    let Notified::Before(ids) = store.notify(it.clone(), to(), Some(once), at(6)).await.unwrap() else {
        panic!("the key was used")
    };
    assert_eq!(ids, [it.id; 3]);
    let other = Scheduled { id: EntryId::new(at(12)), part_of: None, ..parts[0].clone() };
    store.schedule(other.clone()).await.unwrap();
    let all = [parts[0].clone(), parts[1].clone(), other.clone()];
    assert_eq!(store.all_scheduled(None, 10).await.unwrap(), all);
    assert_eq!(store.all_scheduled(Some(parts[0].id), 1).await.unwrap(), all[1..2]);
    let taken = store.due_scheduled(at(100), 10, 10).await.unwrap();
    assert_eq!(taken.iter().find(|it| it.id == parts[0].id), Some(&parts[0]));
    assert!(store.finish_scheduled(parts[0].id).await.unwrap());
    assert_eq!(store.scheduled_of(user("cy")).await.unwrap(), [parts[1].clone()], "one part alone");
    store.schedule(parts[0].clone()).await.unwrap();
    assert!(store.finish_scheduled(it.id).await.unwrap());
    assert!(!store.finish_scheduled(it.id).await.unwrap());
    assert_eq!(store.all_scheduled(None, 10).await.unwrap(), [other]);
}
