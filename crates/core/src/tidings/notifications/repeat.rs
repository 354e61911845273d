//! Sending again and again: when the next time is, in somebody's calendar.

use jiff::{Span, tz::TimeZone};
use tidings_protocol::{Fault, Timestamp, http::Repeat};

/// Most units between two times.
const EVERY_MAX: u32 = 1_000;
/// How many days before the reckoned one are looked at: a day of the calendar may be some hours shorter or longer.
const SLACK: i64 = 2;
/// Of 24 hours, in milliseconds.
const DAY: u64 = 86_400_000;

/// How something is sent again.
#[derive(Clone, Debug)]
pub(super) struct Repeating {
    every: Every,
    zone: TimeZone,
    until: Option<Timestamp>,
    expires_after_ms: Option<u64>,
}

/// How long it is from one time to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Every {
    /// Always as long.
    Millis(u64),
    /// Days of the calendar.
    Days(i64),
}

impl Repeating {
    /// Checks what a request says.
    ///
    /// # Errors
    /// `invalid_request` with the field.
    pub(super) fn read(repeat: &Repeat) -> Result<Self, Fault> {
        let every = |path: &str, text: &str| {
            let expected = "expected 1 to 1000 minutes, hours, days or weeks: 15m, 1h, 1d, 2w";
            Every::parse(text).ok_or_else(|| Fault::invalid(path, expected))
        };
        let expires_after = repeat.expires_after.as_deref();
        let expires_after =
            expires_after.map(|text| every("repeat.expires_after", text)).transpose()?.map(Every::millis);
        let every = every("repeat.every", &repeat.every)?;
        let zone =
            repeat.time_zone.as_deref().map_or(Ok(TimeZone::UTC), |name| zone("repeat.time_zone", name))?;
        Ok(Self { every, zone, until: repeat.until, expires_after_ms: expires_after })
    }

    /// Again and again, without an end.
    pub(super) fn new(every: Every, zone: TimeZone) -> Self {
        Self { every, zone, until: None, expires_after_ms: None }
    }

    /// When one that is sent at a moment is gone, if it is by itself.
    pub(super) fn expiry(&self, sent_at: Timestamp) -> Option<Timestamp> {
        self.expires_after_ms.map(|after| Timestamp::from_millis(sent_at.millis().saturating_add(after)))
    }

    /// The first time after `after`, of a series that began at `first`; none when it is over.
    pub(super) fn next(&self, first: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let next = match self.every {
            _ if after < first => first,
            Every::Millis(every) => {
                let times = (after.millis() - first.millis()) / every + 1;
                Timestamp::from_millis(first.millis().checked_add(times.checked_mul(every)?)?)
            }
            Every::Days(every) => self.next_day(every, first, after)?,
        };
        (next > after && self.until.is_none_or(|until| next <= until)).then_some(next)
    }

    /// Counted from the first time, so that an hour that a day in spring does not have is missing on that day only.
    fn next_day(&self, every: i64, first: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let began = jiff::Timestamp::from_millisecond(i64::try_from(first.millis()).ok()?).ok()?;
        let began = began.to_zoned(self.zone.clone());
        let passed = i64::try_from((after.millis() - first.millis()) / DAY).ok()?;
        let from = ((passed - SLACK) / every).max(0);
        (from..from + 2 * SLACK + 2).find_map(|times| {
            let day = began.checked_add(Span::new().try_days(times.checked_mul(every)?).ok()?).ok()?;
            let at = Timestamp::from_millis(u64::try_from(day.timestamp().as_millisecond()).ok()?);
            (at > after).then_some(at)
        })
    }
}

