//! The arithmetic of the opening handshake (RFC 6455 section 4): the key's answer and the two headers that negotiate. Methods,
//! status codes, `Upgrade` and `Origin` belong to whoever speaks HTTP.

mod extensions;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

pub use extensions::{DEFLATE, negotiate_deflate};

/// What RFC 6455 section 1.3 appends to a client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Takes keys whose last character has bits set that no byte needs: the rule is about what the key decodes to.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The `Sec-WebSocket-Accept` that answers a client's `Sec-WebSocket-Key` (RFC 6455 section 4.2.2). `key` is hashed as it
/// came, without the white space around it.
#[must_use]
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Whether `key` is the base64 of sixteen bytes, as a `Sec-WebSocket-Key` must be (RFC 6455 section 4.2.1).
#[must_use]
pub fn is_valid_key(key: &str) -> bool {
    // The length first: a header may be long, and sixteen bytes are always twenty-four characters.
    key.len() == 24 && LENIENT.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// The subprotocols a client offers, in its order of preference, from the values of all its `Sec-WebSocket-Protocol` headers
/// (RFC 6455 section 11.3.4). What is not a token is skipped.
pub fn protocols<'a>(header_values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    header_values.flat_map(|value| value.split(',')).map(trim).filter(|name| is_token(name))
}

/// Without the white space HTTP allows around the elements of a list.
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// Whether `value` is a token of HTTP (RFC 9110 section 5.6.2).
fn is_token(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests;
