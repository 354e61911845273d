//! `tidings check` finds what a start would stumble over, and leaves everything as it is.

use std::{fs, path::Path};

use serde_json::Value;
use tidings_testkit::{Folder, PostgresServer};

use crate::harness::{KeyPair, Server, call, random_hex};

/// Good settings but for these; what is found, and the exit code.
struct Checked {
    found: Vec<Value>,
    code: i32,
}

fn check(settings: &[(&str, &str)]) -> Checked {
    let (key, secret) = (random_hex(24), random_hex(24));
    let mut arguments =
        vec!["check", "--json", "--server.listen", "127.0.0.1:0", "--auth.jwt_secret", &secret];
    arguments.extend(["--auth.api_keys", &key]);
    let flags: Vec<String> = settings.iter().map(|(name, value)| format!("--{name}={value}")).collect();
    arguments.extend(flags.iter().map(String::as_str));
    let called = call(&arguments);
    let said: Value = serde_json::from_str(&called.out).unwrap_or_else(|_| panic!("{called:?}"));
    assert_eq!(said["good"], called.code == 0);
    Checked { found: said["checks"].as_array().unwrap().clone(), code: called.code }
}

impl Checked {
    /// What is said of one thing.
    #[track_caller]
    fn says(&self, what: &str, status: &str, words: &str) -> &Self {
        let found = self.found.iter().find(|found| found["check"] == what);
        let found = found.unwrap_or_else(|| panic!("nothing of {what}: {:?}", self.found));
        assert_eq!(found["status"], status, "{found}");
        assert!(found["detail"].as_str().unwrap().contains(words), "{found}");
        assert_eq!(self.code == 0, status != "wrong", "{:?}", self.found);
        self
    }
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn addresses_that_serve_refuses() {
    for (url, words) in [
        ("mysql://ada:hunter2@db/x", "expected sqlite:FILE, postgres://… or memory:"),
        ("postgresql+asyncpg://ada:hunter2@db/x", "without the name of a driver"),
        ("postgres://ada:hunter2@db/x?sslmode=perhaps", "sslmode is not one of"),
        ("sqlite:", "expected a file after sqlite:"),
    ] {
        let checked = check(&[("store.url", url)]);
        checked.says("store", "wrong", words);
        assert_eq!(checked.code, 2, "a flag is what is wrong");
        assert!(!format!("{:?}", checked.found).contains("hunter2"));
    }
    check(&[("store.url", "memory:")]).says("store", "good", "all is gone");
    check(&[("store.url", "sqlite:/nosuchdir/x.db")]).says("store", "wrong", "/nosuchdir does not exist");
}

#[tokio::test]
async fn a_file_is_looked_at_and_left_alone() {
    let folder = Folder::new();
    let file = folder.path().join("tidings.db");
    let url = sqlite(&file);
    let look = || check(&[("store.url", &*url)]);
    look().says("store", "good", "is not there yet: a start will create it");
    assert_eq!(names(folder.path()), [""; 0]);

    let mut server = Server::with(&[("store.url", &*url)]);
    look().says("store", "warning", "a Tidings has it at this moment");
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    let (bytes, there) = (fs::read(&file).unwrap(), names(folder.path()));
    look().says("store", "good", "schema version ");
    assert_eq!((fs::read(&file).unwrap(), names(folder.path())), (bytes, there));

    // Where SQLite keeps the number of the schema: sqlite.org/fileformat2.html, section 1.3.
    let set = |version: u32| {
        let mut bytes = fs::read(&file).unwrap();
        bytes[60..64].copy_from_slice(&version.to_be_bytes());
        fs::write(&file, bytes).unwrap();
    };
    set(1);
    look().says("store", "good", "schema version 1, which a start will bring to ");
    set(999);
    look().says("store", "wrong", "newer Tidings");
    fs::write(&file, "no database, and long enough to be none").unwrap();
    look().says("store", "wrong", "is not a database");
    check(&[("store.url", &*sqlite(folder.path()))]).says("store", "wrong", "is a folder");
}

#[test]
fn the_archives_folder() {
    let folder = Folder::new();
    let url = sqlite(&folder.path().join("tidings.db"));
    let look = |archive: &Path| check(&[("store.url", &*url), ("store.archive", archive.to_str().unwrap())]);
    look(folder.path()).says("archive", "good", "can be written");
    look(&folder.path().join("a/b")).says("archive", "good", "retention will create it");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    look(&file).says("archive", "wrong", "is no folder");
    look(&file.join("archive")).says("archive", "wrong", "is no folder");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn postgres_is_asked() {
    let mut postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let look = |url: &str| check(&[("store.url", url)]);
    look(&url).says("store", "good", "still empty: a start will bring it to schema version");
    let tables = postgres.sql("test_0", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables.unwrap(), "0");
    call(&["db", "migrate", "--store.url", &url]).expect(0, &[]);
    look(&url).says("store", "good", "PostgreSQL answered in ").says("store", "good", "its clock is ");
    postgres.sql("test_0", "UPDATE tidings_meta SET version = 1").unwrap();
    look(&url).says("store", "good", "schema version 1, which a start will bring to ");
    postgres.sql("test_0", "UPDATE tidings_meta SET version = 999").unwrap();
    look(&url).says("store", "wrong", "run the newer Tidings");
    look(&postgres.url("missing")).says("store", "wrong", "the database does not exist");
    postgres.sql("test_0", "ALTER DATABASE test_0 SET default_transaction_read_only = on").unwrap();
    look(&url).says("store", "wrong", "read-only");
    postgres.stop();
    look(&url).says("store", "wrong", "is it running");
}

#[test]
fn an_rsa_key_that_is_too_short_is_refused_before_a_token_comes() {
    let pair = KeyPair::new(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    let words = "an RSA key of 1024 bits, expected at least 2048";
    let path = pair.public_path();
    check(&[("store.url", "memory:"), ("auth.jwt_public_key", &path)]).says("secrets", "wrong", words);
    let (key, secret) = (random_hex(24), random_hex(24));
    let serve =
        ["serve", "--auth.jwt_secret", &secret, "--auth.api_keys", &key, "--auth.jwt_public_key", &path];
    call(&serve).expect(2, &[words]);
    let pair = KeyPair::new(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let path = pair.public_path();
    check(&[("store.url", "memory:"), ("auth.jwt_public_key", &path)]).says(
        "secrets",
        "good",
        "strong enough",
    );
}
