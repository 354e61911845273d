//! strace on a running server: what it asks of the kernel, or what the kernel shall answer.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Server, random_hex};

/// Attached until it is ended.
pub(crate) struct Strace {
    child: Child,
    output: PathBuf,
}

impl Strace {
    /// Attaches to all threads; says why where that cannot be done.
    pub(crate) fn attach(server: &Server, arguments: &[&str]) -> Result<Self, String> {
        let output = std::env::temp_dir().join(format!("tidings-strace-{}", random_hex(8)));
        let spawned = Command::new("strace")
            .args(["-f", "-y", "-p", &server.pid().to_string(), "-o"])
            .arg(&output)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err("strace is not installed".into()),
            Err(error) => panic!("{error}"),
        };
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = said.next().and_then(Result::ok).unwrap_or_default();
        if !first.contains("attached") {
            let _ = child.wait();
            return Err(format!("strace cannot be used here: {first}"));
        }
        // It goes on to speak, of each thread that comes.
        std::thread::spawn(move || said.for_each(drop));
        Ok(Self { child, output })
    }

    /// Lets the server go and returns what was seen.
    pub(crate) fn end(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap();
        let seen = String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned();
        let _ = fs::remove_file(&self.output);
        seen
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        // Has ended already, unless the test has failed.
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
        let _ = self.child.wait();
    }
}
