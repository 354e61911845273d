//! From messages to frames ready for the wire. A server's frame has no mask, no key and no memory of earlier frames, so the
//! bytes depend on the message alone: encode once, share them with every connection. Each function appends one whole frame to
//! `out` and leaves what is there alone.

use crate::message::sendable;
use crate::{Opcode, mask};

/// The most a control frame may carry, in bytes (RFC 6455 section 5.5).
const CONTROL_MAX: usize = 125;

/// The bits of a frame's head that [`frame`] needs to be told. Servers use the functions named after what they send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whether this frame ends its message.
    pub fin: bool,
    /// Whether it begins a message that is compressed (RSV1, RFC 7692 section 6).
    pub compressed: bool,
    /// What it carries.
    pub opcode: Opcode,
    /// A client's mask; `None` from a server.
    pub mask: Option<[u8; 4]>,
}

/// A text message in one server frame. That `payload` is UTF-8 is the caller's promise.
pub fn text(payload: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    server(Opcode::Text, false, payload.as_ref(), out);
}

/// A binary message in one server frame.
pub fn binary(payload: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    server(Opcode::Binary, false, payload.as_ref(), out);
}

/// A ping from a server. What goes beyond 125 bytes is cut off.
pub fn ping(payload: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    server(Opcode::Ping, false, within_control(payload.as_ref()), out);
}

/// A pong from a server, with the payload of the ping it answers. What goes beyond 125 bytes is cut off.
pub fn pong(payload: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    server(Opcode::Pong, false, within_control(payload.as_ref()), out);
}

/// A close frame from a server. A reason beyond 123 bytes is cut at a character. A `code` that may not be on the wire, such
/// as 1005 for "none was given", makes the frame without code and reason (RFC 6455 section 7.1.5).
pub fn close(code: u16, reason: &str, out: &mut Vec<u8>) {
    let mut payload = [0; CONTROL_MAX];
    let mut length = 0;
    if sendable(code) {
        let reason = within(reason, CONTROL_MAX - 2);
        length = 2 + reason.len();
        payload[..2].copy_from_slice(&code.to_be_bytes());
        payload[2..length].copy_from_slice(reason.as_bytes());
    }
    server(Opcode::Close, false, &payload[..length], out);
}

/// A message compressed by [`deflate::compress`](crate::deflate::compress) in one server frame. `opcode` is the message's kind, text or
/// binary; nothing else can be compressed. Only for connections that agreed on `permessage-deflate`.
pub fn compressed(opcode: Opcode, deflated_payload: &[u8], out: &mut Vec<u8>) {
    server(opcode, true, deflated_payload, out);
}

/// A whole message or control frame from a client: for load generators, tests and clients.
pub fn masked(opcode: Opcode, payload: impl AsRef<[u8]>, mask_key: [u8; 4], out: &mut Vec<u8>) {
    frame(Head { fin: true, compressed: false, opcode, mask: Some(mask_key) }, payload.as_ref(), out);
}

/// A frame with any head, the forbidden ones included: tests need those, and clients need fragments. Nothing is checked or
/// cut.
pub fn frame(head: Head, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(14 + payload.len());
    let (bytes, length) = self::head(head, payload.len());
    out.extend_from_slice(&bytes[..length]);
    out.extend_from_slice(head.mask.as_ref().map_or(&[], <[u8; 4]>::as_slice));
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = head.mask {
        mask::apply(&mut out[start..], key);
    }
}

/// A frame's head up to its mask, and how many bytes of it count.
fn head(head: Head, payload: usize) -> ([u8; HEAD_MAX], usize) {
    let mask_bit = if head.mask.is_some() { 0x80 } else { 0 };
    let mut bytes = [0; HEAD_MAX];
    bytes[0] = u8::from(head.fin) << 7 | u8::from(head.compressed) << 6 | head.opcode as u8;
    // The fewest bytes that hold the length (RFC 6455 section 5.2).
    let length = match payload {
        0..=125 => {
            bytes[1] = mask_bit | payload as u8;
            2
        }
        126..=0xffff => {
            bytes[1] = mask_bit | 126;
            bytes[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            4
        }
        _ => {
            bytes[1] = mask_bit | 127;
            bytes[2..].copy_from_slice(&(payload as u64).to_be_bytes());
            HEAD_MAX
        }
    };
    (bytes, length)
}

/// Bytes that [`in_place`] needs before a payload: the longest head of a server's frame.
pub const HEAD_MAX: usize = 10;

/// Makes one server frame of `buffer`, in which the payload begins at [`HEAD_MAX`]: nothing is copied. The frame begins at the index
/// that this returns. That the payload of a text message is UTF-8 is the caller's promise.
pub fn in_place(opcode: Opcode, buffer: &mut [u8]) -> usize {
    let payload = buffer.len().saturating_sub(HEAD_MAX);
    let (head, length) = head(Head { fin: true, compressed: false, opcode, mask: None }, payload);
    let start = HEAD_MAX - length;
    if let Some(place) = buffer.get_mut(start..HEAD_MAX) {
        place.copy_from_slice(&head[..length]);
    }
    start
}

fn server(opcode: Opcode, compressed: bool, payload: &[u8], out: &mut Vec<u8>) {
    frame(Head { fin: true, compressed, opcode, mask: None }, payload, out);
}

/// The longest beginning of `text` that has at most `bytes` bytes and does not cut a character.
fn within(text: &str, bytes: usize) -> &str {
    (0..=bytes).rev().find_map(|end| text.get(..end.min(text.len()))).unwrap_or_default()
}

fn within_control(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(CONTROL_MAX)]
}

#[cfg(test)]
mod tests;
