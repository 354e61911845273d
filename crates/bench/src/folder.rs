//! A folder for a run's databases, which goes with the run.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// How the names of all of them begin; then comes whose it is.
const PREFIX: &str = "tidings-bench-";
/// Linux's name for a file system in memory.
const TMPFS: u64 = 0x0102_1994;

/// Empty when it is made; removed with everything in it when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one in a directory.
    pub(crate) fn new(within: &Path, name: &str) -> Result<Self, Error> {
        remove_left(within);
        let path = within.join(format!("{PREFIX}{}-{name}", std::process::id()));
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

/// Removes what runs that were interrupted have left: a long room is hundreds of megabytes.
fn remove_left(within: &Path) {
    for entry in std::fs::read_dir(within).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
        let Some(owner) = owner.and_then(|(pid, _)| pid.parse::<u32>().ok()) else { continue };
        if !Path::new("/proc").join(owner.to_string()).exists() {
            // Somebody else's may not be ours to remove.
            let _ = std::fs::remove_dir_all(entry.path());
        }
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
    fn it_goes_with_what_is_in_it_and_takes_what_others_left() {
        // No process has this number.
        let left = std::env::temp_dir().join(format!("{PREFIX}{}-folder", u32::MAX));
        std::fs::create_dir_all(&left).unwrap();
        let folder = Folder::new(&std::env::temp_dir(), "folder").unwrap();
        assert!(!left.exists());
        let file = folder.join("a");
        std::fs::write(&file, "b").unwrap();
        drop(folder);
        assert!(!file.parent().unwrap().exists());
    }
}
