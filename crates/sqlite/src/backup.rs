//! A copy of everything as of one moment, while the rest goes on.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use rusqlite::Connection;
use tidings_core::StoreError;

use crate::{error::Work, file};

/// Writes the copy and syncs it. The moment's pages cannot leave the log meanwhile, so it grows while a backup runs.
pub(crate) fn backup(connection: &Connection, to: &Path) -> Work<()> {
    let failed = |error: io::Error| {
        StoreError::Unavailable(format!("the backup {} could not be written: {error}", to.display()))
    };
    let Some(name) = to.to_str() else {
        return Err(StoreError::Unsupported("the name of a backup has to be UTF-8".into()).into());
    };
    // An empty file of ours is what SQLite writes to, so that nobody's file is replaced and nobody else can read it.
    match file::private(OpenOptions::new().write(true).create_new(true)).open(to) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let why = format!("{} exists already: give the backup another name", to.display());
            return Err(StoreError::Unsupported(why).into());
        }
        Err(error) => return Err(failed(error).into()),
    }
    let written = connection.execute("VACUUM INTO ?1", [name]);
    if let Err(error) = written {
        let _ = fs::remove_file(to);
        return Err(error.into());
    }
    File::open(to).and_then(|copy| copy.sync_all()).map_err(failed)?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok(())
}
