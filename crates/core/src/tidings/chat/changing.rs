//! Messages are edited, deleted, reacted to and pinned.

use tidings_protocol::{
    EntryId, Fault, RoomName, UserId,
    chat::{ChatMessage, MessageDeleted, MessageEdited, PinChange, ReactionChange},
};
use tidings_settings::Earlier;

use super::{
    Acted, Author,
    acting::{EDITED, MESSAGE, entry, is_of_type},
    author::needed,
    draft::{check_content, checked_mentions},
    mentions::Mentioned,
    refusal::fault,
};
use crate::{
    RoomKey, Tidings, access,
    store::chat::{Act, By, Done, Emoji, Message, Refusal, Versions},
    tidings::{notifications::json, unavailable},
};

/// What a message said for less than this is not kept when it is edited again: else one who edits without end would fill the store.
const VERSION_MS: u64 = 60_000;
/// Most different reactions to one message.
const REACTIONS_MAX: usize = 50;

impl Tidings {
    /// Lets a message say something else. Users edit their own, as do back ends for a user; by
    /// itself a back end edits any. Without `mentions` it mentions the same as before.
    ///
    /// # Errors
    /// `forbidden`, for somebody else's message too; `not_found` for one that is not in the room or was deleted; those of
    /// [`Self::send_message`].
    pub async fn edit_message(
        &self,
        author: Author<'_>,
        room: &RoomName,
        id: EntryId,
        content: String,
        mentions: Option<Vec<UserId>>,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::Publish, room).await?;
        let (found, mut message) = self.whole_message(&key, id).await?;
        let by = match author.user() {
            Some(user) if found.entry.from.as_ref() != Some(user) => return Err(fault(Refusal::NotYours)),
            Some(_) => By::Sender,
            None => By::Moderator,
        };
        let may_be_blank = !message.attachments.is_empty();
        check_content(&content, may_be_blank, self.hub.settings.limits.message_bytes)?;
        if let Some(mentions) = mentions {
            message.mentions = checked_mentions(mentions)?;
        }
        let now = self.clock.now();
        let stood_ms = message.edited_at.map(|at| now.millis().saturating_sub(at.millis()));
        let is_brief = stood_ms.is_some_and(|ms| ms < VERSION_MS);
        let versions = match self.kinds.versions(room) {
            Earlier::Edits | Earlier::All if !is_brief => Versions::Keep,
            Earlier::Edits | Earlier::All | Earlier::None => Versions::Drop,
        };
        message.content = content;
        message.edited_at = Some(now);
        let users = self.readers_among(room, found.entry.from.as_ref(), &message.mentions).await?;
        let mut told = MessageEdited {
            message_id: id,
            content: None,
            mentions: message.mentions.clone(),
            edited_at: now,
        };
        // What is kept of it names the message only: what that says is looked up when the entry is read.
        let entry = entry(&key, EDITED, author.user(), json(&told)?, now)?;
        let act = Act::Edit {
            message: id,
            data: json(&message)?,
            by,
            versions,
            mentions: users.into_iter().collect(),
            words: Some(message.content.as_str().into()),
        };
        told.content = Some(message.content.clone());
        let live = json(&told)?;
        let edit = entry.id;
        let done = self.act(act, entry, keep, Some(live)).await?;
        let acted = Acted::of(&done, edit);
        let Done::Edited { mentioned, unmentioned, .. } = done else {
            return Err(fault(Refusal::NoSuchMessage));
        };
        self.mentions_gone(id, unmentioned).await;
        let content = &message.content;
        self.tell_mentioned(Mentioned { message: &found.entry, room, users: mentioned, content }).await?;
        Ok(acted)
    }

    /// Takes away what a message says, and what it said before; its place stays. Where the room's kind keeps all versions, what it said is one more of
    /// them, for moderators and back ends. Users delete their own, moderators and back ends any.
    ///
    /// # Errors
    /// Those of [`Self::edit_message`].
    pub async fn delete_message(
        &self,
        author: Author<'_>,
        room: &RoomName,
        id: EntryId,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::Publish, room).await?;
        let (found, message) = self.whole_message(&key, id).await?;
        let is_own = author.user().is_some() && found.entry.from.as_ref() == author.user();
        let by = match is_own {
            true => By::Sender,
            false if self.moderates(author, room).await? => By::Moderator,
            false => return Err(fault(Refusal::NotYours)),
        };
        let now = self.clock.now();
        let tombstone = ChatMessage {
            message_type: message.message_type,
            reply_to: message.reply_to,
            thread: message.thread,
            deleted_at: Some(now),
            ..ChatMessage::default()
        };
        let data = json(&MessageDeleted { message_id: id, deleted_at: now })?;
        let entry = entry(&key, "message_deleted", author.user(), data, now)?;
        let versions = match self.kinds.versions(room) {
            Earlier::All => Versions::Keep,
            Earlier::Edits | Earlier::None => Versions::Drop,
        };
        let act = Act::Delete { message: id, tombstone: json(&tombstone)?, by, versions };
        let deletion = entry.id;
        let done = self.act(act, entry, keep, None).await?;
        let acted = Acted::of(&done, deletion);
        let Done::Deleted { unmentioned, .. } = done else {
            return Err(fault(Refusal::NoSuchMessage));
        };
        self.mentions_gone(id, unmentioned).await;
        Ok(acted)
    }

    /// Puts a reaction of a user to a message, or takes it back. What is so already stays so.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `invalid_request` for what is no reaction, and for the 51st different one; `unavailable`.
    pub async fn react(
        &self,
        author: Author<'_>,
        room: &RoomName,
        id: EntryId,
        emoji: &str,
        on: bool,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::Publish, room).await?;
        let user = needed(&author)?.clone();
        let emoji = Emoji::parse(emoji).map_err(|expected| Fault::invalid("emoji", expected.to_string()))?;
        if emoji.as_str().trim().is_empty() {
            return Err(Fault::invalid("emoji", "expected an emoji or a name, not only spaces"));
        }
        if on {
            let (found, _) = self.whole_message(&key, id).await?;
            let is_new = found.reactions.iter().all(|reaction| reaction.emoji != emoji);
            if is_new && found.reactions.len() >= REACTIONS_MAX {
                let message =
                    format!("this message has {REACTIONS_MAX} different reactions, which is the most");
                return Err(Fault::invalid("emoji", message));
            }
        }
        let now = self.clock.now();
        let told = ReactionChange { message_id: id, emoji: emoji.to_string(), user: user.clone() };
        let r#type = if on { "reaction_added" } else { "reaction_removed" };
        let entry = entry(&key, r#type, Some(&user), json(&told)?, now)?;
        let reaction = entry.id;
        let done = self.act(Act::React { message: id, user, emoji, on }, entry, keep, None).await?;
        Ok(Acted::of(&done, reaction))
    }

    /// Pins a message, or takes the pin away; whoever may publish in the room may.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `unavailable`.
    pub async fn pin(
        &self,
        author: Author<'_>,
        room: &RoomName,
        id: EntryId,
        on: bool,
    ) -> Result<Acted, Fault> {
        let (key, keep) = self.chat_room_to_act(author, access::Act::Publish, room).await?;
        let r#type = if on { "message_pinned" } else { "message_unpinned" };
        let data = json(&PinChange { message_id: id })?;
        let entry = entry(&key, r#type, author.user(), data, self.clock.now())?;
        let pin = entry.id;
        let done = self.act(Act::Pin { message: id, on }, entry, keep, None).await?;
        Ok(Acted::of(&done, pin))
    }

    /// A message to which something can be done, and what it says.
    pub(super) async fn whole_message(
        &self,
        room: &RoomKey,
        id: EntryId,
    ) -> Result<(Message, ChatMessage), Fault> {
        let found = self.store.message(room.clone(), id, None).await.map_err(unavailable)?;
        let found = found.ok_or_else(|| fault(Refusal::NoSuchMessage))?;
        if found.deleted_at.is_some() || !is_of_type(&found.entry, MESSAGE) {
            return Err(fault(Refusal::Deleted));
        }
        let data = serde_json::from_str(found.entry.data.as_str());
        Ok((found, data.map_err(|_| fault(Refusal::Deleted))?))
    }
}
