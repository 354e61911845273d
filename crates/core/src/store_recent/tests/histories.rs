//! Random histories in which every call begins, is done and ends at a moment of its own, or is given up in between. Whatever a
//! read says, it says of some moment between its own beginning and its end.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt;
use proptest::prelude::*;
use tidings_protocol::{EntryId, Epoch};

use super::{held::*, *};

const ROOMS: [&str; 2] = ["a", "b"];
const USERS: [&str; 2] = ["ada", "bob"];

#[derive(Clone, Debug)]
enum Step {
    Append {
        room: usize,
        from: usize,
        last: bool,
    },
    AppendInBoth(usize),
    Read {
        room: usize,
        page: Page,
        limit: usize,
    },
    Delete(usize),
    Erase(usize),
    Forget {
        room: usize,
        up_to: u64,
    },
    /// One of the calls that the store has is done.
    LetGo(prop::sample::Index, Fate),
    /// Whoever made one of the calls hears how it ended, if it has.
    Hear(prop::sample::Index),
    HearAll,
    /// Whoever made one of the calls does not want to know any more.
    GiveUp(prop::sample::Index),
    /// Another server does something, where there are others.
    OthersAppend(usize),
    OthersDelete(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let room = 0..ROOMS.len();
    let fate = prop_oneof![
        12 => Just(Fate::Done), 1 => Just(Fate::DoneUncertain), 1 => Just(Fate::LostUncertain)
    ];
    let page = prop_oneof![
        5 => (0u64..8).prop_map(|offset| Page::After(Offset(offset))),
        1 => (0u64..8).prop_map(|offset| Page::Before(Offset(offset))),
        1 => Just(Page::Before(Offset(u64::MAX))),
        1 => Just(Page::After(Offset(u64::MAX))),
    ];
    prop_oneof![
        6 => (room.clone(), 0..USERS.len(), prop::bool::weighted(0.1))
            .prop_map(|(room, from, last)| Step::Append { room, from, last }),
        1 => (0..USERS.len()).prop_map(Step::AppendInBoth),
        8 => (room.clone(), page, prop_oneof![1 => Just(1usize), 4 => Just(5usize)])
            .prop_map(|(room, page, limit)| Step::Read { room, page, limit }),
        1 => room.clone().prop_map(Step::Delete),
        1 => (0..USERS.len()).prop_map(Step::Erase),
        1 => (room.clone(), 0u64..8).prop_map(|(room, up_to)| Step::Forget { room, up_to }),
        16 => (any::<prop::sample::Index>(), fate).prop_map(|(which, fate)| Step::LetGo(which, fate)),
        8 => any::<prop::sample::Index>().prop_map(Step::Hear),
        6 => Just(Step::HearAll),
        1 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
        1 => room.clone().prop_map(Step::OthersAppend),
        1 => room.prop_map(Step::OthersDelete),
        1 => (0u64..70_000).prop_map(Step::Pass),
    ]
}

/// What is known of a room because a call has ended; a read that begins then must know it too.
#[derive(Clone, Default)]
struct Known {
    head: Offset,
    oldest: Offset,
}

enum Ended {
    Appended(Result<Vec<Arc<Entry>>, StoreError>, bool),
    Read(Result<Stretch, StoreError>),
    Changed(Result<(), StoreError>),
}

struct Caller {
    what: Step,
    /// What was known, and how many logs a room had had, when it began.
    known: HashMap<(usize, Epoch), Known>,
    logs: Vec<usize>,
    erased: Vec<EntryId>,
    answer: Answer<'static, Ended>,
}

struct World {
    held: Arc<Held>,
    recent: &'static RecentStore,
    callers: Vec<Caller>,
    /// Whether a change was given up, or failed, and is not done yet.
    orphans: usize,
    known: HashMap<(usize, Epoch), Known>,
    /// The epochs that each room had, in order.
    epochs: Vec<Vec<Epoch>>,
    log: BTreeMap<(usize, Epoch2, Offset), EntryId>,
    /// Entries that an erasure that has ended blanked.
    erased: Vec<EntryId>,
    now: u64,
}

/// An epoch that can be ordered.
type Epoch2 = String;

impl World {
    fn new(shared: bool) -> Self {
        let held = Held::new(shared);
        held.hold(true);
        let limits = RecentLimits { readers_min: 1, ..RecentLimits::default() };
        let recent = Box::leak(Box::new(RecentStore::with_limits(held.clone(), limits)));
        let epochs = vec![Vec::new(); ROOMS.len()];
        let (callers, known, log) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self { held, recent, callers, orphans: 0, known, epochs, log, erased: Vec::new(), now: 1_000_000 }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::LetGo(which, fate) if self.held.count() > 0 => {
                // Mostly the oldest: then things get done.
                let calls = self.held.calls.lock();
                let open: Vec<usize> = (0..calls.len()).filter(|index| calls[*index].is_some()).collect();
                drop(calls);
                if !open.is_empty() {
                    self.held.let_go(open[which.index(open.len())], fate);
                }
            }
            Step::LetGo(..) => {}
            Step::Hear(which) if !self.callers.is_empty() => self.hear(which.index(self.callers.len())),
            Step::Hear(_) => {}
            Step::HearAll => (0..self.callers.len()).rev().for_each(|index| self.hear(index)),
            Step::GiveUp(which) if !self.callers.is_empty() => {
                let caller = self.callers.swap_remove(which.index(self.callers.len()));
                self.orphans += usize::from(!matches!(caller.what, Step::Read { .. }));
            }
            Step::GiveUp(_) => {}
            Step::OthersAppend(room) if self.held.shared => {
                self.held.memory.append_one(entry(ROOMS[room], "bob"), HOUR).now_or_never();
            }
            Step::OthersDelete(room) if self.held.shared => {
                self.held.memory.delete_room(name(ROOMS[room])).now_or_never();
            }
            Step::OthersAppend(_) | Step::OthersDelete(_) => {}
            Step::Pass(millis) => {
                // What was given up is done in less than a minute, or never.
                if self.orphans > 0 {
                    self.held.calls.lock().clear();
                    self.orphans = 0;
                    self.callers.clear();
                }
                self.recent.sweep(Timestamp::from_millis(self.now), &|_| false);
                self.now += millis;
                self.recent.sweep(Timestamp::from_millis(self.now), &|_| false);
            }
            call => self.begin(call),
        }
        self.note();
    }

