//! Between our types and SQLite's: each value is checked when it is read.

use std::fmt;

use tidings_core::RoomKey;
use tidings_protocol::{Json, Offset, Timestamp, UserId};

use crate::error::{Work, damaged};

/// Milliseconds since 1970.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.millis().cast_signed()
}

/// SQLite counts to 2^63 - 1; no log gets there.
pub(crate) fn place(offset: Offset) -> i64 {
    number(offset.0)
}

pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) fn count(value: i64) -> Work<u64> {
    whole(value, "a number below zero was found")
}

pub(crate) fn offset(value: i64) -> Work<Offset> {
    whole(value, "an offset below zero was found").map(Offset)
}

pub(crate) fn time(value: i64) -> Work<Timestamp> {
    whole(value, "a time before 1970 was found").map(Timestamp::from_millis)
}

pub(crate) fn json(text: &str) -> Work<Json> {
    serde_json::from_str(text).or_else(|_| damaged("data that is no JSON was found"))
}

pub(crate) fn room(text: &str) -> Work<RoomKey> {
    RoomKey::parse(text).map_or_else(|| damaged("a room's name that is none was found"), Ok)
}

pub(crate) fn user(text: &str) -> Work<UserId> {
    name(UserId::parse(text), "a user's id that is none was found")
}

pub(crate) fn name<T, E: fmt::Display>(parsed: Result<T, E>, what: &str) -> Work<T> {
    parsed.or_else(|_| damaged(what))
}

fn whole(value: i64, what: &str) -> Work<u64> {
    u64::try_from(value).or_else(|_| damaged(what))
}
