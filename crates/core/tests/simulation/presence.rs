//! People who come, go and come back at random, with one who listens all the time: whatever happens, they are told of somebody at
//! most once a grace, and at rest what they were told is so.

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use serde_json::Value;
use tidings_core::Connection;
use tidings_settings::{Audience, Settings};

use crate::hall::{Ear, Hall, name};

const USERS: usize = 5;
const ROOMS: [&str; 2] = ["small", "other"];
/// `live.presence_grace` is 5 s.
const GRACE: u64 = 5_000;

#[derive(Clone, Debug)]
enum Step {
    Connect(usize),
    /// One of the connections is lost.
    Drop(prop::sample::Index),
    Join(prop::sample::Index, usize),
    Leave(prop::sample::Index, usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        3 => (0..USERS).prop_map(Step::Connect),
        3 => which().prop_map(Step::Drop),
        5 => (which(), 0..ROOMS.len()).prop_map(|(which, room)| Step::Join(which, room)),
        2 => (which(), 0..ROOMS.len()).prop_map(|(which, room)| Step::Leave(which, room)),
        6 => (0u64..3_000).prop_map(Step::Pass),
    ]
}

/// What the listener was told.
#[derive(Default)]
struct Told {
    /// By room and user, when it was told that they came and that they left.
    came: BTreeMap<(String, String), Vec<u64>>,
    left: BTreeMap<(String, String), Vec<u64>>,
    /// By user, when it was told that they are offline, and otherwise.
    offline: BTreeMap<String, Vec<u64>>,
    online: BTreeMap<String, Vec<u64>>,
    /// By room, who is there and how many.
    members: BTreeMap<String, BTreeSet<String>>,
    counts: BTreeMap<String, u64>,
}

impl Told {
    fn hear(&mut self, line: &str, now: u64) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (room, data) = rest.split_once(' ').unwrap_or((rest, ""));
        let data: Value = serde_json::from_str(data).unwrap_or(Value::Null);
        let user = data["user_id"].as_str().unwrap_or("").to_owned();
        let place = || (room.to_owned(), user.clone());
        match kind {
            "member_joined" => {
                self.came.entry(place()).or_default().push(now);
                self.members.entry(room.to_owned()).or_default().insert(user);
            }
            "member_left" => {
                self.left.entry(place()).or_default().push(now);
                self.members.entry(room.to_owned()).or_default().remove(&user);
            }
            "presence_update" if data["status"] == "offline" => {
                self.offline.entry(user).or_default().push(now);
            }
            "presence_update" => self.online.entry(user).or_default().push(now),
            _ => {}
        }
        if let Some(count) = data["member_count"].as_u64() {
            self.counts.insert(room.to_owned(), count);
        }
    }

    /// At most one pair each grace: it is told of a second leaving only a grace after the first, and never of a second coming without
    /// a leaving in between.
    fn is_told_once_a_grace(&self, has_names: bool) -> Result<(), TestCaseError> {
        for (place, left) in &self.left {
            prop_assert!(left.windows(2).all(|pair| pair[1] - pair[0] >= GRACE), "{place:?} left {left:?}");
        }
        // Of who left while the room was too full for names only the number was told.
        for (place, came) in self.came.iter().filter(|_| has_names) {
            let left = self.left.get(place).map_or(0, Vec::len);
            prop_assert!(came.len() <= left + 1, "{place:?} came {came:?}, left {left} times");
        }
        for (user, offline) in &self.offline {
            let apart = offline.windows(2).all(|pair| pair[1] - pair[0] >= GRACE);
            prop_assert!(apart, "{user} offline {offline:?}");
        }
        for (user, online) in &self.online {
            let offline = self.offline.get(user).map_or(0, Vec::len);
            prop_assert!(online.len() <= offline + 1, "{user} online {online:?}");
        }
        Ok(())
    }
}

struct Story {
    hall: Hall,
    open: Vec<(String, Arc<Connection>)>,
    ear: Ear,
    told: Told,
}

impl Story {
    fn new(settings: &Settings) -> Self {
        let hall = Hall::new(settings);
        let ear = Ear::default();
        let listener: Arc<Connection> = hall.connect("listener", ear.clone());
        for room in ROOMS {
            hall.join(&listener, room);
        }
        ear.heard();
        Self { hall, open: Vec::new(), ear, told: Told::default() }
    }

    fn take(&mut self, step: Step) {
        let open = self.open.len();
        match step {
            Step::Connect(user) => {
                let user = format!("user{user}");
                let connection = self.hall.connect(&user, Ear::default());
                self.open.push((user, connection));
            }
            Step::Drop(which) if open > 0 => {
                let (_, connection) = self.open.swap_remove(which.index(open));
                self.hall.tidings.hub.disconnect(&connection);
            }
            Step::Join(which, room) if open > 0 => {
                self.hall.join(&self.open[which.index(open)].1, ROOMS[room])
            }
            Step::Leave(which, room) if open > 0 => {
                self.hall.tidings.leave(&self.open[which.index(open)].1, &name(ROOMS[room]));
            }
            Step::Drop(_) | Step::Join(..) | Step::Leave(..) => {}
            Step::Pass(millis) => {
                // As often as the server does.
                for _ in 0..millis / 250 {
                    self.hall.stir();
                    self.hall.pass(250);
                    self.listen();
                }
            }
        }
        self.listen();
    }

