//! The command as it is called: what it prints, where, and how it exits. What the server does is in `it`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SECRET: &str = "d8f1c0a94b7e3625f09a1b8c7d6e5f4039281706a5b4c3d2";
const KEY: &str = "Zx8Vq2LmN4pR7sT1uW9yB3cD5eF6gH0jK";

/// Runs the command in an empty directory, with nothing in its environment but these variables.
fn tidings(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidings"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(directory("empty"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A call that ends with this exit code and says these words on standard error.
fn check_failure(environment: &[(&str, &str)], arguments: &[&str], code: i32, words: &[&str]) {
    let output = tidings(environment, arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
    }
    for secret in [SECRET, KEY] {
        assert!(!said.contains(secret), "{arguments:?} shows a secret: {said}");
    }
}

fn mint(arguments: &[&str]) -> String {
    let output = tidings(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], &[&["token", "-q"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).trim_end().to_owned()
}

/// What `token --check --json` says, and its exit code.
fn explain(environment: &[(&str, &str)], token: &str) -> (Value, Option<i32>) {
    let output = tidings(environment, &["token", "--json", "--check", token]);
    assert!(!stdout(&output).contains(SECRET));
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

#[test]
fn a_minted_token_says_what_was_asked_for() {
    let token =
        mint(&["--user", "ada", "--role", "admin", "--role", "support", "--room", "order_*", "--ttl", "2h"]);
    let (says, code) = explain(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], &token);
    assert_eq!(code, Some(0));
    assert_eq!(says["valid"], true);
    assert_eq!(says["user"], "ada");
    assert_eq!(says["roles"], serde_json::json!(["admin", "support"]));
    assert_eq!(says["rooms"], serde_json::json!(["order_*"]));
    assert_eq!(says["algorithm"], "HS256");
}

#[test]
fn claims_go_by_the_settings_names() {
    let environment = [
        ("TIDINGS_AUTH_JWT_SECRET", SECRET),
        ("TIDINGS_AUTH_USER_CLAIM", "uid"),
        ("TIDINGS_AUTH_ISSUER", "shop"),
        ("TIDINGS_AUTH_AUDIENCE", "live"),
    ];
    let output = tidings(&environment, &["token", "-q", "--user", "ada"]);
    let token = stdout(&output);
    assert_eq!(explain(&environment, token.trim_end()).0["valid"], true);
    let (says, code) = explain(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], token.trim_end());
    assert_eq!((says["valid"].as_bool(), code), (Some(false), Some(1)), "its user is not in sub");
}

#[test]
fn a_token_that_does_not_verify_is_explained() {
    let token = mint(&["--user", "ada"]);
    let check = |environment: &[(&str, &str)], token: &str, key: &str, words: &str| {
        let (says, code) = explain(environment, token);
        assert_eq!((says["valid"].as_bool(), code), (Some(false), Some(1)));
        assert!(says[key].as_str().unwrap().contains(words), "{says}");
    };
    let secret = ("TIDINGS_AUTH_JWT_SECRET", SECRET);
    check(&[("TIDINGS_AUTH_JWT_SECRET", KEY)], &token, "problem", "signature does not verify");
    check(&[], &token, "hint", "set auth.jwt_secret");
    check(&[secret], "nonsense", "problem", "not a JSON Web Token");
    check(&[secret, ("TIDINGS_AUTH_ISSUER", "shop")], &token, "hint", "auth.issuer is \"shop\"");
    let (says, _) = explain(&[secret], &signed("ada", 1));
    assert_eq!((says["code"].as_str(), says["user"].as_str()), (Some("token_expired"), Some("ada")));
}

/// A token of SECRET with these claims, which `tidings token` would not make.
fn signed(user: &str, ends: u64) -> String {
    use jsonwebtoken::{EncodingKey, Header};
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let claims = serde_json::json!({ "sub": user, "exp": ends });
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

#[test]
fn a_token_cannot_steer_the_terminal() {
    let token = signed("a\u{1b}[31m\nverdict    verifies", 1);
    let output = tidings(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], &["token", "--check", &token]);
    let says = stdout(&output);
    assert!(says.contains("a\\u{1b}[31m\\nverdict"), "{says}");
    assert!(!says.contains('\u{1b}'), "{says}");
}

#[test]
fn without_a_secret_no_token() {
    check_failure(&[], &["token", "--user", "ada"], 1, &["auth.jwt_secret", "no secret to sign with"]);
}

#[test]
fn serve_refuses_what_is_missing_or_weak_and_names_each() {
    check_failure(
        &[],
        &["serve"],
        1,
        &["auth.api_keys: no API key", "auth.jwt_secret: no way to verify tokens"],
    );
    let weak = [("TIDINGS_AUTH_JWT_SECRET", "changeme"), ("TIDINGS_AUTH_API_KEYS", "secret")];
    check_failure(
        &weak,
        &["serve"],
        1,
        &[
            "TIDINGS_AUTH_JWT_SECRET: auth.jwt_secret: it has 8 bytes",
            "TIDINGS_AUTH_API_KEYS: auth.api_keys: key 1 has 6",
        ],
    );
}

#[test]
fn serve_refuses_an_address_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let environment = [("TIDINGS_AUTH_JWT_SECRET", SECRET), ("TIDINGS_AUTH_API_KEYS", KEY)];
    check_failure(
        &environment,
        &["serve", "--server.listen", &address],
        1,
        &["server.listen", "another process"],
    );
    let output = tidings(&environment, &["check", "--json", "--server.listen", &address]);
    let says: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((says["good"].as_bool(), output.status.code()), (Some(false), Some(1)));
}

