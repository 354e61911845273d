//! What chats should be, worked out by going through all of it each time.

mod checking;
mod rooms;

use std::collections::BTreeMap;

use tidings_core::{
    Entry, RoomKey, Store,
    store::chat::{Act, By, Done, Mute, Pin, Refusal, UpTo, Versions},
};
use tidings_protocol::{EntryId, EventType, Json, Offset, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use self::rooms::{Room, Said};
use super::{edit, emoji, sending, telling};
use crate::contract::samples::{LONG, at, changed, json, room, user};

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
                self.edit(store, room, from, message, by, keep, mentions).await
            }
            Step::Delete { room, from, message, by, keep } => {
                self.delete(store, room, from, message, by, keep).await
            }
            Step::React { room, user, message, emoji, on } => {
                self.react(store, room, user, message, emoji, on).await
            }
            Step::Pin { room, user, message, on } => self.pin(store, room, user, message, on).await,
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
    async fn edit(
        &mut self,
        store: &dyn Store,
        room: usize,
        from: Option<usize>,
        message: usize,
        by: bool,
        keep: bool,
        mentions: u8,
    ) {
        let from = from.map(|number| user(USERS[number]));
        let (id, data) = (self.id(message), json(&format!("\"edit {}\"", self.steps)));
        let act = edit(id, &data, right(by), kept(keep), users(mentions));
        let answer = store.chat(act, self.tell(room, from.as_ref()), LONG).await.unwrap();
        let (now, step) = (self.now(), self.steps);
        let said = match self.whole(room, id, from.as_ref(), Some(by)) {
            Ok(said) => said,
            Err(refusal) => return assert_eq!(answer.unwrap_err(), refusal),
        };
        let before = said.mentions.clone();
        if keep {
            said.keep_version(now);
        }
        (said.data, said.edited_at) = (data, Some(now));
        if said.word.is_none() {
            said.indexed = step;
        }
        said.word = (!keep).then_some("changed");
        let others: Vec<UserId> =
            users(mentions).into_iter().filter(|user| said.from.as_ref() != Some(user)).collect();
        said.mentions =
            others.iter().map(|user| (user.clone(), before.get(user).copied().unwrap_or(true))).collect();
        let place = said.offset;
        let gone: Vec<UserId> = before
            .iter()
            .filter(|(user, open)| **open && !others.contains(user))
            .map(|(user, _)| user.clone())
            .collect();
        let mut new: Vec<UserId> = others.into_iter().filter(|user| !before.contains_key(user)).collect();
        new.sort_unstable();
        let Done::Edited { entry, message, mentioned, unmentioned } = answer.unwrap() else {
            panic!("expected an edit")
        };
        self.told(room, &entry);
        assert_eq!((message.0, mentioned, unmentioned), (place, new, gone));
    }

    async fn delete(
        &mut self,
        store: &dyn Store,
        room: usize,
        from: Option<usize>,
        message: usize,
        by: bool,
        keep: bool,
    ) {
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
        (said.data, said.deleted_at, said.pin, said.word) = (json("{}"), Some(now), None, None);
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

    async fn react(
        &mut self,
        store: &dyn Store,
        room: usize,
        number: usize,
        message: usize,
        which: usize,
        on: bool,
    ) {
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
        let Done::Reacted { entry, message, count } = answer.unwrap() else { panic!("expected a reaction") };
        assert_eq!((message.0, count, entry.is_some()), (expected.0, expected.1, was != on));
        entry.iter().for_each(|entry| self.told(room, entry));
    }

    async fn pin(&mut self, store: &dyn Store, room: usize, number: usize, message: usize, on: bool) {
        let (id, who) = (self.id(message), user(USERS[number]));
        let answer =
            store.chat(Act::Pin { message: id, on }, self.tell(room, Some(&who)), LONG).await.unwrap();
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
        let id = entry.id;
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
        let step = self.steps;
        let chat = self.rooms.entry(room).or_default();
        let expected = chat.say(&entry, thread, reply_to, users(mentions), step);
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
                    (said.from, said.data, said.erased, said.word) = (None, Json::null(), true, None);
                    said.versions.clear();
                }
            }
        }
    }
}

fn right(sender: bool) -> By {
    if sender { By::Sender } else { By::Moderator }
}

fn kept(keep: bool) -> Versions {
    if keep { Versions::Keep } else { Versions::Drop }
}
