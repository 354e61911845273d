//! For whom an entry is that goes to many at once without a room to join.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Offset, Role};

/// Everyone, or everyone with a role; as text `everyone` or `role:<role>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// Every connection.
    Everyone,
    /// Everyone whose token has the role.
    Role(Role),
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Role(role) => write!(f, "role:{role}"),
        }
    }
}

impl FromStr for Audience {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected an audience: everyone, or role:<role>";
        match text.strip_prefix("role:") {
            Some(role) => Role::parse(role).map(Self::Role).map_err(|_| expected),
            None if text == "everyone" => Ok(Self::Everyone),
            None => Err(expected),
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> Self {
        audience.to_string()
    }
}

impl JsonSchema for Audience {
    fn schema_name() -> Cow<'static, str> {
        "Audience".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Everyone, or everyone with a role: `everyone` or `role:<role>`.",
        })
    }
}

/// Of an entry to an audience: whose, and its place in what that audience was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Broadcast {
    /// To whom it went.
    pub to: Audience,
    /// Its place in their log.
    pub offset: Offset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_survives_its_text() {
        for text in ["everyone", "role:admin", "role:role:é\"x"] {
            assert_eq!(text.parse::<Audience>().unwrap().to_string(), text);
        }
        for bad in ["", "role:", "admin", "everyone ", "role:\n", "user:ada"] {
            assert!(bad.parse::<Audience>().is_err(), "{bad:?}");
        }
    }
}