#[test]
fn check_is_content_with_what_serve_would_take() {
    let environment = [("TIDINGS_AUTH_JWT_SECRET", SECRET), ("TIDINGS_AUTH_API_KEYS", KEY)];
    let output = tidings(&environment, &["check", "--json", "--server.listen", "127.0.0.1:0"]);
    let says: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(says["good"], true, "{says}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn dev_stays_on_this_machine() {
    let words = ["server.listen", "this machine only"];
    check_failure(&[], &["dev", "--server.listen", "0.0.0.0:0"], 2, &words);
    check_failure(&[("TIDINGS_SERVER_LISTEN", "0.0.0.0:0")], &["dev"], 1, &words);
}

#[test]
fn config_shows_everything_but_secrets() {
    let file = directory("config").join("tidings.toml");
    std::fs::write(&file, format!("[auth]\njwt_secret = \"{SECRET}\"\n[server]\nthreads = 3\n")).unwrap();
    let file = file.to_str().unwrap();
    for arguments in [vec!["config", "-c", file], vec!["config", "show", "-c", file, "--json"]] {
        let output = tidings(&[("TIDINGS_AUTH_API_KEYS", KEY)], &arguments);
        let shown = stdout(&output);
        assert!(shown.contains("server.threads") && shown.contains("tidings.toml:4"), "{shown}");
        assert!(shown.contains("***") && !shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
    }
}

#[test]
fn config_renders_the_settings() {
    for (what, words) in
        [("env", "TIDINGS_SERVER_LISTEN"), ("docs", "## `[server]`"), ("example", "[server]")]
    {
        let output = tidings(&[], &["config", what]);
        assert!(output.status.success() && stdout(&output).contains(words), "{what}");
    }
}

#[test]
fn wrong_calls_end_with_2() {
    for (arguments, words) in [
        (vec!["fly"], "unrecognized subcommand"),
        (vec!["token"], "--user"),
        (vec!["token", "--user", "ada", "--ttl", "soon"], "such as 90s"),
        (vec!["token", "--user", "ada", "--room", "a b"], "expected a room name"),
        (vec!["serve", "--server.listn", "x"], "The nearest is server.listen"),
        (vec!["serve", "--server.listen"], "expected a value"),
        (vec!["config", "docs", "--server.listen", "127.0.0.1:1"], "reads no settings"),
        (vec!["publish", "orders", "x", "1"], "expected room:NAME"),
        (vec!["publish", "room:orders", "x", "hello"], "needs its own quotes"),
        (vec!["publish", "room:orders", "x", "1", "--url", "https://a"], "not in this version"),
        (vec!["listen", "user:ada", "user:grace"], "user:NAME once"),
        (vec!["publish", "room:orders", "x"], "no data: standard input is empty"),
        (vec!["publish", "room:orders", "x", "-"], "no data: standard input is empty"),
        (
            vec!["config", "show", "--limits.connections", "many"],
            "--limits.connections: limits.connections: expected",
        ),
        (vec!["token", "--user", "ada", "--auth.jwt_secret", "x"], "auth.jwt_secret: it has 1 bytes"),
        (vec!["serve", "--auth.jwt_secret", "x"], "auth.jwt_secret: it has 1 bytes"),
        (vec!["db", "migrate", "--store.url", "mysql://a@b/c"], "store.url: expected sqlite:FILE"),
    ] {
        check_failure(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], &arguments, 2, &[words]);
    }
    check_failure(&[], &[], 2, &["Usage"]);
}

#[test]
fn check_ends_as_serve_would() {
    let environment = [("TIDINGS_AUTH_JWT_SECRET", SECRET), ("TIDINGS_AUTH_API_KEYS", KEY)];
    for (flags, code) in [
        (["--limits.connections", "many"], 2),
        (["--server.listn", "x"], 2),
        (["--auth.jwt_secret", "x"], 2),
        (["--store.url", "mysql://a@b/c"], 2),
        (["-c", "gone.toml"], 1),
    ] {
        for verb in ["check", "serve"] {
            let output = tidings(&environment, &[&[verb][..], &flags].concat());
            assert_eq!(output.status.code(), Some(code), "{verb} {flags:?}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_weak_secret_of_the_environment_signs_nothing() {
    let weak = [("TIDINGS_AUTH_JWT_SECRET", "changeme")];
    check_failure(&weak, &["token", "--user", "ada"], 1, &["it has 8 bytes, expected at least 32"]);
    assert_eq!(explain(&weak, "nonsense").0["valid"], false, "explaining needs no strong one");
}

#[test]
fn an_empty_variable_is_none() {
    let environment = [
        ("TIDINGS_AUTH_JWT_SECRET", SECRET),
        ("TIDINGS_AUTH_API_KEYS", KEY),
        ("TIDINGS_LIMITS_CONNECTIONS", ""),
        ("TIDINGS_SERVER_LISTEN", ""),
    ];
    let output = tidings(&environment, &["config", "show", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // Nobody listens there, but the address and the key are good ones.
    let none = [("TIDINGS_URL", ""), ("TIDINGS_API_KEY", ""), ("TIDINGS_AUTH_API_KEYS", KEY)];
    let output = tidings(&none, &["publish", "everyone", "x", "not json"]);
    assert!(stderr(&output).contains("the data is no JSON"), "{}", stderr(&output));
    check_failure(
        &[],
        &["publish", "everyone", "x", "1", "--url", ""],
        2,
        &["expected the address of a server"],
    );
}

#[test]
fn unknown_settings_name_the_nearest() {
    let file = directory("unknown").join("tidings.toml");
    std::fs::write(&file, "[server]\nlisten_on = \"127.0.0.1:1\"\n").unwrap();
    let file = file.to_str().unwrap();
    check_failure(&[], &["serve", "-c", file], 1, &["tidings.toml:2", "The nearest is server.listen"]);
    check_failure(&[("TIDINGS_SERVER_LISTN", "x")], &["serve"], 1, &["The nearest is TIDINGS_SERVER_LISTEN"]);
    let foo = ["TIDINGS_FOO: unknown setting. `tidings config docs` lists all settings"];
    check_failure(&[("TIDINGS_FOO", "x")], &["serve"], 1, &foo);
    check_failure(&[], &["serve", "-c", "gone.toml"], 1, &["gone.toml", "cannot read the file"]);
}

#[test]
fn nobody_answers() {
    // A port that was free a moment ago, and that nobody else is given while this holds it without listening.
    let holder = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    holder.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = holder.local_addr().unwrap().as_socket().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let key = ("TIDINGS_API_KEY", KEY);
    check_failure(&[key], &["publish", "everyone", "x", "1", "--url", &url], 1, &["no answer from", &url]);
    check_failure(&[("TIDINGS_AUTH_JWT_SECRET", SECRET)], &["listen", "--url", &url], 1, &["no answer from"]);
    check_failure(
        &[],
        &["publish", "everyone", "x", "1", "--url", &url],
        2,
        &["no API key", "TIDINGS_API_KEY"],
    );
}

#[test]
fn every_verb_has_help() {
    for verb in ["dev", "serve", "token", "publish", "listen", "bench", "check", "config", "db"] {
        let output = tidings(&[], &[verb, "--help"]);
        assert!(output.status.success(), "{verb}");
        assert!(stdout(&output).contains("--config <FILE>"), "{verb}");
    }
}
