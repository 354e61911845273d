//! Who a connection speaks for, as its token says.

use tidings_protocol::{Role, RoomName, Timestamp, UserId};

/// A verified user with what the token allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// The user's roles.
    pub roles: Vec<Role>,
    /// Rooms that the token opens.
    pub grants: Vec<Grant>,
    /// True without a token, where `auth.anonymous` lets such connections in.
    pub anonymous: bool,
    /// When the token was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    /// When the token ends; never for a connection without one.
    pub expires_at: Option<Timestamp>,
}

impl Identity {
    /// Whether the token names this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own.as_str() == role)
    }

    /// Whether the token opens this room.
    pub fn is_granted(&self, room: &RoomName) -> bool {
        self.grants.iter().any(|grant| grant.opens(room))
    }
}

/// A room name, or the beginning of some: `order_7`, `order_*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// This room.
    Exactly(RoomName),
    /// Every room whose name begins so.
    Beginning(String),
}

impl Grant {
    /// Reads `order_7`, `order_*` or `*`.
    ///
    /// # Errors
    /// A sentence on what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "expected a room name, which may end in *";
        match text.strip_suffix('*') {
            None => RoomName::parse(text).map(Self::Exactly).map_err(|_| expected),
            Some("") => Ok(Self::Beginning(String::new())),
            Some(beginning) => match RoomName::parse(beginning) {
                Ok(_) => Ok(Self::Beginning(beginning.to_owned())),
                Err(_) => Err(expected),
            },
        }
    }

    fn opens(&self, room: &RoomName) -> bool {
        match self {
            Self::Exactly(name) => name == room,
            Self::Beginning(beginning) => room.as_str().starts_with(beginning.as_str()),
        }
    }
}
