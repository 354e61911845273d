//! A user's badge: always whole, never a difference, so that no device can count wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Data of `unread_count`: how many notifications are unread and in sight. Of two, the one with the higher revision is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UnreadCount {
    /// How many.
    pub unread: u64,
    /// Grows with every change; never compared between connections whose tokens have different roles.
    pub revision: u64,
}
