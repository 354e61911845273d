//! Each rule of loading: what wins, what is refused, and what the errors say.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::{Access, Keep};

/// A directory of its own for a test's files, empty.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tidings-settings-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn owned(pairs: Pairs<'_>) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads with a file of this text, if any, as the directory's `tidings.toml`.
fn try_load(name: &str, toml: &str, env: Pairs<'_>, flags: Pairs<'_>) -> Result<Loaded, Errors> {
    let directory = scratch(name);
    if !toml.is_empty() {
        std::fs::write(directory.join(DEFAULT_FILE), toml).unwrap();
    }
    let loaded = load_beside(&directory, Sources { file: None, env: owned(env), flags: owned(flags) });
    std::fs::remove_dir_all(&directory).unwrap();
    loaded
}

fn from_env(env: Pairs<'_>) -> Result<Loaded, Errors> {
    load(Sources { file: None, env: owned(env), flags: Vec::new() })
}

/// The errors as text, with the directory taken out of the places.
fn errors(name: &str, toml: &str, env: Pairs<'_>, flags: Pairs<'_>) -> String {
    let directory = format!(
        "{}/",
        std::env::temp_dir().join(format!("tidings-settings-{}-{name}", std::process::id())).display()
    );
    try_load(name, toml, env, flags).unwrap_err().to_string().replace(&directory, "")
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let toml = "[live]\nping_interval = \"1s\"\naway_after = \"1s\"\npresence_grace = \"1s\"\n";
    let env = [("TIDINGS_LIVE_PING_INTERVAL", "2s"), ("TIDINGS_LIVE_AWAY_AFTER", "2s")];
    let loaded = try_load("precedence", toml, &env, &[("live.ping_interval", "3s")]).unwrap();
    let live = &loaded.settings.live;
    let seconds = [live.ping_interval, live.away_after, live.presence_grace].map(|time| time.as_secs());
    assert_eq!(seconds, [3, 2, 1]);
    assert!(live.compression);
    assert_eq!(loaded.origin("live.ping_interval"), &Origin::Flag("live.ping_interval".into()));
    assert_eq!(loaded.origin("live.away_after"), &Origin::Variable("TIDINGS_LIVE_AWAY_AFTER".into()));
    assert!(matches!(loaded.origin("live.presence_grace"), Origin::File { line: 4, .. }));
    assert_eq!(loaded.origin("live.compression"), &Origin::Default);
}

#[test]
fn every_kind_of_value_in_a_file() {
    let toml = r#"
        server.listen = "[::]:80"
        server.threads = 0x10
        server.allowed_origins = ["https://A.example/"]
        server.trusted_proxies = ["10.0.0.0/8"]
        limits.message_bytes = "128KiB"
        limits.queue_bytes = 2_000_000
        live.compression = false
        live.presence_audience = "everyone"
    "#;
    let settings = try_load("kinds", toml, &[], &[]).unwrap().settings;
    assert_eq!(settings.server.listen, "[::]:80");
    assert_eq!(settings.server.threads, 16);
    assert_eq!(settings.server.allowed_origins, ["https://a.example"]);
    assert!(settings.server.trusted_proxies[0].contains([10, 1, 1, 1].into()));
    assert_eq!((settings.limits.message_bytes, settings.limits.queue_bytes), (131_072, 2_000_000));
    assert!(!settings.live.compression);
    assert_eq!(settings.live.presence_audience, crate::Audience::Everyone);
}

#[test]
fn lists_in_variables_have_commas() {
    let settings =
        from_env(&[("TIDINGS_SECURITY_ADMIN_ALLOW", "10.0.0.0/8, ::1"), ("TIDINGS_AUTH_API_KEYS", "")]);
    let settings = settings.unwrap().settings;
    assert_eq!(settings.security.admin_allow.len(), 2);
    assert!(settings.auth.api_keys.is_empty());
}

