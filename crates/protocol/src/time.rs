//! Points in time as the wire shows them: RFC 3339, UTC, milliseconds.

use std::fmt;

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
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_millisecond(self.0 as i64).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{time:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp =
            text.parse().map_err(|_| serde::de::Error::custom("expected an RFC 3339 time"))?;
        Ok(Self::from_millis(time.as_millisecond().max(0) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_utc_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_763_704_800_120).to_string(), "2025-11-21T06:00:00.120Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(u64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        let back: Timestamp = serde_json::from_str(r#""2025-11-21T07:00:00.120+01:00""#).unwrap();
        assert_eq!(back.millis(), 1_763_704_800_120);
    }
}
