//! Every frame of `schema/frames` is what these types say, and every variant of these types has a frame.
//!
//! A file is named `<who>.<type>[.<case>].json`: `client` asks, `reply` answers, `error` is one per code, `entry` is one per
//! kind. The client in TypeScript is held against the same files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, with functions beside its #[test]s")]

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tidings_protocol::{
    Command, CorrelationId, EntryMessage, ErrorCode, Incoming, Reply, command::OtherSpelling,
    reply::OwnEntry, schema,
};

struct Frame {
    /// The file's name without who and `.json`.
    name: String,
    message: Value,
}

impl Frame {
    fn kind(&self) -> &str {
        self.name.split('.').next().unwrap()
    }

    /// As bytes in which raw JSON compares equal, whatever the file's spaces.
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.message).unwrap()
    }

    fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.bytes()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn survives<T: DeserializeOwned + Serialize>(&self) {
        assert_eq!(serde_json::to_value(self.read::<T>()).unwrap(), self.message, "{}", self.name);
    }
}

fn frames(who: &str) -> Vec<Frame> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/frames");
    let mut frames = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(name) = name.strip_prefix(&format!("{who}.")) else { continue };
        let message = serde_json::from_slice(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        frames.push(Frame { name: name.strip_suffix(".json").unwrap().to_owned(), message });
    }
    frames
}

/// The values that `type` has in a tagged enum, out of its schema, so that no list here can be forgotten.
fn variants(name: &str) -> BTreeSet<String> {
    let schema = schema::wire();
    let members = schema.as_value()["$defs"][name]["oneOf"].as_array().unwrap();
    members.iter().map(|member| member["properties"]["type"]["const"].as_str().unwrap().to_owned()).collect()
}

fn kinds(who: &str) -> BTreeSet<String> {
    frames(who).iter().map(|frame| frame.kind().to_owned()).collect()
}

#[test]
fn every_variant_and_code_has_a_frame() {
    let asked: BTreeSet<_> = variants("Command").union(&variants("OtherSpelling")).cloned().collect();
    assert_eq!(kinds("client"), asked);

    let mut answered = variants("Reply");
    assert!(answered.remove("error"), "errors have frames of their own");
    assert_eq!(kinds("reply"), answered);

    let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(kinds("error"), codes);

    let mut entries = variants("OwnEntry");
    entries.insert("published".to_owned());
    assert_eq!(kinds("entry"), entries);
}

#[test]
fn a_file_is_named_after_its_frame() {
    for who in ["client", "reply"] {
        for frame in frames(who) {
            assert_eq!(frame.message["type"], frame.kind(), "{who}.{}", frame.name);
        }
    }
    for frame in frames("error") {
        assert_eq!(frame.message["type"], "error", "{}", frame.name);
        assert_eq!(frame.message["code"], frame.kind());
    }
    for frame in frames("entry").iter().filter(|frame| frame.kind() != "published") {
        assert_eq!(frame.message["type"], frame.kind());
    }
}

#[test]
fn what_is_parsed_is_what_is_derived() {
    for frame in frames("client") {
        let parsed = Incoming::parse(&frame.bytes(), 32);
        let mark: Option<CorrelationId> =
            frame.message.get("id").map(|id| serde_json::from_value(id.clone()).unwrap());
        assert_eq!(parsed.id, mark, "{}", frame.name);
        let parsed = parsed.command.unwrap_or_else(|fault| panic!("{}: {fault}", frame.name));

        let derived = match frame.kind() {
            "subscribe" | "unsubscribe" => respelt(frame.read()),
            _ => frame.read(),
        };
        assert_eq!(parsed, derived, "{}", frame.name);
        let again = Incoming::parse(&serde_json::to_vec(&derived).unwrap(), 32).command.unwrap();
        assert_eq!(again, derived, "{}: written and parsed again", frame.name);
    }
}

fn respelt(other: OtherSpelling) -> Command {
    match other {
        OtherSpelling::Subscribe { channel, since } => Command::JoinRoom { room: channel, since },
        OtherSpelling::Unsubscribe { channel } => Command::LeaveRoom { room: channel },
    }
}

#[test]
fn null_and_absent_are_the_same_to_both_readers() {
    for message in [
        json!({ "type": "ping", "timestamp": null }),
        json!({ "type": "presence", "status": "online", "data": null }),
        json!({ "type": "publish", "room": "a", "event": "b", "data": null }),
        json!({ "type": "publish", "room": "a", "event": "b" }),
        json!({ "type": "join_room", "room": "a", "since": null }),
        json!({ "type": "get_presence", "room": "a", "users": null }),
    ] {
        let parsed = Incoming::parse(message.to_string().as_bytes(), 32).command.unwrap();
        assert_eq!(parsed, serde_json::from_value::<Command>(message).unwrap());
    }
}

#[test]
fn both_readers_want_users_or_a_room_and_not_too_many() {
    for message in [
        json!({ "type": "get_presence", "users": ["ada"], "room": "a" }),
        json!({ "type": "get_presence" }),
        json!({ "type": "get_presence", "users": vec!["ada"; 101] }),
    ] {
        assert!(Incoming::parse(message.to_string().as_bytes(), 32).command.is_err());
        assert!(serde_json::from_value::<Command>(message).is_err());
    }
}

#[test]
fn what_the_server_says_survives_reading_and_writing() {
    frames("reply").iter().for_each(Frame::survives::<Reply>);
    frames("error").iter().for_each(Frame::survives::<Reply>);
    frames("entry").iter().for_each(Frame::survives::<EntryMessage>);
}

#[test]
fn the_servers_own_entries_have_their_data() {
    for frame in frames("entry").iter().filter(|frame| frame.kind() != "published") {
        let own = serde_json::to_value(frame.read::<OwnEntry>()).unwrap();
        assert_eq!(own["data"], frame.message["data"], "{}", frame.name);
    }
}
