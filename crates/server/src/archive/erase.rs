//! Taking a person out of what was archived.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::Path,
};

use tidings_protocol::UserId;

use super::{
    read::{files, read},
    write::{Unfinished, private, sweep},
};

/// The file that is locked while others are written anew.
const LOCK: &str = ".lock";

/// Takes a user out of all files of a folder: what was in the personal room goes, what the user published elsewhere stays as a place without
/// sender and data. How many entries that were. A file is written anew beside the old one and put in its place whole.
///
/// # Errors
/// When a file cannot be read or written; those before it are done, and the same call may be made again.
pub fn erase(folder: &Path, user: &UserId) -> io::Result<u64> {
    let Some(_alone) = alone(folder)? else { return Ok(0) };
    sweep(folder)?;
    let mut erased = 0;
    for file in files(folder)? {
        erased += erase_from(folder, &file, user).map_err(|error| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            io::Error::new(error.kind(), format!("{name}: {error}"))
        })?;
    }
    Ok(erased)
}

fn erase_from(folder: &Path, file: &Path, user: &UserId) -> io::Result<u64> {
    let mut theirs = 0;
    for line in read(file)? {
        theirs += u64::from(line?.is_of(user));
    }
    // Most files have nothing of one person.
    if theirs > 0 {
        rewrite(folder, file, user)?;
    }
    Ok(theirs)
}

/// Waits until no other process erases here: of two that write a file anew, the later would bring back what the earlier took out. None
/// where there is no folder yet.
pub(super) fn alone(folder: &Path) -> io::Result<Option<File>> {
    let file = match private().create(true).truncate(false).write(true).open(folder.join(LOCK)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.lock() {
        // Where the file system knows no locks, one process is all there may be.
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
        _ => Ok(Some(file)),
    }
}

fn rewrite(folder: &Path, file: &Path, user: &UserId) -> io::Result<()> {
    let mut fresh = Unfinished::begin(folder)?;
    for line in read(file)? {
        let line = line?;
        if line.is_personal_of(user) {
            continue;
        }
        match line.from.as_ref() == Some(user) {
            true => fresh.add(&line.blanked())?,
            false => fresh.add(&line)?,
        }
    }
    fresh.replace(file)
}
