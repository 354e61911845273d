//! Names and ids as newtypes, so that a room can never be passed where a user is meant.
//!
//! A value of one of these types has been checked; whoever holds one need not check again.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// Longest name of a room, user, role or event type, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// Why a text is not a name. The text itself is not repeated: it may be huge or secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidName {
    expected: &'static str,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for InvalidName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(#[schemars(with = "String")] Arc<str>);

        impl $name {
            /// Checks and takes a name.
            ///
            /// # Errors
            /// [`InvalidName`] when it is empty, longer than [`NAME_BYTES_MAX`] or has a character that is not allowed.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let allowed: fn(char) -> bool = $allowed;
                let fits = (1..=NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(allowed);
                if fits { Ok(Self(text.into())) } else { Err(InvalidName { expected: $expected }) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        // The text is left out of the error: it may be huge, or hold what belongs to somebody.
                        $name::parse(text).map_err(|_| E::custom(concat!("expected ", $expected)))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}

name! {
    /// A room's name: 1 to 128 of `A-Z a-z 0-9 _ . : @ -`.
    RoomName, "a room name: 1 to 128 of A-Z a-z 0-9 _ . : @ -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '@' | '-')
}
name! {
    /// The type of an entry, `ticket.created`: 1 to 128 of `A-Z a-z 0-9 _ . : / -`.
    EventType, "an event type: 1 to 128 of A-Z a-z 0-9 _ . : / -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '/' | '-')
}
name! {
    /// A user as the back end names them: up to 128 bytes without control characters.
    UserId, "a user id: 1 to 128 bytes without control characters", |c| !c.is_control()
}
name! {
    /// A role from a token: up to 128 bytes without control characters.
    Role, "a role: 1 to 128 bytes without control characters", |c| !c.is_control()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(#[schemars(with = "String")] Uuid);

        impl $name {
            /// A new id, UUID version 7 (RFC 9562): sorts by the millisecond it was made in.
            pub fn new(now: crate::Timestamp) -> Self {
                let millis = now.millis();
                let time = uuid::Timestamp::from_unix_time(millis / 1000, (millis % 1000 * 1_000_000) as u32, 0, 0);
                Self(Uuid::new_v7(time))
            }

            /// From the bytes that [`Self::bytes`] gave.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// As bytes: for what keeps it.
            pub fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// As text, written into `buffer`.
            pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
                self.0.as_hyphenated().encode_lower(buffer)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// One socket of one user.
    ConnectionId
}
id! {
    /// One entry, in whatever room.
    EntryId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_at_the_edge() {
        assert!(RoomName::parse("order_123:a@b.c-d").is_ok());
        for bad in ["", "a b", "a/b", "ü", "a\n", &"x".repeat(129)] {
            assert!(RoomName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(UserId::parse("auth0|ada@example.org").is_ok());
        assert!(UserId::parse("a\u{0}b").is_err());
    }

    #[test]
    fn a_bad_name_is_not_repeated_in_its_error() {
        let error = serde_json::from_str::<RoomName>(r#""s3cret value""#).unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
        assert!(error.contains("1 to 128"), "{error}");
    }
}
