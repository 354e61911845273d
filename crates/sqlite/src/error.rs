//! What SQLite says, in the store's words.

use std::fmt;

use rusqlite::{Error, ErrorCode};
use tidings_core::StoreError;

/// Why a piece of work did not go through.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It was refused before it changed anything.
    Refused(StoreError),
    /// What it needed is damaged; the sentence names no content.
    Damaged(String),
    /// SQLite could not.
    Sqlite(Error),
}

/// What a failure means for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// No space left.
    Full,
    /// The disk did not do what it was asked; what the connection believes about the files may be wrong.
    Disk,
    /// Not now: locked, not writable, cannot be opened, interrupted.
    Away,
    /// Damaged, as far as this piece of work is concerned.
    Damaged,
    /// This piece of work only.
    Other,
}

pub(crate) type Work<T> = Result<T, Fault>;

impl Fault {
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Refused(_) => Class::Other,
            Self::Damaged(_) => Class::Damaged,
            Self::Sqlite(error) => class(error),
        }
    }
}

fn class(error: &Error) -> Class {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Class::Full,
        Some(ErrorCode::SystemIoFailure) => Class::Disk,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Class::Damaged,
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted,
        ) => Class::Away,
        // A place in a log that is taken already, or a value of the wrong type: only damage brings that about.
        Some(ErrorCode::ConstraintViolation) => Class::Damaged,
        _ if matches!(
            error,
            Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..) | Error::Utf8Error(..)
        ) =>
        {
            Class::Damaged
        }
        _ => Class::Other,
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Refused(error) => error.clone(),
            Fault::Damaged(what) => Self::Corrupt(what.clone()),
            Fault::Sqlite(error) => store_error(error),
        }
    }
}

/// An error of SQLite that left nothing changed.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let why = Reason(error);
    match class(error) {
        Class::Full => StoreError::Full(format!("{why}; free some space on the disk of the database")),
        Class::Disk => {
            StoreError::Unavailable(format!("{why}; look at the disk of the database and the system's log"))
        }
        Class::Damaged => StoreError::Corrupt(format!(
            "{why}; stop Tidings, keep a copy of the database's files, and restore a backup"
        )),
        Class::Away | Class::Other => StoreError::Unavailable(why.to_string()),
    }
}

/// SQLite's own words with its number: they hold no bound value, so no user and no content.
pub(crate) struct Reason<'a>(pub(crate) &'a Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Error::SqliteFailure(code, message) => {
                let text = message.as_deref().unwrap_or("no further words");
                write!(f, "SQLite says: {text} (code {})", code.extended_code)
            }
            Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..) | Error::Utf8Error(..) => {
                f.write_str("a row holds what was never written there")
            }
            other => write!(f, "SQLite says: {other}"),
        }
    }
}

pub(crate) fn damaged<T>(what: &str) -> Work<T> {
    Err(Fault::Damaged(format!("{what}; keep a copy of the database's files and restore a backup")))
}
