//! Users have read: their mark moves, all of their devices hear it, and mentions up to there are read.

use tidings_protocol::{
    EntryId, Fault, RoomName, UserId,
    chat::{RoomRead, UpTo},
};

use super::{Acted, Author, acting::entry, author::needed, refusal::fault};
use crate::{
    RoomKey, Tidings, access,
    store::chat::{Act, Done, Mark, Refusal, UpTo as Until},
    tidings::{notifications::json, unavailable},
};

impl Tidings {
    /// A user has read a room up to some place; a mark never goes back. Who may not publish in the room reads without anybody being told, and so does who asks
    /// for it.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for a room that no rule knows and a message that is not there; `unavailable`.
    pub async fn mark_room_read(
        &self,
        author: Author<'_>,
        room: &RoomName,
        up_to: UpTo,
        private: bool,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::History, room).await?;
        let user = needed(&author)?.clone();
        let told = match up_to {
            // What is not there yet is not read by this.
            UpTo::Offset(offset) => {
                offset.min(self.store.head(key.clone()).await.map_err(unavailable)?.offset)
            }
            UpTo::Message(id) => self.place_of(&key, id).await?,
        };
        let until = match up_to {
            UpTo::Offset(_) => Until::Offset(told),
            UpTo::Message(id) => Until::Message(id),
        };
        let private = private || !self.may_tell(author, room).await?;
        let data = json(&RoomRead { user: user.clone(), up_to: told })?;
        let entry = entry(&key, "room_read", Some(&user), data, self.clock.now())?;
        let reading = entry.id;
        let act = Act::Read { user: user.clone(), up_to: until, private };
        let done = self.act(act, entry, keep, None).await?;
        let acted = Acted::of(&done, reading);
        let Done::Read { cleared, .. } = done else { return Err(fault(Refusal::NoSuchMessage)) };
        if self.tell_room_unread(&user, room).await.is_err() {
            self.chats.stir(&user, room, &self.hub);
        }
        self.mentions_read(&user, cleared).await;
        Ok(acted)
    }

    async fn may_tell(&self, author: Author<'_>, room: &RoomName) -> Result<bool, Fault> {
        let Author::User(identity) = author else { return Ok(true) };
        match self.may(identity, access::Act::Publish, room).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.code == tidings_protocol::ErrorCode::Forbidden => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn place_of(&self, room: &RoomKey, id: EntryId) -> Result<tidings_protocol::Offset, Fault> {
        let found = self.store.message(room.clone(), id, None).await.map_err(unavailable)?;
        found.and_then(|found| found.entry.offset).ok_or_else(|| fault(Refusal::NoSuchMessage))
    }

    /// Who has read up to where, in the order of their ids, beginning behind `after`; of those who read privately only back ends know.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `unavailable`.
    pub async fn marks(
        &self,
        author: Author<'_>,
        room: &RoomName,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Mark>, Fault> {
        let (key, _) = self.chat_room(author, access::Act::History, room).await?;
        self.store.marks(key, after, limit).await.map_err(unavailable)
    }
}
