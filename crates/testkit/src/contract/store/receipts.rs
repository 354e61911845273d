//! To whom entries came, on what and when, and who has seen and read them.

use std::path::PathBuf;

use tidings_core::{
    Store,
    store::receipts::{DEVICES_MAX, Delivered, Delivery, EntryReceipt, Tracked},
};
use tidings_protocol::{EntryId, Timestamp};

use super::{Fresh, erasing::where_found};
use crate::contract::samples::{at, user};

fn first() -> EntryId {
    EntryId::from_bytes([0; 16])
}

/// An id of a moment, so that ids have the order of their moments.
fn id(millis: u64) -> EntryId {
    EntryId::new(at(millis))
}

fn tracked(id: EntryId, users: &[&str]) -> Tracked {
    let users = users.iter().map(|who| user(who)).collect();
    Tracked { id, users, until: at(1_000), is_notification: false }
}

fn on(device: &str, millis: u64) -> Delivered {
    Delivered { device: device.into(), client_type: Some("web".into()), at: at(millis) }
}

fn came(id: EntryId, who: &str, device: &str, millis: u64) -> Delivery {
    Delivery { id, user: user(who), on: on(device, millis) }
}

fn receipt(who: &str, delivered: Vec<Delivered>, seen: Option<u64>, read: Option<u64>) -> EntryReceipt {
    EntryReceipt { user: user(who), delivered, seen_at: seen.map(at), read_at: read.map(at) }
}

async fn all(store: &dyn Store, id: EntryId) -> Vec<EntryReceipt> {
    store.entry_receipts(id, None, 100).await.unwrap()
}

/// Who is meant by name is there before anything came; tracked again, all stays. It outlasts the process.
pub async fn whoever_is_meant_has_a_receipt_from_the_start(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (early, late) = (id(1), id(2));
    store.track(Vec::new()).await.unwrap();
    store.track(vec![tracked(late, &["bob", "ada"]), tracked(early, &[])]).await.unwrap();
    assert_eq!(
        all(&*store, late).await,
        [receipt("ada", vec![], None, None), receipt("bob", vec![], None, None)]
    );
    assert_eq!(all(&*store, early).await, []);
    assert_eq!(store.tracked(first(), 10).await.unwrap(), [late, early], "the newest first");
    assert_eq!(store.tracked(first(), 1).await.unwrap(), [late]);
    assert_eq!(store.tracked(late, 10).await.unwrap(), [late]);
    store.note_deliveries(vec![came(late, "ada", "phone", 3)]).await.unwrap();
    store.track(vec![tracked(late, &["ada", "cy"])]).await.unwrap();
    let expected = [
        receipt("ada", vec![on("phone", 3)], None, None),
        receipt("bob", vec![], None, None),
        receipt("cy", vec![], None, None),
    ];
    assert_eq!(all(&*store, late).await, expected);
    let Some(store) = fresh.reopen(store).await else { return };
    assert_eq!(all(&*store, late).await, expected);
}

/// The first time stays, every device has its own, and there are only so many.
pub async fn a_delivery_is_noted_once_for_each_device(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let it = id(1);
    store.track(vec![tracked(it, &["ada"])]).await.unwrap();
    let nameless =
        Delivery { on: Delivered { client_type: None, ..on("tab", 4) }, ..came(it, "bob", "tab", 4) };
    let steps = vec![came(it, "ada", "phone", 2), came(it, "ada", "phone", 3), nameless.clone()];
    store.note_deliveries(steps).await.unwrap();
    store.note_deliveries(vec![came(it, "ada", "laptop", 5), came(it, "ada", "phone", 1)]).await.unwrap();
    let expected = [
        receipt("ada", vec![on("laptop", 5), on("phone", 2)], None, None),
        receipt("bob", vec![nameless.on], None, None),
    ];
    assert_eq!(all(&*store, it).await, expected);
    for number in 0..DEVICES_MAX + 10 {
        store.note_deliveries(vec![came(it, "cy", &format!("tab {number}"), 6)]).await.unwrap();
    }
    assert_eq!(all(&*store, it).await[2].delivered.len(), DEVICES_MAX);
}

/// What nobody asked about leaves no trace.
pub async fn of_what_nobody_tracks_nothing_is_noted(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (known, strange) = (id(1), id(2));
    store.track(vec![tracked(known, &[])]).await.unwrap();
    store.note_deliveries(vec![came(strange, "ada", "tab", 3), came(known, "ada", "tab", 3)]).await.unwrap();
    assert_eq!(all(&*store, strange).await, []);
    assert_eq!(all(&*store, known).await, [receipt("ada", vec![on("tab", 3)], None, None)]);
    assert_eq!(store.acknowledge(user("ada"), vec![strange], true, at(4)).await.unwrap(), []);
    assert_eq!(all(&*store, strange).await, []);
}

