//! `Sec-WebSocket-Extensions`: finding an offer of `permessage-deflate` that this server can take up (RFC 7692 section 7.1).
//! Reads each byte once; nothing in the header can make it slow.

use super::{is_token, trim};

/// The answer to an offer: each message is compressed by itself, in both directions.
pub const DEFLATE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The answer to an offer that names the largest window: accepting that parameter means repeating it (RFC 7692 section 7.1.2.1).
const DEFLATE_WINDOW_15: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";

/// The answer to the first acceptable offer in the values of a client's `Sec-WebSocket-Extensions` headers, to be sent back as
/// the same header; `None` when the connection stays uncompressed.
///
/// An offer is passed over when it demands a server window below 15 bits, which frames shared by all connections cannot keep
/// to, or has a parameter that is unknown, given twice or has a bad value (RFC 7692 section 7.1).
pub fn negotiate_deflate<'a>(header_values: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    header_values.flat_map(|value| Pieces { rest: value, separator: b',' }).find_map(answer)
}

/// The answer to one offer, `name; parameter; parameter=value`.
fn answer(offer: &str) -> Option<&'static str> {
    let mut pieces = Pieces { rest: offer, separator: b';' };
    if pieces.next() != Some("permessage-deflate") {
        return None;
    }
    let mut seen = [false; 4];
    for parameter in pieces {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (trim(name), Some(unquote(trim(value))?)),
            None => (parameter, None),
        };
        let place = match (name, value) {
            ("server_no_context_takeover", None) => 0,
            ("client_no_context_takeover", None) => 1,
            // The client's own window may be of any size: every one fits into the largest.
            ("client_max_window_bits", None | Some("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => 2,
            ("server_max_window_bits", Some("15")) => 3,
            _ => return None,
        };
        if std::mem::replace(&mut seen[place], true) {
            return None;
        }
    }
    Some(if seen[3] { DEFLATE_WINDOW_15 } else { DEFLATE })
}

/// A value given as a token, or as a quoted string whose contents are a token (RFC 6455 section 9.1). No value with an
/// escape in it is one that [`answer`] knows.
fn unquote(value: &str) -> Option<&str> {
    let bare = value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"'))?;
    is_token(bare).then_some(bare)
}

/// The pieces of a text between separators that are not inside quotation marks, without white space around them.
struct Pieces<'a> {
    rest: &'a str,
    separator: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.bytes().position(|byte| {
            let ends = byte == self.separator && !quoted;
            quoted ^= byte == b'"' && !escaped;
            escaped = quoted && byte == b'\\' && !escaped;
            ends
        });
        // A separator is ASCII, so both sides of it are whole characters.
        let (piece, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, ""),
        };
        self.rest = rest;
        Some(trim(piece))
    }
}
