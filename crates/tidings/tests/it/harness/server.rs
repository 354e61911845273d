//! The real binary as a process of its own, ended when dropped.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, random_hex};

/// A running `tidings serve`.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) api_key: String,
    pub(crate) jwt_secret: String,
    log: Arc<Mutex<String>>,
    log_ended: Mutex<mpsc::Receiver<()>>,
    directory: PathBuf,
}

impl Server {
    /// With default settings.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With some settings, named as in the reference: `limits.message_bytes`.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_file(settings, "")
    }

    /// With settings and a file: rules of rooms can only stand in a file.
    pub(crate) fn with_file(settings: &[(&str, &str)], file: &str) -> Self {
        let (api_key, jwt_secret) = (random_hex(24), random_hex(24));
        let directory = std::env::temp_dir().join(format!("tidings-it-{}", random_hex(8)));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("tidings.toml"), file).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command
            .arg("serve")
            .current_dir(&directory)
            .env_clear()
            .env("TIDINGS_SERVER_LISTEN", "127.0.0.1:0")
            .env("TIDINGS_AUTH_JWT_SECRET", &jwt_secret)
            .env("TIDINGS_AUTH_API_KEYS", &api_key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in settings {
            command.env(format!("TIDINGS_{}", name.replace('.', "_").to_uppercase()), value);
        }
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let log_ended = keep(child.stderr.take().unwrap(), log.clone());
        let Some(address) = listening(child.stdout.take().unwrap()) else {
            let _ = child.kill();
            let _ = child.wait();
            let _ = log_ended.recv_timeout(PATIENCE);
            panic!("the server did not start:\n{}", log.lock().unwrap());
        };
        Self { child, address, api_key, jwt_secret, log, log_ended: Mutex::new(log_ended), directory }
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(tokio::time::Instant::now() < end, "the server does not end:\n{}", self.log());
            looks.tick().await;
        }
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// All that it ever wrote to standard error, once it has ended.
    pub(crate) fn whole_log(&self) -> String {
        self.log_ended.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        self.log()
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
        if std::thread::panicking() {
            eprintln!("--- the server's log:\n{}", self.log());
        }
    }
}

/// Collects an output; the receiver hears of its end.
fn keep(mut output: impl Read + Send + 'static, log: Arc<Mutex<String>>) -> mpsc::Receiver<()> {
    let (ended, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            log.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        let _ = ended.send(());
    });
    receiver
}

/// The address in the line that says so; none when the output ends before.
fn listening(output: impl Read + Send + 'static) -> Option<SocketAddr> {
    let (found, address) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on http://") {
                let _ = found.send(address.trim().parse().unwrap());
            }
        }
    });
    address.recv_timeout(PATIENCE).ok()
}
