//! Making tokens with `auth.jwt_secret`, in the claims that the settings name.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};
use tidings_protocol::{Role, RoomName, Timestamp, UserId};
use tidings_settings::{Auth, Keep};

/// What a token shall say.
pub(crate) struct Wish {
    /// Who.
    pub(crate) user: UserId,
    /// The user's roles.
    pub(crate) roles: Vec<Role>,
    /// Rooms it opens: names, which may end in `*`.
    pub(crate) rooms: Vec<String>,
    /// How long it is good for.
    pub(crate) ttl: Duration,
}

/// A new token, signed with HS256.
///
/// # Errors
/// There is no `auth.jwt_secret` to sign with.
pub(crate) fn mint(auth: &Auth, wish: &Wish) -> anyhow::Result<String> {
    if auth.jwt_secret.is_empty() {
        return Err(anyhow!(
            "auth.jwt_secret: no secret to sign with. Give the server's own, as TIDINGS_AUTH_JWT_SECRET or in the file \
             named with -c; a server with auth.jwt_public_key takes only tokens of whoever holds the private key"
        ));
    }
    let now = now().seconds();
    let mut claims = Map::new();
    claims.insert(auth.user_claim.clone(), wish.user.as_str().into());
    if !wish.roles.is_empty() {
        claims.insert(auth.roles_claim.clone(), wish.roles.iter().map(Role::as_str).collect());
    }
    if !wish.rooms.is_empty() {
        claims.insert(auth.rooms_claim.clone(), wish.rooms.iter().map(String::as_str).collect());
    }
    for (claim, value) in [("iss", &auth.issuer), ("aud", &auth.audience)] {
        if !value.is_empty() {
            claims.insert(claim.to_owned(), value.as_str().into());
        }
    }
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), now.saturating_add(wish.ttl.as_secs()).into());
    // A second call changes nothing; without any, signing would panic.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let key = EncodingKey::from_secret(auth.jwt_secret.expose().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &Value::Object(claims), &key)
        .context("signing failed")
}

/// Reads a grant, `order_7`, `order_*` or `*`, for clap.
///
/// # Errors
/// A sentence on what was expected.
pub(crate) fn parse_grant(text: &str) -> Result<String, &'static str> {
    let name = text.strip_suffix('*').unwrap_or(text);
    let good = text == "*" || RoomName::parse(name).is_ok();
    if good { Ok(text.to_owned()) } else { Err("expected a room name, which may end in *") }
}

/// The machine's clock.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}

/// Reads a time as the settings write it, for clap.
///
/// # Errors
/// A sentence on what was expected.
pub(crate) fn parse_time(text: &str) -> Result<Duration, &'static str> {
    // The settings' own reader of times, which `keep` makes public; its two words are no times.
    match text.parse() {
        Ok(Keep::For(time)) if time.as_secs() > 0 => Ok(time),
        _ => Err("expected a time of at least a second, such as 90s, 15m, 1h or 30d"),
    }
}

/// Writes a time as the settings would, in whole seconds.
pub(crate) fn time_text(seconds: u64) -> String {
    if seconds == 0 { "0s".to_owned() } else { Keep::For(Duration::from_secs(seconds)).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_the_settings() {
        assert_eq!(parse_time("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "none", "last", "0s", "10ms", "1 h", "60"] {
            assert!(parse_time(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(time_text(5400), "1h30m");
        assert_eq!(time_text(0), "0s");
    }
}
