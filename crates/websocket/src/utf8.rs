//! UTF-8 that arrives in pieces: a character may be cut by the end of a read or a fragment, but bytes that no continuation can
//! make valid are refused as soon as they are there (RFC 6455 section 8.1).

use crate::ProtocolError;

/// How many leading bytes of `bytes` are whole characters; the remaining, at most three, begin one.
///
/// # Errors
///
/// `InvalidUtf8` when no further bytes could make `bytes` valid.
pub(crate) fn whole_characters(bytes: &[u8]) -> Result<usize, ProtocolError> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        // No `error_len` means that the input ended inside a character that is right so far. The standard library already
        // refuses a second byte that would be overlong, a surrogate or beyond U+10FFFF, so this is strict.
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(ProtocolError::InvalidUtf8),
    }
}

/// `bytes` as text.
///
/// # Errors
///
/// `InvalidUtf8`.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, ProtocolError> {
    std::str::from_utf8(bytes).map_err(|_| ProtocolError::InvalidUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_character_waits_and_a_wrong_one_does_not() {
        let check = |bytes: &[u8], expect| assert_eq!(whole_characters(bytes).ok(), expect, "{bytes:x?}");
        check("κόσμε".as_bytes(), Some(10));
        check(b"ab\xe2\x82", Some(2));
        check(b"\xf4", Some(0));
        check(b"\xf4\x8f\xbf", Some(0));
        check(b"\xf4\x90", None); // beyond U+10FFFF
        check(b"\xed\xa0", None); // a surrogate
        check(b"\xc0", None); // overlong
        check(b"\xe0\x80", None); // overlong
        check(b"\xf0\x80", None); // overlong
        check(b"\xf5", None);
        check(b"\x80", None);
        check(b"\xe2(", None);
    }
}
