//! Mints the HS256 tokens the connections come with. Only what a load test needs; the server has its own, checking side.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long tokens are good for: longer than any run.
const LIFE_S: u64 = 12 * 3600;

/// Signs tokens with one secret.
pub(crate) struct Mint {
    key: hmac::Key,
    issued: u64,
}

impl Mint {
    pub(crate) fn new(secret: &str) -> Self {
        let issued = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), issued }
    }

    /// A token for a user.
    pub(crate) fn token(&self, user: &str) -> String {
        self.token_with(user, &[])
    }

    /// A token for a user with roles.
    pub(crate) fn token_with(&self, user: &str, roles: &[&str]) -> String {
        let mut claims = serde_json::json!({ "sub": user, "iat": self.issued, "exp": self.issued + LIFE_S });
        if !roles.is_empty() {
            claims["roles"] = roles.into();
        }
        let mut text = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
        let tag = hmac::sign(&self.key, text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts_that_verify() {
        let token = Mint::new("secret").token("bench-7");
        let (signed, tag) = token.rsplit_once('.').unwrap();
        let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        hmac::verify(&key, signed.as_bytes(), &tag).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], "bench-7");
    }
}
