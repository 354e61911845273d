//! `schema/frames` as TypeScript literals, each with the type it must have.
//!
//! TypeScript takes strings out of imported JSON as `string`, so only literals in a module can be held against the types.
//! The module lies in the client's `testing` folder, which is checked but not published.

use std::{fmt::Write, fs, io, path::Path};

use super::model::{Definitions, Field, Type};

/// One file of `schema/frames`: `client.get_presence.room.json` is a client's message of the type `get_presence`.
#[derive(Debug)]
pub struct Frame {
    /// Who says it: `client`, `reply`, `error` or `entry`.
    pub from: String,
    /// Its type, or the code of an error.
    pub kind: String,
    /// The file's name without `.json`.
    pub name: String,
    /// The message: JSON, which is TypeScript too.
    pub text: String,
}

/// Reads all frames, in the order of their names.
///
/// # Errors
/// When a file cannot be read, is not JSON or has a name of another form.
pub fn load(folder: &Path) -> io::Result<Vec<Frame>> {
    let mut frames = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let wrong = |what: String| io::Error::other(format!("{}: {what}", path.display()));
        let name = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json"));
        let Some((name, (from, rest))) = name.and_then(|name| Some((name, name.split_once('.')?))) else {
            return Err(wrong("expected <who>.<type>.json, client.ping.json".to_owned()));
        };
        let text = fs::read_to_string(&path)?;
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| wrong(error.to_string()))?;
        let kind = rest.split('.').next().unwrap_or(rest);
        frames.push(Frame { from: from.to_owned(), kind: kind.to_owned(), name: name.to_owned(), text });
    }
    frames.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(frames)
}

/// A whole module.
///
/// # Errors
/// A frame of somebody who is not known.
pub fn emit(frames: &[Frame], definitions: &Definitions) -> Result<String, Box<dyn std::error::Error>> {
    let own = tags(definitions, "OwnEntry");
    let mut out = "\
// Generated from schema/frames by `cargo run -p xtask -- codegen`: change them there, not here.
import type { ClientMessageOf, EntryMessage, OwnEntryOf, ReplyOf } from '../wire.gen.js';
"
    .to_owned();
    for Frame { from, kind, name, text } in frames {
        let expected = match from.as_str() {
            "client" => format!("ClientMessageOf<'{kind}'>"),
            "reply" => format!("ReplyOf<'{kind}'>"),
            "error" => "ReplyOf<'error'>".to_owned(),
            "entry" if own.contains(&kind.as_str()) => format!("EntryMessage & OwnEntryOf<'{kind}'>"),
            "entry" => "EntryMessage".to_owned(),
            _ => {
                return Err(
                    format!("schema/frames/{name}.json: expected client, reply, error or entry").into()
                );
            }
        };
        let (constant, literal) = (camel(name), text.trim());
        write!(
            out,
            "\n/** `schema/frames/{name}.json` */\nexport const {constant}: {expected} = {literal};\n"
        )?;
    }
    Ok(out)
}

/// The values that `type` has in a tagged union.
fn tags<'a>(definitions: &'a Definitions, name: &str) -> Vec<&'a str> {
    let Some(Type::Union(members)) = definitions.get(name).map(|named| &named.kind) else {
        return Vec::new();
    };
    let fields = members.iter().filter_map(|member| match &member.kind {
        Type::Object(fields) => Some(fields),
        _ => None,
    });
    let tags = fields.flatten().filter_map(|Field { name, value, .. }| match &value.kind {
        Type::Literal(tag) if name == "type" => Some(tag.as_str()),
        _ => None,
    });
    tags.collect()
}

/// `client.join_room` as `clientJoinRoom`.
fn camel(name: &str) -> String {
    let mut words = name.split(['.', '_', '-']);
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
