//! A real PostgreSQL for tests: on a free port, in a folder of its own, stopped and removed when the test program ends, however it
//! ends.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for the server to come up or go down.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Runs the server as a child and ends it when the test program is gone: then its standard input ends.
const GUARD: &str = r#"
    "$@" >>log 2>&1 &
    echo $! >pid.new && mv pid.new pid
    read -r word
    [ "$word" = leave ] || kill -s QUIT $! 2>/dev/null
    wait $!
    [ "$word" = leave ] || rm -rf "$PWD"
"#;

/// A running server; its user is `postgres`, without a password, on loopback and on a socket in its folder.
pub struct PostgresServer {
    folder: PathBuf,
    binaries: PathBuf,
    port: u16,
    /// Uid and gid that it runs as: PostgreSQL refuses to be root.
    owner: Option<(u32, u32)>,
    guard: Option<Child>,
    databases: AtomicUsize,
}

impl PostgresServer {
    /// Creates and starts one.
    ///
    /// # Errors
    /// A sentence: the binaries are missing, or it does not start.
    pub fn start() -> Result<Self, String> {
        let binaries = binaries()?;
        let unique = format!("tidings-postgres-{}-{}", std::process::id(), free_port()?);
        let folder = env::temp_dir().join(unique);
        fs::create_dir_all(&folder).map_err(said)?;
        let owner = owner()?;
        if let Some((uid, gid)) = owner {
            chown(&folder, Some(uid), Some(gid)).map_err(said)?;
        }
        let port = free_port()?;
        let mut server = Self { folder, binaries, port, owner, guard: None, databases: AtomicUsize::new(0) };
        let mut initdb = server.command("initdb");
        initdb.args([
            "--pgdata=data",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        run(initdb.arg("--no-sync"))?;
        server.resume()?;
        Ok(server)
    }

    /// A new database's address. Each test has its own.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn database(&self) -> Result<String, String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url(&name))
    }

    /// The address of a database, whether there is one or not.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Runs SQL by `psql` and returns what it prints, unaligned and without headers.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(&self.folder);
        run(psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]))
    }

    /// A database as `pg_dump` writes it: SQL.
    ///
    /// # Errors
    /// What `pg_dump` says.
    pub fn dump(&self, database: &str) -> Result<String, String> {
        let mut dump = self.command("pg_dump");
        dump.args(["-U", "postgres", "-h"]).arg(&self.folder);
        run(dump.args(["-p", &self.port.to_string(), "-d", database]))
    }

    /// Stops it in an orderly way, connections or not, and waits for that.
    pub fn stop(&mut self) {
        self.end("INT");
    }

    /// Stops it as `pg_ctl -m immediate` does.
    pub fn stop_immediately(&mut self) {
        self.end("QUIT");
    }

    /// `kill -9` of the postmaster; what is left of it ends by itself.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    /// Makes it go on as if the machine had never had it, or starts it again; waits until it takes connections.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn resume(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + WAIT_MAX;
        while Instant::now() < deadline {
            if self.guard.as_mut().is_none_or(|guard| !matches!(guard.try_wait(), Ok(None))) {
                // After a kill -9 its children take a moment to go, and until then it refuses to start.
                self.spawn()?;
            }
            if self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("PostgreSQL does not start; see {}", self.folder.join("log").display()))
    }

    /// Holds it without ending it (SIGSTOP), as a machine that hangs; also the processes of its connections.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, signal: &str) {
        let Some(pid) = self.pid() else { return };
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        for pid in children.split_whitespace().chain([&*pid]) {
            send(signal, pid);
        }
    }

    fn pid(&self) -> Option<String> {
        Some(fs::read_to_string(self.folder.join("pid")).ok()?.trim().to_owned())
            .filter(|pid| !pid.is_empty())
    }

    fn spawn(&mut self) -> Result<(), String> {
        let _ = fs::remove_file(self.folder.join("pid"));
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard"]).arg(self.binaries.join("postgres")).args(["-D", "data", "-k"]);
        guard.arg(&self.folder).args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        for setting in ["fsync=on", "shared_buffers=32MB", "max_connections=60", "max_wal_size=256MB"] {
            guard.args(["-c", setting]);
        }
        self.own(&mut guard);
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.guard = Some(guard.spawn().map_err(said)?);
        let deadline = Instant::now() + WAIT_MAX;
        while self.pid().is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Ends the server, and its guard without the folder.
    fn end(&mut self, signal: &str) {
        let Some(mut guard) = self.guard.take() else { return };
        if let Some(mut input) = guard.stdin.take() {
            let _ = input.write_all(b"leave\n");
        }
        if let Some(pid) = self.pid() {
            send(signal, &pid);
        }
        let _ = guard.wait();
        let deadline = Instant::now() + WAIT_MAX;
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn command(&self, binary: &str) -> Command {
        let mut command = Command::new(self.binaries.join(binary));
        self.own(&mut command);
        command
    }

    fn own(&self, command: &mut Command) {
        command.current_dir(&self.folder).env("LC_ALL", "C");
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.end("QUIT");
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where `initdb` and the like are: Debian puts them outside the path, by version.
fn binaries() -> Result<PathBuf, String> {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = versions.filter(|path| path.join("bin/initdb").exists()).max_by_key(|path| version(path));
    let on_path = || env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join("initdb").exists());
    newest
        .map(|path| path.join("bin"))
        .or_else(on_path)
        .ok_or_else(|| "PostgreSQL's initdb is missing: run `scripts/ensure initdb`".to_owned())
}

/// Whom it runs as, when this is root: `postgres`, or `nobody`.
fn owner() -> Result<Option<(u32, u32)>, String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1));
    if uid != Some("0") {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(said)?;
    let of = |wanted: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_it = fields.next() == Some(wanted);
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            is_it.then_some((uid, gid))
        })
    };
    of("postgres")
        .or_else(|| of("nobody"))
        .map(Some)
        .ok_or_else(|| "there is no user to run PostgreSQL as".into())
}

/// Below the ports that connections leave from: one of them could take it while the server is down.
fn free_port() -> Result<u16, String> {
    let candidates = (0..100).map(|_| 20_000 + (RandomState::new().hash_one(0) % 10_000) as u16);
    let mut free = candidates.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().ok_or_else(|| "no port is free between 20000 and 30000".to_owned())
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(said)?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn send(signal: &str, pid: &str) {
    let _ = Command::new("kill").args(["-s", signal, pid]).stderr(Stdio::null()).status();
}

fn said(error: io::Error) -> String {
    error.to_string()
}
