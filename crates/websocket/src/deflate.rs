//! `permessage-deflate` (RFC 7692) without context takeover: each message is a DEFLATE stream of its own, so a compressed
//! frame is as shareable as a plain one and a connection keeps no compressor. The states, which are large, are kept per
//! thread and reused. Which messages are worth compressing is the caller's choice; a secret and text an attacker chose do not
//! belong into the same compressed message.

mod compress;
mod inflate;

pub use compress::compress;
pub(crate) use inflate::Inflater;
pub use inflate::inflate;

/// What a flush leaves at the end of a message and the wire leaves out (RFC 7692 section 7.2.1).
const FLUSH_TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests;
