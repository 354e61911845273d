//! Entries and replies as WebSocket frames, ready for any number of connections of one format.

use bytes::{Buf, Bytes};
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
        let mut json = vec![0; encode::HEAD_MAX];
        entry.message().write_json(&mut json);
        if format == Format::default() {
            return text_in_place(json);
        }
        message(format, &json[encode::HEAD_MAX..])
    }

    fn reply(&self, format: Format, reply: &Reply) -> Bytes {
        message(format, &json(reply))
    }

    fn ping(&self, number: Option<u64>) -> Bytes {
        control(|out| match number {
            Some(number) => encode::ping(number.to_be_bytes(), out),
            None => encode::ping(b"", out),
        })
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

fn message(format: Format, json: &[u8]) -> Bytes {
    match format.encoding {
        Encoding::Json => data(Opcode::Text, json, format.deflate),
        Encoding::MessagePack => data(Opcode::Binary, &message_pack(json), format.deflate),
    }
}

fn message_pack(json: &[u8]) -> Vec<u8> {
    encoding::json_to_message_pack(json)
        .or_else(|_| encoding::json_to_message_pack(&repair(json)))
        .or_else(|_| encoding::json_to_message_pack(&self::json(&unwritable())))
        .unwrap_or_default()
}

fn json(reply: &Reply) -> Vec<u8> {
    // Plain structs of names, numbers and checked JSON can always be written; if one could not, the peer should know.
    serde_json::to_vec(reply).or_else(|_| serde_json::to_vec(&unwritable())).unwrap_or_default()
}

fn unwritable() -> Reply {
    Reply::error(None, Fault::new(ErrorCode::Internal, "a message could not be written"))
}

/// The frame of a JSON text that begins at [`encode::HEAD_MAX`].
fn text_in_place(mut json: Vec<u8>) -> Bytes {
    let start = encode::in_place(Opcode::Text, &mut json);
    let mut frame = Bytes::from(json);
    frame.advance(start);
    frame
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
