//! The flat object that every client message is, with its fields still raw.
//!
//! Raw values do not work inside tagged enums, and a wrong type in a field shall name that field; so a message is first
//! taken apart into raw fields, and [`crate::command`] then reads the ones its type needs.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{CorrelationId, ErrorCode, Fault, object};

macro_rules! fields {
    ($($name:ident),*) => {
        /// Every field that any client message has; unknown ones are ignored.
        #[derive(Deserialize)]
        pub(crate) struct Envelope<'a> {
            $(#[serde(borrow, default)] pub(crate) $name: Option<&'a RawValue>,)*
        }
    };
}

fields!(
    r#type,
    id,
    token,
    timestamp,
    room,
    channel,
    since,
    event,
    data,
    status,
    users,
    before,
    after,
    limit,
    epoch,
    resume,
    notification_id,
    notification_ids,
    until,
    entry_ids,
    r#as,
    content,
    message_type,
    reply_to_message,
    thread,
    mentions,
    attachments,
    metadata,
    client_id,
    message_id,
    emoji,
    up_to,
    private,
    around,
    pinned,
    main,
    rooms,
    query,
    from,
    order,
    cursor
);

impl<'a> Envelope<'a> {
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, Fault> {
        object::from_slice(json).map_err(|error| not_an_object(&error))
    }

    pub(crate) fn correlation_id(&self) -> Result<Option<CorrelationId>, Fault> {
        optional("id", self.id)
    }
}

/// The mark alone, of a message that will not be read: fields that are passed over are so without recursion, however deep.
pub(crate) fn correlation_id_of(json: &[u8]) -> Option<CorrelationId> {
    #[derive(Deserialize)]
    struct Mark {
        #[serde(default)]
        id: Option<CorrelationId>,
    }
    object::from_slice::<Mark>(json).ok().and_then(|mark| mark.id)
}

/// Why a text is not the JSON object that was expected.
pub fn not_an_object(error: &serde_json::Error) -> Fault {
    let message = match error.classify() {
        serde_json::error::Category::Data => describe(error),
        _ => format!("not JSON: error at line {} column {}", error.line(), error.column()),
    };
    Fault::new(ErrorCode::InvalidRequest, message)
}

/// A field that must be there.
///
/// # Errors
/// `invalid_request` at `path` when it is absent, null or not what `T` expects.
pub fn required<T: DeserializeOwned>(path: &'static str, raw: Option<&RawValue>) -> Result<T, Fault> {
    optional(path, raw)?.ok_or_else(|| Fault::invalid(path, format!("the field {path} is missing")))
}

/// A field that may be absent or null.
///
/// # Errors
/// `invalid_request` at `path` when it is not what `T` expects.
pub fn optional<T: DeserializeOwned>(path: &'static str, raw: Option<&RawValue>) -> Result<Option<T>, Fault> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(None) };
    serde_json::from_str(raw.get()).map(Some).map_err(|error| Fault::invalid(path, describe(&error)))
}

/// What serde says of a wrong value, without the value: serde quotes strings that it did not expect.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if let Some(field) = text.strip_prefix("missing field ") {
        return format!("the field {} is missing", field.trim_matches('`'));
    }
    if let Some(field) = text.strip_prefix("duplicate field ") {
        return format!("the field {} stands there twice", field.trim_matches('`'));
    }
    match text.split_once("expected ") {
        Some((unknown, expected)) if unknown.starts_with("unknown field") => {
            format!("an unknown field, expected {}", expected.replace('`', ""))
        }
        Some((_, expected)) => format!("expected {}", in_words(expected)),
        None => text.split('`').step_by(2).collect::<Vec<_>>().join("..."),
    }
}

/// What Rust calls a type, as JSON's users would.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i64" => "a whole number",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}
