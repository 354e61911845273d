//! The seam for chat: messages that are entries of a room's log, and what people do to them.

mod act;
mod message;
mod records;

use tidings_protocol::{EntryId, Timestamp, UserId};
use tidings_settings::Keep;

use super::{
    Answer,
    search::{Found, Search},
};
use crate::{Entry, RoomKey};

pub use act::{Act, By, ClientId, Done, Emoji, InvalidText, Refusal, Sending, UpTo, Versions};
pub use message::{Ask, Message, MessagePage, Of, PAGE_MAX, Pin, Place, REACTORS_MAX, Reaction};
pub use records::{Mark, Mute, Trace, TraceOf, Unread, Version};

/// Keeps chat.
///
/// **A message is its entry.** What it says is the data of the entry with which it came, in its room's log, and nowhere else; an edit and
/// a deletion change that entry where it is. Beside it is kept what makes it a message. So what becomes of the entry becomes of the message:
/// retention takes both in one transaction, with reactions, versions and mentions, and [`super::Store::delete_room`] everything of the room. Data is
/// whole and is never looked into: it may be sealed, for the id of its message. Entries that tell of an act should name the message and hold no
/// content: they would be a copy that no later act reaches.
///
/// **One act, one transaction** ([`Self::chat`]): the entry that tells it and its effect, or neither. What is refused, and what
/// changes nothing, appends nothing. Acts in one room happen one after the other.
///
/// **Unread.** The messages of a room are numbered 1, 2, 3, … as they come, and a user's mark is the number up to which they have read; it only moves
/// forward. Unread is the room's last number less the mark's, or less the number of what retention took, if that is higher: what is
/// not there any more is not unread. A message that was deleted, and one whose sender was erased, keeps its place and counts. Who sends
/// has read up to there. Who has no mark has read nothing. So [`Self::unread_of`], which looks at two numbers, is at any time
/// [`Self::recount_unread`], which counts messages.
///
/// **Threads** have one level: a reply in a thread to a reply is filed under the first message. A thread's replies are messages of the
/// room and count there. How many replies a message has includes the deleted ones.
///
/// **Erasing** a user makes places of their messages as of all entries, whose versions go, and takes their reactions, marks, mutes, mentions and
/// their names from pins. Nothing can be done to such a message, nor to one that was deleted.
///
/// **Search.** A message that comes or is edited with words is in the index with that transaction, and out of it with the one in which it is edited
/// without words, deleted or erased, or goes by retention or with its room. The index holds [`crate::search::Token`]s and no words.
///
/// What is said of atomicity, of being away and of errors at [`super::Store`] is true here too.
pub trait ChatStore: Send + Sync {
    /// Does one act. The entry says in which room, who acts (none for a back end) and when, and tells it: it is appended under the rules of
    /// [`super::Store::append`]. Of [`Act::Send`] it is the message.
    ///
    /// A message with the `client_id` of another one of the same sender in the same room is the same one: for seven days, and after that until the store
    /// is next tidied, also when the first is gone by then. So is the same message that comes twice at a time.
    ///
    /// # Errors
    /// Those of [`super::Store::append`].
    fn chat(&self, act: Act, entry: Entry, keep: Keep) -> Answer<'_, Result<Done, Refusal>>;

    /// A page of messages, oldest first, with their reactions; at most `limit`, and never more than [`PAGE_MAX`]. Messages that come meanwhile
    /// make no page skip or repeat any that was there.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn messages(&self, ask: Ask, limit: usize) -> Answer<'_, MessagePage>;

    /// One message of a room, if it is there. `viewer` is whose own reactions are told apart.
    ///
    /// # Errors
    /// Those of `messages`.
    fn message(&self, room: RoomKey, id: EntryId, viewer: Option<UserId>) -> Answer<'_, Option<Message>>;

    /// What a message said before, oldest first; all that was kept.
    ///
    /// # Errors
    /// Those of `messages`.
    fn versions(&self, room: RoomKey, message: EntryId) -> Answer<'_, Vec<Version>>;

