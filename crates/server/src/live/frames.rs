//! Entries and replies as WebSocket frames, ready for any number of connections of one format.

use bytes::Bytes;
use serde::Serialize;
use tidings_core::{Encode, Entry, Format};
use tidings_protocol::{Close, Encoding, ErrorCode, Fault, Reply, encoding};
use tidings_websocket::{Opcode, deflate, encode};

use super::repair::repair;

/// Below this many bytes deflating costs more than it saves.
const DEFLATE_MIN: usize = 256;

/// Native frames.
pub struct Frames;

impl Encode for Frames {
    fn entry(&self, format: Format, entry: &Entry) -> Bytes {
        message(format, &entry.message())
    }

    fn reply(&self, format: Format, reply: &Reply) -> Bytes {
        message(format, reply)
    }

    fn ping(&self) -> Bytes {
        control(|out| encode::ping(b"", out))
    }
}

/// The close frame of a close.
pub fn close(close: &Close) -> Bytes {
    control(|out| encode::close(close.code, &close.reason, out))
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    control(|out| encode::pong(payload, out))
}

fn control(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut out = Vec::new();
    write(&mut out);
    out.into()
}

fn message(format: Format, message: &impl Serialize) -> Bytes {
    let written = payload(format.encoding, message);
    // Plain structs of names, numbers and checked JSON can always be written; if one could not, the peer should know.
    let payload = written
        .unwrap_or_else(|fault| payload(format.encoding, &Reply::error(None, fault)).unwrap_or_default());
    let opcode = match format.encoding {
        Encoding::Json => Opcode::Text,
        Encoding::MessagePack => Opcode::Binary,
    };
    data(opcode, &payload, format.deflate)
}

/// A text or binary message: deflated where that was agreed on and makes it smaller.
pub(super) fn data(opcode: Opcode, payload: &[u8], may_deflate: bool) -> Bytes {
    let mut out = Vec::with_capacity(payload.len() + 10);
    if may_deflate && payload.len() >= DEFLATE_MIN {
        let mut deflated = Vec::with_capacity(payload.len());
        deflate::compress(payload, &mut deflated);
        if deflated.len() < payload.len() {
            encode::compressed(opcode, &deflated, &mut out);
            return out.into();
        }
    }
    match opcode {
        Opcode::Text => encode::text(payload, &mut out),
        _ => encode::binary(payload, &mut out),
    }
    out.into()
}

fn payload(encoding: Encoding, message: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let json = serde_json::to_vec(message)
        .map_err(|_| Fault::new(ErrorCode::Internal, "a message could not be written"))?;
    match encoding {
        Encoding::Json => Ok(json),
        Encoding::MessagePack => {
            encoding::json_to_message_pack(&json).or_else(|_| encoding::json_to_message_pack(&repair(&json)))
        }
    }
}
