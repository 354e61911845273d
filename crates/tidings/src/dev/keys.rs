//! Keys for one start: drawn at random, kept in memory, gone with the process.

use std::fmt::Write;

use tidings_settings::{Auth, Secret};

/// What the keys of one start are.
pub(crate) struct Keys {
    /// Opens the HTTP interface.
    pub(crate) api_key: String,
    /// Signs tokens.
    pub(crate) jwt_secret: String,
}

impl Keys {
    /// New keys of 256 random bits each.
    pub(crate) fn draw() -> Self {
        Self { api_key: format!("dev_{}", random_hex()), jwt_secret: random_hex() }
    }

    /// Puts them in the place of whatever keys the settings have.
    pub(crate) fn put_into(&self, auth: &mut Auth) {
        auth.api_keys = vec![Secret::new(self.api_key.as_str())];
        auth.jwt_secret = Secret::new(self.jwt_secret.as_str());
    }
}

fn random_hex() -> String {
    rand::random::<[u8; 32]>().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
