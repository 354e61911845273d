//! Letting go of what protects against repetition and abuse only for a time, and of receipts.

use std::time::Duration;

use tidings_core::store::Tidy;
use tidings_protocol::{Json, Timestamp};

use super::retention::before;
use crate::App;

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long letting go of receipts may take; the rest is for the next run.
const TIME: Duration = Duration::from_secs(30);
/// How long a revocation is remembered. No token should live as long: one that does would open again.
const REVOCATIONS_KEEP: Duration = Duration::from_secs(400 * 24 * 60 * 60);

pub(super) async fn work(app: &App) -> Result<Json, String> {
    // Entries are retention's.
    let clock = app.tidings.clock();
    let gone = tidy(app, clock.now(), Timestamp::from_millis(0)).await?;
    let receipts = app.tidings.drop_receipts(clock.monotonic().after(TIME)).await;
    let receipts = receipts.map_err(|error| error.to_string())?;
    Json::of(&serde_json::json!({ "gone": gone, "receipts": receipts })).map_err(|error| error.to_string())
}

/// Lets go of keys and revocations that are too old, and of tables in which there is nothing from `entries_before` on.
pub(super) async fn tidy(app: &App, now: Timestamp, entries_before: Timestamp) -> Result<u64, String> {
    let tidy = Tidy {
        keys_before: before(now, DAY),
        revocations_before: before(now, REVOCATIONS_KEEP),
        entries_before,
    };
    app.tidings.store().tidy(now, tidy).await.map_err(|error| error.to_string())
}