/// Only those can have seen it who are meant or have it; the first time stays, and what was read was seen.
pub async fn acknowledging_is_for_whom_it_came_to(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (hers, his, news) = (id(1), id(2), id(3));
    let notification = Tracked { is_notification: true, ..tracked(news, &["ada"]) };
    store.track(vec![tracked(hers, &["ada"]), tracked(his, &["bob"]), notification]).await.unwrap();
    let ids = vec![news, his, hers, id(4)];
    assert_eq!(store.acknowledge(user("ada"), ids.clone(), false, at(5)).await.unwrap(), [hers]);
    assert_eq!(all(&*store, hers).await, [receipt("ada", vec![], Some(5), None)]);
    assert_eq!(store.acknowledge(user("ada"), ids, true, at(6)).await.unwrap(), [hers]);
    assert_eq!(store.acknowledge(user("ada"), vec![hers], true, at(7)).await.unwrap(), [hers]);
    assert_eq!(all(&*store, hers).await, [receipt("ada", vec![], Some(5), Some(6))]);
    assert_eq!(all(&*store, his).await, [receipt("bob", vec![], None, None)]);
    assert_eq!(all(&*store, news).await, [receipt("ada", vec![], None, None)], "the inbox knows");
    assert_eq!(store.acknowledge(user("bob"), vec![his], true, at(8)).await.unwrap(), [his]);
    assert_eq!(all(&*store, his).await, [receipt("bob", vec![], Some(8), Some(8))]);
}

/// Pages meet, of an entry and of a user.
pub async fn receipts_come_in_pages(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let ids = [id(1), id(2), id(3)];
    let users = ["a", "b", "c", "d", "e"];
    store.track(ids.iter().map(|id| tracked(*id, &users)).collect()).await.unwrap();
    store.note_deliveries(vec![came(ids[1], "c", "x", 4), came(ids[1], "c", "y", 4)]).await.unwrap();
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.entry_receipts(ids[1], after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.user.clone());
        found.extend(page);
    }
    assert_eq!(found, all(&*store, ids[1]).await);
    assert_eq!(found.iter().map(|it| it.user.as_str()).collect::<Vec<_>>(), users);
    let (mut after, mut of_c) = (None, Vec::new());
    loop {
        let page = store.receipts_of(user("c"), after, 2).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        of_c.extend(page);
    }
    assert_eq!(of_c.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
    assert_eq!(of_c[1].1.delivered.len(), 2);
    assert_eq!(store.receipts_of(user("nobody"), None, 10).await.unwrap(), []);
}

/// Each goes with its time, in steps; others stay.
pub async fn receipts_go_when_their_time_is_over(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (old, young) = (id(1), id(2));
    let users: Vec<String> = (0..50).map(|number| format!("u{number:02}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let until = |id, until: Timestamp| Tracked { until, ..tracked(id, &users) };
    store.track(vec![until(old, at(100)), until(young, at(200))]).await.unwrap();
    let came = users.iter().flat_map(|who| [came(old, who, "x", 3), came(young, who, "x", 3)]).collect();
    store.note_deliveries(came).await.unwrap();
    assert_eq!(store.drop_receipts(at(99), 10).await.unwrap(), 0);
    let mut steps = 0;
    while store.drop_receipts(at(100), 10).await.unwrap() > 0 {
        steps += 1;
        assert!(steps < 100, "it never ends");
    }
    assert_eq!(all(&*store, old).await, []);
    assert_eq!(store.tracked(first(), 10).await.unwrap(), [young]);
    assert_eq!(all(&*store, young).await.len(), 50);
    assert!(all(&*store, young).await.iter().all(|receipt| receipt.delivered.len() == 1));
}

/// Somebody who is forgotten is in no receipt, and in no file.
pub async fn erase_takes_receipts_along(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let it = id(1);
    store.track(vec![tracked(it, &["ada", "bob"])]).await.unwrap();
    let device = "quite-unlikely-device";
    store.note_deliveries(vec![came(it, "ada", device, 3), came(it, "bob", "tab", 3)]).await.unwrap();
    let files = fresh.files();
    assert!(files.is_empty() || !where_found(&files, device).is_empty(), "what is kept is in a file");
    store.erase(user("ada")).await.unwrap();
    assert_eq!(all(&*store, it).await, [receipt("bob", vec![on("tab", 3)], None, None)]);
    assert_eq!(store.receipts_of(user("ada"), None, 10).await.unwrap(), []);
    assert_eq!(where_found(&files, device), Vec::<PathBuf>::new());
}
