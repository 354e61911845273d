//! What chats should be, worked out by going through all of it each time.

use std::collections::BTreeMap;

use tidings_core::{
    Entry, RoomKey, Store,
    store::{
        Erased, StoreError,
        chat::{
            Act, Ask, By, Done, Emoji, Mark, Message, Mute, Of, Pin, Place, Reaction, Refusal, Trace,
            TraceOf, UpTo, Version, Versions,
        },
    },
};
use tidings_protocol::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use super::{edit, emoji, sending, telling};
use crate::contract::samples::{LONG, at, changed, json, read, room, user};

/// Who takes part.
pub const USERS: [&str; 3] = ["ada", "bob", "a%"];
/// Where.
pub const ROOMS: [&str; 2] = ["lounge", "lounge2"];
/// Reactions.
pub const EMOJI: [&str; 2] = ["👍", "x"];

/// One step of a history. Numbers are indexes; a message's counts all that were ever sent, from the last.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of acts and of the store's calls")]
pub enum Step {
    Send {
        room: usize,
        from: Option<usize>,
        client: Option<u8>,
        reply: Option<usize>,
        thread: Option<usize>,
        mentions: u8,
        last: bool,
    },
    Edit {
        room: usize,
        from: Option<usize>,
        message: usize,
        by: bool,
        keep: bool,
        mentions: u8,
    },
    Delete {
        room: usize,
        from: Option<usize>,
        message: usize,
        by: bool,
        keep: bool,
    },
    React {
        room: usize,
        user: usize,
        message: usize,
        emoji: usize,
        on: bool,
    },
    Pin {
        room: usize,
        user: usize,
        message: usize,
        on: bool,
    },
    ReadOffset {
        room: usize,
        user: usize,
        offset: u64,
        private: bool,
    },
    ReadMessage {
        room: usize,
        user: usize,
        message: usize,
        private: bool,
    },
    Plain {
        room: usize,
        last: bool,
    },
    Mute {
        room: usize,
        user: usize,
        mute: Option<u64>,
    },
    Forget {
        room: usize,
        up_to: u64,
    },
    DeleteRoom(usize),
    Erase(usize),
}

/// All chats.
#[derive(Default)]
pub struct Model {
    steps: u64,
    rooms: BTreeMap<usize, Room>,
    ids: Vec<EntryId>,
    known: BTreeMap<(usize, Option<usize>, u8), (EntryId, Offset)>,
    mutes: BTreeMap<(String, String), Mute>,
    revisions: BTreeMap<(usize, usize), (u64, u64, u64)>,
}

#[derive(Default)]
struct Room {
    head: u64,
    last: u64,
    messages: Vec<Said>,
    marks: BTreeMap<UserId, (u64, Timestamp, bool)>,
}

#[derive(Clone)]
struct Said {
    id: EntryId,
    offset: u64,
    number: u64,
    from: Option<UserId>,
    time: Timestamp,
    data: Json,
    erased: bool,
    thread: Option<EntryId>,
    reply_to: Option<EntryId>,
    replies: u64,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
    pin: Option<Pin>,
    versions: Vec<Version>,
    reactions: BTreeMap<Emoji, Vec<(UserId, Timestamp)>>,
    mentions: BTreeMap<UserId, bool>,
}

fn key(number: usize) -> RoomKey {
    room(ROOMS[number])
}

fn users(mask: u8) -> Vec<UserId> {
    (0..USERS.len()).filter(|number| mask & (1 << number) != 0).map(|number| user(USERS[number])).collect()
}

impl Model {
    fn now(&self) -> Timestamp {
        at(self.steps * 1_000)
    }

    fn id(&self, number: usize) -> EntryId {
        self.ids.iter().rev().nth(number).copied().unwrap_or(EntryId::from_bytes([7; 16]))
    }

    fn tell(&self, number: usize, from: Option<&UserId>) -> Entry {
        changed(telling(&key(number), from, "\"told\""), |entry| entry.time = self.now())
    }

