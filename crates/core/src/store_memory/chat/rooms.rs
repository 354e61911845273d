//! What is known of the chats of all rooms.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound::{Excluded, Unbounded},
};

use hashbrown::HashMap;
use tidings_protocol::{EntryId, Epoch, Offset, Timestamp, UserId};

use crate::{
    RoomKey,
    search::Token,
    store::{
        Once, Page,
        chat::{Emoji, Mark, Mute, Pin, Trace, TraceOf, Version},
    },
    store_memory::logs::Logs,
};

/// Most `client_id`s that are remembered: this store is for trying things out.
const CLIENT_IDS_MAX: usize = 100_000;

#[derive(Default)]
pub(in crate::store_memory) struct Chats {
    rooms: HashMap<RoomKey, Chat>,
    /// By user and room's text: they outlive the log.
    mutes: BTreeMap<(UserId, String), (RoomKey, Mute)>,
    sent: HashMap<Box<str>, (EntryId, Offset)>,
    /// In the order in which they came.
    sent_order: VecDeque<(Timestamp, Box<str>)>,
    /// The last number that a place in the index could have.
    arrivals: u64,
}

/// The chat of one room.
pub(super) struct Chat {
    epoch: Epoch,
    /// By offset.
    pub(super) messages: BTreeMap<u64, Kept>,
    ids: HashMap<EntryId, u64>,
    /// Number of the last message that ever was.
    pub(super) last: u64,
    /// Number of the last message that retention took.
    gone: u64,
    marks: BTreeMap<UserId, Marked>,
    /// Who is mentioned where, and whether they have not read it yet.
    pub(super) mentions: BTreeMap<(UserId, u64), bool>,
}

/// A message beside its entry.
pub(super) struct Kept {
    pub(super) id: EntryId,
    pub(super) number: u64,
    pub(super) reply_to: Option<EntryId>,
    pub(super) thread: Option<EntryId>,
    pub(super) replies: u64,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) pin: Option<Pin>,
    pub(super) versions: Vec<Version>,
    /// In the order in which they came.
    pub(super) reactions: BTreeMap<Emoji, Vec<(UserId, Timestamp)>>,
    /// The number of its place in the index.
    pub(super) arrival: u64,
    /// By what it is found, in order; empty for what is not in the index.
    pub(super) tokens: Vec<Token>,
}

struct Marked {
    offset: u64,
    number: u64,
    at: Timestamp,
    private: bool,
    revision: u64,
}

impl Chats {
    /// A room's chat, as far as its log is still there; none where there was no message in that log.
    pub(super) fn follow(&mut self, room: &RoomKey, logs: &Logs) -> Option<&mut Chat> {
        let standing = logs.standing(room);
        let chat = self.rooms.get_mut(room)?;
        match standing {
            Some((head, oldest, _)) if head.epoch == chat.epoch => chat.forget_before(oldest.0),
            _ => drop(self.rooms.remove(room)),
        }
        self.rooms.get_mut(room)
    }

    pub(in crate::store_memory) fn follow_all(&mut self, logs: &Logs) {
        let rooms: Vec<RoomKey> = self.rooms.keys().cloned().collect();
        for room in rooms {
            self.follow(&room, logs);
        }
    }

