//! What time does to notifications: sending what is due, ending snoozes, letting go of what is too old.

use std::time::Duration;

use tidings_core::store::inbox::KeepSince;
use tidings_protocol::Json;

use super::retention::before;
use crate::App;

/// How often it is looked, where nothing is known to be due: after a restart, or for what another server took.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// How long one run may take; what is left is taken up at once by the next.
pub(super) const TIME: Duration = Duration::from_secs(5);
/// How long nobody else does it: when a server dies amid it, nothing that is due waits longer. Two at once harm nothing, each notification is taken by itself.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// Sends what is due and writes down what has expired and which snoozes are over.
pub(super) async fn work(app: &App) -> Result<Json, String> {
    let until = app.tidings.clock().monotonic().after(TIME);
    let upkeep = app.tidings.keep_notifications(until).await.map_err(|error| error.to_string())?;
    Json::of(&upkeep).map_err(|error| error.to_string())
}

/// Lets go of what is too old.
pub(super) async fn let_go(app: &App) -> Result<Json, String> {
    let (clock, settings) = (app.tidings.clock(), &app.settings.notifications);
    let now = clock.now();
    let keep = KeepSince { read: before(now, settings.keep), unread: before(now, settings.keep_unread) };
    let upkeep = app.tidings.drop_notifications(keep, clock.monotonic().after(TIME)).await;
    Json::of(&upkeep.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}
