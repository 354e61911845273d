//! Why a database could not be opened, for whoever starts Tidings.

use std::{fmt, path::PathBuf};

/// Each is a sentence with what to do.
#[derive(Debug)]
pub enum OpenError {
    /// The directory of the database is not there.
    NoDirectory(PathBuf),
    /// The file or its directory cannot be written.
    NotWritable(PathBuf),
    /// There is a folder where the file should be.
    IsAFolder(PathBuf),
    /// Another process has the database.
    InUse(PathBuf),
    /// Another program holds one of SQLite's own locks on it.
    Locked(PathBuf),
    /// The file is something else.
    NotADatabase(PathBuf),
    /// A database of SQLite, but another program's.
    NotOurs(PathBuf),
    /// A later Tidings wrote it.
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema it has.
        found: u32,
        /// The last one that this program knows.
        known: u32,
    },
    /// It is damaged; where, as far as that is known.
    Damaged(PathBuf, String),
    /// The log beside the database is damaged, and what was acknowledged is behind the damaged place.
    DamagedLog(PathBuf),
    /// There is no space to begin with.
    Full(PathBuf),
    /// Something else, in SQLite's or the system's words.
    Other(PathBuf, String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDirectory(path) => {
                write!(
                    f,
                    "the directory {} does not exist: create it, or set store.url to another place",
                    path.display()
                )
            }
            Self::NotWritable(path) => write!(
                f,
                "{} cannot be written by this user: give it write permission on the file and its directory",
                path.display()
            ),
            Self::IsAFolder(path) => write!(
                f,
                "{path} is a folder: name a file in store.url, such as sqlite:{path}/tidings.db",
                path = path.display()
            ),
            Self::Locked(path) => write!(
                f,
                "another program has {path} locked (a database browser, a backup, a script): end it, or let it finish, and try again; \
                 `fuser -v {path}` names it",
                path = path.display()
            ),
            Self::InUse(path) => write!(
                f,
                "another Tidings uses this database ({}): stop it, or set store.url to another file; for several servers on one store \
                 use PostgreSQL",
                path.display()
            ),
            Self::NotADatabase(path) => write!(
                f,
                "{} is not a database: set store.url to another file, or restore a backup; nothing was changed",
                path.display()
            ),
            Self::NotOurs(path) => write!(
                f,
                "{} is a database of another program: set store.url to another file; nothing was changed",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer Tidings (schema {found}, this program knows up to {known}): run that version, or restore a \
                 backup from before the upgrade; nothing was changed",
                path.display()
            ),
            Self::Damaged(path, what) => write!(
                f,
                "{} is damaged ({what}): keep a copy of the file and those beside it, and restore a backup; nothing was deleted",
                path.display()
            ),
            Self::DamagedLog(path) => write!(
                f,
                "{} is damaged, and what was written last cannot be read: keep a copy of it and of the database, then restore a backup, or \
                 delete it to go on without what only it has; nothing was deleted",
                path.display()
            ),
            Self::Full(path) => {
                write!(f, "there is no space left for {}: free some on its disk", path.display())
            }
            Self::Other(path, why) => write!(f, "{} could not be opened: {why}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}
