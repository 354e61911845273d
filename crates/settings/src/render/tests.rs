//! Tests over the whole table: every row is read, shown, documented.

use std::collections::HashSet;
use std::path::PathBuf;

use super::*;
use crate::load::{Sources, load};
use crate::table::{room_rows, rows, sections};
use crate::{Loaded, Settings, Value};

fn loaded(env: &[(&str, &str)]) -> Loaded {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Sources { file: None, env, flags: Vec::new() }).unwrap()
}

#[test]
fn every_default_is_read_and_shown() {
    let defaults = Settings::default();
    for row in rows() {
        let mut settings = Settings::default();
        row.set(&mut settings, &Value::Word(row.default.to_owned())).unwrap();
        assert_eq!(settings, defaults, "{}", row.name());
        // What `show` prints is read back from a file as the same value.
        row.set(&mut settings, &(row.read)(&defaults)).unwrap();
        assert_eq!(settings, defaults, "{}", row.name());
    }
    for row in room_rows() {
        row.set(&mut crate::RoomRule::default(), &Value::Word(row.default.to_owned())).unwrap();
    }
}

#[test]
fn every_setting_is_documented_and_has_its_own_variable() {
    let (docs, env, example) = (docs(), env(), example());
    let mut variables = HashSet::new();
    for row in rows() {
        assert!(row.doc().ends_with(['.', '`', ')']), "{}: {}", row.name(), row.doc());
        assert!(docs.contains(&row.doc().replace('|', "\\|")), "{}", row.name());
        assert!(env.contains(&format!("# {}={}\n", row.variable(), row.default)), "{}", row.name());
        assert!(example.contains(&format!("# {} = ", row.key)), "{}", row.name());
        assert!(!row.key.ends_with("_file"), "{} would be taken for the path of a file", row.name());
        assert!(variables.insert(row.variable()), "{} twice", row.variable());
    }
}

#[test]
fn every_variable_and_flag_reaches_its_setting() {
    for row in rows() {
        let env = [(row.variable(), row.default.to_owned())];
        let from_env = load(Sources { file: None, env, flags: Vec::new() }).unwrap();
        let expect = if row.default.is_empty() { "default".to_owned() } else { row.variable() };
        assert_eq!(from_env.origin(&row.name()).to_string(), expect, "an empty variable is none");
        let flags = vec![(row.name(), row.default.to_owned())];
        let from_flag = load(Sources { file: None, env: [], flags }).unwrap();
        assert_eq!(from_flag.origin(&row.name()).to_string(), format!("--{}", row.name()));
    }
}

#[test]
fn show_names_values_and_sources_and_masks_secrets() {
    let secret = "q8Zx7Vr2Lm9Np4Rs7Tu1Wy3Bc5De6Gh0";
    let key = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let loaded = loaded(&[
        ("TIDINGS_SERVER_LISTEN", "0.0.0.0:9000"),
        ("TIDINGS_AUTH_JWT_SECRET", secret),
        ("TIDINGS_AUTH_API_KEYS", secret),
        ("TIDINGS_SECURITY_ENCRYPTION_KEYS", key),
        ("TIDINGS_WEBHOOKS_SECRET", secret),
        ("TIDINGS_STORE_URL", &format!("postgres://ada:{secret}@db/app")),
        ("TIDINGS_WEBHOOKS_URL", &format!("https://ada:{secret}@hooks/")),
    ]);
    let show = loaded.show();
    let line = |name: &str| show.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("server.listen").starts_with("server.listen = \"0.0.0.0:9000\" "));
    assert!(line("server.listen").ends_with(" # TIDINGS_SERVER_LISTEN"));
    assert!(line("server.ops_listen").ends_with(" # default"));
    assert!(line("auth.api_keys").starts_with("auth.api_keys = [\"***\"]"));
    assert!(line("security.encryption_keys").contains("[\"k1:***\"]"));
    assert!(line("store.url").contains("postgres://ada:***@db/app"));
    assert!(line("rooms[0].match").contains("order_{id}"));
    let json = loaded.show_json();
    assert_eq!(json["server.listen"]["value"], "0.0.0.0:9000");
    assert_eq!(json["server.listen"]["source"], "TIDINGS_SERVER_LISTEN");
    assert_eq!(json["limits.message_bytes"]["value"], 65536);
    let problems = format!("{:?}", loaded.check_production());
    for text in [show, json.to_string(), format!("{:?}", loaded.settings), format!("{loaded:?}"), problems] {
        assert!(!text.contains(secret) && !text.contains("AAECAwQF"), "{text}");
    }
}

#[test]
fn the_example_is_a_file_that_changes_nothing() {
    let directory = crate::load::scratch("example");
    let read = |text: &str| {
        let path = directory.join("tidings.toml");
        std::fs::write(&path, text).unwrap();
        load(Sources { file: Some(path), env: [], flags: Vec::new() }).unwrap().settings
    };
    assert_eq!(read(&example()), Settings::default());
    // With every setting's # taken away, it still is one.
    let keys: Vec<&str> = rows().map(|row| row.key).collect();
    let bare: Vec<String> = example()
        .lines()
        .map(|line| {
            match line
                .strip_prefix("# ")
                .filter(|rest| keys.iter().any(|key| rest.starts_with(&format!("{key} = "))))
            {
                Some(rest) if !line.contains("keep = \"5m\"") => rest.to_owned(),
                _ => line.to_owned(),
            }
        })
        .take_while(|line| !line.contains("built-in rules"))
        .collect();
    assert_eq!(read(&bare.join("\n")), Settings::default());
    let set = example_with(&[("auth.jwt_secret", Value::Text("a \"b\" \\".to_owned()))]);
    assert_eq!(read(&set).auth.jwt_secret.expose(), "a \"b\" \\");
}

#[test]
fn the_schema_knows_every_setting() {
    let schema = schema();
    for section in sections() {
        for row in &section.rows {
            let property = &schema["properties"][section.name]["properties"][row.key];
            assert_eq!(property["description"], row.doc(), "{}", row.name());
        }
    }
    assert_eq!(schema["properties"]["rooms"]["items"]["required"][0], "match");
}

#[test]
fn comments_are_broken_between_words() {
    let mut out = String::new();
    comment(&"word ".repeat(50), &mut out);
    assert!(out.lines().all(|line| line.starts_with("# word") && line.chars().count() <= WIDTH + 2));
    assert_eq!(out.matches("word").count(), 50);
}

#[test]
fn the_reference_is_up_to_date() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/settings.md"));
    let (wanted, found) = (docs(), std::fs::read_to_string(&path).unwrap_or_default());
    if wanted == found {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let differs = wanted.lines().zip(found.lines()).find(|(a, b)| a != b);
    panic!(
        "docs/reference/settings.md is not what the settings say, first at {differs:?}; \
         run: UPDATE=1 cargo test -p tidings-settings reference"
    );
}
