//! Chat in memory. What a message says is in its log; what is known of it beside that is here, and follows the log: before every call what
//! the log has let go goes here too.

mod acting;
mod reading;
mod rooms;
mod searching;

use tidings_protocol::{EntryId, Timestamp, UserId};
use tidings_settings::Keep;

pub(super) use self::rooms::Chats;
use super::{MemoryStore, ready};
use crate::{
    Entry, RoomKey,
    store::{
        Answer,
        chat::{
            Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Trace, TraceOf, Unread,
            Version,
        },
        search::{Found, Search},
    },
};

impl ChatStore for MemoryStore {
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>> {
        let mut logs = self.logs.lock();
        let mut chats = self.chats.lock();
        chats.follow(&entry.room, &logs);
        let done = acting::act(&mut chats, &mut logs, act, entry, keep);
        ready(done)
    }

    fn messages(&self, ask: Ask, limit: usize) -> Answer<'_, MessagePage> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(reading::page(chats.follow(&ask.room, &logs), &logs, &ask, limit))
    }

    fn message(&self, room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Answer<'_, Option<Message>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        let chat = chats.follow(&room, &logs);
        let offset = chat.and_then(|chat| Some((chat.offset_of(id)?, chat)));
        ready(offset.and_then(|(offset, chat)| reading::message(chat, &logs, &room, offset, viewer.as_ref())))
    }

    fn versions(&self, room: RoomKey, message: EntryId) -> Answer<'_, Vec<Version>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        let found =
            chats.follow(&room, &logs).and_then(|chat| Some(&chat.messages[&chat.offset_of(message)?]));
        ready(found.map(|message| message.versions.clone()).unwrap_or_default())
    }

    fn unread_of(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<Unread>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(
            rooms
                .into_iter()
                .map(|room| {
                    let unread = chats.follow(&room, &logs).map(|chat| chat.unread(&user));
                    let (unread, mark, revision) = unread.unwrap_or_default();
                    Unread { room, unread, mark, revision }
                })
                .collect(),
        )
    }

    fn recount_unread(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<u64>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(
            rooms
                .iter()
                .map(|room| chats.follow(room, &logs).map_or(0, |chat| chat.recount(&user)))
                .collect(),
        )
    }

    fn marks(&self, room: RoomKey, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Mark>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(chats.follow(&room, &logs).map(|chat| chat.marks(after.as_ref(), limit)).unwrap_or_default())
    }

    fn mute(&self, room: RoomKey, user: UserId, mute: Option<Mute>) -> Answer<'_, ()> {
        self.chats.lock().mute(room, user, mute);
        ready(())
    }

    fn mutes_of(&self, user: UserId) -> Answer<'_, Vec<(RoomKey, Mute)>> {
        ready(self.chats.lock().mutes_of(&user))
    }

    fn muted(&self, room: RoomKey, mut users: Vec<UserId>, now: Timestamp) -> Answer<'_, Vec<UserId>> {
        let chats = self.chats.lock();
        users.sort_unstable();
        users.dedup();
        users.retain(|user| chats.is_muted(&room, user, now));
        ready(users)
    }

    fn search(&self, search: Search) -> Answer<'_, Found> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(searching::search(&mut chats, &logs, &search))
    }

    fn rooms_with_messages(&self, limit: usize) -> Answer<'_, Vec<RoomKey>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        ready(searching::rooms(&mut chats, &logs, limit))
    }

    fn chat_traces(&self, user: UserId, after: Option<Trace>, limit: usize) -> Answer<'_, Vec<Trace>> {
        let logs = self.logs.lock();
        let mut chats = self.chats.lock();
        chats.follow_all(&logs);
        let all = chats.traces(&user, &logs);
        // Whoever was told of one that is gone since begins behind where it would be.
        let from = after
            .map_or(0, |after| all.iter().position(|trace| is_one(trace, &after)).map_or(0, |at| at + 1));
        ready(all.into_iter().skip(from).take(limit).collect())
    }
}

/// Whether two traces are of one place. What a version says may have been sealed here, and opened where it was read.
fn is_one(a: &Trace, b: &Trace) -> bool {
    match (&a.of, &b.of) {
        (TraceOf::Version { message, version }, TraceOf::Version { message: other, version: and }) => {
            a.room == b.room && message == other && version.number == and.number
        }
        _ => a == b,
    }
}