#[test]
fn an_empty_variable_counts_as_none() {
    let env = [
        ("TIDINGS_LIMITS_CONNECTIONS", ""),
        ("TIDINGS_SERVER_THREADS_FILE", ""),
        ("TIDINGS_STORE_URL", ""),
        ("DATABASE_URL", "sqlite:elsewhere.db"),
        ("TIDINGS_FOO", ""),
    ];
    let loaded = try_load("empty", "[limits]\nconnections = 7\n", &env, &[]).unwrap();
    assert_eq!(loaded.settings.limits.connections, 7, "the file's stays");
    assert_eq!(loaded.settings.store.url.expose(), "sqlite:elsewhere.db");
    let both = [("TIDINGS_SERVER_THREADS", "2"), ("TIDINGS_SERVER_THREADS_FILE", "")];
    assert_eq!(from_env(&both).unwrap().settings.server.threads, 2);
}

#[test]
fn rules_of_rooms_come_before_the_built_in_ones() {
    let toml = "[[rooms]]\nmatch = \"order_{id}\"\njoin = [\"members\", \"role:admin\"]\npublish = \"nobody\"\nkeep = \"last\"\n\n[[rooms]]\nmatch = \"chat_{a}-{b}\"\njoin = \"pair\"\nkeep = \"1h\"\n";
    let loaded = try_load("rooms", toml, &[], &[]).unwrap();
    let rule = loaded.settings.room_rule("order_1").unwrap();
    assert_eq!(rule.join.0, [Access::Members, Access::Role("admin".into())]);
    assert_eq!((rule.publish.0.as_slice(), rule.keep), ([Access::Nobody].as_slice(), Keep::Last));
    let rule = loaded.settings.room_rule("chat_a-b").unwrap();
    assert_eq!(rule.keep, Keep::For(Duration::from_secs(3600)));
    assert_eq!(rule.publish, Access::Members.into());
    assert_eq!(loaded.settings.rooms.len(), 8);
    assert!(matches!(loaded.origin("rooms[1].join"), Origin::File { line: 9, .. }));
}

