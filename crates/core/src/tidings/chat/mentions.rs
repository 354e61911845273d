//! A mention is a notification with the message's own id: it opens the message, and goes when that is read, deleted, or mentions its user no more.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use tidings_protocol::{
    EntryId, ErrorCode, Fault, RoomName, UserId,
    chat::ChatMessage,
    http::{NotifyRequest, TargetFields},
};

use super::acting::{MESSAGE, is_of_type};
use crate::{
    Entry, Identity, RoomKey, StoreError, Tidings,
    access::Act,
    store::inbox::{Change, Reader},
    tidings::{
        notifications::{Ask, WhichOnes, json},
        unavailable,
    },
};

/// Characters of a message that a notification shows.
const EXCERPT_CHARS: usize = 200;
/// Characters that a notification's title may have.
const TITLE_CHARS_MAX: usize = 200;
/// Notifications that are marked at once, and users who are asked about at once.
const AT_ONCE: usize = 200;
const READS: usize = 16;

/// A message, and those whom it mentions now and did not before.
pub(super) struct Mentioned<'a> {
    pub(super) message: &'a Arc<Entry>,
    pub(super) room: &'a RoomName,
    pub(super) users: Vec<UserId>,
    pub(super) content: &'a str,
}

/// Data of a mention's notification.
#[derive(Serialize)]
struct Place<'a> {
    room: &'a RoomName,
    message_id: EntryId,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a UserId>,
}

impl Tidings {
    /// Those of some users who may read a room, without the one who names them. Of roles and grants, which stand in tokens, those count that a user is
    /// connected with.
    pub(super) async fn readers_among(
        &self,
        room: &RoomName,
        sender: Option<&UserId>,
        users: &[UserId],
    ) -> Result<Vec<UserId>, Fault> {
        let mut readers = Vec::with_capacity(users.len());
        for user in users.iter().filter(|user| Some(*user) != sender) {
            if self.may_read(user, room).await? {
                readers.push(user.clone());
            }
        }
        Ok(readers)
    }

