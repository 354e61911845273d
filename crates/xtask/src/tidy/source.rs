//! The files that are checked, and Rust without what is not code.

use std::{fs, io, path::Path};

/// Folders with sources of ours.
const FOLDERS: &[&str] = &["crates", "packages", "e2e"];
/// Folders in them that others filled.
const SKIPPED: &[&str] = &["node_modules", "dist", "target", "artifacts"];

/// A file of ours.
#[derive(Debug)]
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    /// All of it; empty when it is not text.
    pub text: String,
}

impl Source {
    /// Whether it is a test as a whole.
    pub fn test(&self) -> bool {
        let path = &self.path;
        let folder = ["/tests/", "/test/", "/testing/", "/benches/"].iter().any(|part| path.contains(part));
        let file = ["/tests.rs", ".test.ts", ".test.tsx", ".test-d.ts", ".spec.ts"];
        folder || path.starts_with("e2e/") || file.iter().any(|end| path.ends_with(end))
    }

    /// Whether it is Rust.
    pub fn rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Rust without comments and texts, and without the tests that stand at its end; lines keep their numbers.
    pub fn code(&self) -> String {
        let mut code = blank(&self.text);
        if let Some(tests) = code.find("#[cfg(test)]\nmod ") {
            code.truncate(tests);
        }
        code
    }
}

/// Every file of ours, in the order of their paths.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn files(root: &Path) -> io::Result<Vec<Source>> {
    let mut files = Vec::new();
    // Git keeps no empty folders: one of these may be missing in a fresh checkout.
    for folder in FOLDERS.iter().filter(|folder| root.join(folder).is_dir()) {
        walk(root, folder, &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &str, files: &mut Vec<Source>) -> io::Result<()> {
    for item in fs::read_dir(root.join(folder))? {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if item.file_type()?.is_dir() {
            walk(root, &path, files)?;
        } else {
            // What somebody has just deleted is no longer to be checked, and an image has no lines.
            let text = fs::read_to_string(item.path()).unwrap_or_default();
            files.push(Source { path, text });
        }
    }
    Ok(())
}

/// Comments, texts and characters as spaces, so that braces and names in them do not count.
fn blank(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let length = no_code(&letters, at);
        for letter in &letters[at..at + length.max(1)] {
            out.push(if length == 0 || *letter == '\n' { *letter } else { ' ' });
        }
        at += length.max(1);
    }
    out
}

/// How many letters from `at` on are a comment, a text or a character; 0 for code.
fn no_code(letters: &[char], at: usize) -> usize {
    let rest = &letters[at..];
    let word_before = at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    match rest {
        ['/', '/', ..] => rest.iter().position(|letter| *letter == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['r', '"' | '#', ..] if !word_before => raw_text(rest, 1),
        ['b' | 'c', 'r', '"' | '#', ..] if !word_before => raw_text(rest, 2),
        ['\'', '\\', ..] => quoted(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => depth += 1,
            ['*', '/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], mark: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// `r#"…"#`, of which `prefix` letters come before the first `#` or `"`; 0 for a raw name such as `r#type`.
fn raw_text(rest: &[char], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|letter| **letter == '#').count();
    let start = prefix + hashes;
    if rest.get(start) != Some(&'"') {
        return 0;
    }
    let ends = |at: &usize| {
        rest[*at] == '"' && rest[at + 1..].iter().take_while(|letter| **letter == '#').count() >= hashes
    };
    let end = (start + 1..rest.len()).find(ends);
    end.map_or(rest.len(), |end| end + 1 + hashes)
}

#[cfg(test)]
mod tests;
