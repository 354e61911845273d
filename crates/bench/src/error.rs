//! What can go wrong while measuring. Each text says what was tried, so that it can be shown as it stands.

use std::io;

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system said no.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Its answer.
        source: io::Error,
    },
    /// The server answered something else than was asked for.
    #[error("the server refused: {0}")]
    Refused(String),
    /// A database that this run fills itself said no.
    #[error("the database: {0}")]
    Database(String),
    /// It did not happen in time.
    #[error("gave up waiting: {0}")]
    Late(String),
    /// The measurement was asked for in a way that makes no sense.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// For `map_err`: an I/O error with what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
