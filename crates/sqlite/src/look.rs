//! A look at a database from outside: what a start would find, and nothing is created or changed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::ErrorKind,
    path::Path,
};

use rusqlite::{Connection, OpenFlags};
use tidings_core::store::WrappedKey;

use crate::{
    OpenError, data_keys,
    file::{self, beside, io_error, open_error},
    log_check, schema,
};

/// The first schema with data keys.
const DATA_KEYS_SINCE: u32 = 3;

/// What is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// The schema; 0 for a file that is empty.
    pub version: u32,
    /// The schema that a start brings it to.
    pub known: u32,
    /// A Tidings has it at this moment.
    pub is_in_use: bool,
    /// A data key of each master key that something is sealed with.
    pub data_keys: Vec<WrappedKey>,
}

/// Looks at a database; none where there is no file, and a start would create one.
///
/// # Errors
/// [`OpenError`], as a start would give it, as far as that can be seen without changing anything.
pub fn look(path: &Path) -> Result<Option<Look>, OpenError> {
    let path = &file::resolve(path)?;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(OpenError::IsAFolder(path.clone())),
        Ok(found) if found.permissions().readonly() => return Err(OpenError::NotWritable(path.clone())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(path, &error)),
    }
    OpenOptions::new().read(true).write(true).open(path).map_err(|error| io_error(path, &error))?;
    let is_in_use = is_in_use(path)?;
    let log = beside(path, "-wal");
    let has_log = fs::metadata(&log).is_ok_and(|found| found.len() > 0);
    if !is_in_use && log_check::is_damaged(&log).map_err(|error| io_error(&log, &error))? {
        return Err(OpenError::DamagedLog(log));
    }
    let connection = open(path, is_in_use || has_log)?;
    let (version, known) = schema::versions(path, &connection)?;
    if !is_in_use && !has_log {
        file::ends_with_a_page(path, &connection)?;
    }
    let data_keys = match version {
        DATA_KEYS_SINCE.. => data_keys::masters(&connection)
            .map_err(|_| OpenError::Other(path.clone(), "its data keys cannot be read".to_owned()))?,
        _ => Vec::new(),
    };
    Ok(Some(Look { version, known, is_in_use, data_keys }))
}

/// Whether somebody holds the lock. It is taken for a moment to find that out, where its file is there.
fn is_in_use(path: &Path) -> Result<bool, OpenError> {
    let name = file::lock_path(path);
    let file = match File::open(&name) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io_error(&name, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(io_error(&name, &error)),
    }
}

/// A connection that reads. Beside a log SQLite shares memory with whoever writes; without one that would make files, so the database
/// is taken for one that does not change.
fn open(path: &Path, has_log: bool) -> Result<Connection, OpenError> {
    let failed = |error| open_error(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match has_log {
        true => Connection::open_with_flags(path, flags),
        false => Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI),
    };
    let connection = connection.map_err(failed)?;
    connection.busy_timeout(file::BUSY_TIMEOUT).map_err(failed)?;
    Ok(connection)
}

/// The path as SQLite's URI.
fn immutable(path: &Path) -> String {
    let escaped = path.as_os_str().as_encoded_bytes().iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
        other => format!("%{other:02x}"),
    });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}
