//! Digests and plans, on a clock that stands still and a store that can be cut off at any call.

mod cut;

use std::{panic::AssertUnwindSafe, sync::Arc};

use serde_json::{Value, json};
use tidings_protocol::{
    EntryId, Timestamp, UserId, http::NotifyRequest, notification::Notification as Shown,
};

use self::cut::Cut;
use super::{Ask, Sent, Upkeep};
use crate::{
    Clock, MemoryStore, Monotonic, Tidings,
    store::inbox::{Filter, Reader},
    tidings::stage::{Still, run, tidings_on},
};

const HOUR: u64 = 60 * 60 * 1_000;
/// Longer than what was taken and not done is somebody else's.
const LEASE: u64 = 61_000;

struct Stage {
    tidings: Tidings,
    store: Arc<MemoryStore>,
    clock: Arc<Still>,
}

impl Stage {
    /// With a user who wants news and builds gathered by the hour.
    fn new() -> Self {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(Still::default()));
        let tidings = tidings_on(Box::new(Cut::never(store.clone())), &[], &clock);
        let stage = Self { tidings, store, clock };
        stage.wants(
            "ada",
            json!({ "digest": [{ "category": "news", "every": "1h" }, { "key": "build", "every": "1h" }] }),
        );
        stage
    }

    fn wants(&self, who: &str, preferences: Value) {
        let preferences = serde_json::from_value(preferences).unwrap();
        run(self.tidings.put_preferences(&user(who), &preferences)).unwrap();
    }

    fn notify(&self, to: Value, title: &str, more: Value) -> Sent {
        let mut request = json!({ "to": to, "title": title });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request: NotifyRequest = serde_json::from_str(&request.to_string()).unwrap();
        run(self.tidings.notify(Ask::read(request).unwrap(), None)).unwrap()
    }

    fn news(&self, title: &str) -> Sent {
        self.notify(json!({ "user": "ada" }), title, json!({ "category": "news" }))
    }

    /// What the job does.
    fn keep(&self) -> Upkeep {
        run(self.tidings.keep_notifications(Monotonic(u64::MAX))).unwrap()
    }

    fn inbox(&self, who: &str) -> Vec<Shown> {
        let reader = Reader { user: user(who), roles: Vec::new() };
        run(self.tidings.notifications(reader, Filter::default(), None, 100)).unwrap()
    }

    fn titles(&self, who: &str) -> Vec<String> {
        self.inbox(who).into_iter().map(|it| it.title).collect()
    }

    fn waiting(&self) -> usize {
        run(self.tidings.planned(None, 1_000)).unwrap().len()
    }

    fn in_ms(&self, ms: u64) -> Timestamp {
        Timestamp::from_millis(self.clock.now().millis() + ms)
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

#[test]
fn d4_what_is_gathered_comes_as_one_when_the_window_ends() {
    let stage = Stage::new();
    let first = stage.news("one");
    assert_eq!(first.scheduled_for, Some(stage.in_ms(HOUR)), "the clock stands at the full hour");
    stage.clock.pass(HOUR / 2);
    stage.notify(
        json!({ "users": ["ada", "bob"] }),
        "two",
        json!({ "category": "news", "severity": "warning" }),
    );
    stage.notify(json!({ "user": "ada" }), "urgent", json!({ "category": "news", "severity": "error" }));
    stage.clock.pass(1);
    stage.notify(json!({ "user": "ada" }), "plain", json!({ "category": "other" }));
    stage.news("three");
    assert_eq!(stage.titles("ada"), ["plain", "urgent"], "what is critical does not wait");
    assert_eq!(stage.titles("bob"), ["two"], "he wants nothing gathered");
    assert_eq!((stage.keep().sent, stage.waiting()), (0, 3), "the window has not ended");

    stage.clock.pass(HOUR / 2);
    assert_eq!(stage.keep().sent, 1);
    let inbox = stage.inbox("ada");
    assert_eq!(inbox.iter().map(|it| &*it.title).collect::<Vec<_>>(), ["news (3)", "plain", "urgent"]);
    let digest = inbox[0].digest.as_ref().unwrap();
    let listed: Vec<&str> = digest.items.iter().map(|item| &*item.title).collect();
    assert_eq!((digest.count, listed), (3, vec!["three", "two", "one"]));
    assert_eq!((digest.items[2].id, inbox[0].severity.as_str()), (first.id, "warning"));
    assert_eq!((inbox[0].category.as_deref(), stage.waiting()), (Some("news"), 0));
    let reader = Reader { user: user("ada"), roles: Vec::new() };
    assert_eq!(run(stage.tidings.counters(reader)).unwrap().unread, 3, "a digest counts as one");
    assert_eq!(stage.keep(), Upkeep::default());
}

#[test]
fn d4_one_that_stays_alone_comes_as_itself_and_the_same_once() {
    let stage = Stage::new();
    let build = |title: &str| {
        stage.notify(json!({ "user": "ada" }), title, json!({ "digest_key": "build", "dedupe_key": "b" }));
        stage.clock.pass(1);
    };
    build("built");
    build("built again");
    stage.news("read all about it");
    stage.clock.pass(HOUR);
    assert_eq!(stage.keep().sent, 2);
    let inbox = stage.inbox("ada");
    assert!(inbox.iter().all(|it| it.digest.is_none()));
    let mut titles = stage.titles("ada");
    titles.sort();
    assert_eq!(titles, ["built", "read all about it"], "two with one dedupe_key are one");
}

#[test]
fn d4_what_waits_can_be_called_off_and_expires() {
    let stage = Stage::new();
    let off = stage.news("called off");
    stage.notify(
        json!({ "user": "ada" }),
        "short",
        json!({ "category": "news", "expires_at": stage.in_ms(1_000) }),
    );
    stage.news("stays");
    assert!(run(stage.tidings.call_off(off.id)).unwrap());
    assert!(!run(stage.tidings.call_off(off.id)).unwrap());
    stage.clock.pass(HOUR);
    stage.keep();
    assert_eq!((stage.titles("ada"), stage.waiting()), (vec!["stays".to_owned()], 0));
}

#[test]
fn d4_what_was_planned_is_gathered_too() {
    let stage = Stage::new();
    let at = stage.in_ms(HOUR / 4);
    let planned = stage.notify(
        json!({ "users": ["ada", "bob"] }),
        "planned",
        json!({ "category": "news", "send_at": at }),
    );
    let all = run(stage.tidings.planned(None, 10)).unwrap();
    assert_eq!(all.iter().map(|it| (it.part_of, it.due_at)).collect::<Vec<_>>(), [(Some(planned.id), at); 2]);
    stage.clock.pass(HOUR / 4);
    stage.news("now");
    stage.keep();
    let bobs = stage.inbox("bob");
    assert_eq!((bobs[0].id, &*bobs[0].title), (planned.id, "planned"));
    assert!(stage.titles("ada").is_empty());
    stage.clock.pass(HOUR);
    stage.keep();
    assert_eq!(stage.titles("ada"), ["news (2)"]);
}

#[test]
fn d4_broadcasts_of_what_is_gathered_are_kept_and_not_gathered() {
    let stage = Stage::new();
    run(stage.tidings.counters(Reader { user: user("ada"), roles: Vec::new() })).unwrap();
    stage.notify(json!({ "everyone": true }), "to all", json!({ "category": "news" }));
    assert_eq!((stage.titles("ada"), stage.waiting()), (vec!["to all".to_owned()], 0));
}

#[test]
fn d3_one_plan_for_several_is_called_off_as_one() {
    let stage = Stage::new();
    let to = json!({ "users": ["bob", "cy", "dan"] });
    let off = stage.notify(to.clone(), "off", json!({ "send_at": stage.in_ms(1_000) }));
    let on = stage.notify(to, "on", json!({ "send_at": stage.in_ms(1_000) }));
    assert!(run(stage.tidings.call_off(off.id)).unwrap());
    let cys = run(stage.tidings.planned(None, 10)).unwrap();
    let cys = cys.iter().find(|it| it.request.to.user == Some(user("cy"))).unwrap();
    assert!(run(stage.tidings.call_off(cys.id)).unwrap());
    stage.clock.pass(1_000);
    assert_eq!(stage.keep().sent, 2);
    assert!(stage.titles("cy").is_empty());
    for who in ["bob", "dan"] {
        let inbox = stage.inbox(who);
        assert_eq!((inbox.len(), inbox[0].id, &*inbox[0].title), (1, on.id, "on"), "{who}");
    }
}

#[test]
fn d3_each_one_of_a_series_has_its_end() {
    let stage = Stage::new();
    let repeat = json!({ "repeat": { "every": "1h", "expires_after": "30m" }, "send_at": stage.in_ms(HOUR) });
    stage.notify(json!({ "user": "bob" }), "hourly", repeat);
    let mut ids: Vec<EntryId> = Vec::new();
    for _ in 0..3 {
        stage.clock.pass(HOUR);
        stage.keep();
        let inbox = stage.inbox("bob");
        assert_eq!(inbox.len(), 1, "the one before is gone");
        assert_eq!(inbox[0].expires_at, Some(stage.in_ms(HOUR / 2)));
        assert!(!ids.contains(&inbox[0].id));
        ids.push(inbox[0].id);
    }
    stage.clock.pass(HOUR / 2);
    assert!(stage.inbox("bob").is_empty());
    assert_eq!(stage.waiting(), 1, "it goes on");
}

/// The process ends at every single call to the store; another one goes on when the lease is over.
#[test]
fn d4_wherever_the_process_ends_each_comes_once() {
    let mut cuts = 0;
    loop {
        let stage = Stage::new();
        for title in ["one", "two", "three"] {
            stage.news(title);
        }
        stage.notify(json!({ "user": "ada" }), "built", json!({ "digest_key": "build" }));
        stage.clock.pass(HOUR);
        let doomed = tidings_on(Box::new(Cut::after(stage.store.clone(), cuts)), &[], &stage.clock);
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| {
            run(doomed.keep_notifications(Monotonic(u64::MAX))).unwrap();
        }));
        stage.clock.pass(LEASE);
        stage.keep();
        let inbox = stage.inbox("ada");
        let mut said: Vec<(&str, u64)> = inbox
            .iter()
            .map(|it| (&*it.title, it.digest.as_ref().map_or(0, |digest| digest.count)))
            .collect();
        said.sort_unstable();
        assert_eq!(said, [("built", 0), ("news (3)", 3)], "cut off at call {cuts}");
        assert_eq!(stage.waiting(), 0, "cut off at call {cuts}");
        if ended.is_ok() {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 8, "it was cut off at {cuts} calls only");
}
