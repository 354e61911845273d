//! Who may what in which room, who is a member, and showing out those who no longer may.

use std::sync::{Arc, atomic::Ordering};

use tidings_protocol::{
    ErrorCode, Fault, Json, Reply, RoomName, UserId,
    reply::{LeftBecause, LeftRoom},
};

use super::{Tidings, unavailable};
use crate::{
    Connection, Identity, RoomKey, StoreError,
    access::{self, Act, Why},
    store::{Member, MemberRole, RoomRecord},
};

impl Tidings {
    /// Whether a user may do something in a room, and why: asked by every surface. The store is asked only where membership decides.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `unavailable` when the store is.
    pub async fn may(&self, identity: &Identity, act: Act, room: &RoomName) -> Result<Why, Fault> {
        let refusal = match access::decide(&self.kinds, identity, act, room, false) {
            Ok(why) => return Ok(why),
            Err(refusal) => refusal,
        };
        if identity.anonymous || !access::asks_members(&self.kinds, act, room) {
            return Err(refusal);
        }
        match self.store.member(room.clone(), identity.user.clone()).await.map_err(unavailable)? {
            Some(_) => access::decide(&self.kinds, identity, act, room, true),
            None => Err(refusal),
        }
    }

    /// A room as the store knows it.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn room(&self, room: &RoomName) -> Result<RoomRecord, Fault> {
        let key = self.known(room.clone(), "room")?;
        let record = self.store.room(key).await.map_err(unavailable)?;
        record.ok_or_else(|| Fault::new(ErrorCode::NotFound, "there is no such room yet"))
    }

    /// Creates a room, or changes its data; true when it was created.
    ///
    /// # Errors
    /// `not_found` for a name that no rule knows, `unavailable`.
    pub async fn put_room(&self, room: RoomName, data: Json) -> Result<bool, Fault> {
        self.known(room.clone(), "room")?;
        self.store.put_room(room, data, self.clock.now()).await.map_err(unavailable)
    }

    /// Rooms that were ever heard of, in the order of their names, beginning behind `after`.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn rooms(&self, after: Option<RoomName>, limit: usize) -> Result<Vec<RoomRecord>, Fault> {
        self.named_rooms(after, limit).await.map_err(unavailable)
    }

    pub(super) async fn named_rooms(
        &self,
        after: Option<RoomName>,
        limit: usize,
    ) -> Result<Vec<RoomRecord>, StoreError> {
        let (mut found, mut after) = (Vec::new(), after.map(RoomKey::Named));
        while found.len() < limit {
            let records = self.store.rooms(after.clone(), limit).await?;
            let Some(last) = records.last().map(|last| last.room.clone()) else { break };
            found.extend(records.into_iter().filter(|record| record.room.name().is_some()));
            // What goes to everyone and to roles comes before all that have a name, and personal rooms come behind them.
            if matches!(last, RoomKey::Personal(_)) {
                break;
            }
            after = Some(last);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Forgets a room with its entries and members, and shows everyone out; whether there was one, kept or followed.
    ///
    /// # Errors
    /// `not_found` for a name that no rule knows, `unavailable`.
    pub async fn delete_room(&self, room: &RoomName) -> Result<bool, Fault> {
        let key = self.known(room.clone(), "room")?;
        let was_kept = self.store.delete_room(room.clone()).await.map_err(unavailable)?;
        self.removals.fetch_add(1, Ordering::AcqRel);
        let followers = self.hub.dissolve(&key);
        followers.iter().for_each(|connection| self.tell_left(connection, room, LeftBecause::RoomDeleted));
        Ok(was_kept || !followers.is_empty())
    }

    /// Members of a room in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn members(
        &self,
        room: &RoomName,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault> {
        self.known(room.clone(), "room")?;
        self.store.members(room.clone(), after, limit).await.map_err(unavailable)
    }

    /// Rooms of which a user is a member, in the order of their names, beginning behind `after`.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn rooms_of(
        &self,
        user: &UserId,
        after: Option<RoomName>,
        limit: usize,
    ) -> Result<Vec<(RoomName, MemberRole)>, Fault> {
        self.store.rooms_of(user.clone(), after, limit).await.map_err(unavailable)
    }

    /// A user as a member of a room.
    ///
    /// # Errors
    /// `not_found` when the user is none, `unavailable`.
    pub async fn member(&self, room: &RoomName, user: &UserId) -> Result<Member, Fault> {
        self.known(room.clone(), "room")?;
        let member = self.store.member(room.clone(), user.clone()).await.map_err(unavailable)?;
        member.ok_or_else(|| Fault::new(ErrorCode::NotFound, "the user is no member of this room"))
    }

    /// Makes a user a member or changes the role; true when the user was none before.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn put_member(&self, room: RoomName, user: UserId, role: MemberRole) -> Result<bool, Fault> {
        self.known(room.clone(), "room")?;
        self.store.put_member(room, user, role, self.clock.now()).await.map_err(unavailable)
    }

    /// Ends a membership, and the user's live subscriptions with it where nothing else lets them in; whether there was one.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn remove_member(&self, room: &RoomName, user: &UserId) -> Result<bool, Fault> {
        self.known(room.clone(), "room")?;
        let was_member = self.store.remove_member(room.clone(), user.clone()).await.map_err(unavailable)?;
        // Whoever was let in before this moment and follows the room only after it looks once more.
        self.removals.fetch_add(1, Ordering::AcqRel);
        for connection in self.hub.connections_of(user) {
            self.show_out(&connection, room).await;
        }
        Ok(was_member)
    }

    /// Ends a subscription if its user may no longer have it. Where the store cannot say, the doubt is not in the user's favour.
    pub(super) async fn show_out(&self, connection: &Arc<Connection>, room: &RoomName) {
        if connection.follows(&RoomKey::Named(room.clone()))
            && self.may(&connection.identity(), Act::Join, room).await.is_err()
        {
            self.end_subscription(connection, room, LeftBecause::AccessEnded);
        }
    }

    fn end_subscription(&self, connection: &Connection, room: &RoomName, because: LeftBecause) {
        if self.hub.leave(connection, &RoomKey::Named(room.clone())) {
            self.tell_left(connection, room, because);
        }
    }

    pub(super) fn tell_left(&self, connection: &Connection, room: &RoomName, because: LeftBecause) {
        let data = LeftRoom { room: room.clone(), because: Some(because) };
        let told = self.hub.encode().reply(connection.format, &Reply::LeftRoom { reply_to: None, data });
        connection.send(told);
        connection.flush();
    }
}
