//! Why the store did not do an act, in words.

use tidings_protocol::{ErrorCode, Fault};

use crate::store::chat::Refusal;

/// What the asking side is told.
pub(super) fn fault(refusal: Refusal) -> Fault {
    let (code, path, message) = match refusal {
        Refusal::NoSuchMessage => {
            (ErrorCode::NotFound, "message_id", "there is no such message in this room")
        }
        Refusal::NotYours => (ErrorCode::Forbidden, "message_id", "only who sent a message may change it"),
        Refusal::Deleted => (ErrorCode::NotFound, "message_id", "this message was deleted"),
        Refusal::NoSuchReplyTarget => {
            (ErrorCode::NotFound, "reply_to_message", "there is no such message in this room")
        }
        Refusal::NoSuchThread => (ErrorCode::NotFound, "thread", "there is no such message in this room"),
    };
    Fault { path: Some(path.into()), ..Fault::new(code, message) }
}