impl Every {
    /// Reads `15m`, `1h`, `1d`, `2w`: 1 to 1000 of them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let count =
            number.parse::<u32>().ok().filter(|count| is_number && (1..=EVERY_MAX).contains(count))?;
        match unit {
            "m" => Some(Self::Millis(u64::from(count) * 60_000)),
            "h" => Some(Self::Millis(u64::from(count) * 3_600_000)),
            "d" => Some(Self::Days(i64::from(count))),
            "w" => Some(Self::Days(i64::from(count) * 7)),
            _ => None,
        }
    }

    /// As a length of time: a day has 24 hours then.
    pub(super) fn millis(self) -> u64 {
        match self {
            Self::Millis(millis) => millis,
            Self::Days(days) => days.unsigned_abs() * DAY,
        }
    }

    /// How many days it is, rounded up.
    pub(super) fn days(self) -> i64 {
        i64::try_from(self.millis().div_ceil(DAY)).unwrap_or(i64::MAX)
    }

    pub(super) fn is_of_days(self) -> bool {
        matches!(self, Self::Days(_))
    }
}

/// A time zone by its name.
///
/// # Errors
/// `invalid_request` at `path` for a name that the time zone database does not have.
pub(super) fn zone(path: &str, name: &str) -> Result<TimeZone, Fault> {
    TimeZone::get(name)
        .map_err(|_| Fault::invalid(path, "expected the name of a time zone, such as Europe/Berlin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn every(text: &str) -> Repeat {
        Repeat { every: text.into(), time_zone: None, until: None, expires_after: None }
    }

    fn repeating(every: &str, zone: &str) -> Repeating {
        let repeat =
            Repeat { every: every.into(), time_zone: Some(zone.into()), until: None, expires_after: None };
        Repeating::read(&repeat).unwrap()
    }

    #[test]
    fn a_day_is_one_of_the_calendar() {
        let daily = repeating("1d", "Europe/Berlin");
        let first = at("2026-03-27T02:30:00+01:00");
        let mut times = vec![first];
        for _ in 0..4 {
            times.push(daily.next(first, *times.last().unwrap()).unwrap());
        }
        // On the 29th the clock goes from 2 to 3: half past two is half past three on that day, and itself again on the next.
        let expected = ["28T02:30:00+01:00", "29T03:30:00+02:00", "30T02:30:00+02:00", "31T02:30:00+02:00"];
        let expected: Vec<_> = expected.iter().map(|day| at(&format!("2026-03-{day}"))).collect();
        assert_eq!(times[1..], expected);
    }

    #[test]
    fn what_was_missed_is_sent_once() {
        let first = at("2026-01-01T00:00:00Z");
        let next = |every: &str, after: &str| repeating(every, "UTC").next(first, at(after)).unwrap();
        assert_eq!(next("15m", "2026-06-01T00:07:00Z"), at("2026-06-01T00:15:00Z"));
        assert_eq!(next("2w", "2026-01-15T00:00:00Z"), at("2026-01-29T00:00:00Z"));
        assert_eq!(next("1000d", "2026-01-02T00:00:00Z"), at("2028-09-27T00:00:00Z"));
        assert_eq!(next("1h", "2025-01-01T00:00:00Z"), first, "it has not begun");
    }

    #[test]
    fn it_ends() {
        let until = at("2026-01-01T02:00:00Z");
        let repeat = Repeating::read(&Repeat { until: Some(until), ..every("1h") }).unwrap();
        let first = at("2026-01-01T00:00:00Z");
        assert_eq!(repeat.next(first, at("2026-01-01T01:00:00Z")), Some(until));
        assert_eq!(repeat.next(first, until), None);
    }

    #[test]
    fn each_has_an_end_of_its_own() {
        let repeat = Repeat { expires_after: Some("90m".into()), ..every("1d") };
        let sent = at("2026-01-01T09:00:00Z");
        assert_eq!(Repeating::read(&repeat).unwrap().expiry(sent), Some(at("2026-01-01T10:30:00Z")));
        assert_eq!(Repeating::read(&every("1d")).unwrap().expiry(sent), None);
    }

    #[test]
    fn what_is_no_time_between_is_named() {
        for every in ["", "h", "0h", "1001d", "1y", "-1h", "+1h", "1 h", "1h30m", "ü"] {
            let fault = Repeating::read(&self::every(every)).unwrap_err();
            assert_eq!(fault.path.as_deref(), Some("repeat.every"), "{every}");
        }
        let fault = zone("repeat.time_zone", "Europe/Atlantis").unwrap_err();
        assert!(!fault.message.contains("Atlantis"));
    }
}
