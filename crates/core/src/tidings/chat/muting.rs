//! Users mute rooms: no mention in them becomes a notification. What is unread counts all the same.

use tidings_protocol::{ErrorCode, Fault, RoomName, Timestamp, UserId, chat::RoomUnread};

use super::{
    Author,
    author::{needed, signed_in},
};
use crate::{RoomKey, Tidings, access::Act, store::chat::Mute, tidings::unavailable};

/// Most rooms that a user may have muted.
const MUTES_MAX: usize = 1_000;

impl Tidings {
    /// Mutes a room for a user, in the place of another mute, and tells all of their devices.
    ///
    /// # Errors
    /// `forbidden`; `not_found`; `invalid_request` for a moment that is past and for more than 1000 rooms; `unavailable`.
    pub async fn mute_room(
        &self,
        author: Author<'_>,
        room: &RoomName,
        until: Option<Timestamp>,
    ) -> Result<RoomUnread, Fault> {
        let (key, _) = self.chat_room_to_act(author, Act::History, room).await?;
        let user = needed(&author)?;
        let now = self.clock.now();
        if until.is_some_and(|until| until <= now) {
            return Err(Fault::invalid("until", "expected a time that is not past"));
        }
        let mutes = self.store.mutes_of(user.clone()).await.map_err(unavailable)?;
        let others: Vec<&(RoomKey, Mute)> = mutes.iter().filter(|(muted, _)| *muted != key).collect();
        if others.len() >= MUTES_MAX {
            // Those that are over make room.
            let Some((over, _)) = others.iter().find(|(_, mute)| !mute.is_on(now)) else {
                return Err(Fault::invalid("room", format!("a user can mute at most {MUTES_MAX} rooms")));
            };
            self.store.mute(over.clone(), user.clone(), None).await.map_err(unavailable)?;
        }
        self.put_mute(key, user, room, Some(until.map_or(Mute::ForGood, Mute::Until))).await
    }

    /// Ends a mute, also in a room that the user may no longer read.
    ///
    /// # Errors
    /// `not_found` for a room that no rule knows; `unavailable`.
    pub async fn unmute_room(&self, author: Author<'_>, room: &RoomName) -> Result<RoomUnread, Fault> {
        signed_in(author)?;
        let key = self.known(room.clone(), "room")?;
        let user = needed(&author)?;
        let muted = self.store.muted(key.clone(), vec![user.clone()], Timestamp::from_millis(0)).await;
        let is_muted = !muted.map_err(unavailable)?.is_empty();
        if !is_muted && let Author::User(identity) = author {
            self.may(identity, Act::History, room).await?;
        }
        self.put_mute(key, user, room, None).await
    }

    async fn put_mute(
        &self,
        key: RoomKey,
        user: &UserId,
        room: &RoomName,
        mute: Option<Mute>,
    ) -> Result<RoomUnread, Fault> {
        self.store.mute(key, user.clone(), mute).await.map_err(unavailable)?;
        match self.tell_room_unread(user, room).await {
            Err(fault) if fault.code == ErrorCode::Unavailable => {
                self.chats.stir(user, room, &self.hub);
                Err(fault)
            }
            told => told,
        }
    }
}
