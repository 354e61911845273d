//! Whose connection it is: a token that was given, or one made for each attempt.

use std::time::Duration;

use tidings_protocol::{Role, RoomName, UserId};
use tidings_settings::Auth;

use crate::client::Server;
use crate::load::{File, Given};
use crate::mint::{Wish, mint};

/// How long a made token is good for. The server ends the connection then, and the next one gets a new token.
const TOKEN_TIME: Duration = Duration::from_secs(24 * 3600);

/// Where tokens come from.
pub(super) enum Credentials {
    /// Given, and used as it is.
    Token(String),
    /// Signed here.
    Secret(Box<Auth>, Wish),
    /// From a `tidings dev`.
    Dev(UserId, Vec<String>),
}

impl Credentials {
    /// Finds out how tokens can be made: with the settings' secret, or by a `tidings dev` on this machine.
    ///
    /// # Errors
    /// In neither way.
    pub(super) fn made(
        given: Given,
        file: &File,
        server: &Server,
        user: UserId,
        roles: Vec<Role>,
        rooms: &[RoomName],
    ) -> anyhow::Result<Self> {
        let auth = given.load(file)?.settings.auth;
        let rooms: Vec<String> = rooms.iter().map(RoomName::to_string).collect();
        if !auth.jwt_secret.is_empty() {
            return Ok(Self::Secret(Box::new(auth), Wish { user, roles, rooms, ttl: TOKEN_TIME }));
        }
        let dev = server.dev_session(&user, &rooms).map(|_| Self::Dev(user, rooms));
        server.needs(dev, "token", "TIDINGS_TOKEN", "auth.jwt_secret")
    }

    /// A token for the next attempt.
    ///
    /// # Errors
    /// None can be made.
    pub(super) fn token(&self, server: &Server) -> anyhow::Result<String> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::Secret(auth, wish) => mint(auth, wish),
            // A `tidings dev` that restarts has new keys, so each attempt asks; until it is back, nothing will do.
            Self::Dev(user, rooms) => {
                Ok(server.dev_session(user, rooms).map(|s| s.token).unwrap_or_default())
            }
        }
    }

    /// Whether another attempt would have another token.
    pub(super) fn renewable(&self) -> bool {
        !matches!(self, Self::Token(_))
    }
}