    fn listen(&mut self) {
        self.hall.arrive();
        let now = self.hall.now();
        self.ear.heard().iter().for_each(|line| self.told.hear(line, now));
    }

    /// Who is in a room, but for the listener.
    fn is_in(&self, room: &str) -> BTreeSet<String> {
        let key = tidings_core::RoomKey::Named(name(room));
        let inside = self.open.iter().filter(|(_, connection)| connection.follows(&key));
        inside.map(|(user, _)| user.clone()).collect()
    }
}

fn live(settings: &Settings, steps: Vec<Step>) -> Result<Story, TestCaseError> {
    let mut story = Story::new(settings);
    steps.into_iter().for_each(|step| story.take(step));
    // A second grace for those who left again within the first.
    story.take(Step::Pass(3 * GRACE));
    story.told.is_told_once_a_grace(settings.live.presence_names_max > USERS)?;
    for room in ROOMS {
        let told = story.told.counts.get(room).copied().unwrap_or(1);
        prop_assert_eq!(told, story.is_in(room).len() as u64 + 1, "how many are in {}", room);
    }
    Ok(story)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// C1, C4: in rooms that name their people.
    #[test]
    fn c4_of_each_it_is_told_once_a_grace_and_at_rest_it_is_so(steps in prop::collection::vec(step(), 1..120)) {
        let story = live(&Settings::default(), steps)?;
        for room in ROOMS {
            let told = story.told.members.get(room).cloned().unwrap_or_default();
            prop_assert_eq!(told, story.is_in(room), "who is in {}", room);
        }
    }

    /// The same where rooms grow too full for names and empty again.
    #[test]
    fn c4_also_where_rooms_grow_too_full_for_names(steps in prop::collection::vec(step(), 1..120)) {
        let mut settings = Settings::default();
        settings.live.presence_names_max = 3;
        live(&settings, steps)?;
    }

    /// C2: and where everybody hears it.
    #[test]
    fn c2_everyone_is_told_once_a_grace_too(steps in prop::collection::vec(step(), 1..120)) {
        let mut settings = Settings::default();
        settings.live.presence_audience = Audience::Everyone;
        let story = live(&settings, steps)?;
        for user in (0..USERS).map(|user| format!("user{user}")) {
            let count = |of: &BTreeMap<String, Vec<u64>>| of.get(&user).map_or(0, Vec::len);
            let (online, offline) = (count(&story.told.online), count(&story.told.offline));
            let is_here = story.open.iter().any(|(who, _)| *who == user);
            prop_assert_eq!(online, offline + usize::from(is_here), "{}", user);
        }
    }
}

/// C1: ten drops and returns within the grace are no entry at all.
#[test]
fn c1_who_is_back_within_the_grace_was_never_gone() {
    for audience in [Audience::Rooms, Audience::Everyone] {
        let mut settings = Settings::default();
        settings.live.presence_audience = audience;
        let mut story = Story::new(&settings);
        story.take(Step::Connect(0));
        let (_, mut ada) = story.open.pop().unwrap();
        story.hall.join(&ada, ROOMS[0]);
        story.listen();
        story.told = Told::default();
        for _ in 0..10 {
            story.hall.tidings.hub.disconnect(&ada);
            story.take(Step::Pass(GRACE - 250));
            ada = story.hall.connect("user0", Ear::default());
            story.hall.join(&ada, ROOMS[0]);
            story.take(Step::Pass(1_000));
        }
        story.take(Step::Pass(3 * GRACE));
        let Told { came, left, offline, online, .. } = &story.told;
        let all = came.len() + left.len() + offline.len() + online.len();
        assert_eq!(all, 0, "{audience:?}: {came:?} {left:?} {offline:?} {online:?}");
    }
}

/// C4: joining and leaving all the time is told once a grace, and the last word is right.
#[test]
fn c4_joining_and_leaving_all_the_time_is_told_once_a_grace() {
    let mut story = Story::new(&Settings::default());
    story.take(Step::Connect(0));
    let ada = story.open[0].1.clone();
    for _ in 0..100 {
        story.hall.join(&ada, ROOMS[0]);
        story.take(Step::Pass(250));
        story.hall.tidings.leave(&ada, &name(ROOMS[0]));
        story.take(Step::Pass(250));
    }
    story.take(Step::Pass(3 * GRACE));
    let place = (ROOMS[0].to_owned(), "user0".to_owned());
    let count = |of: &BTreeMap<(String, String), Vec<u64>>| of.get(&place).map_or(0, Vec::len);
    let (came, left) = (count(&story.told.came), count(&story.told.left));
    assert_eq!(came, left, "she has left");
    // 50 s of it, and a grace between two leavings.
    assert!((1..=11).contains(&left), "{left}");
}
