//! No file or folder is named after nothing in particular: what is called `util` collects what nobody has thought about.

use super::Finding;

const BANNED: &[&str] = &["util", "utils", "common", "misc", "helper", "helpers", "manager"];

/// Checks one path.
pub fn check(path: &str) -> Option<Finding> {
    let lower = path.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let word = words.find(|word| BANNED.contains(word))?;
    let what = format!("`{word}` names no concept; name the file after the one thing that it holds");
    Some(Finding { path: path.to_owned(), line: None, what })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn words_count_and_not_parts_of_them() {
        for path in
            ["crates/a/src/util.rs", "crates/common/src/a.rs", "packages/x/test-utils.ts", "a/Manager.ts"]
        {
            assert!(check(path).is_some(), "{path}");
        }
        assert!(check("crates/a/src/utility_pole.rs").is_none());
        assert!(check("crates/a/src/uncommon.rs").is_none());
    }
}
