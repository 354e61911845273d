//! How users want to be told.

use tidings_protocol::{Fault, UserId, notification::Preferences};

use super::{Rules, sending::json};
use crate::{Tidings, store::inbox::Preferences as Kept, tidings::unavailable};

impl Tidings {
    /// How a user wants to be told; nothing is muted until somebody says so.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn preferences(&self, user: &UserId) -> Result<Preferences, Fault> {
        let kept = self.store.preferences(user.clone()).await.map_err(unavailable)?;
        Ok(kept.as_ref().and_then(read).unwrap_or_default())
    }

    /// Puts preferences in the place of others.
    ///
    /// # Errors
    /// `invalid_request` with the field, for what contradicts itself too; `unavailable`.
    pub async fn put_preferences(&self, user: &UserId, preferences: &Preferences) -> Result<(), Fault> {
        let rules = Rules::read(preferences)?;
        self.begin_inboxes().await;
        self.store.put_preferences(user.clone(), json(preferences)?).await.map_err(unavailable)?;
        self.remember_rules(user, rules);
        Ok(())
    }

    /// Remembers the rules of somebody, if they are connected or about to be.
    pub(super) fn remember_rules(&self, user: &UserId, rules: Rules) {
        let is_here = |user: &UserId| !self.hub.connections_of(user).is_empty();
        self.desk.set_rules(user, rules, self.hub.user_count(), is_here);
    }
}

/// The rules of what is kept. What this version does not understand silences nothing.
pub(super) fn rules_of(kept: Option<&Kept>) -> Rules {
    kept.and_then(read).and_then(|preferences| Rules::read(&preferences).ok()).unwrap_or_default()
}

fn read(kept: &Kept) -> Option<Preferences> {
    serde_json::from_str(kept.data.as_str()).ok()
}
