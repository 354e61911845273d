//! The house rules that a program can check, each with the place that breaks it and what to do.
//!
//! | module | rule |
//! |---|---|
//! | [`edges`] | which crate may depend on which, and on what of others |
//! | [`sizes`] | files up to 500 lines, functions up to 70 |
//! | [`names`] | no file is named after nothing in particular |
//! | [`pure`] | the core takes time and queues from outside |

use std::{error::Error, fmt, path::Path};

pub mod edges;
pub mod names;
pub mod pure;
pub mod sizes;
pub mod source;

/// One breach of a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// From the repository's root.
    pub path: String,
    /// The line, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// Checks everything.
///
/// # Errors
/// When a file cannot be read or cargo does not answer.
pub fn check(root: &Path) -> Result<Vec<Finding>, Box<dyn Error>> {
    let mut findings = edges::check(&edges::packages(root)?);
    for file in source::files(root)? {
        findings.extend(names::check(&file.path));
        findings.extend(sizes::check(&file));
        findings.extend(pure::check(&file));
    }
    Ok(findings)
}
