//! A folder for a run's databases, which goes with the run.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// Linux's name for a file system in memory.
const TMPFS: u64 = 0x0102_1994;

/// Empty when it is made; removed with everything in it when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one in a directory.
    pub(crate) fn new(within: &Path, name: &str) -> Result<Self, Error> {
        let path = within.join(format!("tidings-bench-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).map_err(Error::io(path.display().to_string()))?;
        Ok(Self(path))
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is no reason to lose the figures.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether a directory is in memory, where a sync costs nothing.
pub(crate) fn is_in_memory(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| found.f_type as u64 == TMPFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_what_is_in_it() {
        let folder = Folder::new(&std::env::temp_dir(), "folder").unwrap();
        let file = folder.join("a");
        std::fs::write(&file, "b").unwrap();
        drop(folder);
        assert!(!file.parent().unwrap().exists());
    }
}
