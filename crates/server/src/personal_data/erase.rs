//! Forgetting a user: tokens, connections, the store, the archive.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use tidings_core::StoreError;
use tidings_protocol::{UserId, http::EraseResponse};

use crate::{App, archive, jobs};

/// How long other servers on the same store take, at most, until they know that tokens are void and have ended the connections.
const OTHERS_KNOW: Duration = Duration::from_millis(1_000);
/// How often it is looked whether another server has done with archiving.
const LOOK: Duration = Duration::from_millis(200);

/// Why an erasure did not come to its end; it may have been done in part, and may be asked for again.
#[derive(Debug)]
pub enum EraseError {
    /// The store could not.
    Store(StoreError),
    /// The store has forgotten the user, and the archive could not be rewritten.
    Archive(io::Error),
    /// Something went wrong that should not.
    BrokeOff,
}

/// Everything of a user, everywhere. Goes on when the caller is gone: half an erasure helps nobody. It is to be written down before.
///
/// # Errors
/// [`EraseError`].
pub async fn erase(app: Arc<App>, user: UserId) -> Result<EraseResponse, EraseError> {
    let work = tokio::spawn(async move {
        let connections = app.tidings.end_for_good(&user).await?;
        if app.tidings.store().is_shared() {
            tokio::time::sleep(OTHERS_KNOW).await;
        }
        let erased = app.tidings.erase(&user).await?;
        Ok(EraseResponse {
            users: 1,
            connections: connections as u64,
            personal_entries: erased.personal_entries,
            blanked_entries: erased.blanked_entries,
            memberships: erased.memberships,
            notifications: erased.notifications,
            archived_entries: from_archive(&app, user).await?,
        })
    });
    work.await.unwrap_or(Err(EraseError::BrokeOff))
}

async fn from_archive(app: &App, user: UserId) -> Result<u64, EraseError> {
    if app.settings.store.archive.is_empty() {
        return Ok(0);
    }
    // What another process read before the store forgot may not have its place in the archive yet. In this one, the lock says so.
    if app.tidings.store().is_shared() {
        others_have_archived(app).await?;
    }
    let _alone = app.archive_lock.lock().await;
    let folder = PathBuf::from(&app.settings.store.archive);
    let work = tokio::task::spawn_blocking(move || archive::erase(&folder, &user));
    work.await.unwrap_or_else(|_| Err(io::Error::other("it broke off"))).map_err(EraseError::Archive)
}

/// Waits for the run of retention that is under way now, if one is, but not for the next.
pub(crate) async fn others_have_archived(app: &App) -> Result<(), StoreError> {
    let store = app.tidings.store();
    let under_way = jobs::retention_until(store).await?;
    while let Some(until) = under_way
        && until > app.tidings.clock().now()
        && jobs::retention_until(store).await? == under_way
    {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for EraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}; what was erased stays so: ask for it again"),
            Self::Archive(error) => write!(
                f,
                "the user is erased from the store, but not from the archive (store.archive): {error}; ask for it again"
            ),
            Self::BrokeOff => f.write_str("the erasure broke off: ask for it again"),
        }
    }
}

impl std::error::Error for EraseError {}
