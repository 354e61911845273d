//! Letting go of entries that are too old, into the archive where there is one.

use std::time::Duration;

use serde::Deserialize;
use tidings_core::housekeeping::{Archive, Retention};
use tidings_protocol::{Json, Timestamp};

use super::tidying;
use crate::{App, archive::Folder};

/// How long one run may take; what is left is taken up at once by the next.
pub(super) const TIME: Duration = Duration::from_secs(60);

pub(super) async fn work(app: &App) -> Result<Json, String> {
    // Whoever is erased meanwhile must not be written down after that.
    let _alone = app.archive_lock.lock().await;
    let clock = app.tidings.clock();
    let mut folder = match app.settings.store.archive.as_str() {
        "" => None,
        path => Some(Folder::new(path, clock.now(), app.tidings.store())),
    };
    let retention = Retention {
        store: app.tidings.store(),
        kinds: app.tidings.kinds(),
        clock,
        archive: folder.as_mut().map(|folder| folder as &mut dyn Archive),
        until: clock.monotonic().after(TIME),
    };
    let report = retention.run().await.map_err(|trouble| trouble.to_string())?;
    // Stores that are laid out by time let go of whole tables, without asking what is in them: only when nothing is left there.
    if let Some(keep) = app.tidings.kinds().longest_keep().filter(|_| report.is_complete()) {
        tidying::tidy(app, clock.now(), before(clock.now(), keep + tidying::DAY)).await?;
    }
    Json::of(&report).map_err(|error| error.to_string())
}

/// A moment before another; 1970 where there is none.
pub(super) fn before(now: Timestamp, time: Duration) -> Timestamp {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.millis().saturating_sub(millis))
}

/// Whether a run's report says that there was more to do.
pub(super) fn is_unfinished(report: &Json) -> bool {
    #[derive(Deserialize)]
    struct Said {
        #[serde(default)]
        unfinished: bool,
    }
    serde_json::from_str::<Said>(report.as_str()).is_ok_and(|said| said.unfinished)
}
