//! What must not run: settings that contradict each other or ask for what this version has not, and, in production,
//! missing and weak secrets. Every problem says how to be rid of it.

use crate::origin::Problem;
use crate::secret::Secret;
use crate::special::{encryption_key, is_pem};
use crate::weak::weakness;
use crate::{Auth, Settings};

/// How long a key or a signing secret must be: 256 bits, if every byte were random.
const LEAST_SECRET: usize = 32;
const MAKE_ONE: &str = "Make a random one with `openssl rand -hex 32`";

impl Settings {
    /// What cannot run at all, in development or production.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.not_yet();
        if self.limits.queue_bytes < self.limits.message_bytes {
            problems.push(Problem::new(
                "limits.queue_bytes",
                "smaller than limits.message_bytes, so the largest message could never be delivered",
                "Raise limits.queue_bytes or lower limits.message_bytes",
            ));
        }
        if self.server.ops_listen == self.server.listen && !self.server.listen.ends_with(":0") {
            let fix = "Give another address, or leave it empty to serve both on one";
            problems.push(Problem::new("server.ops_listen", "the same as server.listen", fix));
        }
        let ids: Vec<&str> =
            self.security.encryption_keys.iter().filter_map(encryption_key).map(|(id, _)| id).collect();
        for (index, id) in ids.iter().enumerate() {
            if ids[..index].contains(id) {
                let wrong = format!("two keys have the id {id}");
                problems.push(Problem::new("security.encryption_keys", wrong, "Give every key its own id"));
            }
        }
        for (index, rule) in self.rooms.iter().enumerate() {
            if rule.encrypt && ids.is_empty() {
                let fix = "Set security.encryption_keys, or encrypt = false";
                let wrong = "there is no key to encrypt with";
                problems.push(Problem::new(format!("rooms[{index}].encrypt"), wrong, fix));
            }
        }
        problems
    }

    /// What `serve` refuses to start on: all that [`Settings::check`] finds, and missing or weak secrets.
    ///
    /// Reads the key file that `auth.jwt_public_key` names.
    pub fn check_production(&self) -> Vec<Problem> {
        let mut problems = self.check();
        self.check_api_keys(&mut problems);
        self.check_tokens(&mut problems);
        problems
    }

    fn not_yet(&self) -> Vec<Problem> {
        let (server, hooks) = (&self.server, &self.webhooks);
        let broker = self.broker.url.scheme();
        let broker_fix = "Set broker.url (TIDINGS_BROKER_URL) to local:; it also overrules a REDIS_URL that belongs to your application";
        let rows = [
            ("broker.url", broker != "local", format!("{broker}: brokers are"), broker_fix),
            ("server.tls_cert", !server.tls_cert.is_empty(), "TLS is".into(), "Let a reverse proxy end TLS"),
            ("server.tls_key", !server.tls_key.is_empty(), "TLS is".into(), "Let a reverse proxy end TLS"),
            (
                "auth.jwks_url",
                !self.auth.jwks_url.is_empty(),
                "key sets are".into(),
                "Use auth.jwt_public_key",
            ),
            ("webhooks.url", !hooks.url.is_empty(), "webhooks are".into(), "Leave it empty"),
            ("webhooks.command_url", !hooks.command_url.is_empty(), "webhooks are".into(), "Leave it empty"),
        ];
        rows.into_iter()
            .filter(|(_, asked, _, _)| *asked)
            .map(|(setting, _, what, fix)| {
                Problem::new(setting, format!("{what} not in this version yet"), fix)
            })
            .collect()
    }

    fn check_api_keys(&self, problems: &mut Vec<Problem>) {
        const SETTING: &str = "auth.api_keys";
        if self.auth.api_keys.is_empty() {
            let wrong = "no API key, so no back end could publish";
            problems.push(Problem::new(SETTING, wrong, MAKE_ONE));
        }
        for (index, key) in self.auth.api_keys.iter().enumerate() {
            if let Some(wrong) = secret_problem(key, "characters", key.expose().chars().count()) {
                problems.push(Problem::new(SETTING, format!("key {} {wrong}", index + 1), MAKE_ONE));
            }
            if !key.is_empty() && *key == self.auth.jwt_secret {
                let wrong = format!("key {} is also auth.jwt_secret", index + 1);
                problems.push(Problem::new(
                    SETTING,
                    wrong,
                    "Give each its own: who may sign is not who may publish",
                ));
            }
        }
    }

    fn check_tokens(&self, problems: &mut Vec<Problem>) {
        let auth = &self.auth;
        if !auth.jwt_secret.is_empty() {
            let length = auth.jwt_secret.expose().len();
            if let Some(wrong) = secret_problem(&auth.jwt_secret, "bytes", length) {
                problems.push(Problem::new("auth.jwt_secret", format!("it {wrong}"), MAKE_ONE));
            }
        }
        match auth.public_key_pem() {
            Err(error) => {
                let fix = "Give the path of a PEM file that this user may read, or the PEM text itself";
                problems.push(Problem::new(
                    "auth.jwt_public_key",
                    format!("cannot read the file: {error}"),
                    fix,
                ));
            }
            Ok(Some(pem)) if pem.contains("PRIVATE KEY") => {
                let fix = "Give the public half (`openssl pkey -pubout`); only the tokens' issuer may hold this one";
                problems.push(Problem::new("auth.jwt_public_key", "this is a private key", fix));
            }
            Ok(Some(pem)) if !pem.contains("-----BEGIN") || !pem.contains("PUBLIC KEY-----") => {
                let fix = "It must hold a PEM block that begins with -----BEGIN PUBLIC KEY-----";
                problems.push(Problem::new("auth.jwt_public_key", "no public key in it", fix));
            }
            Ok(_) => {}
        }
        let verifiable =
            !auth.jwt_secret.is_empty() || !auth.jwt_public_key.is_empty() || !auth.jwks_url.is_empty();
        if !verifiable && !auth.anonymous {
            let fix = "Set auth.jwt_secret or auth.jwt_public_key, or auth.anonymous = true";
            let wrong = "no way to verify tokens, so nobody could connect";
            problems.push(Problem::new("auth.jwt_secret", wrong, fix));
        }
    }
}

