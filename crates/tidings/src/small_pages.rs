//! Memory in small pages: with huge ones an idle connection costs a third more, for what lies unused between its parts.

/// Asks the kernel not to use transparent huge pages for this process; where it cannot, nothing is lost but memory.
pub(crate) fn prefer() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "transparent huge pages stay on");
    }
}
