//! A file for what is one person's: nobody else may read it, and it is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A file that is being written.
pub(super) struct PrivateFile {
    lines: BufWriter<File>,
    /// Where it is written.
    written: PathBuf,
    /// Where it is to be.
    goal: PathBuf,
    is_whole: bool,
}

impl PrivateFile {
    /// Begins a file; with `replace`, one that is there stays until the new one is whole.
    ///
    /// # Errors
    /// It is there already, or cannot be created.
    pub(super) fn create(goal: &Path, replace: bool) -> anyhow::Result<Self> {
        let there = fs::symlink_metadata(goal);
        let written = match there {
            Ok(there) if replace && !there.is_file() => {
                bail!("--out: {} is no plain file, and is not replaced", goal.display())
            }
            Ok(_) if replace => beside(goal),
            _ => goal.to_owned(),
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(&written) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!(
                    "--out: {} is there already: name another file, or replace it with --force",
                    goal.display()
                )
            }
            file => file.with_context(|| format!("--out: {} cannot be created", written.display()))?,
        };
        Ok(Self { lines: BufWriter::new(file), written, goal: goal.to_owned(), is_whole: false })
    }

    /// Brings it to disk and to its place.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.lines.flush()?;
        self.lines.get_ref().sync_all()?;
        if self.written != self.goal {
            fs::rename(&self.written, &self.goal)?;
        }
        self.is_whole = true;
        Ok(())
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

impl Drop for PrivateFile {
    /// Half of it would be taken for all of it.
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = fs::remove_file(&self.written);
        }
    }
}

/// A name in the same folder that nobody else has.
fn beside(goal: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(goal.file_name().unwrap_or_default());
    name.push(format!(".{:016x}", rand::random::<u64>()));
    goal.with_file_name(name)
}
