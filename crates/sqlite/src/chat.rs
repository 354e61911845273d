//! Chat: what makes messages of entries, and what people do to them.

mod acting;
mod leaving;
mod marks;
mod messages;
mod mutes;
mod pages;
mod reactions;
mod sending;
mod traces;

use std::sync::Arc;

use tidings_core::{
    Entry, RoomKey,
    store::{
        Answer,
        chat::{
            Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Sending, Trace, Unread,
            Version,
        },
        search::{Found, Search},
    },
};
use tidings_protocol::{EntryId, Offset, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{SqliteStore, search, task::Task};

pub(crate) use self::leaving::{erase, forget, forget_room};

/// What a command is about, beside what is in it, in bytes.
const COMMAND_BYTES: usize = 512;

/// An act, with the entry that tells it.
struct Asked {
    act: Act,
    entry: Entry,
    keep: Keep,
}

/// What was done inside the transaction: with the entry's place, if it was appended.
enum Acted {
    Refused(Refusal),
    Known { id: EntryId, offset: Offset },
    Sent { at: Offset, thread: Option<EntryId>, cleared: Vec<EntryId> },
    Edited { at: Offset, message: Offset, mentioned: Vec<UserId>, unmentioned: Vec<UserId> },
    Deleted { at: Offset, message: Offset, unmentioned: Vec<UserId> },
    Reacted { at: Option<Offset>, message: Offset, count: u64 },
    Pinned { at: Option<Offset>, message: Offset },
    Read { at: Option<Offset>, mark: Offset, cleared: Vec<EntryId> },
}

impl Asked {
    fn bytes(&self) -> usize {
        let data = match &self.act {
            Act::Send(Sending { words, .. }) => words.as_ref().map_or(0, |words| words.len()),
            Act::Edit { data, words, .. } => {
                data.as_str().len() + words.as_ref().map_or(0, |words| words.len())
            }
            Act::Delete { tombstone, .. } => tombstone.as_str().len(),
            _ => 0,
        };
        2 * COMMAND_BYTES + self.entry.data.as_str().len() + data
    }

    fn done(self, acted: Acted) -> Result<Done, Refusal> {
        let entry = self.entry;
        let placed = |at: Offset| Arc::new(entry.at(at));
        Ok(match acted {
            Acted::Refused(refusal) => return Err(refusal),
            Acted::Known { id, offset } => Done::Known { id, offset },
            Acted::Sent { at, thread, cleared } => Done::Sent { entry: placed(at), thread, cleared },
            Acted::Edited { at, message, mentioned, unmentioned } => {
                Done::Edited { entry: placed(at), message, mentioned, unmentioned }
            }
            Acted::Deleted { at, message, unmentioned } => {
                Done::Deleted { entry: placed(at), message, unmentioned }
            }
            Acted::Reacted { at, message, count } => Done::Reacted { entry: at.map(placed), message, count },
            Acted::Pinned { at, message } => Done::Pinned { entry: at.map(placed), message },
            Acted::Read { at, mark, cleared } => Done::Read { entry: at.map(placed), mark, cleared },
        })
    }
}

impl ChatStore for SqliteStore {
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>> {
        let asked = Asked { act, entry, keep };
        let bytes = asked.bytes();
        let (task, answer) = Task::new(asked, bytes, acting::act, Asked::done);
        self.queue.push(Box::new(task));
        answer
    }

    fn messages(&self, ask: Ask, limit: usize) -> Answer<'_, MessagePage> {
        self.readers.read(move |connection| pages::page(connection, &ask, limit))
    }

    fn message(&self, room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Answer<'_, Option<Message>> {
        self.readers.read(move |connection| pages::message(connection, &room, id, viewer.as_ref()))
    }

    fn versions(&self, room: RoomKey, message: EntryId) -> Answer<'_, Vec<Version>> {
        self.readers.read(move |connection| messages::versions(connection, &room, message))
    }

    fn unread_of(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<Unread>> {
        self.readers.read(move |connection| marks::unread_of(connection, &user, rooms))
    }

    fn recount_unread(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<u64>> {
        self.scans.read(move |connection| marks::recount(connection, &user, &rooms))
    }

    fn marks(&self, room: RoomKey, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Mark>> {
        self.readers.read(move |connection| marks::of_room(connection, &room, after.as_ref(), limit))
    }

    fn mute(&self, room: RoomKey, user: UserId, mute: Option<Mute>) -> Answer<'_, ()> {
        self.write((room, user, mute), |ledger, (room, user, mute)| mutes::put(ledger, room, user, *mute))
    }

    fn mutes_of(&self, user: UserId) -> Answer<'_, Vec<(RoomKey, Mute)>> {
        self.readers.read(move |connection| mutes::of_user(connection, &user))
    }

    fn muted(&self, room: RoomKey, users: Vec<UserId>, now: Timestamp) -> Answer<'_, Vec<UserId>> {
        self.readers.read(move |connection| mutes::among(connection, &room, users, now))
    }

    fn search(&self, search: Search) -> Answer<'_, Found> {
        self.readers.read(move |connection| search::search(connection, &search))
    }

    fn rooms_with_messages(&self, limit: usize) -> Answer<'_, Vec<RoomKey>> {
        self.readers.read(move |connection| messages::rooms(connection, limit))
    }

    fn chat_traces(&self, user: UserId, after: Option<Trace>, limit: usize) -> Answer<'_, Vec<Trace>> {
        self.scans.read(move |connection| traces::of_user(connection, &user, after.as_ref(), limit))
    }
}
