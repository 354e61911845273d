//! Every device of a user hears how much of a room is unread, whole: at once when they read it, with the next turn when they send.

use futures_util::{StreamExt, stream};
use hashbrown::HashSet;
use parking_lot::Mutex;
use tidings_protocol::{Fault, RoomName, UserId, chat::RoomUnread};

use crate::{
    Hub, RoomKey, Tidings,
    tidings::notifications::{json, own_entry},
};

/// Rooms of users that are told of in one turn.
const TURN: usize = 2_000;
/// How many are read at once.
const READS: usize = 16;

/// What chat needs beside the store, of one server: whom to tell of which room.
#[derive(Default)]
pub(in crate::tidings) struct Desk(Mutex<HashSet<(UserId, RoomName)>>);

impl Desk {
    /// A user's mark moved; their devices are told with the next turn.
    pub(super) fn stir(&self, user: &UserId, room: &RoomName, hub: &Hub) {
        if !hub.connections_of(user).is_empty() {
            self.0.lock().insert((user.clone(), room.clone()));
        }
    }

    fn take(&self, count: usize) -> Vec<(UserId, RoomName)> {
        let mut stirred = self.0.lock();
        let some: Vec<_> = stirred.iter().take(count).cloned().collect();
        some.iter().for_each(|one| {
            stirred.remove(one);
        });
        some
    }
}

impl Tidings {
    /// Tells users how much of rooms is unread, where that changed and was not told yet. To be called a few times a second; what the store does not
    /// answer is asked again by the next call.
    pub async fn tell_rooms_unread(&self) {
        let tell = |(user, room): (UserId, RoomName)| async move {
            if self.tell_room_unread(&user, &room).await.is_err() {
                self.chats.stir(&user, &room, &self.hub);
            }
        };
        let stirred = self.chats.take(TURN);
        stream::iter(stirred.into_iter().map(tell)).buffer_unordered(READS).collect::<Vec<()>>().await;
    }

    /// Tells all devices of a user how a room stands for them, and gives it.
    ///
    /// # Errors
    /// `unavailable`.
    pub(super) async fn tell_room_unread(&self, user: &UserId, room: &RoomName) -> Result<RoomUnread, Fault> {
        let stands = self.room_unread(user, room).await?;
        let personal = RoomKey::Personal(user.clone());
        let entry = own_entry(&personal, "room_unread", json(&stands)?, self.clock.now())?;
        self.tell_whole(user, &entry);
        Ok(stands)
    }
}
