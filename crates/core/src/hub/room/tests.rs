//! Which entries are waited for, and for which the wait is over.

use tidings_protocol::{EntryId, Json, Timestamp};

use super::*;
use crate::Publication;

fn entry(offset: u64) -> Arc<Entry> {
    let publication =
        Publication { r#type: "n".parse().unwrap(), data: Json::null(), from: None, except: None };
    let now = Timestamp::from_millis(1_763_704_800_000);
    let room = RoomKey::Named("orders".parse().unwrap());
    Arc::new(Entry::new(room, publication, EntryId::new(now), now, Some(Offset(offset))))
}

fn opened() -> State {
    let mut state = State::default();
    assert!(state.open(&Position { epoch: Epoch("e".into()), offset: Offset(0) }));
    state
}

/// Takes entries and says which gaps were to be waited for.
fn take(state: &mut State, offsets: &[u64]) -> Vec<u64> {
    offsets
        .iter()
        .filter_map(|offset| state.take(entry(*offset)).opened_gap)
        .map(|missing| missing.0)
        .collect()
}

/// Where many publish at once one entry overtakes another all the time: that some gap is open when somebody looks is no loss.
#[test]
fn a_gap_that_closed_is_not_given_up_on_for_another_that_opened() {
    let mut state = opened();
    assert_eq!(take(&mut state, &[2, 1, 4]), [1], "one wait for a room");
    assert_eq!(state.give_up_on(Offset(1)), Missing::Another(Offset(3)));
    assert!(take(&mut state, &[3, 6]).is_empty());
    assert_eq!(state.give_up_on(Offset(3)), Missing::Another(Offset(5)));
    assert!(take(&mut state, &[5]).is_empty());
    assert_eq!(state.give_up_on(Offset(5)), Missing::Nothing);
    assert_eq!(state.pending.len(), 6);
    assert_eq!(take(&mut state, &[8]), [7], "waited for anew");
}

#[test]
fn an_entry_that_does_not_come_is_given_up_on() {
    let mut state = opened();
    assert_eq!(take(&mut state, &[1, 3, 4]), [2]);
    assert_eq!(state.give_up_on(Offset(2)), Missing::Still);
    assert_eq!(state.position(), None, "who joins next asks the store");
}

#[test]
fn what_came_before_the_position_was_known_is_waited_for_too() {
    let mut state = State::default();
    assert!(take(&mut state, &[7, 9]).is_empty());
    state.open(&Position { epoch: Epoch("e".into()), offset: Offset(6) });
    assert_eq!(take(&mut state, &[10]), [8]);
    assert_eq!(state.give_up_on(Offset(8)), Missing::Still);
}

/// Erasing somebody gives logs that have not begun another epoch: nobody who follows one has missed anything by that.
#[test]
fn a_log_that_has_not_begun_may_begin_in_another_epoch() {
    let at = |epoch: &str, offset| Position { epoch: Epoch(epoch.into()), offset: Offset(offset) };
    let mut state = opened();
    assert!(state.open(&at("f", 2)), "the first entries are on their way");
    assert_eq!(state.position(), Some(at("f", 0)));
    take(&mut state, &[1]);
    assert_eq!(state.pending.len(), 1);
    assert!(!state.open(&at("g", 0)), "it has begun, and is gone");
}
