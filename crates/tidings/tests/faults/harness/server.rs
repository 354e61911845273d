//! The real binary on a folder and a port that outlive it.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, random_hex};

/// Rooms for ledgers, kept for longer than any test, and rooms that keep nothing.
const ROOMS: &str = r#"
[[rooms]]
match = "ledger_{id}"
join = "anyone"
publish = "nobody"
keep = "30d"

[[rooms]]
match = "live_{id}"
join = "anyone"
publish = "nobody"
keep = "none"

[[rooms]]
match = "private_{id}"
join = "members"
publish = "members"
keep = "30d"
"#;

/// What a server is started with.
#[derive(Default)]
pub(crate) struct Setup {
    /// Named as in the reference: `limits.message_bytes`.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Variables of the environment beside them.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A `tidings serve` that can be ended and started again: same folder, same port, same keys.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) api_key: String,
    pub(crate) jwt_secret: String,
    folder: PathBuf,
    setup: Setup,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// On SQLite in its own folder, started.
    pub(crate) fn start() -> Self {
        let mut server = Self::prepare(Setup::default());
        server.resume();
        server
    }

    /// A place for one that is not started yet.
    pub(crate) fn prepare(setup: Setup) -> Self {
        let folder = std::env::temp_dir().join(format!("tidings-faults-{}", random_hex(8)));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tidings.toml"), ROOMS).unwrap();
        // Free now, and nobody else's for the moments in which nobody listens there: the kernel hands ports out in turn.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (api_key, jwt_secret) = (random_hex(24), random_hex(24));
        Self { address, api_key, jwt_secret, folder, setup, child: None, log: Arc::default() }
    }

    /// A second one, not started, that would use the same files.
    pub(crate) fn on_the_folder_of(other: &Self) -> Self {
        let url = format!("sqlite:{}", other.database().display());
        Self::prepare(Setup { settings: vec![("store.url", url)], ..Setup::default() })
    }

    /// Starts it; how long it took until it accepted connections.
    pub(crate) fn resume(&mut self) -> Duration {
        let since = Instant::now();
        let mut child = self.command().spawn().unwrap();
        keep(child.stderr.take().unwrap(), self.log.clone());
        let listens = is_listening(child.stdout.take().unwrap());
        self.child = Some(child);
        assert!(listens, "the server did not start:\n{}", self.log());
        since.elapsed()
    }

    /// Starts it where it cannot work: its exit code and what it said. None when it does start, and then it runs.
    pub(crate) fn refusal(&mut self) -> Option<(i32, String)> {
        let mut child = self.command().spawn().unwrap();
        let listens = is_listening(child.stdout.take().unwrap());
        let mut log = child.stderr.take().unwrap();
        if listens {
            keep(log, self.log.clone());
            self.child = Some(child);
            return None;
        }
        let mut said = String::new();
        log.read_to_string(&mut said).unwrap();
        Some((child.wait().unwrap().code().unwrap_or(-1), said))
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks it to stop and waits for that.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let end = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "the server does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process; only while there is one.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Whether it has not ended by itself.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// What all its processes wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its working directory, where `tidings.db` is by default.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The database, where nothing else was set.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("tidings.db")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command
            .arg("serve")
            .current_dir(&self.folder)
            .env_clear()
            .env("TIDINGS_SERVER_LISTEN", self.address.to_string())
            .env("TIDINGS_AUTH_JWT_SECRET", &self.jwt_secret)
            .env("TIDINGS_AUTH_API_KEYS", &self.api_key)
            .envs(self.setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // All clients of a test come from one address, and come back at once.
        let unlimited = ["attempts_per_minute", "messages_per_minute", "connections_per_ip"];
        for name in unlimited {
            command.env(format!("TIDINGS_LIMITS_{}", name.to_uppercase()), "0");
        }
        for (name, value) in &self.setup.settings {
            command.env(format!("TIDINGS_{}", name.replace('.', "_").to_uppercase()), value);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
        if std::thread::panicking() {
            eprintln!("--- the server's log:\n{}", self.log());
        }
    }
}

fn keep(mut output: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            log.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
}

/// Waits for the line that says so; false when the output ends before.
fn is_listening(output: impl Read + Send + 'static) -> bool {
    let (found, listening) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with("listening on http://") {
                let _ = found.send(());
            }
        }
    });
    listening.recv_timeout(PATIENCE).is_ok()
}
