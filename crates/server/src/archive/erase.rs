//! Taking a person out of what was archived.

use std::{io, path::Path};

use tidings_protocol::UserId;

use super::{
    read::{files, read},
    write::{Unfinished, sweep},
};

/// Takes a user out of all files of a folder: what was in the personal room goes, what the user published elsewhere stays as a place without
/// sender and data. How many entries that were. A file is written anew beside the old one and put in its place whole.
///
/// # Errors
/// When a file cannot be read or written; those before it are done, and the same call may be made again.
pub fn erase(folder: &Path, user: &UserId) -> io::Result<u64> {
    sweep(folder)?;
    let mut erased = 0;
    for file in files(folder)? {
        let mut theirs = 0;
        for line in read(&file)? {
            let line = line?;
            theirs += u64::from(line.from.as_ref() == Some(user) || line.is_personal_of(user));
        }
        // Most files have nothing of one person.
        if theirs > 0 {
            rewrite(folder, &file, user)?;
            erased += theirs;
        }
    }
    Ok(erased)
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
