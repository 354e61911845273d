//! How a user wants to be told: what is muted, when it shall be quiet, and what comes gathered.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest, Severity};
use crate::RoomName;

/// How a user wants to be told. What is muted, or comes in quiet hours, is kept and counts, and is not told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// What is never told.
    #[serde(default, skip_serializing_if = "Mute::is_empty")]
    pub mute: Mute,
    /// When only what matters is told; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// What comes gathered, as one notification; at most 100. What is an `error` comes at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digest: Vec<Digest>,
}

/// What a user does not want to be told of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// Categories, compared whole; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Rooms to whose members it went; at most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomName>,
}

/// Some hours of a day, where the user is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From this time of day, `22:00`.
    pub from: TimeOfDay,
    /// To this time of day, `07:00`; of the next day where it is not later than `from`. The two must differ.
    pub to: TimeOfDay,
    /// Name of the user's time zone, `Europe/Berlin`.
    pub time_zone: String,
    /// Days on which they begin; every day when absent. Must not be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Weekday>>,
    /// Severities that are told all the same; `["error"]` when absent.
    #[serde(default = "critical", skip_serializing_if = "is_critical")]
    pub let_through: Vec<Severity>,
}

fn critical() -> Vec<Severity> {
    vec![Severity::Error]
}

fn is_critical(severities: &[Severity]) -> bool {
    severities == critical()
}

impl Mute {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// Minutes since midnight; on the wire `22:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, JsonSchema)]
#[schemars(transparent)]
pub struct TimeOfDay(#[schemars(with = "String")] u16);

impl TimeOfDay {
    /// Minutes since midnight, below 1440.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a time of day such as 22:00";
        let (hours, minutes) = text.split_once(':').ok_or(expected)?;
        let part = |text: &str, below: u16| {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u16| is_number && *number < below).ok_or(expected)
        };
        Ok(Self(part(hours, 24)? * 60 + part(minutes, 60)?))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_four_digits() {
        for good in ["00:00", "07:05", "23:59"] {
            assert_eq!(good.parse::<TimeOfDay>().unwrap().to_string(), good);
        }
        for bad in ["", "7:05", "24:00", "12:60", "12", "+1:00", "12:00:00", "１２:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }
}