    async fn may_read(&self, user: &UserId, room: &RoomName) -> Result<bool, Fault> {
        let bare = Identity {
            user: user.clone(),
            roles: Vec::new(),
            grants: Vec::new(),
            anonymous: false,
            issued_at: None,
            expires_at: None,
        };
        let connections = self.hub.connections_of(user);
        let identities = connections.iter().map(|connection| connection.identity());
        for identity in std::iter::once(Arc::new(bare)).chain(identities) {
            match self.may(&identity, Act::History, room).await {
                Ok(_) => return Ok(true),
                Err(fault) if fault.code == ErrorCode::Forbidden => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    /// Notifies whom a message mentions, but for those who muted the room. What they read, or what was taken back, meanwhile is seen to behind that: then
    /// there was nothing yet to be marked.
    pub(super) async fn tell_mentioned(&self, mentioned: Mentioned<'_>) -> Result<(), Fault> {
        let Mentioned { message, room, users, content } = mentioned;
        if users.is_empty() {
            return Ok(());
        }
        let muted = self.store.muted(message.room.clone(), users.clone(), self.clock.now());
        let muted = muted.await.map_err(unavailable)?;
        let users: Vec<UserId> = users.into_iter().filter(|user| !muted.contains(user)).collect();
        if users.is_empty() {
            return Ok(());
        }
        let ask = self.mention(message, room, users.clone(), content)?;
        self.send(message.id, message.time, &ask, None).await?;
        self.catch_up(message, users).await
    }

    /// Notifies whom a message mentions that came before: it may be that it was kept and the notifications could not be. Who has theirs, or has read the
    /// message, is not told twice.
    pub(super) async fn tell_mentioned_again(
        &self,
        key: &RoomKey,
        room: &RoomName,
        id: EntryId,
    ) -> Result<(), Fault> {
        let found = self.store.message(key.clone(), id, None).await.map_err(unavailable)?;
        let Some(message) = found.filter(|found| found.deleted_at.is_none()).map(|found| found.entry) else {
            return Ok(());
        };
        let said = serde_json::from_str::<ChatMessage>(message.data.as_str()).unwrap_or_default();
        let mut users = Vec::with_capacity(said.mentions.len());
        for user in self.readers_among(room, message.from.as_ref(), &said.mentions).await? {
            if !self.has_read(&user, &message).await? {
                users.push(user);
            }
        }
        self.tell_mentioned(Mentioned { message: &message, room, users, content: &said.content }).await
    }

    async fn has_read(&self, user: &UserId, message: &Entry) -> Result<bool, Fault> {
        let unread = self.store.unread_of(user.clone(), vec![message.room.clone()]);
        Ok(unread.await.map_err(unavailable)?.iter().any(|it| Some(it.mark) >= message.offset))
    }

    fn mention(
        &self,
        message: &Entry,
        room: &RoomName,
        users: Vec<UserId>,
        content: &str,
    ) -> Result<Ask, Fault> {
        let from = message.from.as_ref();
        let title = match from {
            Some(from) => format!("{from} mentioned you in {room}"),
            None => format!("You were mentioned in {room}"),
        };
        let title =
            if title.chars().count() > TITLE_CHARS_MAX { "You were mentioned".to_owned() } else { title };
        // A part of a secret would not be known for one any more.
        let is_sealed = self.store.seals(&message.room, &json(&content)?);
        let excerpt = (!is_sealed).then(|| content.chars().take(EXCERPT_CHARS).collect());
        Ask::read(NotifyRequest {
            to: TargetFields { users: Some(users), ..TargetFields::default() },
            title,
            message: excerpt,
            category: Some("mention".into()),
            data: Some(json(&Place { room, message_id: message.id, from })?),
            dedupe_key: Some(format!("mention:{}", message.id)),
            ..NotifyRequest::default()
        })
    }

    /// Takes back, or marks, what was read or taken back before it was there.
    async fn catch_up(&self, message: &Entry, users: Vec<UserId>) -> Result<(), Fault> {
        let now = self.store.message(message.room.clone(), message.id, None).await.map_err(unavailable)?;
        let says = |user: &UserId| {
            let whole = now.as_ref().filter(|now| now.deleted_at.is_none());
            whole.is_some_and(|now| is_of_type(&now.entry, MESSAGE) && mentions_of(&now.entry).contains(user))
        };
        let (mentioned, gone): (Vec<UserId>, Vec<UserId>) = users.into_iter().partition(says);
        self.mentions_gone(message.id, gone).await;
        for user in mentioned {
            if self.has_read(&user, message).await? {
                self.mentions_read(&user, vec![message.id]).await;
            }
        }
        Ok(())
    }

    /// A user has read messages that mention them.
    pub(super) async fn mentions_read(&self, user: &UserId, messages: Vec<EntryId>) {
        for some in messages.chunks(AT_ONCE) {
            self.mark_mentions(user.clone(), some.to_vec(), Change::Read).await;
        }
    }

    /// A message mentions users no more.
    pub(super) async fn mentions_gone(&self, message: EntryId, users: Vec<UserId>) {
        let gone = users.into_iter().map(|user| self.mark_mentions(user, vec![message], Change::Delete));
        stream::iter(gone).buffer_unordered(READS).collect::<Vec<()>>().await;
    }

    /// Takes back the notifications that a user's messages made for others: they quote the user.
    ///
    /// # Errors
    /// Those of the store; the same call may be made again.
    pub(in crate::tidings) async fn take_back_mentions_by(&self, user: &UserId) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.store.entries_of(user.clone(), after, AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.room.clone(), last.offset.unwrap_or_default()));
            for message in page.iter().filter(|entry| is_of_type(entry, MESSAGE)) {
                for user in mentions_of(message) {
                    let reader = Reader { user, roles: Vec::new() };
                    let taken = self.mark(reader, WhichOnes::Ids(vec![message.id]), Change::Delete).await;
                    if let Some(fault) = taken.err().filter(|fault| fault.code != ErrorCode::NotFound) {
                        return Err(StoreError::Unavailable(fault.message.into_owned()));
                    }
                }
            }
        }
    }

    /// Who muted the room, or deleted the notification, has none. Where the store does not answer it stays: the user sees that the message is read, or
    /// not there.
    async fn mark_mentions(&self, user: UserId, ids: Vec<EntryId>, change: Change) {
        let reader = Reader { user, roles: Vec::new() };
        let _ = self.mark(reader, WhichOnes::Ids(ids), change).await;
    }
}

/// Whom a message names, as it stands.
fn mentions_of(message: &Entry) -> Vec<UserId> {
    let data = serde_json::from_str::<ChatMessage>(message.data.as_str());
    data.map(|data| data.mentions).unwrap_or_default()
}
