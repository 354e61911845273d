//! Another master key for everything that is sealed: in the store, and in the archive.

use std::{fmt, io, path::PathBuf, sync::Arc};

use tidings_core::StoreError;
use tidings_protocol::http::RotateResponse;

use crate::{App, archive, personal_data::others_have_archived};

/// Why a rotation did not come to its end. Nothing is lost by that, and it may be asked for again.
#[derive(Debug)]
pub enum RotateError {
    /// The store could not, or a master key is missing.
    Store(StoreError),
    /// The store is done, and the archive could not be rewritten.
    Archive(io::Error),
    /// Something went wrong that should not.
    BrokeOff,
}

/// Puts all data keys under the first master key, while everything goes on. Goes on when the caller is gone. It is to be written down before.
///
/// # Errors
/// [`RotateError`].
pub async fn rotate(app: Arc<App>) -> Result<RotateResponse, RotateError> {
    let work = tokio::spawn(async move {
        let rotated = tidings_sealing::rotate(app.tidings.store(), &app.keyring).await?;
        let archive = in_archive(&app).await?;
        Ok(RotateResponse {
            master: app.keyring.first().unwrap_or_default().to_owned(),
            rewrapped: rotated.rewrapped,
            already: rotated.already,
            archives: archive.files,
            archived_left: archive.left,
        })
    });
    work.await.unwrap_or(Err(RotateError::BrokeOff))
}

async fn in_archive(app: &Arc<App>) -> Result<archive::Rewrapped, RotateError> {
    if app.settings.store.archive.is_empty() {
        return Ok(archive::Rewrapped::default());
    }
    // What a run of retention read before has the data keys as they were.
    if app.tidings.store().is_shared() {
        others_have_archived(app).await?;
    }
    let _alone = app.archive_lock.lock().await;
    let (folder, of) = (PathBuf::from(&app.settings.store.archive), app.clone());
    let work = tokio::task::spawn_blocking(move || archive::rewrap(&folder, &of.keyring));
    work.await.unwrap_or_else(|_| Err(io::Error::other("it broke off"))).map_err(RotateError::Archive)
}

impl From<StoreError> for RotateError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for RotateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}; what was done stays so: ask for it again"),
            Self::Archive(error) => write!(
                f,
                "the store's data keys are done, but those in the archive (store.archive) are not: {error}; keep the old master key and ask for it again"
            ),
            Self::BrokeOff => f.write_str("it broke off: ask for it again"),
        }
    }
}

impl std::error::Error for RotateError {}
