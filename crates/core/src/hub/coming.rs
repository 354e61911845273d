//! What is on its way through the store: a room with many subscribers waits a moment for it, because writing to all of them twice
//! costs more than a commit takes.

use std::sync::Arc;

use super::{Hub, Room};
use crate::RoomKey;

/// An entry that is being appended to a room which is followed here, until it was handed over or given up.
pub(crate) struct Coming<'a> {
    hub: &'a Hub,
    room: Arc<Room>,
}

impl Hub {
    /// Announces an entry; none for a room that nobody follows here.
    pub(crate) fn announce(&self, key: &RoomKey) -> Option<Coming<'_>> {
        let room = self.existing_room(key)?;
        room.lock().coming += 1;
        Some(Coming { hub: self, room })
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        state.coming -= 1;
        if state.coming == 0 && state.scheduled {
            (self.hub.wake)();
        }
    }
}

#[cfg(test)]
mod tests;
