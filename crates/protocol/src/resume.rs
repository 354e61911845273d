//! One value that says where a client was in all that it followed.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Position, RoomName, UserId};

/// Most rooms of one cursor, and most users whose presence it watches.
const ROOMS_MAX: usize = 1000;
const PRESENCE_MAX: usize = 100;

/// Where a client was: kept by the client, and given back as `?resume=` or as `resume` of its first `authenticate`, to any server.
///
/// As text it is its JSON, or the base64url (RFC 4648 section 5, without padding) of that; a bare `<epoch>:<offset>` is the position of the
/// personal room alone.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeCursor {
    /// The personal room's, as the greeting's `resume` and the entries since told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Position>,
    /// Rooms, each with the last position seen; `null` for a room that keeps nothing. At most 1000.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<RoomName, Option<Position>>,
    /// Users whose presence is watched, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presence: Vec<UserId>,
}

impl ResumeCursor {
    /// Whether it names more than the personal room.
    pub fn names_more(&self) -> bool {
        !self.rooms.is_empty() || !self.presence.is_empty()
    }
}

impl fmt::Display for ResumeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for ResumeCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a resume cursor: <epoch>:<offset>, or its JSON, plain or as base64url";
        let json = if text.starts_with('{') {
            text.into()
        } else if text.contains(':') {
            return Ok(Self { personal: Some(text.parse().map_err(|_| expected)?), ..Self::default() });
        } else {
            BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| expected)?
        };
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| expected)?;
        match cursor.rooms.len() <= ROOMS_MAX && cursor.presence.len() <= PRESENCE_MAX {
            true => Ok(cursor),
            false => Err("expected at most 1000 rooms and 100 users"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let position = || "k3xw:17".parse::<Position>().unwrap();
        let cursor = ResumeCursor {
            personal: Some(position()),
            rooms: [("orders", Some(position())), ("quiet", None)]
                .map(|(room, position)| (room.parse().unwrap(), position))
                .into(),
            presence: vec!["ada".parse().unwrap()],
        };
        assert_eq!(serde_json::to_string(&cursor).unwrap().parse().as_ref(), Ok(&cursor));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let bare = ResumeCursor { personal: Some(position()), ..ResumeCursor::default() };
        assert_eq!("k3xw:17".parse(), Ok(bare));
        for bad in ["", "k3xw", "k3xw:-1", "!!", "e30x"] {
            assert!(bad.parse::<ResumeCursor>().is_err(), "{bad}");
        }
    }
}
