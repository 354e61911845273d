//! Chat: what a message says is sealed for its own id, whether it comes, is edited or stands in the place of a deleted one. Words that are for the search
//! index go no further when what they are from is sealed.

use std::sync::Arc;

use tidings_core::{
    Entry, RoomKey, StoreError,
    store::{
        Answer,
        chat::{
            Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Sending, Trace, TraceOf,
            Unread, Version,
        },
        search::{Candidate, Found, Search},
    },
};
use tidings_protocol::{EntryId, Json, Timestamp, UserId};
use tidings_settings::Keep;

use super::{Form, SealedStore, as_published};
use crate::data_keys::scope;

impl SealedStore {
    /// What a message is to say, as it may be kept, and in which form that is.
    async fn content_of(
        &self,
        room: &RoomKey,
        message: EntryId,
        data: &Json,
    ) -> Result<(Json, Form), StoreError> {
        let form = self.form_in(room, data);
        let kept = self.data_kept(scope(room), &room.to_string(), message, data, form).await?;
        Ok((kept, form))
    }

    async fn act_kept(&self, room: &RoomKey, act: Act, entry: Form) -> Result<Act, StoreError> {
        Ok(match act {
            Act::Send(sending) => {
                Act::Send(Sending { words: sending.words.filter(|_| entry != Form::Sealed), ..sending })
            }
            Act::Edit { message, data, by, versions, mentions, words } => {
                let (data, form) = self.content_of(room, message, &data).await?;
                let words = words.filter(|_| form != Form::Sealed);
                Act::Edit { message, data, by, versions, mentions, words }
            }
            Act::Delete { message, tombstone, by, versions } => {
                let (tombstone, _) = self.content_of(room, message, &tombstone).await?;
                Act::Delete { message, tombstone, by, versions }
            }
            act => act,
        })
    }

    async fn message_opened(&self, message: Message) -> Result<Message, StoreError> {
        let entry = self.opened(message.entry).await?;
        Ok(Message { entry, ..message })
    }

    async fn version_opened(
        &self,
        room: &RoomKey,
        message: EntryId,
        version: Version,
    ) -> Result<Version, StoreError> {
        let data = self.data_opened(room, message, &version.data).await?.unwrap_or(version.data);
        Ok(Version { data, ..version })
    }
}

/// An act's outcome, with its entry as it was published.
fn done_as_published(done: Done, data: Option<Json>) -> Done {
    let of = |entry: Arc<Entry>| as_published(entry, data);
    match done {
        Done::Sent { entry, thread, cleared } => Done::Sent { entry: of(entry), thread, cleared },
        Done::Known { id, offset } => Done::Known { id, offset },
        Done::Edited { entry, message, mentioned, unmentioned } => {
            Done::Edited { entry: of(entry), message, mentioned, unmentioned }
        }
        Done::Deleted { entry, message, unmentioned } => {
            Done::Deleted { entry: of(entry), message, unmentioned }
        }
        Done::Reacted { entry, message, count } => Done::Reacted { entry: entry.map(of), message, count },
        Done::Pinned { entry, message } => Done::Pinned { entry: entry.map(of), message },
        Done::Read { entry, mark, cleared } => Done::Read { entry: entry.map(of), mark, cleared },
    }
}

/// Calls that go to the store behind as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.store.$name($($argument),*) })*
    };
}

impl ChatStore for SealedStore {
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>> {
        Box::pin(async move {
            let form = self.form(&entry);
            let published = (form != Form::AsItIs).then(|| entry.data.clone());
            let act = self.act_kept(&entry.room, act, form).await?;
            let entry = self.kept(entry, form).await?;
            let done = self.store.chat(act, entry, keep).await?;
            Ok(done.map(|done| done_as_published(done, published)))
        })
    }

    fn messages(&self, ask: Ask, limit: usize) -> Answer<'_, MessagePage> {
        let page = self.store.messages(ask, limit);
        Box::pin(async move {
            let MessagePage { messages, has_older, has_newer } = page.await?;
            let mut opened = Vec::with_capacity(messages.len());
            for message in messages {
                opened.push(self.message_opened(message).await?);
            }
            Ok(MessagePage { messages: opened, has_older, has_newer })
        })
    }

    fn message(&self, room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Answer<'_, Option<Message>> {
        let message = self.store.message(room, id, viewer);
        Box::pin(async move {
            match message.await? {
                Some(message) => self.message_opened(message).await.map(Some),
                None => Ok(None),
            }
        })
    }

    fn versions(&self, room: RoomKey, message: EntryId) -> Answer<'_, Vec<Version>> {
        let versions = self.store.versions(room.clone(), message);
        Box::pin(async move {
            let mut opened = Vec::new();
            for version in versions.await? {
                opened.push(self.version_opened(&room, message, version).await?);
            }
            Ok(opened)
        })
    }

    /// What is found was not sealed; what is read may be, if it was edited meanwhile.
    fn search(&self, search: Search) -> Answer<'_, Found> {
        let found = self.store.search(search);
        Box::pin(async move {
            let Found { candidates, next } = found.await?;
            let mut opened = Vec::with_capacity(candidates.len());
            for Candidate { number, entry } in candidates {
                opened.push(Candidate { number, entry: self.opened(entry).await? });
            }
            Ok(Found { candidates: opened, next })
        })
    }

    /// A page may begin behind a version, which is known by its number: what it says does not matter.
    fn chat_traces(&self, user: UserId, after: Option<Trace>, limit: usize) -> Answer<'_, Vec<Trace>> {
        let traces = self.store.chat_traces(user, after, limit);
        Box::pin(async move {
            let mut opened = Vec::new();
            for Trace { room, of } in traces.await? {
                let of = match of {
                    TraceOf::Version { message, version } => TraceOf::Version {
                        message,
                        version: self.version_opened(&room, message, version).await?,
                    },
                    of => of,
                };
                opened.push(Trace { room, of });
            }
            Ok(opened)
        })
    }

    pass_on! {
        unread_of(user: UserId, rooms: Vec<RoomKey>) -> Vec<Unread>;
        recount_unread(user: UserId, rooms: Vec<RoomKey>) -> Vec<u64>;
        marks(room: RoomKey, after: Option<UserId>, limit: usize) -> Vec<Mark>;
        mute(room: RoomKey, user: UserId, mute: Option<Mute>) -> ();
        mutes_of(user: UserId) -> Vec<(RoomKey, Mute)>;
        muted(room: RoomKey, users: Vec<UserId>, now: Timestamp) -> Vec<UserId>;
        rooms_with_messages(limit: usize) -> Vec<RoomKey>;
    }
}
