//! Reads bodies about messages, field by field, so that the one that is wrong is named.

use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_protocol::{
    Fault, Timestamp, UserId,
    chat::{MessageDraft, UpTo},
    depth,
    envelope::{not_an_object, optional, required},
    object,
};

/// Reads a `MessageRequest`: for whom, and what.
///
/// # Errors
/// `invalid_request` with the field.
pub(super) fn message(json: &[u8], depth_max: usize) -> Result<(Option<UserId>, MessageDraft), Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        from: Option<&'a RawValue>,
        #[serde(borrow, default)]
        content: Option<&'a RawValue>,
        #[serde(borrow, default)]
        message_type: Option<&'a RawValue>,
        #[serde(borrow, default)]
        reply_to_message: Option<&'a RawValue>,
        #[serde(borrow, default)]
        thread: Option<&'a RawValue>,
        #[serde(borrow, default)]
        mentions: Option<&'a RawValue>,
        #[serde(borrow, default)]
        attachments: Option<&'a RawValue>,
        #[serde(borrow, default)]
        metadata: Option<&'a RawValue>,
        #[serde(borrow, default)]
        client_id: Option<&'a RawValue>,
    }
    depth::check(json, depth_max)?;
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    let draft = MessageDraft {
        content: optional("content", fields.content)?.unwrap_or_default(),
        message_type: optional("message_type", fields.message_type)?.unwrap_or_default(),
        reply_to_message: optional("reply_to_message", fields.reply_to_message)?,
        thread: optional("thread", fields.thread)?,
        mentions: optional("mentions", fields.mentions)?.unwrap_or_default(),
        attachments: optional("attachments", fields.attachments)?.unwrap_or_default(),
        metadata: optional("metadata", fields.metadata)?,
        client_id: optional("client_id", fields.client_id)?,
    };
    Ok((optional("from", fields.from)?, draft))
}

/// What an `EditRequest` says.
pub(super) struct Edit {
    pub(super) from: Option<UserId>,
    pub(super) content: String,
    pub(super) mentions: Option<Vec<UserId>>,
}

/// Reads an `EditRequest`.
///
/// # Errors
/// As [`message`].
pub(super) fn edit(json: &[u8]) -> Result<Edit, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        from: Option<&'a RawValue>,
        #[serde(borrow, default)]
        content: Option<&'a RawValue>,
        #[serde(borrow, default)]
        mentions: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    Ok(Edit {
        from: optional("from", fields.from)?,
        content: required("content", fields.content)?,
        mentions: optional("mentions", fields.mentions)?,
    })
}

/// What a `ReadRequest` says.
pub(super) struct Read {
    pub(super) from: Option<UserId>,
    pub(super) up_to: UpTo,
    pub(super) private: bool,
}

/// Reads a `ReadRequest`.
///
/// # Errors
/// As [`message`].
pub(super) fn read(json: &[u8]) -> Result<Read, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        from: Option<&'a RawValue>,
        #[serde(borrow, default)]
        up_to: Option<&'a RawValue>,
        #[serde(borrow, default)]
        private: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    Ok(Read {
        from: optional("from", fields.from)?,
        up_to: required("up_to", fields.up_to)?,
        private: optional("private", fields.private)?.unwrap_or_default(),
    })
}

/// Reads a `MuteRequest`: until when, if it has an end. No body is one without.
///
/// # Errors
/// As [`message`].
pub(super) fn mute(json: &[u8]) -> Result<Option<Timestamp>, Fault> {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        until: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = match json.is_empty() {
        true => Fields::default(),
        false => object::from_slice(json).map_err(|error| not_an_object(&error))?,
    };
    optional("until", fields.until)
}
