//! A message comes.

use std::collections::BTreeSet;

use tidings_protocol::{EntryId, Fault, RoomName, chat::MessageDraft};

use super::{
    Acted, Author,
    acting::{MESSAGE, entry},
    draft::checked,
    mentions::Mentioned,
    refusal::fault,
};
use crate::{
    RoomKey, Tidings, access,
    store::chat::{Act, ClientId, Done, Refusal, Sending},
    tidings::{notifications::json, unavailable},
};

impl Tidings {
    /// Sends a message. `once` is another name for it than its `client_id`, for callers who have one: sent again with either, it is not stored twice.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for a room that no rule knows, and for a message that it answers and that is not there; `invalid_request` with the
    /// field; `payload_too_large`; `unavailable` when the store is.
    pub async fn send_message(
        &self,
        author: Author<'_>,
        room: &RoomName,
        draft: MessageDraft,
        once: Option<ClientId>,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::Publish, room).await?;
        let (mut message, client_id) = checked(author, draft, self.hub.settings.limits.message_bytes)?;
        if let Some(thread) = message.thread {
            message.thread = Some(self.first_of_thread(&key, thread).await?);
        }
        let mentions = self.readers_among(room, author.user(), &message.mentions).await?;
        let now = self.clock.now();
        let sending = Sending {
            client_id: client_id.or(once),
            reply_to: message.reply_to,
            thread: message.thread,
            mentions: mentions.iter().cloned().collect::<BTreeSet<_>>(),
            words: Some(message.content.as_str().into()),
        };
        let entry = entry(&key, MESSAGE, author.user(), json(&message)?, now)?;
        let (sent, cleared) = match self.act(Act::Send(sending), entry, keep, None).await? {
            Done::Sent { entry, cleared, .. } => (entry, cleared),
            Done::Known { id, offset } => {
                self.tell_mentioned_again(&key, room, id).await?;
                return Ok(Acted { id, offset: Some(offset), replayed: true });
            }
            _ => return Err(fault(Refusal::NoSuchMessage)),
        };
        let acted = Acted { id: sent.id, offset: sent.offset, replayed: false };
        if let Some(user) = author.user() {
            // Who sends has read up to there.
            self.chats.stir(user, room, &self.hub);
            self.mentions_read(user, cleared).await;
        }
        self.tell_mentioned(Mentioned { message: &sent, room, users: mentions, content: &message.content })
            .await?;
        Ok(acted)
    }

    /// The first message of the thread that a message is in or begins.
    async fn first_of_thread(&self, room: &RoomKey, id: EntryId) -> Result<EntryId, Fault> {
        let found = self.store.message(room.clone(), id, None).await.map_err(unavailable)?;
        let found = found.ok_or_else(|| fault(Refusal::NoSuchThread))?;
        Ok(found.thread.unwrap_or(id))
    }
}
