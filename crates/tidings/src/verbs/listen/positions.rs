//! Where the listener is in each room, so that after a loss exactly what was missed is asked for, and nothing is printed twice.

use std::collections::BTreeMap;

use tidings_protocol::reply::JoinedRoom;
use tidings_protocol::{Audience, Command, EntryMessage, Epoch, Offset, Position, ResumeCursor, RoomName};

/// The rooms that are listened to, the user's own, and what goes to the user's roles and to everyone.
pub(super) struct Positions {
    rooms: Vec<(RoomName, Place)>,
    personal: Place,
    broadcasts: BTreeMap<Audience, Place>,
    greeted: bool,
}

/// How far a room has been read.
#[derive(Default)]
struct Place {
    epoch: Option<Epoch>,
    /// Where to go on after a loss.
    since: Offset,
    /// The last entry that was printed; at most `since`.
    seen: Offset,
}

impl Positions {
    pub(super) fn new(rooms: Vec<RoomName>) -> Self {
        let rooms = rooms.into_iter().map(|room| (room, Place::default())).collect();
        Self { rooms, personal: Place::default(), broadcasts: BTreeMap::new(), greeted: false }
    }

    /// Whether this connection got as far as the greeting.
    pub(super) fn greeted(&self) -> bool {
        self.greeted
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.greeted = false;
    }

    /// For `?resume=`, on every connection but the first.
    pub(super) fn resume(&self) -> Option<ResumeCursor> {
        let personal = Some(self.personal.position()?);
        let broadcasts = self.broadcasts.iter();
        let broadcasts = broadcasts.filter_map(|(to, place)| Some((to.clone(), place.position()?))).collect();
        Some(ResumeCursor { personal, broadcasts, ..ResumeCursor::default() })
    }

    /// Takes the greeting. False when what was missed cannot be had any more.
    pub(super) fn greeting(&mut self, resume: ResumeCursor, recovered: bool) -> bool {
        self.greeted = true;
        let (epoch, offset) = resume.personal.map(|position| (position.epoch, position.offset)).unzip();
        let mut complete = self.personal.entered(epoch, offset, recovered);
        for (to, position) in resume.broadcasts {
            let place = self.broadcasts.entry(to).or_default();
            // Where it goes on, the greeting names the place that was asked for.
            let goes_on = place.position().as_ref() == Some(&position);
            complete &= place.entered(Some(position.epoch), Some(position.offset), goes_on);
        }
        complete
    }

    /// What to ask of the server after the greeting, in the rooms' order.
    pub(super) fn joins(&self) -> impl Iterator<Item = Command> {
        self.rooms
            .iter()
            .map(|(room, place)| Command::JoinRoom { room: room.clone(), since: place.position() })
    }

    /// Takes the answer to a join. False when what was missed cannot be had any more.
    pub(super) fn joined(&mut self, joined: JoinedRoom) -> bool {
        let place = self.rooms.iter_mut().find(|(room, _)| *room == joined.room);
        place.is_none_or(|(_, place)| place.entered(joined.epoch, joined.offset, joined.recovered))
    }

    /// Whether the entry has not been printed before. Moves the position on.
    pub(super) fn accept(&mut self, entry: &EntryMessage) -> bool {
        let (place, offset) = match (&entry.room, &entry.broadcast) {
            (Some(name), _) => {
                let place = self.rooms.iter_mut().find(|(room, _)| room == name).map(|(_, place)| place);
                (place, entry.offset)
            }
            (None, Some(broadcast)) => (self.broadcasts.get_mut(&broadcast.to), Some(broadcast.offset)),
            (None, None) => (Some(&mut self.personal), entry.offset),
        };
        let (Some(place), Some(offset)) = (place, offset) else { return true };
        if offset <= place.seen {
            return false;
        }
        place.seen = offset;
        place.since = place.since.max(offset);
        true
    }
}

