//! What the store has and the hub was not told: read from the store and delivered, so that a room's subscribers miss nothing
//! even when whoever published is gone before it could hand the entry over.

use std::time::Duration;

use crate::{RoomKey, StoreError, hub::Coming, store::Page};

use super::Tidings;

/// Entries that are read at once.
const PAGE: usize = 200;
/// How long a room is looked at whose publisher is gone: a store answers within two seconds.
const LINGER: Duration = Duration::from_secs(3);

/// Rooms to which something is being appended. Dropped before it was answered, they are looked at with the next tick.
pub(super) struct Watch<'a> {
    tidings: &'a Tidings,
    rooms: Vec<RoomKey>,
    coming: Vec<Coming<'a>>,
}

impl<'a> Watch<'a> {
    /// The append has been answered. What is given back is to be kept until the hub has all that it appended.
    #[must_use]
    pub(super) fn answered(mut self) -> Vec<Coming<'a>> {
        self.rooms.clear();
        std::mem::take(&mut self.coming)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.rooms.is_empty() {
            let until = self.tidings.clock.monotonic().after(LINGER);
            let rooms = self.rooms.drain(..).map(|room| (room, until));
            self.tidings.unsettled.lock().extend(rooms);
        }
    }
}

impl Tidings {
    pub(super) fn watch<'a>(&self, rooms: impl Iterator<Item = &'a RoomKey>) -> Watch<'_> {
        if !self.store.commits_together() {
            return Watch { tidings: self, rooms: Vec::new(), coming: Vec::new() };
        }
        let rooms: Vec<RoomKey> = rooms.cloned().collect();
        let coming = rooms.iter().filter_map(|room| self.hub.announce(room)).collect();
        Watch { tidings: self, rooms, coming }
    }

    /// Reads from the store what rooms with a gap, and rooms whose publisher is gone, have not been handed. To be called a few
    /// times a second.
    pub async fn settle(&self) {
        let now = self.clock.monotonic();
        let mut rooms: Vec<RoomKey> = self.unsettled.lock().keys().cloned().collect();
        rooms.extend(self.hub.rooms_with_gaps());
        for key in rooms {
            match self.settle_room(&key).await {
                // What is damaged stays so: whoever follows is told by the hub, and the other rooms have their turn.
                Ok(()) | Err(StoreError::Corrupt(_)) => {}
                Err(_) => return,
            }
            // Until then, the commit may still come.
            let mut unsettled = self.unsettled.lock();
            if unsettled.get(&key).is_some_and(|until| *until <= now) {
                unsettled.remove(&key);
            }
        }
    }

    pub(super) async fn settle_room(&self, key: &RoomKey) -> Result<(), StoreError> {
        while let Some(position) = self.hub.position(key) {
            let stretch = self.read(key, Page::After(position.offset), PAGE).await?;
            if stretch.lost(&position).is_some() || stretch.entries.is_empty() {
                return Ok(());
            }
            for entry in stretch.entries {
                self.hub.deliver(entry, false);
            }
        }
        Ok(())
    }
}
