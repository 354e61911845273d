//! Which entries at the beginning of a log are too old, by clocks that are not always right.

use std::{sync::Arc, time::Duration};

use tidings_protocol::Timestamp;

use crate::Entry;

/// An entry dated later than this from now was written by a clock that was ahead: its date says nothing.
const AHEAD_MAX: Duration = Duration::from_secs(5 * 60);

/// What a stretch at the beginning of a log says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ages {
    /// How many entries at its beginning are too old.
    pub old: usize,
    /// Whether one of them is young, so that nothing behind it needs to be looked at.
    pub is_young: bool,
}

/// How old the entries at the beginning of a log are, where they are kept for `time`.
///
/// Only what lies before the first young entry goes. So an entry that a clock dated too early stays as long as an older one before
/// it is young. Those dated in the future would hold up what lies behind them for as long as that clock was ahead; they go with
/// the first entry behind them that is too old.
pub fn ages(entries: &[Arc<Entry>], time: Duration, now: Timestamp) -> Ages {
    let mut old = 0;
    for (index, entry) in entries.iter().enumerate() {
        let (dated, now) = (entry.time.millis(), now.millis());
        if dated > now.saturating_add(millis(AHEAD_MAX)) {
            continue;
        }
        if now.saturating_sub(dated) <= millis(time) {
            return Ages { old, is_young: true };
        }
        old = index + 1;
    }
    Ages { old, is_young: false }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tidings_protocol::{EntryId, Json, RoomName};

    use super::*;
    use crate::{Publication, RoomKey};

    const MINUTE: u64 = 60_000;
    const NOW: u64 = 1_000 * MINUTE;

    /// How many of the entries written so many minutes ago go, of a room that keeps them for ten.
    fn gone(minutes_ago: &[i64]) -> usize {
        let entry = |ago: &i64| {
            let time = Timestamp::from_millis(NOW.saturating_add_signed(-ago * MINUTE as i64));
            let room = RoomKey::Named(RoomName::parse("a").unwrap());
            let r#type = "x".parse().unwrap();
            let publication = Publication { r#type, data: Json::null(), from: None, except: None };
            Arc::new(Entry::new(room, publication, EntryId::new(time), time, None))
        };
        let entries: Vec<_> = minutes_ago.iter().map(entry).collect();
        ages(&entries, Duration::from_millis(10 * MINUTE), Timestamp::from_millis(NOW)).old
    }

    #[test]
    fn what_is_too_old_goes_up_to_what_is_young() {
        assert_eq!(gone(&[30, 20, 11, 10, 5, 0]), 3);
        assert_eq!(gone(&[10, 5]), 0);
        assert_eq!(gone(&[]), 0);
    }

    #[test]
    fn a_clock_that_was_behind_makes_nothing_old_that_lies_behind_something_young() {
        assert_eq!(gone(&[5, 65, 4]), 0);
    }

    #[test]
    fn a_clock_that_was_ahead_holds_nothing_up() {
        assert_eq!(gone(&[30, -60, -59, 20, 5]), 4);
        assert_eq!(gone(&[-60, -59, 5]), 0, "what lies behind is young, so they may be");
        assert_eq!(gone(&[30, -60]), 1, "nothing behind them tells how old they are");
        assert_eq!(gone(&[-4, 30]), 0, "a little ahead is nothing unusual");
    }
}
