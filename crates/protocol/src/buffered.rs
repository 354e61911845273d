//! Raw JSON inside tagged enums.
//!
//! Serde reads a tagged enum into a buffer before it knows the variant, and [`Json`] takes only the text itself. These fields
//! are written anew from the buffer: good for tests and tools. The server reads with [`crate::envelope`], which copies nothing twice.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{EntryMessage, Json};

/// Reads a [`Json`] or an `Option` of one, whatever holds it.
pub(crate) fn json<'de, D: Deserializer<'de>, T: FromJson>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(T::from_json(&value, Json::of(&value).map_err(D::Error::custom)?))
}

/// Reads a list of entries.
pub(crate) fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EntryMessage>, D::Error> {
    let values = Vec::<serde_json::Value>::deserialize(deserializer)?;
    let entry =
        |value: &serde_json::Value| serde_json::from_str(&value.to_string()).map_err(D::Error::custom);
    values.iter().map(entry).collect()
}

/// What [`json`] can make.
pub(crate) trait FromJson {
    /// From a value and its text.
    fn from_json(value: &serde_json::Value, json: Json) -> Self;
}

impl FromJson for Json {
    fn from_json(_: &serde_json::Value, json: Json) -> Self {
        json
    }
}

impl FromJson for Option<Json> {
    fn from_json(value: &serde_json::Value, json: Json) -> Self {
        (!value.is_null()).then_some(json)
    }
}
