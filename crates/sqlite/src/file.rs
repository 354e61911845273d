//! The database's file: whose it is, how connections to it are opened, and whether it is still where it was.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use crate::{OpenError, Options, error::Reason, log_check};

/// How long a connection waits for somebody else's lock (a backup tool's): the store owes an answer within two seconds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Pages (4 KiB) in the log before the writer copies them into the database. More than SQLite's 1,000: with many rooms the same
/// pages are written again and again, and each is copied once.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Bytes to which a log that had to grow (a long read held it up) is cut again.
const LOG_BYTES_KEPT: u32 = 64 << 20;

/// A database that is this process's alone.
pub(crate) struct DatabaseFile {
    path: PathBuf,
    /// Held as long as this lives; the system lets it go when the process dies, however it dies.
    _lock: File,
}

/// Which files the path led to.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Identity([Option<(u64, u64)>; 2]);

impl DatabaseFile {
    /// Takes the database; creates an empty file where there is none.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let path = resolve(path)?;
        if path.is_dir() {
            return Err(OpenError::IsAFolder(path));
        }
        let lock = lock(&path)?;
        create(&path)?;
        if fs::metadata(&path).is_ok_and(|found| found.permissions().readonly()) {
            return Err(OpenError::NotWritable(path));
        }
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The one connection that writes. What a process before left in the log is in the database and on disk afterwards: were a
    /// transaction in that log never synced (its fsync failed), what is written behind it would be lost with it.
    pub(crate) fn writer(&self, options: &Options) -> Result<Connection, OpenError> {
        let failed = |error| open_error(&self.path, &error);
        create(&self.path)?;
        let log = beside(&self.path, "-wal");
        if log_check::is_damaged(&log).map_err(|error| io_error(&log, &error))? {
            return Err(OpenError::DamagedLog(log));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(OpenError::NotWritable(self.path.clone()));
        }
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            let why = "its file system cannot share memory between processes; put it on a local disk";
            return Err(OpenError::Other(self.path.clone(), why.to_owned()));
        }
        let set = |name, value: &str| connection.pragma_update(None, name, value).map_err(failed);
        set("synchronous", "full")?;
        set("secure_delete", "on")?;
        set("cell_size_check", "on")?;
        set("trusted_schema", "off")?;
        set("temp_store", "memory")?;
        set("cache_size", "-32768")?;
        set("wal_autocheckpoint", &CHECKPOINT_PAGES.to_string())?;
        set("journal_size_limit", &LOG_BYTES_KEPT.to_string())?;
        if let Some(pages) = options.pages_max {
            set("max_page_count", &pages.to_string())?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        if !empty_log(&connection).map_err(failed)? {
            let why = "its log cannot be emptied because another program reads it; end that program";
            return Err(OpenError::Other(self.path.clone(), why.to_owned()));
        }
        // SQLite takes a last page that is cut off for a whole one with zeros. Only now, with an empty log, is that damage: a process that was
        // killed amid a copy leaves such a page too, and the log still had it.
        ends_with_a_page(&self.path, &connection)?;
        Ok(connection)
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        for (name, value) in [
            ("cell_size_check", "on"),
            ("trusted_schema", "off"),
            ("temp_store", "memory"),
            ("cache_size", "-16384"),
        ] {
            connection.pragma_update(None, name, value)?;
        }
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }

    /// The database and its log as the path leads to them now. A deleted file can be written for ever without an error.
    pub(crate) fn identity(&self) -> Identity {
        let log = beside(&self.path, "-wal");
        Identity([&self.path, &log].map(|path| fs::metadata(path).ok().map(|found| number(&found))))
    }
}

/// Refuses a database, without a log, whose last page is cut off.
pub(crate) fn ends_with_a_page(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let bytes = fs::metadata(path).map_err(|error| io_error(path, &error))?.len();
    let page = connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0));
    match bytes.is_multiple_of(page.map_err(|error| open_error(path, &error))?.into()) {
        true => Ok(()),
        false => Err(OpenError::Damaged(path.to_owned(), "it ends amid a page".to_owned())),
    }
}

/// Copies the whole log into the database, syncs that, and cuts the log to nothing; false while a reader needs it.
pub(crate) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

pub(crate) fn open_error(path: &Path, error: &Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged(path, Reason(error).to_string()),
        Some(ErrorCode::DiskFull) => OpenError::Full(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked(path),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable(path)
        }
        _ => OpenError::Other(path, Reason(error).to_string()),
    }
}

pub(crate) fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::NotWritable(path),
        ErrorKind::IsADirectory => OpenError::IsAFolder(path),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path),
        _ => OpenError::Other(path, error.to_string()),
    }
}

/// The path with something behind its name.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// A file that nobody else may read: it will hold what people write to each other.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn create(path: &Path) -> Result<(), OpenError> {
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io_error(path, &error)),
    }
}

/// Where the locks of [`lock`] are.
pub(crate) fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// One name for one file, so that two ways to it meet at the same lock.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(found) = path.canonicalize() {
        return Ok(found);
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| OpenError::NotWritable(path.to_owned()))?;
    match directory.canonicalize() {
        Ok(found) if found.is_dir() => Ok(found.join(name)),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(directory, &error)),
        _ => Err(OpenError::NoDirectory(directory.to_owned())),
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let name = lock_path(path);
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(&name)
        .map_err(|error| io_error(&name, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(io_error(&name, &error)),
    }
}

#[cfg(unix)]
fn number(found: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> (u64, u64) {
    (0, 0)
}
