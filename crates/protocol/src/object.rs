//! Structs that are JSON objects and nothing else. Serde's derive would also take a list and go by the order of the fields, so that
//! `{"to": ["ada"]}` would mean a user whom nobody named as one.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Reads a whole text as an object.
///
/// # Errors
/// As `serde_json::from_slice`, and when it is no object.
pub fn from_slice<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    // Looked through once: from bytes, every text in it would be.
    let text = std::str::from_utf8(json).map_err(serde::de::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object = only(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

/// For `#[serde(deserialize_with)]`.
///
/// # Errors
/// Those of the deserializer, and when there is no object.
pub(crate) fn only<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::PublishRequest;

    #[test]
    fn lists_are_no_objects() {
        let check = |json: &str| from_slice::<PublishRequest>(json.as_bytes()).is_ok();
        assert!(check(r#"{"to":{"user":"ada"},"type":"x","data":{"a":[]}}"#));
        assert!(!check(r#"[{"user":"ada"},"x"]"#));
        assert!(!check(r#"{"to":["ada"],"type":"x"}"#));
        assert!(!check(r#"{"to":{"user":"ada"},"type":"x"} {}"#));
    }
}
