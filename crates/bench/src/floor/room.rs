//! A room of the floor: a list of sockets, and the bytes that wait for all of them.

/// Who gets what.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) sockets: Vec<usize>,
    /// Frames that wait for the end of the turn.
    pub(super) joined: Vec<u8>,
}

impl Room {
    /// Adds a socket; its place in the list.
    pub(super) fn enter(&mut self, index: usize) -> usize {
        self.sockets.push(index);
        self.sockets.len() - 1
    }

    /// Removes the socket at a place; the one that has moved there instead.
    pub(super) fn leave(&mut self, place: usize) -> Option<usize> {
        self.sockets.swap_remove(place);
        self.sockets.get(place).copied()
    }
}
