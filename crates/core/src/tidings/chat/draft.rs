//! What somebody wants to say, checked: from here on it is right but for what only the store can say.

use hashbrown::HashSet;
use tidings_protocol::{
    ErrorCode, Fault, Json, UserId,
    chat::{Attachment, ChatMessage, MessageDraft, MessageType},
};

use super::Author;
use crate::{store::chat::ClientId, tidings::notifications::check_url};

const MENTIONS_MAX: usize = 50;
const ATTACHMENTS_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 255;
const WORD_BYTES_MAX: usize = 128;
const METADATA_BYTES_MAX: usize = 16 << 10;

/// Checks a draft and makes the message's data of it, and the sender's name for it.
///
/// # Errors
/// `invalid_request` with the field, `payload_too_large` for more content than `bytes_max`; what it says is not repeated.
pub(super) fn checked(
    author: Author<'_>,
    draft: MessageDraft,
    bytes_max: usize,
) -> Result<(ChatMessage, Option<ClientId>), Fault> {
    let MessageDraft {
        content,
        message_type,
        reply_to_message,
        thread,
        mentions,
        attachments,
        metadata,
        client_id,
    } = draft;
    if message_type == MessageType::System && matches!(author, Author::User(_)) {
        return Err(Fault::invalid("message_type", "only back ends send system messages"));
    }
    check_attachments(message_type, &attachments)?;
    check_content(&content, !attachments.is_empty(), bytes_max)?;
    let metadata = metadata.filter(|metadata| metadata.as_str() != "null");
    if metadata.as_ref().is_some_and(|metadata: &Json| metadata.as_str().len() > METADATA_BYTES_MAX) {
        return Err(Fault::invalid("metadata", "expected at most 16 KiB"));
    }
    let known_as = client_id.as_deref().map(ClientId::parse).transpose();
    let known_as = known_as.map_err(|expected| Fault::invalid("client_id", expected.to_string()))?;
    let message = ChatMessage {
        content,
        message_type,
        reply_to: reply_to_message,
        thread,
        mentions: checked_mentions(mentions)?,
        attachments,
        metadata,
        client_id,
        edited_at: None,
        deleted_at: None,
    };
    Ok((message, known_as))
}

/// Checks what a message says.
///
/// # Errors
/// As [`checked`].
pub(super) fn check_content(content: &str, may_be_blank: bool, bytes_max: usize) -> Result<(), Fault> {
    if content.len() > bytes_max {
        let message = format!("expected at most {bytes_max} bytes");
        let fault = Fault::new(ErrorCode::PayloadTooLarge, message);
        return Err(Fault { path: Some("content".into()), ..fault });
    }
    if !may_be_blank && content.trim().is_empty() {
        return Err(Fault::invalid("content", "expected words: only files and images may come without"));
    }
    let is_binary = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if content.chars().any(is_binary) {
        return Err(Fault::invalid(
            "content",
            "expected text: of the control characters only tabs and line ends",
        ));
    }
    Ok(())
}

/// Checks whom a message mentions; who is named twice is mentioned once.
///
/// # Errors
/// `invalid_request` for more than 50.
pub(super) fn checked_mentions(mut mentions: Vec<UserId>) -> Result<Vec<UserId>, Fault> {
    if mentions.len() > MENTIONS_MAX {
        return Err(Fault::invalid("mentions", format!("expected at most {MENTIONS_MAX} users")));
    }
    let mut seen = HashSet::with_capacity(mentions.len());
    mentions.retain(|user| seen.insert(user.clone()));
    Ok(mentions)
}

fn check_attachments(message_type: MessageType, attachments: &[Attachment]) -> Result<(), Fault> {
    let needs_one = matches!(message_type, MessageType::File | MessageType::Image);
    if needs_one && attachments.is_empty() {
        return Err(Fault::invalid("attachments", "expected at least one for a file or an image"));
    }
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(Fault::invalid("attachments", format!("expected at most {ATTACHMENTS_MAX}")));
    }
    for (index, attachment) in attachments.iter().enumerate() {
        let path = |field: &str| format!("attachments[{index}].{field}");
        let Attachment { id, url, name, r#type, .. } = attachment;
        let is_line = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        if !is_line(name) || name.chars().count() > NAME_CHARS_MAX {
            return Err(Fault::invalid(path("name"), "expected 1 to 255 characters in one line"));
        }
        for (field, word) in [("id", id), ("type", r#type)] {
            if word.as_deref().is_some_and(|word| !is_line(word) || word.len() > WORD_BYTES_MAX) {
                return Err(Fault::invalid(
                    path(field),
                    "expected 1 to 128 bytes without control characters",
                ));
            }
        }
        if id.is_none() && url.is_none() {
            return Err(Fault::invalid(path("url"), "expected an id or a url"));
        }
        check_url(&path("url"), url.as_deref())?;
    }
    Ok(())
}
