//! What a store should know, in the simplest way to write it down.

use std::collections::{BTreeMap, HashSet};

use tidings_core::{
    Entry, RoomKey, Store, StoreError,
    store::{Appended, Erased, Member, MemberRole, Once, Page, Tidy},
};
use tidings_protocol::{EntryId, Epoch, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use super::history::{Draft, Step};
use crate::contract::samples::{
    Facts, LONG, TO_THE_END, at, changed, entry, json, name, once, personal, places, read, room, user,
};

/// How many rooms a history has; the first of them are those with names.
pub const ROOMS: usize = 7;
/// How many rooms have names.
pub const NAMES: usize = 3;
/// How many users there are; the first of them have personal rooms.
pub const USERS: usize = 3;
/// How many idempotency keys there are.
pub const KEYS: usize = 3;

const USER_IDS: [&str; USERS] = ["ada", "é🦀", "ada "];

fn key(number: usize) -> RoomKey {
    let of_name = |number: usize| room(["b", "a:x", "B"][number]);
    match number.checked_sub(NAMES) {
        None => of_name(number),
        Some(number @ 0..USERS) => personal(USER_IDS[number]),
        Some(_) => RoomKey::Everyone,
    }
}

fn room_name(number: usize) -> RoomName {
    name(["b", "a:x", "B"][number])
}

fn member_role(number: usize) -> MemberRole {
    MemberRole::parse(["member", "owner", "guest"][number]).unwrap()
}

/// Everything that was done to a store.
#[derive(Default)]
pub struct Model {
    /// By the keys' texts: that is the order in which rooms are listed.
    rooms: BTreeMap<String, Room>,
    keys: BTreeMap<Box<str>, Used>,
    revocations: BTreeMap<UserId, Timestamp>,
    /// Epochs of logs that are gone.
    gone: HashSet<(RoomKey, Epoch)>,
    /// Seconds since the history began: one a step.
    seconds: u64,
}

/// What a key was used for, and what came of it.
type Used = (Once, Vec<(EntryId, Offset)>);

struct Room {
    key: RoomKey,
    data: Json,
    created_at: Timestamp,
    members: BTreeMap<UserId, Member>,
    head: Offset,
    entries: Vec<Facts>,
    /// Learned from the store at the first append.
    epoch: Option<Epoch>,
}

impl Model {
    fn now(&self) -> Timestamp {
        at(self.seconds * 1_000)
    }

    fn ago(&self, seconds: u64) -> Timestamp {
        Timestamp::from_millis(self.now().millis() - seconds * 1_000)
    }

    fn room(&mut self, key: RoomKey) -> (&mut Room, bool) {
        let (now, text) = (self.now(), key.to_string());
        let is_new = !self.rooms.contains_key(&text);
        let room = self.rooms.entry(text).or_insert_with(|| Room {
            key,
            data: Json::null(),
            created_at: now,
            members: BTreeMap::new(),
            head: Offset(0),
            entries: Vec::new(),
            epoch: None,
        });
        (room, is_new)
    }

    fn remove(&mut self, key: &RoomKey) -> Option<Room> {
        let room = self.rooms.remove(&key.to_string())?;
        self.gone.extend(room.epoch.clone().map(|epoch| (key.clone(), epoch)));
        Some(room)
    }

    /// Does one step on both sides; the answers must agree.
    pub async fn take(&mut self, store: &dyn Store, step: Step) {
        self.seconds += 1;
        let now = self.now();
        match step {
            Step::Append { drafts, once } => self.append(store, drafts, once).await,
            Step::Read { room, place, limit } => self.look(store, &key(room), place, limit).await,
            Step::Forget { room, up_to } => self.forget(store, key(room), Offset(up_to)).await,
            Step::DeleteRoom(number) => {
                let existed = self.remove(&key(number)).is_some();
                assert_eq!(store.delete_room(room_name(number)).await.unwrap(), existed);
            }
            Step::PutRoom { room, text } => {
                let data = Json::of(&text).unwrap();
                let (kept, is_new) = self.room(key(room));
                kept.data = data.clone();
                assert_eq!(store.put_room(room_name(room), data, now).await.unwrap(), is_new);
            }
            Step::PutMember { room, user, role } => {
                self.put_member(store, room, user, member_role(role)).await
            }
            Step::RemoveMember { room, user: number } => {
                let who = user(USER_IDS[number]);
                let kept = self.rooms.get_mut(&key(room).to_string());
                let was_one = kept.is_some_and(|room| room.members.remove(&who).is_some());
                assert_eq!(store.remove_member(room_name(room), who).await.unwrap(), was_one);
            }
            Step::Revoke { user: number, ago } => {
                let (who, moment) = (user(USER_IDS[number]), self.ago(ago));
                let known = self.revocations.entry(who.clone()).or_insert(moment);
                *known = moment.max(*known);
                store.revoke(who, moment).await.unwrap();
            }
            Step::Erase(number) => self.erase(store, user(USER_IDS[number])).await,
            Step::Tidy { keys_ago, revocations_ago } => {
                let (keys_before, revocations_before) = (self.ago(keys_ago), self.ago(revocations_ago));
                let before = self.keys.len() + self.revocations.len();
                self.keys.retain(|_, (once, _)| once.now >= keys_before);
                self.revocations.retain(|_, moment| *moment >= revocations_before);
                let went = (before - self.keys.len() - self.revocations.len()) as u64;
                let tidy =
                    Tidy { keys_before, revocations_before, entries_before: Timestamp::from_millis(0) };
                assert_eq!(store.tidy(now, tidy).await.unwrap(), went);
            }
        }
    }

    async fn append(&mut self, store: &dyn Store, drafts: Vec<Draft>, used: Option<(usize, u8)>) {
        let used = used.map(|(number, print)| once(["k", "K", "%"][number], print, self.seconds * 1_000));
        let batch: Vec<_> = drafts.iter().map(|draft| (self.write(draft), keep(draft))).collect();
        let expected: Vec<Facts> = batch.iter().map(|(entry, _)| Facts::of(entry)).collect();
        let answer = store.append(batch, used.clone()).await;
        let known = used.as_ref().and_then(|once| self.keys.get(&once.key));
        match (answer, known, &used) {
            (Err(StoreError::Conflict), Some((known, _)), Some(used)) => assert_ne!(known.print, used.print),
            (Ok(Appended::Before(found)), Some((known, places)), Some(used)) => {
                assert_eq!((known.print, places), (used.print, &found));
            }
            (Ok(Appended::New(entries)), None, _) => {
                let kept: Vec<Facts> = expected
                    .into_iter()
                    .zip(drafts)
                    .map(|(facts, draft)| self.keep(facts, draft.last))
                    .collect();
                assert_eq!(Facts::all(&entries), kept);
                if let Some(used) = used {
                    self.keys.insert(used.key.clone(), (used, places(&entries)));
                }
            }
            (answer, known, used) => panic!("{answer:?} to {used:?}, where {known:?} is known"),
        }
    }

    fn write(&self, draft: &Draft) -> Entry {
        changed(entry(&key(draft.room), "0"), |entry| {
            entry.from = draft.from.map(|number| user(USER_IDS[number]));
            entry.time = self.now();
            entry.data = Json::of(&draft.text).unwrap();
        })
    }

    fn keep(&mut self, facts: Facts, last: bool) -> Facts {
        let (room, _) = self.room(facts.room.clone());
        room.head = room.head.next();
        if last {
            room.entries.clear();
        }
        let facts = Facts { offset: Some(room.head), ..facts };
        room.entries.push(facts.clone());
        facts
    }

    async fn forget(&mut self, store: &dyn Store, key: RoomKey, up_to: Offset) {
        let went = self.rooms.get_mut(&key.to_string()).map_or(0, |room| {
            let before = room.entries.len();
            room.entries.retain(|entry| entry.offset > Some(up_to));
            (before - room.entries.len()) as u64
        });
        assert_eq!(store.forget(key, up_to).await.unwrap(), went);
    }

    async fn put_member(&mut self, store: &dyn Store, number: usize, who: usize, role: MemberRole) {
        let (now, who) = (self.now(), user(USER_IDS[who]));
        let (room, _) = self.room(key(number));
        let is_new = !room.members.contains_key(&who);
        let fresh = || Member { user: who.clone(), role: role.clone(), since: now };
        room.members.entry(who.clone()).or_insert_with(fresh).role = role.clone();
        assert_eq!(store.put_member(room_name(number), who, role, now).await.unwrap(), is_new);
    }

    async fn erase(&mut self, store: &dyn Store, who: UserId) {
        self.revocations.remove(&who);
        let own = self.remove(&RoomKey::Personal(who.clone()));
        let mut erased =
            Erased { personal_entries: own.map_or(0, |room| room.entries.len() as u64), ..Erased::default() };
        for room in self.rooms.values_mut() {
            erased.memberships += u64::from(room.members.remove(&who).is_some());
            for entry in room.entries.iter_mut().filter(|entry| entry.from.as_ref() == Some(&who)) {
                (entry.from, entry.data) = (None, json("null"));
                entry.r#type = EventType::parse(Erased::ENTRY_TYPE).unwrap();
                erased.blanked_entries += 1;
            }
        }
        assert_eq!(store.erase(who).await.unwrap(), erased);
    }

    /// One page in each direction.
    async fn look(&self, store: &dyn Store, key: &RoomKey, place: u64, limit: usize) {
        let entries = self.rooms.get(&key.to_string()).map_or(&[][..], |room| &room.entries);
        let place = Offset(place);
        let behind = entries.iter().filter(|entry| entry.offset > Some(place)).take(limit);
        let after = read(store, key, Page::After(place), limit).await;
        assert_eq!(Facts::all(&after.entries), behind.cloned().collect::<Vec<_>>());
        let older: Vec<Facts> = entries.iter().filter(|entry| entry.offset < Some(place)).cloned().collect();
        let before = read(store, key, Page::Before(place), limit).await;
        assert_eq!(Facts::all(&before.entries), older[older.len().saturating_sub(limit)..]);
    }

    /// Reads everything; all of it must be what the model has.
    pub async fn check(&mut self, store: &dyn Store) {
        for number in 0..ROOMS {
            self.check_log(store, key(number)).await;
        }
        self.check_rooms(store).await;
        for id in USER_IDS {
            self.check_user(store, user(id)).await;
        }
        let found = store.revocations(Timestamp::from_millis(0)).await.unwrap();
        let found: BTreeMap<UserId, Timestamp> = found.into_iter().map(|it| (it.user, it.at)).collect();
        assert_eq!(found, self.revocations);
    }

    async fn check_log(&mut self, store: &dyn Store, key: RoomKey) {
        let stretch = read(store, &key, TO_THE_END, 1_000).await;
        assert!(
            !self.gone.contains(&(key.clone(), stretch.head.epoch.clone())),
            "an epoch came back in {key}"
        );
        let Some(room) = self.rooms.get_mut(&key.to_string()) else {
            return assert_eq!(
                (stretch.head.offset, stretch.oldest, stretch.entries.len()),
                (Offset(0), Offset(1), 0)
            );
        };
        assert_eq!(Facts::all(&stretch.entries), room.entries, "in {key}");
        assert_eq!((stretch.head.offset, stretch.oldest), (room.head, room.oldest()), "in {key}");
        if room.head > Offset(0) {
            assert_eq!(*room.epoch.get_or_insert(stretch.head.epoch.clone()), stretch.head.epoch, "in {key}");
        }
        assert_eq!(store.head(key).await.unwrap(), stretch.head);
    }

    async fn check_rooms(&self, store: &dyn Store) {
        let records = store.rooms(None, 100).await.unwrap();
        let found: Vec<&RoomKey> = records.iter().map(|record| &record.room).collect();
        assert_eq!(found, self.rooms.values().map(|room| &room.key).collect::<Vec<_>>());
        for (record, room) in records.iter().zip(self.rooms.values()) {
            assert_eq!((record.head.offset, record.oldest), (room.head, room.oldest()), "{}", room.key);
            assert_eq!((&record.data, record.created_at), (&room.data, room.created_at), "{}", room.key);
            assert_eq!(record.members, room.members.len() as u64, "{}", room.key);
            assert!(room.epoch.as_ref().is_none_or(|epoch| *epoch == record.head.epoch), "{}", room.key);
            if let Some(name) = room.key.name() {
                let members = store.members(name.clone(), None, 100).await.unwrap();
                assert_eq!(members, room.members.values().cloned().collect::<Vec<_>>(), "{name}");
            }
        }
    }

    async fn check_user(&self, store: &dyn Store, who: UserId) {
        let mut names = Vec::new();
        for room in self.rooms.values() {
            let role = room.members.get(&who).map(|member| member.role.clone());
            names.extend(room.key.name().cloned().zip(role));
        }
        assert_eq!(store.rooms_of(who.clone(), None, 100).await.unwrap(), names);
        let own = RoomKey::Personal(who.clone());
        let all = self.rooms.values().flat_map(|room| &room.entries);
        let mut expected: Vec<&Facts> =
            all.filter(|entry| entry.from.as_ref() == Some(&who) || entry.room == own).collect();
        expected.sort_unstable_by_key(|facts| facts.id);
        let mut found = Facts::all(&store.entries_of(who, None, 1_000).await.unwrap());
        found.sort_unstable_by_key(|facts| facts.id);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
}

impl Room {
    fn oldest(&self) -> Offset {
        self.entries.first().and_then(|entry| entry.offset).unwrap_or(self.head.next())
    }
}

fn keep(draft: &Draft) -> Keep {
    if draft.last { Keep::Last } else { LONG }
}
