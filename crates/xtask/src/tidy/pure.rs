//! The core reads no clock and has no queue without a bound: both are handed to it, so that tests can turn time and fill queues.

use super::{Finding, source::Source};

const CORE: &str = "crates/core/src/";

/// What is not written there, and what to write instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("SystemTime::now", "take the time from the Clock that is handed in"),
    ("Instant::now", "take the time from the Clock that is handed in"),
    ("Timestamp::now", "take the time from the Clock that is handed in"),
    ("now_v7", "make ids from the time of the Clock that is handed in"),
    (".elapsed()", "take the time from the Clock that is handed in, and subtract"),
    ("unbounded(", "give the queue a bound, and say what happens when it is full"),
    ("unbounded_channel", "give the queue a bound, and say what happens when it is full"),
    ("mpsc::channel", "give the queue a bound (sync_channel, or the hub's own queue)"),
    ("std::fs", "the core opens no file: let its caller"),
    ("std::net::Tcp", "the core opens no socket: let its caller"),
    ("thread::spawn", "the core starts nothing: let its caller"),
    ("thread::sleep", "the core does not wait: let its caller"),
];

/// Checks one file.
pub fn check(file: &Source) -> Vec<Finding> {
    if !file.path.starts_with(CORE) || !file.rust() || file.test() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.code().lines().enumerate() {
        for (name, instead) in FORBIDDEN.iter().filter(|(name, _)| line.contains(name)) {
            let what = format!("`{name}` in the core; {instead}");
            findings.push(Finding { path: file.path.clone(), line: Some(index + 1), what });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<Option<usize>> {
        check(&Source { path: path.into(), text: text.into() }).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn clocks_are_found_in_code_of_the_core_only() {
        let text = "// Instant::now\nlet now = std::time::Instant::now();\n#[cfg(test)]\nmod tests { fn f() { Instant::now(); } }";
        assert_eq!(lines("crates/core/src/hub.rs", text), [Some(2)]);
        assert!(lines("crates/core/src/hub/tests.rs", text).is_empty());
        assert!(lines("crates/server/src/hub.rs", text).is_empty());
    }
}
