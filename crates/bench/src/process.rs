//! Servers as processes: starting them, and what the kernel says they cost.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal};

use crate::error::Error;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(30);
/// What a server prints before its address.
const LISTENING: &str = "listening on http://";
/// Lines of a server's output that are kept for the case that it ends.
const TAIL: usize = 20;

/// CPU time of all threads of a process so far, in nanoseconds. Time of threads that have ended is not in it.
///
/// # Errors
///
/// The process is gone.
pub(crate) fn cpu_ns(pid: u32) -> Result<u64, Error> {
    let what = || format!("CPU time of process {pid}");
    let mut total = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).map_err(Error::io(what()))? {
        let path = task.map_err(Error::io(what()))?.path().join("schedstat");
        // A thread may end between the two reads.
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        total += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(total)
}

/// Resident memory of a process, in bytes.
///
/// # Errors
///
/// The process is gone.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, Error> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).map_err(Error::io(path))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib =
        line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| Error::Usage(format!("no resident size for process {pid}")))
}

/// Raises the limit on open files as far as it goes, for this process and those it starts; how many there may be now.
pub(crate) fn raise_open_files() -> usize {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let now = if rustix::process::setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    now.current.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}

/// A server that this run started. Ended when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it has said where it listens.
    ///
    /// # Errors
    ///
    /// It does not start, or ends before; the error has its last lines.
    pub(crate) fn start(command: &Command) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut command = held(command)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io(format!("starting {name}")))?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let (found, address) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            follow(stdout, found.clone(), Arc::clone(&tail));
        }
        if let Some(stderr) = child.stderr.take() {
            follow(stderr, found.clone(), Arc::clone(&tail));
        }
        drop(found);
        match address.recv_timeout(START) {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => {
                end(&mut child);
                let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                let lines: Vec<_> = tail.iter().map(String::as_str).collect();
                Err(Error::Late(format!("{name} did not listen; its last words:\n{}", lines.join("\n"))))
            }
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The command of this package's binary that runs [`hold`].
const HOLD: &str = "hold";

/// The same command, as one that ends with this process however that ends: `hold` asks the kernel for it and then becomes the
/// program, in the same process.
fn held(command: &Command) -> Result<Command, Error> {
    let mut held = Command::new(std::env::current_exe().map_err(Error::io("own program"))?);
    held.arg(HOLD).arg("--").arg(command.get_program()).args(command.get_args());
    held.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ok(held)
}

/// Becomes another program, and ends when the one who started this process ends. Answers only if it cannot.
#[must_use]
pub fn hold(program: &OsStr, arguments: &[OsString]) -> Error {
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return Error::io("asking to end with the run")(error.into());
    }
    let error = Command::new(program).args(arguments).exec();
    Error::io(format!("starting {}", program.display()))(error)
}

/// Ends a child process of ours and waits until it is gone.
pub(crate) fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a server's output to its end, so that it never blocks on a full pipe.
fn follow(output: impl Read + Send + 'static, found: Sender<SocketAddr>, tail: Arc<Mutex<VecDeque<String>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once(LISTENING) {
                let address = rest.split(|c: char| !(c.is_ascii_digit() || ".:[]".contains(c))).next();
                if let Some(address) = address.and_then(|address| address.parse().ok()) {
                    // Nobody waits any more after the first.
                    let _ = found.send(address);
                }
            }
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.push_back(line);
            if tail.len() > TAIL {
                tail.pop_front();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process() {
        let pid = std::process::id();
        let before = cpu_ns(pid).unwrap();
        let mut x = 1u64;
        while cpu_ns(pid).unwrap() == before {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(raise_open_files() > 10);
    }
}
