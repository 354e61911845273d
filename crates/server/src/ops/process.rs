//! What the kernel says of this process. Only Linux says it in `/proc`; elsewhere the numbers are left out.

use std::{fs, path::Path};

/// Memory and descriptors.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Process {
    pub(super) resident_bytes: Option<u64>,
    pub(super) open_fds: Option<u64>,
    pub(super) fds_max: Option<u64>,
}

impl Process {
    /// Reads a few files of `/proc`: not for a thread that others wait for.
    pub(super) fn read() -> Self {
        let proc = Path::new("/proc/self");
        let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
        let limits = fs::read_to_string(proc.join("limits")).unwrap_or_default();
        let fds = fs::read_dir(proc.join("fd"));
        Self {
            resident_bytes: number(&status, "VmRSS:").map(|kib| kib * 1024),
            // One of them is the directory that is being read.
            open_fds: fds.ok().map(|fds| (fds.count() as u64).saturating_sub(1)),
            fds_max: number(&limits, "Max open files"),
        }
    }
}

/// The first number on the line that begins with `name`.
fn number(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let process = Process::read();
        assert!(process.resident_bytes > Some(100_000), "{process:?}");
        assert!(process.open_fds > Some(0) && process.fds_max >= process.open_fds, "{process:?}");
    }
}
