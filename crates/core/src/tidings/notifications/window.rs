//! Windows in which notifications are gathered: when one ends, in somebody's calendar.

use tidings_protocol::{
    Fault, Timestamp,
    notification::{Digest, TimeOfDay},
};

use super::repeat::{Every, Repeating, zone};

/// Longest window, in days.
const DAYS_MAX: i64 = 31;

/// When what is gathered comes.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Of the ends.
    repeating: Repeating,
    /// One of the ends, long ago: a Monday.
    anchor: Timestamp,
}

impl Window {
    /// Checks what preferences say.
    ///
    /// # Errors
    /// `invalid_request` with the field of the digest.
    pub(super) fn read(digest: &Digest) -> Result<Self, Fault> {
        let expected = "expected 1 minute to 31 days: 15m, 1h, 1d, 2w";
        let every = Every::parse(&digest.every).filter(|every| every.days() <= DAYS_MAX);
        let every = every.ok_or_else(|| Fault::invalid("every", expected))?;
        let zone = zone("time_zone", digest.time_zone.as_deref().unwrap_or("UTC"))?;
        if digest.at.is_some() && !every.is_of_days() {
            return Err(Fault::invalid("at", "expected none where every is of minutes or hours"));
        }
        let minutes = digest.at.map_or(0, TimeOfDay::minutes);
        let monday = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0);
        let anchor = monday.to_zoned(zone.clone()).ok().and_then(|midnight| {
            let at = midnight.timestamp().as_millisecond() + i64::from(minutes) * 60_000;
            u64::try_from(at).ok().map(Timestamp::from_millis)
        });
        let anchor = anchor.ok_or_else(|| Fault::invalid("time_zone", "expected a time zone of today"))?;
        Ok(Self { repeating: Repeating::new(every, zone), anchor })
    }

    /// When the window ends in which a moment is: later than that.
    pub(super) fn end(&self, moment: Timestamp) -> Timestamp {
        self.repeating.next(self.anchor, moment).unwrap_or(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(every: &str, at: Option<&str>, zone: &str) -> Digest {
        let at = at.map(|at| at.parse().unwrap());
        let (every, time_zone) = (every.into(), Some(zone.into()));
        Digest { category: Some("news".into()), key: None, every, at, time_zone }
    }

    fn end(every: &str, at: Option<&str>, zone: &str, moment: &str) -> Timestamp {
        Window::read(&digest(every, at, zone)).unwrap().end(moment.parse().unwrap())
    }

    #[test]
    fn windows_end_on_the_hour_at_a_time_of_day_and_on_monday() {
        for (every, at, zone, moment, expected) in [
            ("1h", None, "UTC", "2026-11-21T06:12:00Z", "2026-11-21T07:00:00Z"),
            ("1h", None, "UTC", "2026-11-21T07:00:00Z", "2026-11-21T08:00:00Z"),
            ("15m", None, "UTC", "2026-11-21T06:12:00Z", "2026-11-21T06:15:00Z"),
            ("1d", Some("09:00"), "Europe/Berlin", "2026-11-21T07:59:00Z", "2026-11-21T08:00:00Z"),
            ("1d", Some("09:00"), "Europe/Berlin", "2026-11-21T08:00:00Z", "2026-11-22T08:00:00Z"),
            // In summer Berlin is two hours ahead of UTC.
            ("1d", Some("09:00"), "Europe/Berlin", "2026-07-21T07:30:00Z", "2026-07-22T07:00:00Z"),
            ("1w", None, "UTC", "2026-11-21T06:12:00Z", "2026-11-23T00:00:00Z"),
        ] {
            assert_eq!(end(every, at, zone, moment), expected.parse().unwrap(), "{every} {moment}");
        }
    }

    #[test]
    fn what_is_no_window_is_named() {
        let path = |digest: &Digest| Window::read(digest).unwrap_err().path.unwrap();
        for every in ["", "0h", "32d", "5w", "1000h", "1y"] {
            assert_eq!(path(&digest(every, None, "UTC")), "every", "{every}");
        }
        assert_eq!(path(&digest("1h", Some("09:00"), "UTC")), "at");
        assert_eq!(path(&digest("1d", None, "Moon/Sea")), "time_zone");
    }
}
