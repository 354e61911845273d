//! What the decoder hands out: whole messages and control frames, borrowed from the bytes they came in. Nothing here owns
//! memory, so what must outlive the sink is copied by the one who needs it.

use crate::ProtocolError;

/// One whole message or control frame, valid for the duration of the sink's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// A text message, put together from its fragments, inflated and checked.
    Text(&'a str),
    /// A binary message, put together from its fragments and inflated.
    Binary(&'a [u8]),
    /// A ping of at most 125 bytes, to be answered with a pong of the same payload (RFC 6455 section 5.5.2).
    Ping(&'a [u8]),
    /// A pong of at most 125 bytes, asked for or not.
    Pong(&'a [u8]),
    /// The peer's last word; `None` when it gave no code. Nothing after it is decoded.
    Close(Option<CloseFrame<'a>>),
}

/// Code and reason of a close frame (RFC 6455 section 5.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    /// 1000-1003, 1007-1014 or 3000-4999 when it was received.
    pub code: u16,
    /// At most 123 bytes, often empty; meant for logs, not for people.
    pub reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// Reads the payload of a close frame.
    ///
    /// # Errors
    ///
    /// `BadClosePayload` for one byte, `BadCloseCode` for a code that may not be on the wire, `InvalidUtf8` for the reason.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        match payload {
            [] => Ok(None),
            [_] => Err(ProtocolError::BadClosePayload),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                if !sendable(code) {
                    return Err(ProtocolError::BadCloseCode);
                }
                let reason = std::str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
                Ok(Some(Self { code, reason }))
            }
        }
    }
}

/// Whether a close frame may carry `code`: what RFC 6455 section 7.4 and the IANA registry after it (1012 to 1014) define, and
/// the ranges for libraries and applications. 1004 to 1006 and 1015 are for APIs only; the rest is unassigned.
pub(crate) const fn sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_and_private_codes_may_be_on_the_wire() {
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|code| sendable(*code)).collect();
        let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(allowed, expected);
    }

    #[test]
    fn a_close_payload_is_empty_or_a_code_and_a_reason() {
        assert_eq!(CloseFrame::parse(b""), Ok(None));
        assert_eq!(CloseFrame::parse(b"\x03\xe8"), Ok(Some(CloseFrame { code: 1000, reason: "" })));
        assert_eq!(CloseFrame::parse(b"\x0f\xa1token"), Ok(Some(CloseFrame { code: 4001, reason: "token" })));
        assert_eq!(CloseFrame::parse(b"\x03"), Err(ProtocolError::BadClosePayload));
        assert_eq!(CloseFrame::parse(b"\x03\xed"), Err(ProtocolError::BadCloseCode));
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xff"), Err(ProtocolError::InvalidUtf8));
    }
}
