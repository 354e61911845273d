//! Users who ask over HTTP, with their own token.

use hashbrown::HashMap;
use http::{HeaderMap, header};
use parking_lot::Mutex;
use tidings_core::{
    Identity,
    limits::{Bucket, Rate},
};
use tidings_protocol::{ErrorCode, Fault, UserId};
use tidings_settings::Limits;

use super::bearer;
use crate::App;

/// Users remembered before those who asked nothing lately are forgotten.
const SWEEP_AT: usize = 10_000;

/// How much each user asks. A user has as many requests as messages on a connection.
pub struct Callers {
    rate: Rate,
    used: Mutex<HashMap<UserId, Bucket>>,
}

impl Callers {
    /// Takes `limits.messages_per_minute` and `limits.messages_burst`.
    pub fn new(limits: &Limits) -> Self {
        let rate = Rate::per_minute(limits.messages_per_minute, limits.messages_burst);
        Self { rate, used: Mutex::default() }
    }

    /// Who asks: a token that verifies is needed, also where connections may come without one.
    ///
    /// # Errors
    /// `unauthorized`, `token_expired`; `rate_limited` for a user who asks too much.
    pub(crate) fn admit(&self, app: &App, headers: &HeaderMap) -> Result<Identity, Fault> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(bearer).ok_or_else(|| {
            Fault::new(ErrorCode::Unauthorized, "a user's token is needed: Authorization: Bearer <token>")
        })?;
        let identity = app.tokens.verify(token, app.tidings.clock().now())?;
        app.tidings.admit_token(&identity)?;
        let now = app.tidings.clock().monotonic();
        let mut used = self.used.lock();
        if used.len() >= SWEEP_AT {
            used.retain(|_, bucket| !bucket.is_full(now));
        }
        let taken = used.entry(identity.user.clone()).or_default().take(self.rate, now);
        taken.map_err(|wait_ms| Fault::rate_limited("too many requests", wait_ms))?;
        Ok(identity)
    }
}