impl Auth {
    /// The PEM text of `jwt_public_key`, read from the file if it is a path. `None` where none is set.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn public_key_pem(&self) -> std::io::Result<Option<String>> {
        match self.jwt_public_key.as_str() {
            "" => Ok(None),
            text if is_pem(text) => Ok(Some(text.to_owned())),
            path => std::fs::read_to_string(path).map(Some),
        }
    }
}

/// What is wrong with a secret, without saying what it is.
fn secret_problem(secret: &Secret, unit: &str, length: usize) -> Option<String> {
    if length < LEAST_SECRET {
        return Some(format!("has {length} {unit}, expected at least {LEAST_SECRET}"));
    }
    weakness(secret.expose()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Url};

    const GOOD: &str = "d8f1c0a94b7e3625f09a1b8c7d6e5f4039281706a5b4c3d2";
    const OTHER: &str = "Zx8Vq2LmN4pR7sT1uW9yB3cD5eF6gH0jK";
    const KEY: &str = ":AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// Settings that may go into production, changed.
    fn with(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings::default();
        settings.auth.api_keys = vec![Secret::new(OTHER)];
        settings.auth.jwt_secret = Secret::new(GOOD);
        change(&mut settings);
        settings
    }

    /// Each problem begins with its setting and holds the words, says how to be rid of it, and repeats no secret.
    fn check(change: impl FnOnce(&mut Settings), expect: &[(&str, &str)]) {
        let settings = with(change);
        let problems = settings.check_production();
        assert_eq!(problems.len(), expect.len(), "{problems:?}");
        for (problem, (setting, words)) in problems.iter().zip(expect) {
            assert_eq!(problem.setting, *setting);
            assert!(problem.to_string().contains(words), "{problem}");
            assert!(!problem.fix.is_empty());
            let secrets = settings.auth.api_keys.iter().chain([&settings.auth.jwt_secret]);
            for secret in secrets.map(Secret::expose).filter(|secret| !secret.is_empty()) {
                assert!(!format!("{problem:?}").contains(secret), "{problem}");
            }
        }
    }

    #[test]
    fn good_settings_have_no_problem() {
        check(|_| (), &[]);
        check(|s| (s.auth.jwt_secret, s.auth.anonymous) = (Secret::default(), true), &[]);
        assert_eq!(Settings::default().check(), []);
    }

    #[test]
    fn missing_and_weak_secrets() {
        check(|s| s.auth.api_keys.clear(), &[("auth.api_keys", "no API key")]);
        check(
            |s| s.auth.api_keys.push(Secret::new("Zx8Vq2")),
            &[("auth.api_keys", "key 2 has 6 characters")],
        );
        check(|s| s.auth.api_keys[0] = Secret::new("z".repeat(40)), &[("auth.api_keys", "key 1 repeats")]);
        check(|s| s.auth.api_keys.push(Secret::new(GOOD)), &[("auth.api_keys", "also auth.jwt_secret")]);
        check(
            |s| s.auth.jwt_secret = Secret::new(&GOOD[..31]),
            &[("auth.jwt_secret", "31 bytes, expected at least 32")],
        );
        let placeholder = "your-super-secret-jwt-key-change-me-in-production";
        check(
            |s| s.auth.jwt_secret = Secret::new(placeholder),
            &[("auth.jwt_secret", "everybody tries first")],
        );
        check(|s| s.auth.jwt_secret = Secret::default(), &[("auth.jwt_secret", "no way to verify tokens")]);
    }

    #[test]
    fn key_files() {
        let directory = crate::load::scratch("keys");
        let path = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let public = path("public.pem", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n");
        check(|s| s.auth.jwt_public_key = public, &[]);
        check(|s| s.auth.jwt_public_key = "-----BEGIN PUBLIC KEY-----\nMCow".into(), &[]);
        let private = path("private.pem", "-----BEGIN PRIVATE KEY-----\nMCow\n");
        check(|s| s.auth.jwt_public_key = private, &[("auth.jwt_public_key", "private key")]);
        let other = path("other.pem", "hello");
        check(|s| s.auth.jwt_public_key = other, &[("auth.jwt_public_key", "no public key")]);
        let gone = directory.join("gone.pem").to_str().unwrap().to_owned();
        check(|s| s.auth.jwt_public_key = gone, &[("auth.jwt_public_key", "cannot read")]);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_this_version_has_not() {
        check(|s| s.broker.url = Url::new("redis://cache"), &[("broker.url", "not in this version yet")]);
        check(|s| s.server.tls_cert = "a.pem".into(), &[("server.tls_cert", "not in this version yet")]);
        check(|s| s.auth.jwks_url = "https://a/keys".into(), &[("auth.jwks_url", "not in this version yet")]);
        check(|s| s.webhooks.url = Url::new("https://a"), &[("webhooks.url", "not in this version yet")]);
    }

    #[test]
    fn contradictions() {
        check(|s| s.limits.queue_bytes = 1024, &[("limits.queue_bytes", "smaller than")]);
        check(|s| s.server.ops_listen = s.server.listen.clone(), &[("server.ops_listen", "the same")]);
        check(|s| s.rooms[2].encrypt = true, &[("rooms[2].encrypt", "no key")]);
        let key = |id: &str| Secret::new(format!("{id}{KEY}"));
        check(|s| s.security.encryption_keys = vec![key("a"), key("b")], &[]);
        check(
            |s| s.security.encryption_keys = vec![key("a"), key("a")],
            &[("security.encryption_keys", "the id a")],
        );
        assert!(with(|s| s.rooms[0].join = Access::Anyone.into()).check().is_empty());
    }
}
