//! Tokens, good and bad. Keys are made at the time of the test and kept nowhere.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::Server;

/// So many random bytes, in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970.
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Claims of a user for an hour, with `more` over them.
pub(crate) fn claims(user: &str, more: Value) -> Value {
    let mut claims = json!({ "sub": user, "iat": now_s(), "exp": now_s() + 3600 });
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// Signs claims under a header of any kind.
pub(crate) fn sign(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    // A second call changes nothing.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    jsonwebtoken::encode(header, claims, key).unwrap()
}

/// A good token of a user.
pub(crate) fn token(server: &Server, user: &str) -> String {
    token_with(server, user, json!({}))
}

/// A token with more claims, or with some taken out by `null`.
pub(crate) fn token_with(server: &Server, user: &str, more: Value) -> String {
    let key = EncodingKey::from_secret(server.jwt_secret.as_bytes());
    sign(&Header::new(Algorithm::HS256), &claims(user, more), &key)
}

/// A fresh key pair; its files go when it is dropped.
pub(crate) struct KeyPair {
    directory: PathBuf,
}

impl KeyPair {
    /// `kind` as `openssl genpkey` takes it.
    pub(crate) fn new(kind: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("tidings-it-{}", random_hex(8)));
        fs::create_dir(&directory).unwrap();
        let pair = Self { directory };
        let (private, public) = (pair.file("private.pem"), pair.file("public.pem"));
        openssl(&[&["genpkey", "-quiet", "-out", path(&private)], kind].concat());
        openssl(&["pkey", "-in", path(&private), "-pubout", "-out", path(&public)]);
        pair
    }

    pub(crate) fn public_path(&self) -> String {
        path(&self.file("public.pem")).to_owned()
    }

    pub(crate) fn public_pem(&self) -> Vec<u8> {
        fs::read(self.file("public.pem")).unwrap()
    }

    pub(crate) fn private_pem(&self) -> Vec<u8> {
        fs::read(self.file("private.pem")).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for KeyPair {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
