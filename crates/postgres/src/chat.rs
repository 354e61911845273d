//! Chat: what makes messages of entries, and what people do to them. Messages come with the appends' batches ([`sending`]); every other act waits
//! for its turn in its room ([`turns`]).

mod acting;
mod indexing;
mod leaving;
mod marks;
mod mutes;
mod pages;
mod searching;
pub(crate) mod sending;
mod traces;
mod turns;

use tidings_core::{
    Entry, RoomKey, StoreError,
    store::{
        Answer,
        chat::{
            Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Trace, Unread, Version,
        },
        search::{Found, Search},
    },
};
use tidings_protocol::{EntryId, Timestamp, UserId};
use tidings_settings::Keep;
use tokio_postgres::Row;

pub(crate) use self::leaving::{TABLES, erase, forget, forget_partition, forget_room};
pub(crate) use self::turns::Turns;
use crate::{PostgresStore, append::Outcome, failure::Failure, rows, store::answer};

impl ChatStore for PostgresStore {
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>> {
        match act {
            Act::Send(sending) => {
                let outcome = self.appends.send(entry, keep, sending);
                let stopped = |_| Err(StoreError::Uncertain("the store was closed meanwhile".into()));
                Box::pin(async move {
                    match outcome?.await.unwrap_or_else(stopped)? {
                        Outcome::Message(done) => Ok(done),
                        Outcome::Entries(_) => Err(Failure::corrupt("an append").into()),
                    }
                })
            }
            act => {
                let outcome = self.turns.push(act, entry, keep);
                let stopped = |_| Err(StoreError::Uncertain("the store was closed meanwhile".into()));
                Box::pin(async move { outcome?.await.unwrap_or_else(stopped) })
            }
        }
    }

    fn messages(&self, ask: Ask, limit: usize) -> Answer<'_, MessagePage> {
        answer(pages::page(&self.pool, ask, limit))
    }

    fn message(&self, room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Answer<'_, Option<Message>> {
        answer(pages::message(&self.pool, room, id, viewer))
    }

    fn versions(&self, room: RoomKey, message: EntryId) -> Answer<'_, Vec<Version>> {
        answer(pages::versions(&self.pool, room, message))
    }

    fn unread_of(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<Unread>> {
        answer(marks::unread_of(&self.pool, user, rooms))
    }

    fn recount_unread(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<u64>> {
        answer(marks::recount(&self.pool, user, rooms))
    }

    fn marks(&self, room: RoomKey, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Mark>> {
        answer(marks::of_room(&self.pool, room, after, limit))
    }

    fn mute(&self, room: RoomKey, user: UserId, mute: Option<Mute>) -> Answer<'_, ()> {
        answer(mutes::put(&self.pool, room, user, mute))
    }

    fn mutes_of(&self, user: UserId) -> Answer<'_, Vec<(RoomKey, Mute)>> {
        answer(mutes::of_user(&self.pool, user))
    }

    fn muted(&self, room: RoomKey, users: Vec<UserId>, now: Timestamp) -> Answer<'_, Vec<UserId>> {
        answer(mutes::among(&self.pool, room, users, now))
    }

    fn search(&self, search: Search) -> Answer<'_, Found> {
        answer(searching::search(&self.pool, search))
    }

    fn rooms_with_messages(&self, limit: usize) -> Answer<'_, Vec<RoomKey>> {
        answer(searching::rooms(&self.pool, limit))
    }

    fn chat_traces(&self, user: UserId, after: Option<Trace>, limit: usize) -> Answer<'_, Vec<Trace>> {
        answer(traces::of_user(&self.pool, user, after, limit))
    }
}

/// An entry's id in a column.
fn id(row: &Row, column: &str) -> Result<EntryId, Failure> {
    to_id(rows::get(row, column)?)
}

fn to_id(bytes: Vec<u8>) -> Result<EntryId, Failure> {
    bytes.try_into().map(EntryId::from_bytes).map_err(|_| Failure::corrupt("a message's id"))
}

/// A time in a column that may have none.
fn moment(row: &Row, column: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(millis) = rows::get::<Option<i64>>(row, column)? else { return Ok(None) };
    u64::try_from(millis)
        .map(|millis| Some(Timestamp::from_millis(millis)))
        .map_err(|_| Failure::corrupt("a time"))
}
