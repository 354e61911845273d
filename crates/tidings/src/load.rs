//! The settings of a command: from its `-c`, the environment and the flags with a dot in their name.

use std::path::PathBuf;

use clap::Args;
use tidings_settings::{Errors, Loaded, Problem, Sources};

use crate::failure::WrongCall;

/// Said below every `--help`.
pub(crate) const FLAGS_HELP: &str = "\
Every setting is a flag too, such as --server.listen 127.0.0.1:9000, and a variable, TIDINGS_SERVER_LISTEN.
`tidings config docs` lists them all.";

/// Settings that were given as flags, before a verb reads them.
pub(crate) struct Given {
    flags: Vec<(String, String)>,
}

/// Where the settings are read from.
#[derive(Args)]
pub(crate) struct File {
    /// Settings file; without it ./tidings.toml is read if there is one
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    path: Option<PathBuf>,
}

impl File {
    /// This one, or else the other one.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { path: self.path.or(other.path) }
    }
}

impl Given {
    pub(crate) fn new(flags: Vec<(String, String)>) -> Self {
        Self { flags }
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// Everything that is wrong in any source; a [`WrongCall`] when one of the flags is.
    pub(crate) fn load(self, file: &File) -> anyhow::Result<Loaded> {
        self.try_load(file).map_err(|errors| {
            let by_flag = errors.0.iter().any(|problem| problem.place.starts_with("--"));
            if by_flag { WrongCall::new(errors).into() } else { errors.into() }
        })
    }

    /// The same, with the problems one by one.
    pub(crate) fn try_load(self, file: &File) -> Result<Loaded, Errors> {
        let Self { flags } = self;
        tidings_settings::load(Sources {
            file: file.path.clone(),
            env: tidings_settings::environment(),
            flags,
        })
    }

    /// For what reads no settings: a flag would be silently without effect.
    pub(crate) fn refuse(&self) -> Result<(), WrongCall> {
        match self.flags.first() {
            Some((name, _)) => Err(WrongCall::new(format!("--{name}: this command reads no settings"))),
            None => Ok(()),
        }
    }
}

/// Refuses to go on when there are problems, and names each.
pub(crate) fn refuse_on(problems: Vec<Problem>) -> Result<(), Errors> {
    if problems.is_empty() { Ok(()) } else { Err(Errors(problems)) }
}

/// All that would keep `serve` from running.
pub(crate) fn check_production(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.check_production();
    problems.extend(not_served(loaded));
    problems
}

/// All that would keep `dev` from running.
pub(crate) fn check(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.check();
    problems.extend(not_served(loaded));
    problems
}

/// What the settings know and this binary does not do. Whoever wants the metrics on an address of their own must not find
/// them on the public one.
fn not_served(loaded: &Loaded) -> Option<Problem> {
    const SETTING: &str = "server.ops_listen";
    let origin = loaded.origin(SETTING);
    (!loaded.settings.server.ops_listen.is_empty()).then(|| Problem {
        setting: SETTING.to_owned(),
        place: origin.to_string(),
        wrong: "a second address is not in this version yet".to_owned(),
        fix: "Leave it empty; health and metrics are served on server.listen".to_owned(),
    })
}
