//! Why a body was refused. The good case parses once and keeps no places; only a refused body is gone through field by field, so
//! that the error can name the one that is wrong.

use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_protocol::{
    ConnectionId, EventType, Fault, Role, RoomName, UserId,
    envelope::{not_an_object, optional, required},
    http::TargetFields,
    object,
};

pub(crate) const EXACTLY_ONE: &str = "expected exactly one of user, users, room, rooms, role and everyone";

/// Fields of a `PublishRequest`, still raw.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publication<'a> {
    #[serde(borrow, default)]
    to: Option<&'a RawValue>,
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    /// Anything goes.
    #[serde(borrow, default, rename = "data")]
    _data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    except: Option<&'a RawValue>,
    #[serde(borrow, default)]
    receipts: Option<&'a RawValue>,
}

/// Fields of a `to`, still raw.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target<'a> {
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    users: Option<&'a RawValue>,
    #[serde(borrow, default)]
    room: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rooms: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    everyone: Option<&'a RawValue>,
}

/// What is wrong with a `PublishRequest` that does not parse.
#[cold]
pub(crate) fn of_publication(json: &[u8]) -> Fault {
    first_wrong_field(json).err().unwrap_or_else(|| Fault::invalid("to", EXACTLY_ONE))
}

fn first_wrong_field(json: &[u8]) -> Result<(), Fault> {
    let fields: Publication<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    let to: &RawValue = fields.to.ok_or_else(|| Fault::invalid("to", "the field to is missing"))?;
    target(to)?;
    required::<EventType>("type", fields.r#type)?;
    optional::<ConnectionId>("except", fields.except)?;
    optional::<bool>("receipts", fields.receipts)?;
    Ok(())
}

/// Reads a `to` field by field, so that the wrong one is named.
///
/// # Errors
/// `invalid_request` at `to` or the field of it.
pub(crate) fn target(raw: &RawValue) -> Result<TargetFields, Fault> {
    let to: Target<'_> = inner("to", raw)?;
    Ok(TargetFields {
        user: optional::<UserId>("to.user", to.user)?,
        users: optional::<Vec<UserId>>("to.users", to.users)?,
        room: optional::<RoomName>("to.room", to.room)?,
        rooms: optional::<Vec<RoomName>>("to.rooms", to.rooms)?,
        role: optional::<Role>("to.role", to.role)?,
        everyone: optional::<bool>("to.everyone", to.everyone)?,
    })
}

/// Reads an object that stands in a field.
///
/// # Errors
/// `invalid_request` at `path`.
pub(crate) fn inner<'a, T: Deserialize<'a>>(path: &'static str, raw: &'a RawValue) -> Result<T, Fault> {
    let wrong = |error| Fault { path: Some(path.into()), ..not_an_object(&error) };
    object::from_slice(raw.get().as_bytes()).map_err(wrong)
}

/// What is wrong with a `BatchRequest` that does not parse.
#[cold]
pub(crate) fn of_batch(json: &[u8]) -> Fault {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Batch<'a> {
        #[serde(borrow, default)]
        entries: Option<&'a RawValue>,
    }
    let wrong = match object::from_slice::<Batch<'_>>(json) {
        Err(error) => return not_an_object(&error),
        Ok(batch) => required::<Vec<serde::de::IgnoredAny>>("entries", batch.entries).err(),
    };
    wrong.unwrap_or_else(|| Fault::invalid("entries", "expected a list of entries"))
}

/// What is wrong with a `DisconnectRequest` that does not parse.
#[cold]
pub(crate) fn of_disconnect(json: &[u8]) -> Fault {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Disconnect<'a> {
        #[serde(borrow, default)]
        reason: Option<&'a RawValue>,
    }
    let wrong = match object::from_slice::<Disconnect<'_>>(json) {
        Err(error) => return not_an_object(&error),
        Ok(disconnect) => optional::<String>("reason", disconnect.reason).err(),
    };
    wrong.unwrap_or_else(|| Fault::invalid("reason", "expected a text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, path: Option<&str>, message: &str) {
        let fault = of_publication(json.as_bytes());
        assert_eq!(fault.path.as_deref(), path, "{json}: {fault}");
        assert!(fault.message.contains(message), "{json}: {fault}");
        assert!(!fault.message.contains("s3cret"), "{json}: {fault}");
    }

    #[test]
    fn the_first_wrong_field_is_named() {
        check("", None, "not JSON");
        check("[]", None, "expected a JSON object");
        check(r#"{"to":{"room":"a"},"type":"x""#, None, "not JSON: error at line 1");
        check(r#"{"type":"x"}"#, Some("to"), "missing");
        check(r#"{"to":"s3cret","type":"x"}"#, Some("to"), "expected a JSON object");
        check(r#"{"to":{"room":"s3cret /"},"type":"x"}"#, Some("to.room"), "a room name: 1 to 128");
        check(r#"{"to":{"users":["ada",7]},"type":"x"}"#, Some("to.users"), "expected");
        check(r#"{"to":{"everyone":"s3cret"},"type":"x"}"#, Some("to.everyone"), "expected a boolean");
        check(r#"{"to":["ada"],"type":"x"}"#, Some("to"), "expected a JSON object");
        check(
            r#"{"to":{"rom":"s3cret"},"type":"x"}"#,
            Some("to"),
            "unknown field, expected one of user, users",
        );
        check(r#"{"to":{},"type":"x"}"#, Some("to"), "exactly one of");
        check(
            r#"{"to":{"room":"a"},"type":"x","excpet":"s3cret"}"#,
            None,
            "expected one of to, type, data, except, receipts",
        );
        check(r#"{"to":{"room":"a"},"type":"x","type":"x"}"#, None, "the field type stands there twice");
        check(r#"{"to":{"room":"a"}}"#, Some("type"), "missing");
        check(r#"{"to":{"room":"a"},"type":"s3cret !"}"#, Some("type"), "an event type");
        check(r#"{"to":{"room":"a"},"type":"x","except":"s3cret"}"#, Some("except"), "");
        check(
            r#"{"to":{"room":"a"},"type":"x","receipts":"s3cret"}"#,
            Some("receipts"),
            "expected a boolean",
        );
    }
}
