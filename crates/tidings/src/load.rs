//! The settings of a command: from its `-c`, the environment and the flags with a dot in their name.

use std::path::PathBuf;

use clap::Args;
use tidings_server::auth::Tokens;
use tidings_settings::{Errors, Loaded, Origin, Problem, Sources};

use crate::failure::WrongCall;
use crate::store::Address;

const PUBLIC_KEY: &str = "auth.jwt_public_key";

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
        self.try_load(file).map_err(refusal)
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

/// Whether one of these was said on the command line, so that the command was called wrongly.
pub(crate) fn by_flag(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.place.starts_with("--"))
}

fn refusal(errors: Errors) -> anyhow::Error {
    if by_flag(&errors.0) { WrongCall::new(errors).into() } else { errors.into() }
}

/// Refuses to go on when there are problems, and names each.
///
/// # Errors
/// All of them; a [`WrongCall`] when one of the flags is what is wrong.
pub(crate) fn refuse_on(problems: Vec<Problem>) -> anyhow::Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(refusal(Errors(problems))) }
}

/// All that would keep `serve` from running.
pub(crate) fn check_production(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.check_production();
    if !problems.iter().any(|problem| problem.setting == PUBLIC_KEY) {
        problems.extend(no_public_key(loaded));
    }
    problems.extend(not_served(loaded));
    problems.extend(no_store(loaded));
    problems
}

/// What `serve` would refuse of the secret that tokens are signed with; nothing where there is none.
pub(crate) fn check_signing(loaded: &Loaded) -> Vec<Problem> {
    const SECRET: &str = "auth.jwt_secret";
    let mut problems = loaded.check_production();
    problems.retain(|problem| problem.setting == SECRET && !loaded.settings.auth.jwt_secret.is_empty());
    problems
}

/// All that would keep `dev` from running.
pub(crate) fn check(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.check();
    problems.extend(not_served(loaded));
    problems.extend(no_store(loaded));
    problems
}

/// The settings know the form of a key file, the server what is in it.
fn no_public_key(loaded: &Loaded) -> Option<Problem> {
    let wrong = Tokens::new(&loaded.settings.auth).err()?;
    let wrong = wrong.strip_prefix(PUBLIC_KEY).unwrap_or(&wrong).trim_start_matches([':', ' ']);
    Some(problem(loaded, PUBLIC_KEY, wrong.to_owned()))
}

/// The settings know no store by its name.
fn no_store(loaded: &Loaded) -> Option<Problem> {
    let wrong = Address::parse(&loaded.settings.store.url).err()?;
    Some(problem(loaded, "store.url", format!("{wrong:#}")))
}

fn problem(loaded: &Loaded, setting: &str, wrong: String) -> Problem {
    let place = match loaded.origin(setting) {
        Origin::Default => String::new(),
        origin => origin.to_string(),
    };
    Problem { setting: setting.to_owned(), place, wrong, fix: String::new() }
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
