//! Reads a `NotifyRequest`, field by field, so that the one that is wrong is named.

use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_core::tidings::notifications::Ask;
use tidings_protocol::{
    Fault, Json, depth,
    envelope::{not_an_object, optional, required},
    http::{NotifyRequest, Repeat},
    object,
};

use crate::api::refusal::{inner, target};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow, default)]
    to: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    severity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    actions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dedupe_key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    digest_key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    send_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    repeat: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expires_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    receipts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepeatFields<'a> {
    #[serde(borrow, default)]
    every: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time_zone: Option<&'a RawValue>,
    #[serde(borrow, default)]
    until: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expires_after: Option<&'a RawValue>,
}

/// Reads and checks a request.
///
/// # Errors
/// `invalid_request` with the field.
pub(super) fn read(json: &[u8], depth_max: usize) -> Result<Ask, Fault> {
    depth::check(json, depth_max)?;
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    let to: &RawValue = fields.to.ok_or_else(|| Fault::invalid("to", "the field to is missing"))?;
    Ask::read(NotifyRequest {
        to: target(to)?,
        title: required("title", fields.title)?,
        message: optional("message", fields.message)?,
        severity: optional("severity", fields.severity)?,
        category: optional("category", fields.category)?,
        data: optional::<Json>("data", fields.data)?,
        url: optional("url", fields.url)?,
        actions: optional("actions", fields.actions)?,
        dedupe_key: optional("dedupe_key", fields.dedupe_key)?,
        digest_key: optional("digest_key", fields.digest_key)?,
        send_at: optional("send_at", fields.send_at)?,
        repeat: fields.repeat.filter(|raw| raw.get() != "null").map(repeat).transpose()?,
        expires_at: optional("expires_at", fields.expires_at)?,
        receipts: optional("receipts", fields.receipts)?,
    })
}

fn repeat(raw: &RawValue) -> Result<Repeat, Fault> {
    let fields: RepeatFields<'_> = inner("repeat", raw)?;
    Ok(Repeat {
        every: required("repeat.every", fields.every)?,
        time_zone: optional("repeat.time_zone", fields.time_zone)?,
        until: optional("repeat.until", fields.until)?,
        expires_after: optional("repeat.expires_after", fields.expires_after)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(more: &str, path: &str) {
        let json = format!(r#"{{"to":{{"user":"ada"}},"title":"Hello"{more}}}"#);
        let fault = read(json.as_bytes(), 32).expect_err(&json);
        assert_eq!(fault.path.as_deref(), Some(path), "{json}: {fault}");
        assert!(!fault.message.contains("s3cret"), "{json}: {fault}");
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        check(r#","severity":"s3cret""#, "severity");
        check(r#","category":"""#, "category");
        check(r#","category":"s3cret\n""#, "category");
        check(r#","message":"s3cret\u0000""#, "message");
        check(&format!(r#","message":"{}""#, "x".repeat(4_001)), "message");
        check(&format!(r#","data":"{}""#, "x".repeat(17_000)), "data");
        check(r#","url":"javascript:s3cret""#, "url");
        check(r#","url":" JavaScript:s3cret""#, "url");
        check(r#","url":"""#, "url");
        check(r#","actions":[{"id":"a","label":"A"},{"id":"a","label":"B"}]"#, "actions[1].id");
        check(r#","actions":[{"id":"a","label":"  "}]"#, "actions[0].label");
        check(r#","actions":[{"id":"a","label":"A","url":"data:s3cret"}]"#, "actions[0].url");
        check(r#","dedupe_key":"""#, "dedupe_key");
        check(r#","send_at":"s3cret""#, "send_at");
        check(r#","repeat":{}"#, "repeat.every");
        check(r#","repeat":{"every":"s3cret"}"#, "repeat.every");
        check(r#","repeat":{"every":"1d","time_zone":"s3cret"}"#, "repeat.time_zone");
        check(r#","repeat":{"every":"1d","untli":"s3cret"}"#, "repeat");
        check(r#","repeat":{"every":"1d"},"expires_at":"2099-01-01T00:00:00Z""#, "expires_at");
        check(r#","repeat":{"every":"1d","expires_after":"s3cret"}"#, "repeat.expires_after");
        check(r#","digest_key":"""#, "digest_key");
    }

    #[test]
    fn titles_and_targets() {
        let fault = |json: &str| read(json.as_bytes(), 32).expect_err(json).path.unwrap_or_default();
        for title in [r#""""#, r#""  ""#, r#""a\nb""#, "null", "7", &format!("\"{}\"", "ü".repeat(201))] {
            assert_eq!(fault(&format!(r#"{{"to":{{"user":"ada"}},"title":{title}}}"#)), "title");
        }
        for title in ["👩‍👩‍👧", "שלום", "a\\\"b", &"ü".repeat(200)] {
            assert!(read(format!(r#"{{"to":{{"user":"ada"}},"title":"{title}"}}"#).as_bytes(), 32).is_ok());
        }
        for (to, path) in [
            ("{}", "to"),
            (r#"{"user":"ada","role":"x"}"#, "to"),
            (r#"{"users":[]}"#, "to.users"),
            (r#"{"rooms":["a"]}"#, "to.rooms"),
            (r#"{"everyone":false}"#, "to.everyone"),
            (r#"{"room":"a b"}"#, "to.room"),
            ("7", "to"),
        ] {
            assert_eq!(fault(&format!(r#"{{"to":{to},"title":"x"}}"#)), path, "{to}");
        }
    }
}
