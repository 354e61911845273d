//! How many files, and so sockets, this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as an ordinary user may, to the hard limit, and returns it; `None`: unlimited.
///
/// The soft limit is 1024 on many systems, for the sake of programs that use `select`; a server hits it first of all.
pub(crate) fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        // A container may forbid it; then the server runs with what it has.
        Err(_) => current,
    }
}

/// The limit that [`raise`] would reach; `None`: unlimited.
pub(crate) fn reachable() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}
