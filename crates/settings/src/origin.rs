//! Where a value came from, and what is said when one is wrong.

use std::fmt;
use std::path::PathBuf;

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The file, and the line in it, counted from 1.
    File {
        /// The file's path, as it was given.
        path: PathBuf,
        /// The line of the value.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A file that an environment variable names.
    VariableFile {
        /// The variable, with its `_FILE`.
        name: String,
        /// The file it names.
        path: PathBuf,
    },
    /// A flag, without its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::VariableFile { name, path } => write!(f, "{name} ({})", path.display()),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// Something wrong with the settings. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting: `server.listen`, `rooms[0].join`; empty where it is about a whole file.
    pub setting: String,
    /// Where the value stands: `tidings.toml:3`, `TIDINGS_SERVER_LISTEN`, `--server.listen`; empty for a default.
    pub place: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it, as a sentence; empty where `wrong` already says what was expected.
    pub fix: String,
}

impl Problem {
    pub(crate) fn new(setting: impl Into<String>, wrong: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { setting: setting.into(), place: String::new(), wrong: wrong.into(), fix: fix.into() }
    }

    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = place.to_string();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.place, &self.setting] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.wrong)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, ". {}", self.fix) }
    }
}

/// Everything that was wrong, together: nobody should have to start a server five times to find five mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(pub Vec<Problem>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