#[test]
fn a_file_is_read_for_a_variable_and_one_line_end_trimmed() {
    let directory = scratch("value");
    let path = directory.join("secret");
    let load = |content: &str| {
        std::fs::write(&path, content).unwrap();
        from_env(&[("TIDINGS_AUTH_JWT_SECRET_FILE", path.to_str().unwrap())])
    };
    assert_eq!(load("top secret\n").unwrap().settings.auth.jwt_secret.expose(), "top secret");
    assert_eq!(load("top secret\r\n").unwrap().settings.auth.jwt_secret.expose(), "top secret");
    assert_eq!(load("top secret\n\n").unwrap().settings.auth.jwt_secret.expose(), "top secret\n");
    let origin = load("x").unwrap().origin("auth.jwt_secret").to_string();
    assert_eq!(origin, format!("TIDINGS_AUTH_JWT_SECRET_FILE ({})", path.display()));
    let both = [("TIDINGS_AUTH_JWT_SECRET", "a"), ("TIDINGS_AUTH_JWT_SECRET_FILE", "b")];
    assert!(from_env(&both).unwrap_err().to_string().contains("Keep one of the two"));
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let keys =
        from_env(&[("TIDINGS_AUTH_API_KEYS_FILE", path.to_str().unwrap())]).unwrap().settings.auth.api_keys;
    assert_eq!(keys.len(), 2);
    // Someone put the secret where its path belongs.
    let text = from_env(&[("TIDINGS_AUTH_JWT_SECRET_FILE", "hunter2hunter2")]).unwrap_err().to_string();
    assert!(text.contains("TIDINGS_AUTH_JWT_SECRET_FILE") && !text.contains("hunter2"), "{text}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn names_from_elsewhere() {
    let env = [
        ("DATABASE_URL", "postgres://db/app"),
        ("REDIS_URL", "redis://cache/1"),
        ("WEBSOCKET_MAX_CONNECTIONS", "1000"),
        ("WEBSOCKET_MAX_CONNECTIONS_PER_IP", "10"),
        ("WEBSOCKET_MESSAGE_RATE_LIMIT", "60"),
        ("WEBSOCKET_HEARTBEAT_INTERVAL", "30"),
        ("WEBSOCKET_CONNECTION_TIMEOUT", "1800"),
        ("WEBSOCKET_ENCRYPTION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("WEBSOCKET_ENABLED", "True"),
    ];
    let loaded = from_env(&env).unwrap();
    let Settings { store, broker, limits, live, security, .. } = &loaded.settings;
    assert_eq!((store.url.scheme().as_str(), broker.url.scheme().as_str()), ("postgres", "redis"));
    assert_eq!((limits.connections, limits.connections_per_ip, limits.messages_per_minute), (1000, 10, 60));
    assert_eq!((live.ping_interval.as_secs(), limits.idle_timeout.as_secs()), (30, 1800));
    assert_eq!(crate::encryption_key(&security.encryption_keys[0]).unwrap().0, "websocket");
    assert_eq!(loaded.origin("live.ping_interval").to_string(), "WEBSOCKET_HEARTBEAT_INTERVAL");
    assert_eq!(old_names().count(), env.len() - 1);
    for (_, setting, _) in old_names() {
        assert!(row(setting).is_some(), "{setting}");
    }
}

#[test]
fn tidings_names_win_over_names_from_elsewhere() {
    let env = [("WEBSOCKET_HEARTBEAT_INTERVAL", "nonsense"), ("TIDINGS_LIVE_PING_INTERVAL", "7s")];
    assert_eq!(from_env(&env).unwrap().settings.live.ping_interval.as_secs(), 7);
    let empty = [("DATABASE_URL", ""), ("WEBSOCKET_ENABLED", ""), ("WEBSOCKET_OTHER", "x")];
    assert_eq!(from_env(&empty).unwrap().settings, Settings::default());
}

#[test]
fn wrong_names_from_elsewhere_are_explained() {
    let check = |name: &str, value: &str, expect: &str| {
        let text = from_env(&[(name, value)]).unwrap_err().to_string();
        assert!(text.starts_with(&format!("{name}: ")) && text.contains(expect), "{text}");
    };
    check("WEBSOCKET_ENABLED", "false", "do not start Tidings");
    check("WEBSOCKET_HEARTBEAT_INTERVAL", "soon", "expected a time");
    check("WEBSOCKET_ENCRYPTION_KEY", "your-encryption-key-here", "openssl rand -base64 32");
}

#[test]
fn what_is_no_setting_is_left_alone() {
    let env = [
        ("TIDINGS_API_KEY", "x"),
        ("TIDINGS_SERVICE_HOST", "10.0.0.1"),
        ("TIDINGS_SERVICE_PORT_HTTP", "8000"),
        ("TIDINGS_PORT", "tcp://10.0.0.1:8000"),
        ("TIDINGS_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("TIDINGS_OPS_PORT_9000_TCP", "tcp://10.0.0.1:9000"),
        ("PATH", "/bin"),
    ];
    assert_eq!(from_env(&env).unwrap().settings, Settings::default());
    assert!(from_env(&[("TIDINGS_PORT", "8000")]).is_err());
}

#[test]
fn unknown_names_are_errors_with_the_nearest() {
    let check = |toml: &str, env: Pairs<'_>, flags: Pairs<'_>, expect: &str| {
        assert_eq!(errors("unknown", toml, env, flags), expect);
    };
    check(
        "[server]\nlisten = \"a:1\"\nlistn = \"a:1\"\n",
        &[],
        &[],
        "tidings.toml:3: server.listn: unknown setting. The nearest is server.listen",
    );
    check("listen = 1\n", &[], &[], "tidings.toml:1: listen: unknown setting. The nearest is server.listen");
    check(
        "\n[limit]\nconnections = 1\n",
        &[],
        &[],
        "tidings.toml:2: limit: unknown section. The nearest is [limits]",
    );
    check("[[room]]\n", &[], &[], "tidings.toml:1: room: unknown section. The nearest is [rooms]");
    check(
        "",
        &[("TIDINGS_SERVER_LISTN", "x")],
        &[],
        "TIDINGS_SERVER_LISTN: unknown setting. The nearest is TIDINGS_SERVER_LISTEN",
    );
    check(
        "",
        &[("TIDINGS_LISTEN", "x")],
        &[],
        "TIDINGS_LISTEN: unknown setting. The nearest is TIDINGS_SERVER_LISTEN",
    );
    for (variable, nearest) in [
        ("TIDINGS_JWT_SECRET", "TIDINGS_AUTH_JWT_SECRET"),
        ("TIDINGS_SERVER_COMPRESSION", "TIDINGS_LIVE_COMPRESSION"),
        ("TIDINGS_LIMIT_CONNECTIONS", "TIDINGS_LIMITS_CONNECTIONS"),
    ] {
        let expect = format!("{variable}: unknown setting. The nearest is {nearest}");
        check("", &[(variable, "x")], &[], &expect);
    }
    check(
        "",
        &[("TIDINGS_FOO", "x")],
        &[],
        "TIDINGS_FOO: unknown setting. `tidings config docs` lists all settings",
    );
    check(
        "",
        &[("TIDINGS_ROOMS_0_MATCH", "x")],
        &[],
        "TIDINGS_ROOMS_0_MATCH: unknown setting. Rules of rooms are written in the file",
    );
    check(
        "",
        &[],
        &[("sever.listen", "x")],
        "--sever.listen: sever.listen: unknown setting. The nearest is server.listen",
    );
    check(
        "[[rooms]]\nmatch = \"a\"\njoins = \"users\"\n",
        &[],
        &[],
        "tidings.toml:3: rooms[0].joins: unknown setting. The nearest is join",
    );
}

#[test]
fn wrong_values_say_what_was_expected_and_where() {
    let check = |toml: &str, expect: &str| {
        let text = errors("values", toml, &[], &[]);
        assert!(text.starts_with("tidings.toml:2: ") && text.contains(expect), "{toml}: {text}");
    };
    check("[limits]\nconnections = \"many\"", "expected a whole number from 0 to 100000000, found \"many\"");
    check("[limits]\nconnections = -1", "found -1");
    check("[limits]\nconnections = 99999999999999999999", "a number that is too large");
    check("[limits]\nmessage_bytes = \"64 kilos\"", "such as 65536 or \"64KiB\"");
    check("[limits]\njson_depth = 1000", "from 2 to 128");
    check("[limits]\nidle_timeout = 30", "expected a time such as \"25s\"");
    check("[server]\nlisten = \"8000\"", "host:port");
    check("[server]\nallowed_origins = \"https://a.example\"", "expected a list of origin");
    check("[server]\nallowed_origins = [\"https://a.example\", \"b\"]", "item 2");
    check("[live]\ncompression = \"yes\"", "expected true or false");
    check("[live]\npresence_audience = \"all\"", "\"rooms\" or \"everyone\"");
    check("[log]\nlevel = \"loud\"", "error, warn, info");
    check("[webhooks]\nevents = [\"user.left\"]", "webhook event");
    check("[store]\nurl = \"\"", "the address of a store");
    check("[[rooms]]\nmatch = \"a{}\"", "placeholders like {id}");
    check("[[rooms]]\nkeep = \"0s\"\nmatch = \"a\"", "\"none\", \"last\" or a time");
    check("[[rooms]]\njoin = \"pair\"\nmatch = \"a\"", "exactly two placeholders");
    check("\nserver = 5", "expected a section");
    check("\nrooms = 5", "[[rooms]]");
}

#[test]
fn rules_of_rooms_are_checked_as_a_whole() {
    let check = |toml: &str, expect: &str| {
        let text = errors("whole", toml, &[], &[]);
        assert!(text.contains(expect), "{text}");
    };
    check("[[rooms]]\njoin = \"users\"", "rooms[0].match: missing");
    check("[[rooms]]\nmatch = \"a\"\n[[rooms]]\nmatch = \"a\"", "already has a rule above");
    check("[[rooms]]\nmatch = \"u_{a}\"\npublish = \"pair\"", "exactly two placeholders");
}

#[test]
fn all_errors_come_together_in_the_order_of_the_sources() {
    let toml = "[server]\nlisten = 1\n[limits]\nconnections = true\n[auth]\nissuer = 5\n";
    let text = errors("together", toml, &[("TIDINGS_LOG_LEVEL", "loud")], &[("log.format", "xml")]);
    let places: Vec<&str> = text.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        ["tidings.toml:2", "tidings.toml:4", "tidings.toml:6", "TIDINGS_LOG_LEVEL", "--log.format"]
    );
}

#[test]
fn no_error_repeats_a_secret() {
    let secret = "hunter2hunter2hunter2";
    let check = |toml: &str, env: Pairs<'_>| {
        let errors = try_load("hidden", toml, env, &[]).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors}");
    };
    check(&format!("[auth]\njwt_secret = [\"{secret}\"]"), &[]);
    check(&format!("[auth]\napi_keys = \"{secret}\""), &[]);
    check(&format!("[auth]\napi_keys = [[\"{secret}\"]]"), &[]);
    check(&format!("[auth]\njwt_secret = \"{secret}"), &[]);
    check(&format!("[auth]\njwt_secret = \"{secret}\\q\""), &[]);
    check(&format!("[auth]\njwt_secret = {secret}"), &[]);
    check(&format!("[auth]\njwt_secret = \"a\"\njwt_secret = \"{secret}\""), &[]);
    check(&format!("[security]\nencryption_keys = [\"{secret}\"]"), &[]);
    check("", &[("TIDINGS_SECURITY_ENCRYPTION_KEYS", secret)]);
    check("", &[("TIDINGS_STORE_URL", &format!("//ada:{secret}@db"))]);
    check("", &[("TIDINGS_AUTH_JWT_SECRETS", secret)]);
    check("", &[("TIDINGS_SERVER_TLS_KEY", &format!("-----BEGIN PRIVATE KEY-----\n{secret}"))]);
    check("", &[("TIDINGS_AUTH_JWKS_URL", &format!("https://ada:{secret}@a/keys"))]);
    check("", &[("TIDINGS_AUTH_JWT_PUBLIC_KEY", &format!("-----BEGIN PRIVATE KEY-----{secret}"))]);
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let path = scratch("missing").join("none.toml");
    let error = load(Sources { file: Some(path.clone()), env: [], flags: Vec::new() }).unwrap_err();
    assert!(error.to_string().starts_with(&path.display().to_string()));
    assert!(try_load("absent", "", &[], &[]).is_ok());
    assert!(errors("syntax", "[server]\nlisten = \n", &[], &[]).starts_with("tidings.toml:2: not TOML: "));
}

