//! Who may do something in a room, and for how long a room keeps its entries.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;

/// Who may join a room, or publish in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, also without a token where `auth.anonymous` is on.
    Anyone,
    /// Every signed-in user.
    Users,
    /// The room's members.
    Members,
    /// Whoever carries a token that grants the room.
    Granted,
    /// No client at all; the back end still may.
    Nobody,
    /// Users with this role, written `role:admin`.
    Role(String),
    /// The two users whom the room's name holds, as in `user_{a}_{b}`.
    Pair,
}

/// What an access is written as, for error texts.
const ACCESSES: &str = "one or more of anyone, users, members, granted, pair, role:NAME, or nobody alone";

/// The text is not an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAccess;

impl fmt::Display for InvalidAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ACCESSES)
    }
}

impl std::error::Error for InvalidAccess {}

impl FromStr for Access {
    type Err = InvalidAccess;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "anyone" => Self::Anyone,
            "users" => Self::Users,
            "members" => Self::Members,
            "granted" => Self::Granted,
            "nobody" => Self::Nobody,
            "pair" => Self::Pair,
            _ => match text.strip_prefix("role:") {
                Some(role) if !role.is_empty() && role.trim() == role => Self::Role(role.to_owned()),
                _ => return Err(InvalidAccess),
            },
        })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Users => f.write_str("users"),
            Self::Members => f.write_str("members"),
            Self::Granted => f.write_str("granted"),
            Self::Nobody => f.write_str("nobody"),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Pair => f.write_str("pair"),
        }
    }
}

/// A list of accesses; being one of them is enough. Never empty when read from settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyOf(pub Vec<Access>);

impl AnyOf {
    /// The accesses, in the order they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, Access> {
        self.0.iter()
    }

    /// Whether this access is in the list.
    pub fn contains(&self, access: &Access) -> bool {
        self.0.contains(access)
    }
}

impl From<Access> for AnyOf {
    fn from(access: Access) -> Self {
        Self(vec![access])
    }
}

impl<'a> IntoIterator for &'a AnyOf {
    type Item = &'a Access;
    type IntoIter = std::slice::Iter<'a, Access>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// For how long a room keeps its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Not at all: who is not there misses it.
    None,
    /// Only the last entry.
    Last,
    /// All entries, for this long.
    For(Duration),
}

/// The text does not say for how long to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKeep;

impl fmt::Display for InvalidKeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"none\", \"last\" or a time such as \"90d\"")
    }
}

impl std::error::Error for InvalidKeep {}

impl FromStr for Keep {
    type Err = InvalidKeep;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "last" => Ok(Self::Last),
            // "0s" could mean "nothing" or "no end"; it has to be said in words.
            _ => duration::parse(text).filter(|time| !time.is_zero()).map(Self::For).ok_or(InvalidKeep),
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Last => f.write_str("last"),
            Self::For(time) => f.write_str(&duration::text(*time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_print_what_they_read() {
        for text in ["anyone", "users", "members", "granted", "nobody", "pair", "role:admin"] {
            assert_eq!(text.parse::<Access>().unwrap().to_string(), text);
        }
        for text in ["", "everyone", "role:", "role: admin", "Members"] {
            assert!(text.parse::<Access>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn keeps_print_what_they_read() {
        for text in ["none", "last", "90d", "1h30m"] {
            assert_eq!(text.parse::<Keep>().unwrap().to_string(), text);
        }
        for text in ["", "0s", "forever", "90"] {
            assert!(text.parse::<Keep>().is_err(), "{text:?}");
        }
    }
}
