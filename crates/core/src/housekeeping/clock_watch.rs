//! Whether the wall clock can be believed: what is deleted by a clock that somebody set wrongly does not come back.

use std::time::Duration;

use tidings_protocol::Timestamp;

use crate::{Clock, Monotonic};

/// How far the date may run away from the time that was waited. Time services stay below; whoever sets a clock goes beyond.
const STRAY_MAX_MS: u64 = 5 * 60 * 1_000;

/// Compares the date with the time that went by, and believes it again when the two have agreed for a while.
#[derive(Debug)]
pub struct ClockWatch {
    date: Timestamp,
    waited: Monotonic,
    /// How far it was set last, in milliseconds, and until when it is not believed.
    set: Option<(i64, Monotonic)>,
}

impl ClockWatch {
    /// Believes the clock as it is: nobody knows better.
    pub fn new(clock: &dyn Clock) -> Self {
        Self { date: clock.now(), waited: clock.monotonic(), set: None }
    }

    /// Looks at the clock, which should be done every few seconds. When it has just been set, by how many milliseconds: from then
    /// on it is not believed for `pause`.
    pub fn look(&mut self, clock: &dyn Clock, pause: Duration) -> Option<i64> {
        let (date, waited) = (clock.now(), clock.monotonic());
        let expected = self.date.millis().saturating_add(waited.0.saturating_sub(self.waited.0));
        if date.millis().abs_diff(expected) <= STRAY_MAX_MS {
            if self.set.is_some_and(|(_, until)| waited >= until) {
                self.set = None;
            }
            return None;
        }
        let by = i64::try_from(i128::from(date.millis()) - i128::from(expected)).unwrap_or_default();
        *self = Self { date, waited, set: Some((by, waited.after(pause))) };
        Some(by)
    }

    /// By how many milliseconds the clock was set, while it is not believed for that.
    pub fn set_by(&self) -> Option<i64> {
        self.set.map(|(by, _)| by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidings::stage::Still;

    const HOUR: i64 = 3_600_000;
    const PAUSE: Duration = Duration::from_secs(600);

    #[test]
    fn a_clock_that_was_set_is_believed_after_a_while() {
        let clock = Still::default();
        let mut watch = ClockWatch::new(&clock);
        clock.pass(86_400_000);
        assert_eq!((watch.look(&clock, PAUSE), watch.set_by()), (None, None), "a long sleep is no jump");
        clock.set_by(HOUR);
        clock.pass(2_000);
        assert_eq!(watch.look(&clock, PAUSE), Some(HOUR));
        clock.pass(599_000);
        assert_eq!((watch.look(&clock, PAUSE), watch.set_by()), (None, Some(HOUR)), "told once");
        clock.pass(1_000);
        assert_eq!((watch.look(&clock, PAUSE), watch.set_by()), (None, None));
    }

    #[test]
    fn setting_it_back_counts_too_and_small_steps_add_up() {
        let clock = Still::default();
        let mut watch = ClockWatch::new(&clock);
        clock.set_by(-HOUR);
        assert_eq!(watch.look(&clock, PAUSE), Some(-HOUR));
        clock.pass(600_000);
        assert_eq!((watch.look(&clock, PAUSE), watch.set_by()), (None, None));
        clock.set_by(200_000);
        assert_eq!(watch.look(&clock, PAUSE), None);
        clock.set_by(200_000);
        assert_eq!(watch.look(&clock, PAUSE), Some(400_000));
    }
}
