//! How much of everything: little in every run of the tests, in full with `TIDINGS_SOAK=1`.

use std::str::FromStr;

/// Whether this is the long run.
pub(crate) fn is_soak() -> bool {
    std::env::var("TIDINGS_SOAK").is_ok_and(|value| value == "1")
}

/// `small` in every run, `full` in the long one, and what `TIDINGS_SOAK_<name>` says if it says something.
pub(crate) fn size<T: FromStr>(name: &str, small: T, full: T) -> T {
    let usual = if is_soak() { full } else { small };
    let named = std::env::var(format!("TIDINGS_SOAK_{name}"));
    named.ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}
