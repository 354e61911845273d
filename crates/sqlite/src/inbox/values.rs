//! Notifications' values as SQLite has them.

use rusqlite::Row;
use sha2::{Digest, Sha256};
use tidings_core::store::inbox::{Category, Content, Severity};
use tidings_protocol::{EntryId, Json, Timestamp};

use crate::{
    error::{Work, damaged},
    sum::Part,
    values,
};

/// Milliseconds, or NULL.
pub(super) fn moment(time: Option<Timestamp>) -> Option<i64> {
    time.map(values::millis)
}

pub(super) fn part(number: Option<i64>) -> Part<'static> {
    number.map_or(Part::Nothing, Part::Number)
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Work<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(values::time).transpose()
}

pub(super) fn id(row: &Row<'_>, column: usize) -> Work<EntryId> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(EntryId::from_bytes(bytes)),
        Err(_) => damaged("a notification's id that is none was found"),
    }
}

pub(super) fn category(row: &Row<'_>, column: usize) -> Work<Option<Category>> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    text.map(|text| values::name(Category::parse(text), "a category that is none was found")).transpose()
}

/// Of a bucket, or of a broadcast's column.
pub(super) fn severity(code: u8) -> Severity {
    Severity::ALL[usize::from(code & 3)]
}

pub(super) fn write_content(content: &Content) -> Work<Json> {
    Json::of(content).or_else(|_| damaged("a notification that is no JSON was to be written"))
}

pub(super) fn read_content(text: &str) -> Work<Content> {
    serde_json::from_str(text).or_else(|_| damaged("a notification that is none was found"))
}

/// Callers put users' names into keys.
pub(super) fn dedupe(content: &Content) -> Option<[u8; 32]> {
    content.dedupe_key.as_ref().map(|key| Sha256::digest(key.as_bytes()).into())
}