    fn begin(&mut self, what: Step) {
        let recent = self.recent;
        let keep = |last| if last { Keep::Last } else { HOUR };
        let answer: Answer<'static, Ended> = match what.clone() {
            Step::Append { room, from, last } => {
                let answer = recent.append_one(entry(ROOMS[room], USERS[from]), keep(last));
                Box::pin(answer.map(move |answer| Ok(Ended::Appended(answer.map(|entry| vec![entry]), last))))
            }
            Step::AppendInBoth(from) => {
                let entries = ROOMS.iter().map(|room| (entry(room, USERS[from]), HOUR)).collect();
                Box::pin(recent.append(entries, None).map(|answer| {
                    let entries = answer.map(|appended| match appended {
                        Appended::New(entries) => entries,
                        Appended::Before(_) => Vec::new(),
                    });
                    Ok(Ended::Appended(entries, false))
                }))
            }
            Step::Read { room, page, limit } => {
                Box::pin(recent.read(key(ROOMS[room]), page, limit).map(|answer| Ok(Ended::Read(answer))))
            }
            Step::Delete(room) => changed(recent.delete_room(name(ROOMS[room]))),
            Step::Erase(user) => changed(recent.erase(super::user(USERS[user]))),
            Step::Forget { room, up_to } => changed(recent.forget(key(ROOMS[room]), Offset(up_to))),
            _ => return,
        };
        let logs = self.epochs.iter().map(Vec::len).collect();
        self.callers.push(Caller {
            what,
            known: self.known.clone(),
            logs,
            erased: self.erased.clone(),
            answer,
        });
    }

    fn hear(&mut self, index: usize) {
        let Some(ended) = (&mut self.callers[index].answer).now_or_never() else { return };
        let caller = self.callers.swap_remove(index);
        match (ended.unwrap(), caller.what) {
            (Ended::Appended(Ok(entries), last), _) => {
                entries.iter().for_each(|entry| self.learn(entry, last));
            }
            (Ended::Read(Ok(stretch)), Step::Read { room, page, limit }) => {
                // The room may have had another log since it began, or still the one of then.
                let logs = &self.epochs[room];
                let began = caller.logs[room].saturating_sub(1);
                let place = logs.iter().rposition(|epoch| *epoch == stretch.head.epoch);
                assert!(place.is_some_and(|place| place >= began), "a log that was over: {stretch:?}");
                if let Some(known) = caller.known.get(&(room, stretch.head.epoch.clone())) {
                    assert!(stretch.head.offset >= known.head, "{stretch:?} ends before {}", known.head);
                    assert!(stretch.oldest >= known.oldest, "{stretch:?} begins before {}", known.oldest);
                }
                self.check_entries(room, page, limit, &stretch, &caller.erased);
                // Nobody is told less later.
                let known = self.known.entry((room, stretch.head.epoch)).or_default();
                known.head = known.head.max(stretch.head.offset);
                known.oldest = known.oldest.max(stretch.oldest);
            }
            (Ended::Changed(Ok(())), Step::Forget { room, .. }) => {
                let stretch = self.look(room);
                let known = self.known.entry((room, stretch.head.epoch)).or_default();
                known.oldest = known.oldest.max(stretch.oldest);
            }
            (Ended::Changed(Ok(())), Step::Erase(_)) => {
                for room in 0..ROOMS.len() {
                    let entries = self.look(room).entries;
                    self.erased.extend(
                        entries.iter().filter(|it| it.r#type.as_str() == Erased::ENTRY_TYPE).map(|it| it.id),
                    );
                }
            }
            _ => {}
        }
    }

    fn learn(&mut self, entry: &Entry, last: bool) {
        let room = ROOMS.iter().position(|room| key(room) == entry.room).unwrap();
        // In which log it is nobody says; if it is gone, it does not matter.
        let offset = entry.offset.unwrap();
        let place =
            self.log.iter().find(|((in_room, _, at), id)| (*in_room, *at, **id) == (room, offset, entry.id));
        let Some(((_, epoch, _), _)) = place else { return };
        let known = self.known.entry((room, Epoch(epoch.as_str().into()))).or_default();
        known.head = known.head.max(offset);
        known.oldest = known.oldest.max(if last { offset } else { Offset(0) });
    }

    /// The page is exactly what its own words on the log say it must be, of the entries that were in it.
    fn check_entries(&self, room: usize, page: Page, limit: usize, stretch: &Stretch, erased: &[EntryId]) {
        let log = stretch.oldest.0..=stretch.head.offset.0;
        let mut expected: Vec<u64> = match page {
            Page::After(after) => log.filter(|offset| *offset > after.0).take(limit).collect(),
            Page::Before(before) => log.rev().filter(|offset| *offset < before.0).take(limit).collect(),
        };
        expected.sort_unstable();
        let offsets: Vec<u64> = stretch.entries.iter().map(|entry| entry.offset.unwrap().0).collect();
        assert_eq!(offsets, expected, "{page:?} {stretch:?}");
        for entry in &stretch.entries {
            let place = (room, stretch.head.epoch.0.to_string(), entry.offset.unwrap());
            if let Some(id) = self.log.get(&place) {
                assert_eq!(*id, entry.id, "another log's entry");
            }
            let is_blank = entry.r#type.as_str() == Erased::ENTRY_TYPE;
            assert!(is_blank || !erased.contains(&entry.id), "an erased entry");
        }
    }

    fn look(&self, room: usize) -> Stretch {
        let whole = self.held.memory.read(key(ROOMS[room]), Page::After(Offset(0)), usize::MAX);
        whole.now_or_never().unwrap().unwrap()
    }

    /// Writes down what is in the store.
    fn note(&mut self) {
        for room in 0..ROOMS.len() {
            let stretch = self.look(room);
            if self.epochs[room].last() != Some(&stretch.head.epoch) {
                self.epochs[room].push(stretch.head.epoch.clone());
            }
            for entry in &stretch.entries {
                let place = (room, stretch.head.epoch.0.to_string(), entry.offset.unwrap());
                self.log.insert(place, entry.id);
            }
        }
    }

    /// All that is under way ends, and who asks then is told exactly what the store says.
    fn come_to_rest(&mut self) {
        self.held.hold(false);
        for _ in 0..3 {
            for index in 0..self.held.count() {
                self.held.let_go(index, Fate::Done);
                self.note();
            }
            (0..self.callers.len()).rev().for_each(|index| self.hear(index));
        }
        assert!(self.callers.is_empty(), "somebody waits for nothing");
        for _ in 0..2 {
            for (room, name) in ROOMS.iter().enumerate() {
                let expected = self.look(room);
                let whole = self.recent.read(key(name), Page::After(Offset(0)), 1_000);
                let whole = whole.now_or_never().unwrap().unwrap();
                let ids = |stretch: &Stretch| stretch.entries.iter().map(|it| it.id).collect::<Vec<_>>();
                assert_eq!((&whole.head, ids(&whole)), (&expected.head, ids(&expected)));
            }
        }
        self.recent.tails().lock().bytes();
    }
}

fn changed<T: 'static>(answer: Answer<'static, T>) -> Answer<'static, Ended> {
    Box::pin(answer.map(|answer| Ok(Ended::Changed(answer.map(|_| ())))))
}

fn live(steps: Vec<Step>, shared: bool) {
    let mut world = World::new(shared);
    world.note();
    steps.into_iter().for_each(|step| world.take(step));
    world.come_to_rest();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_say_what_is_so(steps in prop::collection::vec(step(), 1..150)) {
        live(steps, false);
    }

    #[test]
    fn reads_say_what_is_so_beside_other_servers(steps in prop::collection::vec(step(), 1..150)) {
        live(steps, true);
    }
}