#[test]
fn flags_are_taken_out_of_a_command_line() {
    let split = |line: &str| split_flags(line.split(' ').map(str::to_owned));
    let (flags, rest) = split("serve --server.listen a:1 -c x.toml --json --log.level=debug --auth.anonymous --limits.connections 5 -- --a.b").unwrap();
    let expect = [
        ("server.listen", "a:1"),
        ("log.level", "debug"),
        ("auth.anonymous", "true"),
        ("limits.connections", "5"),
    ];
    assert_eq!(flags, owned(&expect));
    assert_eq!(rest, ["serve", "-c", "x.toml", "--json", "--", "--a.b"]);
    assert_eq!(split("--auth.anonymous false x").unwrap().0, owned(&[("auth.anonymous", "false")]));
    assert_eq!(split("--auth.anonymous serve").unwrap().1, ["serve"]);
    assert!(split("--server.listen --json").unwrap_err().to_string().contains("--server.listen=VALUE"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_loading_panic(
        toml in "(\\[\\[?(rooms|limits|auth)\\]?\\]\n|(match|join|keep|connections|api_keys) ?=|[\"\\[\\]{},= \na-z0-9é._:-]){0,40}",
        value in proptest::prelude::any::<String>(),
    ) {
        let _ = try_load("any", &toml, &[("TIDINGS_LIMITS_MESSAGE_BYTES", &value)], &[(&value, &value)]);
        for row in rows() {
            let _ = row.set(&mut Settings::default(), &Value::Word(value.clone()));
        }
    }
}
