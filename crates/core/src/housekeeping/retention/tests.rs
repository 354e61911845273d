use std::sync::Arc;

use tidings_protocol::{EntryId, Json};

use super::*;
use crate::{
    Entry, MemoryStore, Publication,
    housekeeping::Archiving,
    tidings::stage::{Rules, Still, kinds, run},
};

const MINUTE: u64 = 60_000;

/// An archive in memory, which may fail.
#[derive(Default)]
struct Pile {
    taken: Vec<Arc<Entry>>,
    sealed: usize,
    add_fails: bool,
    seal_fails: bool,
}

impl Archive for Pile {
    fn add(&mut self, entries: Vec<Arc<Entry>>) -> Archiving<'_> {
        self.taken.extend(entries);
        let outcome = if self.add_fails { Err("the disk is full".into()) } else { Ok(()) };
        Box::pin(std::future::ready(outcome))
    }

    fn seal(&mut self) -> Archiving<'_> {
        let outcome = if self.seal_fails { Err("the disk is full".into()) } else { Ok(()) };
        self.sealed = self.taken.len();
        Box::pin(std::future::ready(outcome))
    }
}

fn append(store: &MemoryStore, clock: &Still, room: &str, count: usize) {
    for _ in 0..count {
        let time = clock.now();
        let r#type = "x".parse().unwrap();
        let publication = Publication { r#type, data: Json::null(), from: None, except: None };
        let key = RoomKey::parse(room).unwrap();
        let entry = Entry::new(key, publication, EntryId::new(time), time, None);
        run(store.append_one(entry, Keep::For(Duration::from_secs(86_400)))).unwrap();
    }
}

/// How many entries a room has.
fn kept(store: &MemoryStore, room: &str) -> usize {
    let key = RoomKey::parse(room).unwrap();
    run(store.read(key, Page::After(Offset(0)), 10_000)).unwrap().entries.len()
}

fn retain(
    store: &MemoryStore,
    rules: Rules<'_>,
    clock: &Still,
    archive: Option<&mut Pile>,
) -> Result<Report, Trouble> {
    let kinds = kinds(rules);
    let archive = archive.map(|pile| pile as &mut dyn Archive);
    run(Retention { store, kinds: &kinds, clock, archive, until: Monotonic(u64::MAX) }.run())
}

#[test]
fn each_kind_keeps_its_own_time() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    let rules: Rules<'_> = &[("short", "10m"), ("long", "1h"), ("last", "last"), ("none", "none")];
    for room in ["room:short", "room:long", "room:last", "room:none", "user:ada"] {
        append(&store, &clock, room, 600);
    }
    clock.pass(11 * MINUTE);
    for room in ["room:short", "room:long", "room:last", "room:none", "user:ada"] {
        append(&store, &clock, room, 3);
    }
    let report = retain(&store, rules, &clock, None).unwrap();
    assert_eq!(kept(&store, "room:short"), 3);
    assert_eq!(kept(&store, "room:long"), 603);
    assert_eq!(kept(&store, "room:last"), 1);
    assert_eq!(kept(&store, "room:none"), 0);
    assert_eq!(kept(&store, "user:ada"), 3, "five minutes for plain events");
    assert_eq!(report, Report { rooms: 5, entries: 600 + 602 + 603 + 600, ..Report::default() });
    let head = run(store.head(RoomKey::parse("room:none").unwrap())).unwrap();
    assert_eq!(head.offset, Offset(603), "the log goes on where it was");
    assert_eq!(retain(&store, rules, &clock, None).unwrap().entries, 0);
}

#[test]
fn what_the_settings_say_now_counts() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    append(&store, &clock, "room:orders", 5);
    clock.pass(30 * MINUTE);
    assert_eq!(retain(&store, &[("orders", "1h")], &clock, None).unwrap().entries, 0);
    assert_eq!(retain(&store, &[("orders", "20m")], &clock, None).unwrap().entries, 5);
}

