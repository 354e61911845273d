//! Reading messages.

use tidings_protocol::{
    EntryId, Fault, RoomName, UserId,
    chat::{Message as Shown, MessagePage},
};
use tidings_settings::Earlier;

use super::{Author, author::needed, refusal::fault, shown};
use crate::{
    Tidings,
    access::Act,
    store::chat::{Ask, Message, Of, Place, Refusal, Version},
    tidings::unavailable,
};

/// Bytes of data in one page: whoever reads large messages gets fewer of them, but at least one.
pub const MESSAGES_BYTES_MAX: usize = 4 << 20;

/// Which messages of a room are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Which of them.
    pub of: Of,
    /// Which stretch of those.
    pub at: Place,
    /// How many at most; never more than 200.
    pub limit: usize,
}

impl Tidings {
    /// A stretch of a room's messages, as they stand; of at most 4 MiB. `viewer` is whose own reactions are told apart, for a back end: a user sees their
    /// own.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for a room that no rule knows; `invalid_request` for one without a log; `unavailable`.
    pub async fn messages(
        &self,
        author: Author<'_>,
        room: &RoomName,
        asked: Asked,
    ) -> Result<MessagePage, Fault> {
        let (key, _) = self.chat_room(author, Act::History, room).await?;
        let Asked { of, at, limit } = asked;
        let ask = Ask { room: key, of, at, viewer: author.user().cloned() };
        let mut page = self.store.messages(ask, limit).await.map_err(unavailable)?;
        let (too_old, too_new) = surplus(&page.messages, at);
        page.has_newer |= too_new > 0;
        page.has_older |= too_old > 0;
        page.messages.truncate(page.messages.len() - too_new);
        page.messages.drain(..too_old).for_each(drop);
        Ok(MessagePage {
            room: room.clone(),
            items: page.messages.into_iter().map(|message| shown::message(room, message)).collect(),
            has_older: page.has_older,
            has_newer: page.has_newer,
        })
    }

    /// One message, as it stands.
    ///
    /// # Errors
    /// Those of [`Self::messages`]; `not_found` for one that is not in the room, wherever else it is.
    pub async fn message(&self, author: Author<'_>, room: &RoomName, id: EntryId) -> Result<Shown, Fault> {
        let (key, _) = self.chat_room(author, Act::History, room).await?;
        let found = self.store.message(key, id, author.user().cloned()).await.map_err(unavailable)?;
        found.map(|found| shown::message(room, found)).ok_or_else(|| fault(Refusal::NoSuchMessage))
    }

    /// What a message said before, oldest first: for who sent it, moderators and back ends; of one that was deleted not for who sent it. Nothing where
    /// the room's kind keeps none, whatever it kept before.
    ///
    /// # Errors
    /// Those of [`Self::message`]; `forbidden` for others; `not_found` for who sent it when it was deleted.
    pub async fn versions(
        &self,
        author: Author<'_>,
        room: &RoomName,
        id: EntryId,
    ) -> Result<Vec<Version>, Fault> {
        let (key, _) = self.chat_room_to_act(author, Act::History, room).await?;
        let found = self.store.message(key.clone(), id, None).await.map_err(unavailable)?;
        let found = found.ok_or_else(|| fault(Refusal::NoSuchMessage))?;
        if let Author::User(_) = author {
            let sender: Option<&UserId> = found.entry.from.as_ref();
            let is_own = sender == Some(needed(&author)?);
            let is_deleted = found.deleted_at.is_some();
            if (!is_own || is_deleted) && !self.moderates(author, room).await? {
                return Err(fault(if is_own { Refusal::Deleted } else { Refusal::NotYours }));
            }
        }
        if self.kinds.versions(room) == Earlier::None {
            return Ok(Vec::new());
        }
        self.store.versions(key, id).await.map_err(unavailable)
    }
}

/// How many messages have to go at either end, for the others to fit.
fn surplus(messages: &[Message], at: Place) -> (usize, usize) {
    let bytes = |message: &Message| message.entry.data.as_str().len();
    let mut total: usize = messages.iter().map(bytes).sum();
    let (mut first, mut last) = (0, messages.len());
    while total > MESSAGES_BYTES_MAX && last - first > 1 {
        let from_front = match at {
            Place::Before(_) => true,
            Place::After(_) => false,
            // What was asked for stays in the middle.
            Place::Around(id) => messages
                .iter()
                .position(|message| message.entry.id == id)
                .is_none_or(|middle| middle - first > last - 1 - middle),
        };
        let gone = if from_front { messages.get(first) } else { messages.get(last - 1) };
        total -= gone.map_or(0, bytes);
        if from_front { first += 1 } else { last -= 1 }
    }
    (first, messages.len() - last)
}
