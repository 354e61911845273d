//! Putting the data keys in an archive under another master key.

use std::{io, path::Path};

use hashbrown::HashMap;
use tidings_sealing::Keyring;

use super::{
    erase::alone,
    line::Line,
    read::{files, read},
    sealed::LineKey,
    write::{Unfinished, sweep},
};

/// What became of a folder.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Rewrapped {
    /// Files that were written anew.
    pub files: u64,
    /// Lines that stay under a master key that is not there, or not the one.
    pub left: u64,
}

/// Puts the data keys of all files of a folder under the first master key; no entry is touched. A file is written anew beside the old one and put in
/// its place whole.
///
/// # Errors
/// When a file cannot be read or written; those before it are done, and the same call may be made again.
pub fn rewrap(folder: &Path, keyring: &Keyring) -> io::Result<Rewrapped> {
    let Some(_alone) = alone(folder)? else { return Ok(Rewrapped::default()) };
    sweep(folder)?;
    let mut rewrapped = Rewrapped::default();
    for file in files(folder)? {
        let keys = keys(&file, keyring).and_then(|keys| {
            if keys.changed.is_empty() {
                return Ok(keys);
            }
            rewrite(folder, &file, &keys)?;
            rewrapped.files += 1;
            Ok(keys)
        });
        let keys = keys.map_err(|error| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            io::Error::new(error.kind(), format!("{name}: {error}"))
        })?;
        rewrapped.left += keys.left;
    }
    Ok(rewrapped)
}

/// The data keys of a file.
#[derive(Default)]
struct Keys {
    changed: HashMap<LineKey, LineKey>,
    left: u64,
}

fn keys(file: &Path, keyring: &Keyring) -> io::Result<Keys> {
    let mut keys = Keys::default();
    for line in read(file)? {
        let line = line?;
        let Some(key) = line.key.clone().filter(|key| keyring.first() != Some(&key.master)) else { continue };
        if keys.changed.contains_key(&key) {
            continue;
        }
        match line.wrapped_key().map(|key| keyring.rewrap(&key)) {
            Some(Ok(Some(now))) => {
                keys.changed.insert(key, LineKey::of(&now));
            }
            _ => keys.left += 1,
        }
    }
    Ok(keys)
}

fn rewrite(folder: &Path, file: &Path, keys: &Keys) -> io::Result<()> {
    let mut fresh = Unfinished::begin(folder)?;
    for line in read(file)? {
        let line = line?;
        let key = line.key.map(|key| keys.changed.get(&key).cloned().unwrap_or(key));
        fresh.add(&Line { key, ..line })?;
    }
    fresh.replace(file)
}
