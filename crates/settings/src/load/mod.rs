//! From the sources to the settings: defaults, then the file, then the environment, then the flags, each over the last.
//!
//! Every source is read to its end, and all that is wrong in them is reported together.

mod environment;
mod file;
mod flags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use environment::{environment, old_names};
pub use flags::split_flags;
#[cfg(test)]
pub(crate) use tests::scratch;

use crate::nearest::{fix, nearest};
use crate::origin::{Errors, Origin, Problem};
use crate::table::{Row, rows};
use crate::{Settings, Value};

/// The file that is read where none was named and it exists.
pub const DEFAULT_FILE: &str = "tidings.toml";

/// What settings are read from, in rising order of weight.
#[derive(Clone, Debug)]
pub struct Sources<Env> {
    /// The file that was asked for; it must exist. `None`: `./tidings.toml`, if it exists.
    pub file: Option<PathBuf>,
    /// The environment: `environment()`, or any pairs.
    pub env: Env,
    /// Flags as `(name, value)`, as `split_flags` takes them from a command line.
    pub flags: Vec<(String, String)>,
}

/// Settings, and where each value came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where each value that is no default came from, by the setting's name: `server.listen`, `rooms[0].join`.
    pub origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Where a setting's value came from.
    pub fn origin(&self, setting: &str) -> &Origin {
        self.origins.get(setting).unwrap_or(&Origin::Default)
    }

    /// What must not run at all, with the place of each value. See [`Settings::check`].
    pub fn check(&self) -> Vec<Problem> {
        self.placed(self.settings.check())
    }

    /// What must not run in production, with the place of each value. See [`Settings::check_production`].
    pub fn check_production(&self) -> Vec<Problem> {
        self.placed(self.settings.check_production())
    }

    fn placed(&self, problems: Vec<Problem>) -> Vec<Problem> {
        let place = |problem: Problem| match self.origins.get(&problem.setting) {
            Some(origin) => problem.at(origin),
            None => problem,
        };
        problems.into_iter().map(place).collect()
    }
}

/// Reads the settings.
///
/// This reads and types each value; what contradicts another value, or is not fit for production, is told by
/// [`Loaded::check`] and [`Loaded::check_production`], so that `config show` can show it.
///
/// # Errors
///
/// Everything that is wrong in any of the sources.
pub fn load<Env: IntoIterator<Item = (String, String)>>(sources: Sources<Env>) -> Result<Loaded, Errors> {
    load_beside(Path::new(""), sources)
}

/// `load`, with the default file looked for in a directory; tests must not depend on the current one.
fn load_beside<Env: IntoIterator<Item = (String, String)>>(
    directory: &Path,
    sources: Sources<Env>,
) -> Result<Loaded, Errors> {
    let mut loader = Loader { settings: Settings::default(), origins: BTreeMap::new(), problems: Vec::new() };
    let default = directory.join(DEFAULT_FILE);
    match sources.file {
        Some(path) => loader.file(&path),
        None if default.exists() => loader.file(&default),
        None => {}
    }
    loader.environment(sources.env.into_iter().collect());
    loader.flags(sources.flags);
    if loader.problems.is_empty() {
        Ok(Loaded { settings: loader.settings, origins: loader.origins })
    } else {
        Err(Errors(loader.problems))
    }
}

/// Settings in the making.
struct Loader {
    settings: Settings,
    origins: BTreeMap<String, Origin>,
    problems: Vec<Problem>,
}

impl Loader {
    /// Sets one value, or notes what is wrong with it.
    fn set(&mut self, row: &Row<Settings>, value: &Value, origin: Origin) {
        match row.set(&mut self.settings, value) {
            Ok(()) => {
                self.origins.insert(row.name(), origin);
            }
            Err(wrong) => self.problems.push(Problem::new(row.name(), wrong, "").at(origin)),
        }
    }

    /// Notes a setting that does not exist, and the one that was probably meant, where there is one.
    fn unknown(&mut self, name: &str, place: impl std::fmt::Display) {
        let names: Vec<String> = rows().map(Row::name).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        self.problems.push(Problem::new(name, "unknown setting", fix(near)).at(place));
    }
}

/// The row with this name.
fn row(name: &str) -> Option<&'static Row<Settings>> {
    rows().find(|row| row.name() == name)
}
