//! One value that says where a client was in all that it followed.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{Audience, Position, RoomName, UserId, notification::UnreadCount};

/// Most rooms of one cursor, most audiences, and most users whose presence it watches.
const ROOMS_MAX: usize = 1000;
const BROADCASTS_MAX: usize = 100;
const PRESENCE_MAX: usize = 100;

/// Where a client was: kept by the client, and given back as `?resume=` or as `resume` of its first `authenticate`, to any server. The greeting's
/// `resume` is one of what every connection follows; whoever follows more writes it in.
///
/// As text it is its JSON, or the base64url (RFC 4648 section 5, without padding) of that; a bare `<epoch>:<offset>` is the position of the
/// personal room alone. The server writes base64url of JSON that is plain ASCII.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeCursor {
    /// The personal room's, as the greeting's `resume` and the entries since told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Position>,
    /// Where the user was in what was published to everyone and to each role, as the greeting's `resume` and each entry's `broadcast` told
    /// it. At most 100; those that the user is not of any more are passed over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broadcasts: BTreeMap<Audience, Position>,
    /// The badge that was told last: as long as it stands, nothing of the inbox was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<UnreadCount>,
    /// Rooms, each with the last position seen, whole or as its text `<epoch>:<offset>`, which is shorter; `null` for a room that keeps nothing.
    /// At most 1000.
    #[serde(default, deserialize_with = "places", skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<RoomName, Option<Position>>,
    /// Users whose presence is watched; of more than 100 the first are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presence: Vec<UserId>,
}

impl fmt::Display for ResumeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(in_ascii(&json)))
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
        // A list would be read as the fields in their order.
        if json.first() != Some(&b'{') {
            return Err(expected);
        }
        let mut cursor: Self = serde_json::from_slice(&json).map_err(|_| expected)?;
        cursor.presence.truncate(PRESENCE_MAX);
        match cursor.rooms.len() <= ROOMS_MAX && cursor.broadcasts.len() <= BROADCASTS_MAX {
            true => Ok(cursor),
            false => Err("expected at most 1000 rooms and 100 audiences"),
        }
    }
}

fn places<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<RoomName, Option<Position>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Place {
        Text(String),
        Whole(Position),
    }
    let position = |place| match place {
        Place::Text(text) => text.parse().map_err(D::Error::custom),
        Place::Whole(position) => Ok(position),
    };
    let rooms = BTreeMap::<RoomName, Option<Place>>::deserialize(deserializer)?.into_iter();
    rooms.map(|(room, place)| Ok((room, place.map(position).transpose()?))).collect()
}

/// The same JSON with escapes for whatever browsers' `atob` does not read as UTF-8, and for what base64url writes otherwise than base64: all of it
/// can only stand within strings.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok(plain @ ' '..='}') if !matches!(plain, '>' | '?') => ascii.push(plain),
            _ => ascii.push_str(&format!("\\u{unit:04x}")),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let position = || "k3xw:17".parse::<Position>().unwrap();
        let cursor = ResumeCursor {
            personal: Some(position()),
            broadcasts: ["everyone", "role:é🦀>?~\"\\"].map(|to| (to.parse().unwrap(), position())).into(),
            inbox: Some(UnreadCount { unread: 2, revision: 9 }),
            rooms: [("orders", Some(position())), ("quiet", None)]
                .map(|(room, position)| (room.parse().unwrap(), position))
                .into(),
            presence: vec!["ada".parse().unwrap()],
        };
        assert_eq!(serde_json::to_string(&cursor).unwrap().parse().as_ref(), Ok(&cursor));
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "base64 and base64url alike: {text}");
        assert_eq!(text.parse(), Ok(cursor));
        let short: ResumeCursor = r#"{"rooms":{"orders":"k3xw:17","quiet":null}}"#.parse().unwrap();
        assert_eq!(short.rooms["orders".parse::<RoomName>().as_ref().unwrap()], Some(position()));
        let bare = ResumeCursor { personal: Some(position()), ..ResumeCursor::default() };
        assert_eq!("k3xw:17".parse(), Ok(bare));
        for bad in ["", "k3xw", "k3xw:-1", "!!", "e30x", "W10", r#"{"rooms":{"a":"17"}}"#] {
            assert!(bad.parse::<ResumeCursor>().is_err(), "{bad}");
        }
    }
}
