//! The command line, in place of a server or beside one.

use std::{
    fs::File,
    io::Write,
    process::{Command, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: i32,
    /// What was asked for.
    pub(crate) out: String,
    /// All else.
    pub(crate) err: String,
}

impl Called {
    /// What was asked for as JSON, a line each.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {self:?}"));
        self.out.lines().map(parse).collect()
    }

    /// Expects an exit code, and these words on standard error.
    pub(crate) fn expect(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "it does not say {word:?}: {self:?}");
        }
        self
    }
}

/// Calls the command without a terminal, with nothing in its environment.
pub(crate) fn call(arguments: &[&str]) -> Called {
    run(arguments, Stdio::null())
}

/// Calls it with a terminal as standard input, at which this was typed.
pub(crate) fn call_at_terminal(arguments: &[&str], typed: &str) -> Called {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let its_end = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut terminal = File::from(terminal);
    terminal.write_all(typed.as_bytes()).unwrap();
    run(arguments, its_end.into())
}

fn run(arguments: &[&str], stdin: Stdio) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    let output =
        command.args(arguments).env_clear().current_dir(std::env::temp_dir()).stdin(stdin).output().unwrap();
    Called {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