#[test]
fn what_no_rule_knows_is_left_alone() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    append(&store, &clock, "room:orders", 5);
    clock.pass(86_400_000);
    let kinds = Kinds::new(&[]);
    let retention =
        Retention { store: &store, kinds: &kinds, clock: &clock, archive: None, until: Monotonic(u64::MAX) };
    assert_eq!(run(retention.run()).unwrap().entries, 0);
    assert_eq!(kept(&store, "room:orders"), 5);
}

#[test]
fn a_clock_that_was_ahead_for_long_holds_nothing_up() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    append(&store, &clock, "room:orders", 1);
    clock.set_by(365 * 86_400_000);
    append(&store, &clock, "room:orders", 700);
    clock.set_by(-365 * 86_400_000);
    append(&store, &clock, "room:orders", 2);
    let rules: Rules<'_> = &[("orders", "10m")];
    assert_eq!(retain(&store, rules, &clock, None).unwrap().entries, 0, "all of it is young");
    clock.pass(11 * MINUTE);
    append(&store, &clock, "room:orders", 1);
    assert_eq!(retain(&store, rules, &clock, None).unwrap().entries, 703);
    assert_eq!(kept(&store, "room:orders"), 1);
}

#[test]
fn a_clock_that_is_set_back_drops_nothing_young() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    append(&store, &clock, "room:orders", 3);
    clock.set_by(-3_600_000);
    append(&store, &clock, "room:orders", 3);
    let rules: Rules<'_> = &[("orders", "10m")];
    assert_eq!(retain(&store, rules, &clock, None).unwrap().entries, 0);
    clock.set_by(3_600_000);
    assert_eq!(
        retain(&store, rules, &clock, None).unwrap().entries,
        0,
        "those from then lie behind younger ones"
    );
}

#[test]
fn what_goes_is_archived_first() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    let rules: Rules<'_> = &[("orders", "10m"), ("last", "last")];
    append(&store, &clock, "room:orders", 900);
    append(&store, &clock, "room:last", 3);
    clock.pass(11 * MINUTE);
    append(&store, &clock, "room:orders", 1);

    for broken in [Pile { add_fails: true, ..Pile::default() }, Pile { seal_fails: true, ..Pile::default() }]
    {
        let mut pile = broken;
        let trouble = retain(&store, rules, &clock, Some(&mut pile)).unwrap_err();
        assert!(matches!(trouble, Trouble::Archive(_)), "{trouble}");
        assert_eq!((kept(&store, "room:orders"), kept(&store, "room:last")), (901, 3));
    }

    let mut pile = Pile::default();
    let report = retain(&store, rules, &clock, Some(&mut pile)).unwrap();
    assert_eq!((report.entries, report.archived), (902, 902));
    assert_eq!((pile.sealed, pile.taken.len()), (902, 902));
    assert_eq!((kept(&store, "room:orders"), kept(&store, "room:last")), (1, 1));
    let offsets = |room: &str| -> Vec<u64> {
        let of_room = pile.taken.iter().filter(|entry| entry.room.to_string() == room);
        of_room.filter_map(|entry| entry.offset).map(|offset| offset.0).collect()
    };
    assert_eq!(offsets("room:orders"), (1..=900).collect::<Vec<_>>());
    assert_eq!(offsets("room:last"), [1, 2]);
}

#[test]
fn a_run_ends_in_time_and_says_so() {
    let (store, clock) = (MemoryStore::default(), Still::default());
    append(&store, &clock, "room:none", 3);
    append(&store, &clock, "room:other", 3);
    let kinds = kinds(&[("{name}", "none")]);
    let until = clock.monotonic();
    let retention = Retention { store: &store, kinds: &kinds, clock: &clock, archive: None, until };
    let report = run(retention.run()).unwrap();
    assert_eq!(report, Report { rooms: 1, unfinished: true, ..Report::default() });
}

#[test]
fn a_last_value_hinders_wholesale_forgetting() {
    assert_eq!(kinds(&[("a", "365d")]).longest_keep(), Some(Duration::from_secs(365 * 86_400)));
    assert_eq!(kinds(&[("a", "last")]).longest_keep(), None);
}