    /// Takes a step in the model and in the store, whose answer must be the model's.
    pub async fn take(&mut self, store: &dyn Store, step: Step) {
        self.steps += 1;
        match step {
            Step::Send { room, from, client, reply, thread, mentions, last } => {
                self.send(store, room, from, client, reply, thread, mentions, last).await;
            }
            Step::Edit { room, from, message, by, keep, mentions } => {
                let from = from.map(|number| user(USERS[number]));
                let (id, data) = (self.id(message), json(&format!("\"edit {}\"", self.steps)));
                let act = edit(id, &data, right(by), kept(keep), users(mentions));
                let answer = store.chat(act, self.tell(room, from.as_ref()), LONG).await.unwrap();
                let now = self.now();
                let said = match self.whole(room, id, from.as_ref(), Some(by)) {
                    Ok(said) => said,
                    Err(refusal) => return assert_eq!(answer.unwrap_err(), refusal),
                };
                let before = said.mentions.clone();
                if keep {
                    said.keep_version(now);
                }
                (said.data, said.edited_at) = (data, Some(now));
                let others: Vec<UserId> =
                    users(mentions).into_iter().filter(|user| said.from.as_ref() != Some(user)).collect();
                said.mentions = others
                    .iter()
                    .map(|user| (user.clone(), before.get(user).copied().unwrap_or(true)))
                    .collect();
                let place = said.offset;
                let gone: Vec<UserId> = before
                    .iter()
                    .filter(|(user, open)| **open && !others.contains(user))
                    .map(|(user, _)| user.clone())
                    .collect();
                let mut new: Vec<UserId> =
                    others.into_iter().filter(|user| !before.contains_key(user)).collect();
                new.sort_unstable();
                let Done::Edited { entry, message, mentioned, unmentioned } = answer.unwrap() else {
                    panic!("expected an edit")
                };
                self.told(room, &entry);
                assert_eq!((message.0, mentioned, unmentioned), (place, new, gone));
            }
            Step::Delete { room, from, message, by, keep } => {
                let (id, from) = (self.id(message), from.map(|number| user(USERS[number])));
                let (tombstone, versions) = (json("{}"), kept(keep));
                let act = Act::Delete { message: id, tombstone, by: right(by), versions };
                let answer = store.chat(act, self.tell(room, from.as_ref()), LONG).await.unwrap();
                let now = self.now();
                let said = match self.whole(room, id, from.as_ref(), Some(by)) {
                    Ok(said) => said,
                    Err(refusal) => return assert_eq!(answer.unwrap_err(), refusal),
                };
                if keep {
                    said.keep_version(now)
                } else {
                    said.versions.clear()
                }
                (said.data, said.deleted_at, said.pin) = (json("{}"), Some(now), None);
                said.reactions.clear();
                let place = said.offset;
                let gone: Vec<UserId> = std::mem::take(&mut said.mentions)
                    .into_iter()
                    .filter(|(_, open)| *open)
                    .map(|(user, _)| user)
                    .collect();
                let Done::Deleted { entry, message, unmentioned } = answer.unwrap() else {
                    panic!("expected a deletion")
                };
                self.told(room, &entry);
                assert_eq!((message.0, unmentioned), (place, gone));
            }
            Step::React { room, user: number, message, emoji: which, on } => {
                let (id, who, emoji) = (self.id(message), user(USERS[number]), emoji(EMOJI[which]));
                let act = Act::React { message: id, user: who.clone(), emoji: emoji.clone(), on };
                let answer = store.chat(act, self.tell(room, Some(&who)), LONG).await.unwrap();
                let now = self.now();
                let said = match self.whole(room, id, None, None) {
                    Ok(said) => said,
                    Err(refusal) => return assert_eq!(answer.unwrap_err(), refusal),
                };
                let list = said.reactions.entry(emoji.clone()).or_default();
                let was = list.iter().any(|(of, _)| *of == who);
                if on && !was {
                    list.push((who, now));
                } else if !on {
                    list.retain(|(of, _)| *of != who);
                }
                let expected = (said.offset, list.len() as u64);
                said.reactions.retain(|_, list| !list.is_empty());
                let Done::Reacted { entry, message, count } = answer.unwrap() else {
                    panic!("expected a reaction")
                };
                assert_eq!((message.0, count, entry.is_some()), (expected.0, expected.1, was != on));
                entry.iter().for_each(|entry| self.told(room, entry));
            }
            Step::Pin { room, user: number, message, on } => {
                let (id, who) = (self.id(message), user(USERS[number]));
                let answer = store
                    .chat(Act::Pin { message: id, on }, self.tell(room, Some(&who)), LONG)
                    .await
                    .unwrap();
                let now = self.now();
                let said = match self.whole(room, id, None, None) {
                    Ok(said) => said,
                    Err(refusal) => return assert_eq!(answer.unwrap_err(), refusal),
                };
                let was = said.pin.is_some();
                if was != on {
                    said.pin = on.then_some(Pin { at: now, by: Some(who) });
                }
                let place = said.offset;
                let Done::Pinned { entry, message } = answer.unwrap() else { panic!("expected a pin") };
                assert_eq!((message.0, entry.is_some()), (place, was != on));
                entry.iter().for_each(|entry| self.told(room, entry));
            }
            Step::ReadOffset { room, user, offset, private } => {
                self.read(store, room, user, Some(offset), UpTo::Offset(Offset(offset)), private).await;
            }
            Step::ReadMessage { room, user, message, private } => {
                let id = self.id(message);
                let offset = self.find(room, id).map(|said| said.offset);
                self.read(store, room, user, offset, UpTo::Message(id), private).await;
            }
            Step::Plain { room, last } => {
                let keep = if last { Keep::Last } else { LONG };
                let entry = store.append_one(self.tell(room, None), keep).await.unwrap();
                self.told(room, &entry);
                if last {
                    self.forget(room, entry.offset.unwrap().0 - 1);
                }
            }
            Step::Mute { room, user: number, mute } => {
                let mute =
                    mute.map(|end| if end == 0 { Mute::ForGood } else { Mute::Until(at(end * 1_000)) });
                store.mute(key(room), user(USERS[number]), mute).await.unwrap();
                let place = (USERS[number].to_owned(), key(room).to_string());
                match mute {
                    Some(mute) => drop(self.mutes.insert(place, mute)),
                    None => drop(self.mutes.remove(&place)),
                }
            }
            Step::Forget { room, up_to } => {
                store.forget(key(room), Offset(up_to)).await.unwrap();
                self.forget(room, up_to);
            }
            Step::DeleteRoom(room) => {
                store.delete_room(RoomName::parse(ROOMS[room]).unwrap()).await.unwrap();
                self.rooms.remove(&room);
                self.mutes.retain(|(_, of), _| *of != key(room).to_string());
                self.revisions.retain(|(of, _), _| *of != room);
            }
            Step::Erase(number) => {
                store.erase(user(USERS[number])).await.unwrap();
                self.erase(number);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one for each field of the step")]
    async fn send(
        &mut self,
        store: &dyn Store,
        room: usize,
        from: Option<usize>,
        client: Option<u8>,
        reply: Option<usize>,
        thread: Option<usize>,
        mentions: u8,
        last: bool,
    ) {
        let (reply_to, thread) = (reply.map(|number| self.id(number)), thread.map(|number| self.id(number)));
        let who = from.map(|number| user(USERS[number]));
        let data = json(&format!("\"message {}\"", self.steps));
        let entry = changed(self.tell(room, who.as_ref()), |entry| {
            entry.data = data.clone();
            entry.r#type = EventType::parse("chat_message").unwrap();
        });
        let (id, now) = (entry.id, self.now());
        let client_id = client.map(|number| number.to_string());
        let act = sending(client_id.as_deref(), reply_to, thread, users(mentions));
        let answer = store.chat(act, entry, if last { Keep::Last } else { LONG }).await.unwrap();
        if let Some(known) = client.and_then(|client| self.known.get(&(room, from, client))) {
            let Ok(Done::Known { id, offset }) = answer else { panic!("expected one of before: {answer:?}") };
            return assert_eq!((id, offset), *known);
        }
        if reply_to.is_some_and(|id| self.find(room, id).is_none()) {
            return assert_eq!(answer.unwrap_err(), Refusal::NoSuchReplyTarget);
        }
        let thread = match thread {
            Some(id) => match self.find(room, id) {
                Some(said) => Some(said.thread.unwrap_or(id)),
                None => return assert_eq!(answer.unwrap_err(), Refusal::NoSuchThread),
            },
            None => None,
        };
        let Ok(Done::Sent { entry, thread: filed, cleared }) = answer else { panic!("{answer:?}") };
        assert_eq!(filed, thread);
        let offset = entry.offset.unwrap();
        self.told(room, &entry);
        let chat = self.rooms.entry(room).or_default();
        chat.last += 1;
        for said in &mut chat.messages {
            said.replies += u64::from(Some(said.id) == thread);
        }
        let others = users(mentions).into_iter().filter(|user| Some(user) != who.as_ref());
        chat.messages.push(Said {
            id,
            offset: offset.0,
            number: chat.last,
            from: who.clone(),
            time: now,
            data,
            erased: false,
            thread,
            reply_to,
            replies: 0,
            edited_at: None,
            deleted_at: None,
            pin: None,
            versions: Vec::new(),
            reactions: BTreeMap::new(),
            mentions: others.map(|user| (user, true)).collect(),
        });
        let mut expected = Vec::new();
        if let Some(who) = who {
            chat.marks.insert(who.clone(), (offset.0, now, false));
            expected = chat.clear(&who, offset.0);
        }
        assert_eq!(cleared, expected);
        self.ids.push(id);
        if let Some(client) = client {
            self.known.insert((room, from, client), (id, offset));
        }
        if last {
            self.forget(room, offset.0 - 1);
        }
    }

    async fn read(
        &mut self,
        store: &dyn Store,
        number: usize,
        who: usize,
        up_to: Option<u64>,
        asked: UpTo,
        private: bool,
    ) {
        let who = user(USERS[who]);
        let act = Act::Read { user: who.clone(), up_to: asked, private };
        let answer = store.chat(act, self.tell(number, Some(&who)), LONG).await.unwrap();
        let Some(up_to) = up_to else { return assert_eq!(answer.unwrap_err(), Refusal::NoSuchMessage) };
        let now = self.now();
        let chat = self.rooms.entry(number).or_default();
        let last = chat.messages.iter().map(|said| said.offset).filter(|offset| *offset <= up_to).max();
        let before = chat.marks.get(&who).map_or(0, |mark| mark.0);
        let moved = last.filter(|last| *last > before);
        if let Some(last) = moved {
            chat.marks.insert(who.clone(), (last, now, private));
        }
        let expected = moved.unwrap_or(before);
        let gone = chat.clear(&who, expected);
        let Done::Read { entry, mark, cleared } = answer.unwrap() else { panic!("expected a read") };
        assert_eq!((mark.0, cleared, entry.is_some()), (expected, gone, moved.is_some() && !private));
        entry.iter().for_each(|entry| self.told(number, entry));
    }

    fn find(&self, room: usize, id: EntryId) -> Option<&Said> {
        self.rooms.get(&room)?.messages.iter().find(|said| said.id == id)
    }

    fn whole(
        &mut self,
        room: usize,
        id: EntryId,
        from: Option<&UserId>,
        by: Option<bool>,
    ) -> Result<&mut Said, Refusal> {
        let chat = self.rooms.get_mut(&room).ok_or(Refusal::NoSuchMessage)?;
        let said = chat.messages.iter_mut().find(|said| said.id == id).ok_or(Refusal::NoSuchMessage)?;
        if said.deleted_at.is_some() || said.erased {
            return Err(Refusal::Deleted);
        }
        match by == Some(true) && said.from.as_ref() != from {
            true => Err(Refusal::NotYours),
            false => Ok(said),
        }
    }

    /// An entry was appended.
    fn told(&mut self, room: usize, entry: &Entry) {
        let chat = self.rooms.entry(room).or_default();
        chat.head += 1;
        assert_eq!(entry.offset, Some(Offset(chat.head)));
    }

    fn forget(&mut self, room: usize, up_to: u64) {
        if let Some(chat) = self.rooms.get_mut(&room) {
            chat.messages.retain(|said| said.offset > up_to);
        }
    }

    fn erase(&mut self, number: usize) {
        let who = user(USERS[number]);
        self.mutes.retain(|(of, _), _| of != USERS[number]);
        self.revisions.retain(|(_, of), _| *of != number);
        for chat in self.rooms.values_mut() {
            chat.marks.remove(&who);
            for said in &mut chat.messages {
                said.mentions.remove(&who);
                said.reactions.values_mut().for_each(|list| list.retain(|(of, _)| *of != who));
                said.reactions.retain(|_, list| !list.is_empty());
                if let Some(pin) = &mut said.pin
                    && pin.by.as_ref() == Some(&who)
                {
                    pin.by = None;
                }
                if said.from.as_ref() == Some(&who) {
                    (said.from, said.data, said.erased) = (None, Json::null(), true);
                    said.versions.clear();
                }
            }
        }
    }

    /// Reads everything; all of it must be what the model has.
    pub async fn check(&mut self, store: &dyn Store) {
        for number in 0..ROOMS.len() {
            self.check_room(store, number).await;
            self.check_unread(store, number).await;
        }
        for name in USERS {
            self.check_user(store, &user(name)).await;
        }
    }

    async fn check_room(&self, store: &dyn Store, number: usize) {
        let none = Room::default();
        let chat = self.rooms.get(&number).unwrap_or(&none);
        let viewer = user(USERS[0]);
        let all = |said: &Said| said.facts(&viewer);
        let ask = |of, at| Ask { room: key(number), of, at, viewer: Some(viewer.clone()) };
        let end = Place::Before(Offset(u64::MAX));
        let threads: Vec<EntryId> = chat.messages.iter().filter_map(|said| said.thread).take(2).collect();
        for of in [Of::All, Of::Main, Of::Pinned].into_iter().chain(threads.into_iter().map(Of::Thread)) {
            let of_these = |said: &&Said| match of {
                Of::All => true,
                Of::Main => said.thread.is_none(),
                Of::Thread(root) => said.thread == Some(root),
                Of::Pinned => said.pin.is_some(),
            };
            let expected: Vec<&Said> = chat.messages.iter().filter(of_these).collect();
            let page = store.messages(ask(of, end), 200).await.unwrap();
            assert_eq!(
                facts(&page.messages),
                expected.iter().map(|it| all(it)).collect::<Vec<_>>(),
                "{of:?}"
            );
            assert!(!page.has_older && !page.has_newer);
            let Some(middle) = expected.get(expected.len() / 2) else { continue };
            let page = store.messages(ask(of, Place::Around(middle.id)), 2).await.unwrap();
            let from = expected.len() / 2;
            let to = (from + 2).min(expected.len());
            assert_eq!(
                facts(&page.messages),
                expected[from..to].iter().map(|it| all(it)).collect::<Vec<_>>()
            );
            assert_eq!((page.has_older, page.has_newer), (from > 0, to < expected.len()));
            let page = store.messages(ask(of, Place::After(Offset(middle.offset - 1))), 1).await.unwrap();
            assert_eq!(facts(&page.messages), [all(middle)]);
            assert_eq!((page.has_older, page.has_newer), (from > 0, from + 1 < expected.len()));
        }
        for said in &chat.messages {
            assert_eq!(store.versions(key(number), said.id).await.unwrap(), said.versions);
        }
        let log = read(store, &key(number), crate::contract::samples::TO_THE_END, 1_000).await;
        for said in &chat.messages {
            let entry = log.entries.iter().find(|entry| entry.id == said.id).unwrap();
            assert_eq!(entry.data, said.data, "a log says what its messages say");
        }
        let mark = |(user, it): (&UserId, &(u64, Timestamp, bool))| Mark {
            user: user.clone(),
            offset: Offset(it.0),
            at: it.1,
            private: it.2,
        };
        let marks: Vec<Mark> = chat.marks.iter().map(mark).collect();
        assert_eq!(store.marks(key(number), None, 100).await.unwrap(), marks);
        assert_eq!(
            store.marks(key(number), Some(user(USERS[0])), 1).await.unwrap(),
            marks.iter().filter(|mark| mark.user > user(USERS[0])).take(1).cloned().collect::<Vec<_>>()
        );
        let everyone: Vec<UserId> = USERS.map(user).into();
        let mut muted: Vec<UserId> = everyone.clone();
        muted.retain(|user| {
            let mute = self.mutes.get(&(user.as_str().to_owned(), key(number).to_string()));
            mute.is_some_and(|mute| mute.is_on(self.now()))
        });
        muted.sort_unstable();
        assert_eq!(store.muted(key(number), everyone, self.now()).await.unwrap(), muted);
    }

    async fn check_unread(&mut self, store: &dyn Store, number: usize) {
        let none = Room::default();
        let chat = self.rooms.get(&number).unwrap_or(&none);
        for (index, name) in USERS.iter().enumerate() {
            let who = user(name);
            let mark = chat.marks.get(&who).map_or(0, |mark| mark.0);
            let unread = chat.messages.iter().filter(|said| said.offset > mark).count() as u64;
            let told = store.unread_of(who.clone(), vec![key(number), room("nowhere")]).await.unwrap();
            assert_eq!((told[0].unread, told[0].mark.0), (unread, mark), "{name} in {}", ROOMS[number]);
            assert_eq!((told[1].unread, told[1].mark.0, told[1].revision), (0, 0, 0));
            let counted = store.recount_unread(who, vec![room("nowhere"), key(number)]).await.unwrap();
            assert_eq!(counted, [0, unread]);
            let revision = told[0].revision;
            if let Some((before, then, at_mark)) = self.revisions.get(&(number, index)) {
                assert!(revision >= *before, "a revision fell");
                assert!(
                    revision > *before || (*then, *at_mark) == (unread, mark),
                    "a change without a revision"
                );
            }
            self.revisions.insert((number, index), (revision, unread, mark));
        }
    }

    async fn check_user(&self, store: &dyn Store, who: &UserId) {
        let mut expected: [Vec<Trace>; TraceOf::KINDS] = Default::default();
        let mut add =
            |room: &RoomKey, of: TraceOf| expected[of.kind()].push(Trace { room: room.clone(), of });
        for (number, chat) in &self.rooms {
            if let Some((offset, at, _)) = chat.marks.get(who) {
                add(&key(*number), TraceOf::Mark { offset: Offset(*offset), at: *at });
            }
            for said in &chat.messages {
                let message = said.id;
                if said.mentions.contains_key(who) {
                    add(&key(*number), TraceOf::Mention(message));
                }
                for (emoji, list) in &said.reactions {
                    for (_, at) in list.iter().filter(|(of, _)| of == who) {
                        add(&key(*number), TraceOf::Reaction { message, emoji: emoji.clone(), at: *at });
                    }
                }
                for version in said.versions.iter().filter(|_| said.from.as_ref() == Some(who)) {
                    add(&key(*number), TraceOf::Version { message, version: version.clone() });
                }
            }
        }
        let mutes: Vec<(RoomKey, Mute)> = self
            .mutes
            .iter()
            .filter(|((of, _), _)| of == who.as_str())
            .map(|((_, of), mute)| (RoomKey::parse(of).unwrap(), *mute))
            .collect();
        mutes.iter().for_each(|(room, mute)| add(room, TraceOf::Mute(*mute)));
        assert_eq!(store.mutes_of(who.clone()).await.unwrap(), mutes);
        let expected: Vec<Trace> = expected.into_iter().flatten().collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page: Result<Vec<Trace>, StoreError> = store.chat_traces(who.clone(), after, 3).await;
            let page = page.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page);
            assert!(found.len() <= expected.len(), "{found:?} and not {expected:?}");
        }
        assert_eq!(found, expected);
    }
}

impl Room {
    /// Notes that a user has read; which messages' mentions that clears.
    fn clear(&mut self, who: &UserId, up_to: u64) -> Vec<EntryId> {
        let mut cleared = Vec::new();
        for said in self.messages.iter_mut().filter(|said| said.offset <= up_to) {
            if let Some(open) = said.mentions.get_mut(who).filter(|open| **open) {
                *open = false;
                cleared.push(said.id);
            }
        }
        cleared
    }
}

impl Said {
    fn keep_version(&mut self, until: Timestamp) {
        let number = self.versions.len() as u64 + 1;
        self.versions.push(Version { number, data: self.data.clone(), until });
    }

