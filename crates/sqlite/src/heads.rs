//! Where rooms' logs end, remembered by the writer. Right because nobody else writes; after anything was rolled back it is empty.

use hashbrown::HashMap;
use tidings_core::RoomKey;
use tidings_protocol::Epoch;

/// Most rooms of a generation: what was not used while so many others were is looked up again.
const GENERATION: usize = 8_192;

#[derive(Default)]
pub(crate) struct Heads {
    young: HashMap<RoomKey, Standing>,
    old: HashMap<RoomKey, Standing>,
    /// Rooms whose head in the database is behind.
    touched: Vec<RoomKey>,
}

/// Where a room's log stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// `rooms.id`.
    pub(crate) id: i64,
    pub(crate) epoch: Epoch,
    /// Offset of the last entry that ever was.
    pub(crate) head: i64,
    touched: bool,
}

impl Standing {
    pub(crate) fn new(id: i64, epoch: Epoch, head: i64) -> Self {
        Self { id, epoch, head, touched: false }
    }
}

impl Heads {
    pub(crate) fn get(&mut self, room: &RoomKey) -> Option<&Standing> {
        if !self.young.contains_key(room) {
            let (room, standing) = self.old.remove_entry(room)?;
            self.young.insert(room, standing);
        }
        self.young.get(room)
    }

    pub(crate) fn insert(&mut self, room: RoomKey, standing: Standing) {
        self.young.insert(room, standing);
    }

    /// Puts a room's head where it is now.
    pub(crate) fn advance(&mut self, room: &RoomKey, head: i64) {
        if let Some(standing) = self.young.get_mut(room) {
            standing.head = head;
            if !std::mem::replace(&mut standing.touched, true) {
                self.touched.push(room.clone());
            }
        }
    }

    pub(crate) fn remove(&mut self, room: &RoomKey) {
        self.young.remove(room);
        self.old.remove(room);
    }

    /// The rooms whose heads have to be written, each once.
    pub(crate) fn take_touched(&mut self) -> Vec<(RoomKey, Standing)> {
        let touched = std::mem::take(&mut self.touched);
        let standing = |room: RoomKey| {
            let standing = self.young.get_mut(&room)?;
            standing.touched = false;
            let standing = standing.clone();
            Some((room, standing))
        };
        touched.into_iter().filter_map(standing).collect()
    }

    /// Between two batches: lets go of what was not used for long.
    pub(crate) fn age(&mut self) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