    /// How much of each of these rooms a user has not read, in the order in which they are asked for.
    ///
    /// # Errors
    /// Those of `messages`.
    fn unread_of(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<Unread>>;

    /// What [`Unread::unread`] should be, counted message by message: slow, to prove the other.
    ///
    /// # Errors
    /// Those of `messages`.
    fn recount_unread(&self, user: UserId, rooms: Vec<RoomKey>) -> Answer<'_, Vec<u64>>;

    /// Who has read up to where in a room, in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// Those of `messages`.
    fn marks(&self, room: RoomKey, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Mark>>;

    /// Mutes a room for a user, in the place of another mute; none ends it.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`].
    fn mute(&self, room: RoomKey, user: UserId, mute: Option<Mute>) -> Answer<'_, ()>;

    /// The rooms that a user has muted, over or not, in the order of their keys.
    ///
    /// # Errors
    /// Those of `messages`.
    fn mutes_of(&self, user: UserId) -> Answer<'_, Vec<(RoomKey, Mute)>>;

    /// Which of these users have muted a room at a moment, in the order of their ids.
    ///
    /// # Errors
    /// Those of `messages`.
    fn muted(&self, room: RoomKey, users: Vec<UserId>, now: Timestamp) -> Answer<'_, Vec<UserId>>;

    /// Messages whose place in the index has all that is asked for, newest first, at most [`super::search::CANDIDATES_MAX`]. There may be too many of
    /// them, for the index knows words by hashes: who asks looks at what they say. The work of one call is bounded, so a page may be short or empty and
    /// yet say where to go on.
    ///
    /// # Errors
    /// Those of `messages`.
    fn search(&self, search: Search) -> Answer<'_, Found>;

    /// Rooms in which there are messages, at most `limit`, those first that began last.
    ///
    /// # Errors
    /// Those of `messages`.
    fn rooms_with_messages(&self, limit: usize) -> Answer<'_, Vec<RoomKey>>;

    /// What there is of a user in chats beside messages, which are entries: pages in an order of the store's own, beginning behind the
    /// last one of a page before. For exports.
    ///
    /// # Errors
    /// Those of `messages`.
    fn chat_traces(&self, user: UserId, after: Option<Trace>, limit: usize) -> Answer<'_, Vec<Trace>>;
}

/// Writes a [`ChatStore`] that hands every call on to another: `hand_on_chat!(Wrapper, |wrapper| &*wrapper.store)`.
#[macro_export]
macro_rules! hand_on_chat {
    ($store:ty, |$this:ident| $inner:expr) => {
        $crate::hand_on_chat! { @$store, $this, $inner;
            chat(act: Act, entry: $crate::Entry, keep: Keep) -> Result<Done, Refusal>;
            messages(ask: Ask, limit: usize) -> MessagePage;
            message(room: $crate::RoomKey, id: EntryId, viewer: Option<UserId>) -> Option<Message>;
            versions(room: $crate::RoomKey, message: EntryId) -> Vec<Version>;
            unread_of(user: UserId, rooms: Vec<$crate::RoomKey>) -> Vec<Unread>;
            recount_unread(user: UserId, rooms: Vec<$crate::RoomKey>) -> Vec<u64>;
            marks(room: $crate::RoomKey, after: Option<UserId>, limit: usize) -> Vec<Mark>;
            mute(room: $crate::RoomKey, user: UserId, mute: Option<Mute>) -> ();
            mutes_of(user: UserId) -> Vec<($crate::RoomKey, Mute)>;
            muted(room: $crate::RoomKey, users: Vec<UserId>, now: Timestamp) -> Vec<UserId>;
            search(search: Search) -> Found;
            rooms_with_messages(limit: usize) -> Vec<$crate::RoomKey>;
            chat_traces(user: UserId, after: Option<Trace>, limit: usize) -> Vec<Trace>;
        }
    };
    (@$store:ty, $this:ident, $inner:expr; $($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        const _: () = {
            use $crate::store::chat::{
                Act, Ask, ChatStore, Done, Mark, Message, MessagePage, Mute, Refusal, Trace, Unread, Version,
            };
            use $crate::store::search::{Found, Search};
            use ::tidings_protocol::{EntryId, Timestamp, UserId};
            use ::tidings_settings::Keep;
            impl ChatStore for $store {
                $(fn $name(&self, $($argument: $type),*) -> $crate::store::Answer<'_, $answer> {
                    let $this = self;
                    $inner.$name($($argument),*)
                })*
            }
        };
    };
}
