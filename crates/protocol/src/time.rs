//! Points in time as the wire shows them: RFC 3339, UTC, milliseconds.

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01 UTC; on the wire `"2026-11-21T06:00:00.123Z"` (RFC 3339).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema)]
#[schemars(transparent)]
pub struct Timestamp(#[schemars(with = "String")] u64);

/// Shortly before the end of the year 9999, where RFC 3339 and `jiff` end.
const LAST_MILLIS: u64 = 253_402_207_200_000;

impl Timestamp {
    /// From milliseconds since 1970; later than the year 9999 counts as its last day.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(LAST_MILLIS))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, as tokens count.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// `2026-11-21T06:00:00.123Z`, written for every entry and so without a general formatter. Days become a date by Howard
    /// Hinnant's `civil_from_days`: years begin in March, so that the leap day is a year's last.
    pub fn encode(self) -> [u8; 24] {
        let (days, millis) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let days = days + 719_468; // between 0000-03-01 and 1970-01-01
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (end, digits, mut value) in [
            (4, 4, year),
            (7, 2, month),
            (10, 2, day),
            (13, 2, millis / 3_600_000),
            (16, 2, millis / 60_000 % 60),
            (19, 2, millis / 1_000 % 60),
            (23, 3, millis % 1_000),
        ] {
            for place in text[end - digits..end].iter_mut().rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encode().iter().try_for_each(|byte| f.write_char(char::from(*byte)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Timestamp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time: jiff::Timestamp = text.parse().map_err(|_| "expected an RFC 3339 time")?;
        Ok(Self::from_millis(time.as_millisecond().max(0) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_utc_milliseconds() {
        let check = |millis: u64| {
            let by_jiff = jiff::Timestamp::from_millisecond(millis as i64).unwrap();
            assert_eq!(Timestamp::from_millis(millis).to_string(), format!("{by_jiff:.3}"));
        };
        // Every day for centuries, each at another time of day.
        (0..LAST_MILLIS / 10).step_by(86_399_000).for_each(check);
        (0..LAST_MILLIS).step_by(86_400_000 * 29 + 1).for_each(check);
        check(LAST_MILLIS);
        assert_eq!(Timestamp::from_millis(1_763_704_800_120).to_string(), "2025-11-21T06:00:00.120Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(u64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        let back: Timestamp = serde_json::from_str(r#""2025-11-21T07:00:00.120+01:00""#).unwrap();
        assert_eq!(back.millis(), 1_763_704_800_120);
    }
}