    pub(super) fn chat(&mut self, room: &RoomKey, epoch: Epoch) -> &mut Chat {
        self.rooms.entry(room.clone()).or_insert_with(|| Chat {
            epoch,
            messages: BTreeMap::new(),
            ids: HashMap::new(),
            last: 0,
            gone: 0,
            marks: BTreeMap::new(),
            mentions: BTreeMap::new(),
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&RoomKey, &Chat)> {
        self.rooms.iter()
    }

    pub(super) fn next_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    pub(super) fn known(&self, once: &Once) -> Option<(EntryId, Offset)> {
        self.sent.get(&once.key).copied()
    }

    pub(super) fn know(&mut self, once: Once, id: EntryId, offset: Offset) {
        self.sent_order.push_back((once.now, once.key.clone()));
        self.sent.insert(once.key, (id, offset));
        self.forget_sent(|_, count| count > CLIENT_IDS_MAX);
    }

    pub(in crate::store_memory) fn tidy(&mut self, keys_before: Timestamp) -> u64 {
        self.forget_sent(|at, _| at < keys_before)
    }

    fn forget_sent(&mut self, old: impl Fn(Timestamp, usize) -> bool) -> u64 {
        let mut gone = 0;
        while self.sent_order.front().is_some_and(|(at, _)| old(*at, self.sent_order.len())) {
            if let Some((_, key)) = self.sent_order.pop_front() {
                self.sent.remove(&key);
                gone += 1;
            }
        }
        gone
    }

    pub(super) fn mute(&mut self, room: RoomKey, user: UserId, mute: Option<Mute>) {
        let key = (user, room.to_string());
        match mute {
            Some(mute) => drop(self.mutes.insert(key, (room, mute))),
            None => drop(self.mutes.remove(&key)),
        }
    }

    pub(super) fn mutes_of(&self, user: &UserId) -> Vec<(RoomKey, Mute)> {
        let from = (user.clone(), String::new());
        self.mutes.range(from..).take_while(|((of, _), _)| of == user).map(|(_, it)| it.clone()).collect()
    }

    pub(super) fn is_muted(&self, room: &RoomKey, user: &UserId, now: Timestamp) -> bool {
        let mute = self.mutes.get(&(user.clone(), room.to_string()));
        mute.is_some_and(|(_, mute)| mute.is_on(now))
    }

    pub(in crate::store_memory) fn delete_room(&mut self, room: &RoomKey) {
        self.rooms.remove(room);
        self.mutes.retain(|_, (of, _)| of != room);
    }

    /// Forgets what there is of a user; what they sent is blanked in the logs afterwards.
    pub(in crate::store_memory) fn erase(&mut self, user: &UserId, logs: &Logs) {
        self.mutes.retain(|(of, _), _| of != user);
        for (room, chat) in &mut self.rooms {
            chat.marks.remove(user);
            chat.mentions.retain(|(of, _), _| of != user);
            for (offset, kept) in &mut chat.messages {
                if entry_at(logs, room, *offset).is_some_and(|it| it.from.as_ref() == Some(user)) {
                    kept.versions.clear();
                    kept.tokens.clear();
                }
                if let Some(pin) = &mut kept.pin
                    && pin.by.as_ref() == Some(user)
                {
                    pin.by = None;
                }
                kept.reactions.values_mut().for_each(|users| users.retain(|(of, _)| of != user));
                kept.reactions.retain(|_, users| !users.is_empty());
            }
        }
        self.rooms.remove(&RoomKey::Personal(user.clone()));
    }

    pub(super) fn traces(&self, user: &UserId, logs: &Logs) -> Vec<Trace> {
        let mut kinds: [Vec<Trace>; TraceOf::KINDS] = Default::default();
        let mut rooms: Vec<(String, &RoomKey, &Chat)> =
            self.rooms.iter().map(|(room, chat)| (room.to_string(), room, chat)).collect();
        rooms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut found = |room: &RoomKey, of: TraceOf| kinds[of.kind()].push(Trace { room: room.clone(), of });
        for (_, room, chat) in rooms {
            if let Some(mark) = chat.marks.get(user) {
                found(room, TraceOf::Mark { offset: Offset(mark.offset), at: mark.at });
            }
            for (offset, kept) in &chat.messages {
                let message = kept.id;
                if chat.mentions.contains_key(&(user.clone(), *offset)) {
                    found(room, TraceOf::Mention(message));
                }
                for (emoji, users) in &kept.reactions {
                    if let Some((_, at)) = users.iter().find(|(of, _)| of == user) {
                        found(room, TraceOf::Reaction { message, emoji: emoji.clone(), at: *at });
                    }
                }
                if entry_at(logs, room, *offset).is_some_and(|entry| entry.from.as_ref() == Some(user)) {
                    for version in &kept.versions {
                        found(room, TraceOf::Version { message, version: version.clone() });
                    }
                }
            }
        }
        for (room, mute) in self.mutes_of(user) {
            kinds[1].push(Trace { room, of: TraceOf::Mute(mute) });
        }
        kinds.into_iter().flatten().collect()
    }
}

impl Chat {
    pub(super) fn offset_of(&self, id: EntryId) -> Option<u64> {
        self.ids.get(&id).copied()
    }

    pub(super) fn add(&mut self, offset: u64, mut kept: Kept) {
        self.last += 1;
        kept.number = self.last;
        self.ids.insert(kept.id, offset);
        self.messages.insert(offset, kept);
    }

    fn forget_before(&mut self, oldest: u64) {
        while let Some(first) = self.messages.first_entry().filter(|first| *first.key() < oldest) {
            let kept = first.remove();
            self.gone = kept.number;
            self.ids.remove(&kept.id);
        }
        self.mentions.retain(|(_, offset), _| *offset >= oldest);
    }

    /// The last message up to a place.
    pub(super) fn last_up_to(&self, offset: u64) -> Option<(u64, u64)> {
        self.messages.range(..=offset).next_back().map(|(offset, kept)| (*offset, kept.number))
    }

    /// Moves a user's mark forward to a message; whether it moved.
    pub(super) fn read(&mut self, user: &UserId, up_to: (u64, u64), at: Timestamp, private: bool) -> bool {
        let (offset, number) = up_to;
        let known = self.marks.get(user);
        if number <= known.map_or(0, |mark| mark.number).max(self.gone) {
            return false;
        }
        let revision = known.map_or(0, |mark| mark.revision) + 1;
        self.marks.insert(user.clone(), Marked { offset, number, at, private, revision });
        true
    }

    pub(super) fn mark(&self, user: &UserId) -> u64 {
        self.marks.get(user).map_or(0, |mark| mark.offset)
    }

    /// Takes the mentions of a user up to their mark: the messages' ids.
    pub(super) fn take_mentions(&mut self, user: &UserId) -> Vec<EntryId> {
        let range = (user.clone(), 0)..=(user.clone(), self.mark(user));
        let mut ids = Vec::new();
        for ((_, offset), is_open) in self.mentions.range_mut(range).filter(|(_, is_open)| **is_open) {
            *is_open = false;
            ids.extend(self.messages.get(offset).map(|kept| kept.id));
        }
        ids
    }

    /// How many are unread, the mark's place, and the revision.
    pub(super) fn unread(&self, user: &UserId) -> (u64, Offset, u64) {
        let (offset, number, revision) =
            self.marks.get(user).map_or((0, 0, 0), |mark| (mark.offset, mark.number, mark.revision));
        (self.last - number.max(self.gone), Offset(offset), self.last + self.gone + revision)
    }

    pub(super) fn recount(&self, user: &UserId) -> u64 {
        self.messages.range((Excluded(self.mark(user)), Unbounded)).count() as u64
    }

    pub(super) fn marks(&self, after: Option<&UserId>, limit: usize) -> Vec<Mark> {
        let from = after.map_or(Unbounded, Excluded);
        let mark = |(user, it): (&UserId, &Marked)| Mark {
            user: user.clone(),
            offset: Offset(it.offset),
            at: it.at,
            private: it.private,
        };
        self.marks.range::<UserId, _>((from, Unbounded)).take(limit).map(mark).collect()
    }
}

/// The entry at a place of a log.
pub(super) fn entry_at(logs: &Logs, room: &RoomKey, offset: u64) -> Option<std::sync::Arc<crate::Entry>> {
    let entry = logs.read(room, Page::After(Offset(offset.checked_sub(1)?)), 1).entries.pop()?;
    (entry.offset == Some(Offset(offset))).then_some(entry)
}
