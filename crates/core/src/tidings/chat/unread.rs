//! How much of rooms is unread.

use tidings_protocol::{ErrorCode, Fault, RoomName, Timestamp, UserId, chat::RoomUnread};
use tidings_settings::Keep;

use super::{Author, author::signed_in};
use crate::{
    Connection, Identity, RoomKey, StoreError, Tidings,
    access::Act,
    store::chat::{Mute, Unread},
    tidings::unavailable,
};

/// What is unread of a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecountedRoom {
    /// Which.
    pub room: RoomName,
    /// Of each user, what is told, and what counting says.
    pub users: Vec<(UserId, u64, u64)>,
}

impl Tidings {
    /// How much of some rooms a user has not read, in the order of their names; rooms that they may not read, and those without a log, are left out.
    ///
    /// # Errors
    /// `forbidden` without a token, `unavailable`.
    pub async fn unread_rooms(
        &self,
        identity: &Identity,
        mut rooms: Vec<RoomName>,
    ) -> Result<Vec<RoomUnread>, Fault> {
        signed_in(Author::User(identity))?;
        rooms.sort_unstable();
        rooms.dedup();
        let mut readable = Vec::with_capacity(rooms.len());
        for room in rooms {
            match self.may(identity, Act::History, &room).await {
                Ok(_) => readable.push(room),
                Err(fault) if matches!(fault.code, ErrorCode::Forbidden | ErrorCode::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
        self.unread_of(&identity.user, readable).await
    }

    /// Of which rooms a user is told who names none: those of which they are a member, and those that the connection follows; at most `limit`.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn rooms_on_mind(
        &self,
        identity: &Identity,
        connection: &Connection,
        limit: usize,
    ) -> Result<Vec<RoomName>, Fault> {
        let mut rooms: Vec<RoomName> = connection.room_names().into_iter().take(limit).collect();
        let members = self.rooms_of(&identity.user, None, limit).await?;
        for (room, _) in members {
            if rooms.len() < limit && !rooms.contains(&room) {
                rooms.push(room);
            }
        }
        Ok(rooms)
    }

    /// The same of rooms that the user may read.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn unread_of(&self, user: &UserId, mut rooms: Vec<RoomName>) -> Result<Vec<RoomUnread>, Fault> {
        rooms.retain(|room| matches!(self.kinds.keep(&RoomKey::Named(room.clone())), Keep::For(_)));
        if rooms.is_empty() {
            return Ok(Vec::new());
        }
        let keys = rooms.iter().cloned().map(RoomKey::Named).collect();
        let unread = self.store.unread_of(user.clone(), keys).await.map_err(unavailable)?;
        let mutes = self.store.mutes_of(user.clone()).await.map_err(unavailable)?;
        let now = self.clock.now();
        let stands = |(room, unread): (RoomName, Unread)| {
            let mute = mutes.iter().find(|(key, _)| *key == unread.room).map(|(_, mute)| *mute);
            show(room, &unread, mute, now)
        };
        Ok(rooms.into_iter().zip(unread).map(stands).collect())
    }

    /// How a room stands for a user.
    pub(super) async fn room_unread(&self, user: &UserId, room: &RoomName) -> Result<RoomUnread, Fault> {
        let one = self.unread_of(user, vec![room.clone()]).await?.pop();
        one.ok_or_else(|| Fault::invalid("room", "this room keeps no log, so there is no chat in it"))
    }

    /// Of users of each room who have read in it, the first in the order of their ids, what is told to be unread and what should be: that they agree
    /// proves it. Rooms with a log come in the order of their names, beginning behind `after`; `limit` of rooms are looked at, and so many users of each.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recounted_rooms(
        &self,
        after: Option<RoomName>,
        limit: usize,
    ) -> Result<Vec<RecountedRoom>, StoreError> {
        let records = self.named_rooms(after, limit).await?;
        let mut counted = Vec::new();
        for key in records.into_iter().map(|record| record.room) {
            let Some(room) = key.name().cloned() else { continue };
            let mut users = Vec::new();
            if matches!(self.kinds.keep(&key), Keep::For(_)) {
                for mark in self.store.marks(key.clone(), None, limit).await? {
                    let said = self.store.unread_of(mark.user.clone(), vec![key.clone()]).await?;
                    let right = self.store.recount_unread(mark.user.clone(), vec![key.clone()]).await?;
                    let numbers = said.first().map(|said| said.unread).zip(right.first().copied());
                    users.extend(numbers.map(|(said, right)| (mark.user, said, right)));
                }
            }
            counted.push(RecountedRoom { room, users });
        }
        Ok(counted)
    }
}

fn show(room: RoomName, unread: &Unread, mute: Option<Mute>, now: Timestamp) -> RoomUnread {
    let mute = mute.filter(|mute| mute.is_on(now));
    let muted_until = if let Some(Mute::Until(end)) = mute { Some(end) } else { None };
    RoomUnread {
        room,
        unread: unread.unread,
        up_to: unread.mark,
        revision: unread.revision,
        muted: mute.is_some(),
        muted_until,
    }
}
