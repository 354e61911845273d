//! Who is typing where. Nobody needs to say that they stopped: the server does when it hears no more of it.

use std::{collections::VecDeque, time::Duration};

use hashbrown::HashMap;
use tidings_protocol::{RoomName, UserId, reply::TypingIndicator};

use crate::{Connection, Hub, Monotonic, RoomKey, presence::own_entry};

/// How long one `typing_start` lasts.
const TYPING_LASTS: Duration = Duration::from_secs(6);

type Typist = (RoomName, UserId);

/// Everyone who types, with the moment it ends by itself.
#[derive(Default)]
pub(crate) struct Typing {
    ends: HashMap<Typist, Monotonic>,
    /// Each moment at which somebody's typing may end; all last equally long, so the queue is in order.
    due: VecDeque<(Monotonic, Typist)>,
}

impl Hub {
    /// Somebody types on, or begins to: then the room hears it.
    pub fn start_typing(&self, connection: &Connection, room: &RoomName) {
        let end = self.clock.monotonic().after(TYPING_LASTS);
        let typist = (room.clone(), connection.user().clone());
        let began = {
            let mut typing = self.typing.lock();
            typing.due.push_back((end, typist.clone()));
            typing.ends.insert(typist.clone(), end).is_none()
        };
        if began {
            self.tell_typing(typist, true);
        }
    }

    /// Somebody says they type no more.
    pub fn stop_typing(&self, connection: &Connection, room: &RoomName) {
        let typist = (room.clone(), connection.user().clone());
        let stopped = self.typing.lock().ends.remove(&typist).is_some();
        if stopped {
            self.tell_typing(typist, false);
        }
    }

    pub(crate) fn expire_typing(&self, now: Monotonic) {
        loop {
            let mut typing = self.typing.lock();
            let Some((_, typist)) = typing.due.pop_front_if(|(due, _)| *due <= now) else { return };
            // Whoever typed on meanwhile has a later end, and another place in the queue for it.
            let over = typing.ends.get(&typist).is_some_and(|end| *end <= now);
            if over {
                typing.ends.remove(&typist);
            }
            drop(typing);
            if over {
                self.tell_typing(typist, false);
            }
        }
    }

    fn tell_typing(&self, (room, user): Typist, typing: bool) {
        let indicator = TypingIndicator { user, typing };
        let room = RoomKey::Named(room);
        if let Some(entry) = own_entry(room, "typing_indicator", &indicator, self.clock.now(), None) {
            self.tell_others(&indicator.user, &entry);
        }
    }
}