impl Place {
    fn position(&self) -> Option<Position> {
        self.epoch.clone().map(|epoch| Position { epoch, offset: self.since })
    }

    /// Takes the server's word on where the room is. False when there was a position and it is lost.
    fn entered(&mut self, epoch: Option<Epoch>, offset: Option<Offset>, recovered: bool) -> bool {
        if recovered {
            return true;
        }
        let lost = self.epoch.is_some();
        // `seen` begins anew: a room that keeps its last entry sends it again, with an offset that is not after `since`.
        *self = Self { epoch, since: offset.unwrap_or_default(), seen: Offset::default() };
        !lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(room: Option<&str>, offset: Option<u64>) -> EntryMessage {
        let entry = serde_json::json!({
            "type": "x", "room": room, "offset": offset, "id": "01980a3e-0000-7000-8000-000000000000",
            "time": "2026-11-21T06:00:00.123Z", "data": null,
        });
        serde_json::from_value(entry).unwrap()
    }

    fn to_everyone(offset: u64) -> EntryMessage {
        let broadcast = serde_json::json!({ "to": "everyone", "offset": offset });
        EntryMessage { broadcast: serde_json::from_value(broadcast).unwrap(), ..entry(None, None) }
    }

    fn joined(epoch: &str, offset: u64, recovered: bool) -> JoinedRoom {
        let joined = serde_json::json!({
            "room": "a", "epoch": epoch, "offset": offset, "recovered": recovered, "members": [], "member_count": 0,
        });
        serde_json::from_value(joined).unwrap()
    }

    fn since(positions: &Positions) -> Option<String> {
        match positions.joins().next() {
            Some(Command::JoinRoom { since, .. }) => since.map(|position| position.to_string()),
            _ => None,
        }
    }

    #[test]
    fn a_room_goes_on_where_it_was() {
        let mut positions = Positions::new(vec![RoomName::parse("a").unwrap()]);
        assert_eq!(since(&positions), None);
        assert!(positions.joined(joined("e", 7, false)));
        assert_eq!(since(&positions).unwrap(), "e:7");
        assert!(positions.accept(&entry(Some("a"), Some(8))));
        assert!(!positions.accept(&entry(Some("a"), Some(8))), "twice");
        assert_eq!(since(&positions).unwrap(), "e:8");
        assert!(positions.joined(joined("e", 10, true)));
        assert!(positions.accept(&entry(Some("a"), Some(9))));
        assert!(!positions.joined(joined("f", 3, false)), "another epoch: something is lost");
        assert!(
            positions.accept(&entry(Some("a"), Some(3))),
            "a kept last value comes with the room's own offset"
        );
        assert_eq!(since(&positions).unwrap(), "f:3");
    }

    #[test]
    fn entries_without_a_place_are_always_new() {
        let mut positions = Positions::new(Vec::new());
        for _ in 0..2 {
            assert!(positions.accept(&entry(None, None)));
            assert!(positions.accept(&entry(Some("other"), Some(1))));
        }
        assert_eq!(positions.resume(), None);
    }

    #[test]
    fn what_goes_to_everyone_goes_on_where_it_was() {
        let cursor = |text: &str| {
            let broadcasts = [(Audience::Everyone, text.parse().unwrap())].into();
            ResumeCursor { personal: "p:1".parse().ok(), broadcasts, ..ResumeCursor::default() }
        };
        let mut positions = Positions::new(Vec::new());
        assert!(positions.greeting(cursor("e:4"), false));
        assert!(positions.accept(&to_everyone(5)) && !positions.accept(&to_everyone(5)));
        assert_eq!(positions.resume(), Some(cursor("e:5")), "the personal room stays where it was");
        assert!(positions.greeting(cursor("e:5"), true));
        assert!(positions.accept(&to_everyone(6)));
        assert!(!positions.greeting(cursor("f:2"), true), "another epoch: something is lost");
        assert_eq!(positions.resume(), Some(cursor("f:2")));
    }
}
