//! How a command ends badly: what is said, and the exit code.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use crate::output::{RED, RESET};

/// The exit code of a wrong call; clap uses it too.
pub(crate) const CALLED_WRONGLY: u8 = 2;

/// The command was called wrongly: nothing was tried.
#[derive(Debug)]
pub(crate) struct WrongCall(String);

impl WrongCall {
    /// With what is wrong and how to call it instead.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}

impl fmt::Display for WrongCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongCall {}

/// Says on standard error what is wrong, each line of it as a problem of its own. For what does not keep a command from going on.
pub(crate) fn complain(problem: impl fmt::Display) {
    let mut stderr = anstream::stderr().lock();
    for line in problem.to_string().lines() {
        // Nobody is left to tell when standard error itself is closed.
        let _ = writeln!(stderr, "{RED}error:{RESET} {line}");
    }
}

/// Says on standard error what went wrong, each line of it as a problem of its own, and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    {
        // Whoever read the output has seen enough: `tidings config docs | head`.
        return ExitCode::SUCCESS;
    }
    complain(format_args!("{error:#}"));
    match error.downcast_ref::<WrongCall>() {
        Some(_) => ExitCode::from(CALLED_WRONGLY),
        None => ExitCode::FAILURE,
    }
}