    fn facts(&self, viewer: &UserId) -> Facts {
        let r#type = if self.erased { Erased::ENTRY_TYPE } else { "chat_message" };
        let reaction = |(emoji, list): (&Emoji, &Vec<(UserId, Timestamp)>)| Reaction {
            emoji: emoji.clone(),
            count: list.len() as u64,
            users: list.iter().map(|(user, _)| user.clone()).collect(),
            mine: list.iter().any(|(user, _)| user == viewer),
        };
        Facts {
            place: (self.id, self.offset, self.number),
            entry: (r#type.to_owned(), self.from.clone(), self.time, self.data.clone()),
            beside: (self.thread, self.reply_to, self.replies),
            state: (self.edited_at, self.deleted_at, self.pin.clone()),
            reactions: self.reactions.iter().map(reaction).collect(),
        }
    }
}

/// All that is known of a message, to compare.
#[derive(PartialEq, Debug)]
struct Facts {
    place: (EntryId, u64, u64),
    entry: (String, Option<UserId>, Timestamp, Json),
    beside: (Option<EntryId>, Option<EntryId>, u64),
    state: (Option<Timestamp>, Option<Timestamp>, Option<Pin>),
    reactions: Vec<Reaction>,
}

fn facts(messages: &[Message]) -> Vec<Facts> {
    let facts = |message: &Message| {
        let entry = &message.entry;
        Facts {
            place: (entry.id, entry.offset.unwrap().0, message.number),
            entry: (entry.r#type.as_str().to_owned(), entry.from.clone(), entry.time, entry.data.clone()),
            beside: (message.thread, message.reply_to, message.replies),
            state: (message.edited_at, message.deleted_at, message.pin.clone()),
            reactions: message.reactions.clone(),
        }
    };
    messages.iter().map(facts).collect()
}

fn right(sender: bool) -> By {
    if sender { By::Sender } else { By::Moderator }
}

fn kept(keep: bool) -> Versions {
    if keep { Versions::Keep } else { Versions::Drop }
}
