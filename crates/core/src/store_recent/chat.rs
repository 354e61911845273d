//! Chat is the store's behind. What is appended with an act belongs to the tails, and what rewrites an older entry takes its room's tail away.

use tidings_protocol::{EntryId, Timestamp, UserId};
use tidings_settings::Keep;

use super::{RecentStore, pass_on};
use crate::{
    Entry, RoomKey,
    store::{
        Answer,
        chat::{
            Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Trace, Unread, Version,
        },
        search::{Found, Search},
    },
};

impl ChatStore for RecentStore {
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>> {
        let room = entry.room.clone();
        if matches!(act, Act::Edit { .. } | Act::Delete { .. }) {
            let upheaval = self.upheaval(Some(room));
            let answer = self.store().chat(act, entry, keep);
            return Box::pin(async move {
                let done = answer.await;
                upheaval.ended(&done);
                done
            });
        }
        let append = self.append_begins();
        let answer = self.store().chat(act, entry, keep);
        Box::pin(async move {
            let done = answer.await;
            append.ended(done.as_ref().map(|done| {
                let entry = done.as_ref().ok().and_then(Done::entry);
                entry.map(|entry| (entry, keep)).into_iter()
            }));
            if let Ok(Ok(Done::Known { .. })) = &done {
                // Whoever sent it then may not have heard yet.
                self.tails().lock().touch(&room);
            }
            done
        })
    }

    pass_on! {
        messages(ask: Ask, limit: usize) -> MessagePage;
        message(room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Option<Message>;
        versions(room: RoomKey, message: EntryId) -> Vec<Version>;
        unread_of(user: UserId, rooms: Vec<RoomKey>) -> Vec<Unread>;
        recount_unread(user: UserId, rooms: Vec<RoomKey>) -> Vec<u64>;
        marks(room: RoomKey, after: Option<UserId>, limit: usize) -> Vec<Mark>;
        mute(room: RoomKey, user: UserId, mute: Option<Mute>) -> ();
        mutes_of(user: UserId) -> Vec<(RoomKey, Mute)>;
        muted(room: RoomKey, users: Vec<UserId>, now: Timestamp) -> Vec<UserId>;
        search(search: Search) -> Found;
        rooms_with_messages(limit: usize) -> Vec<RoomKey>;
        chat_traces(user: UserId, after: Option<Trace>, limit: usize) -> Vec<Trace>;
    }
}
