//! RFC 6455 frames, RFC 7692 `permessage-deflate` and the arithmetic of the opening handshake, over bytes only.
//!
//! No sockets, no HTTP types, no runtime: the caller reads and writes, this crate turns bytes into [`Message`]s and messages
//! into bytes. It knows nothing of what the messages mean. Two decisions shape it:
//!
//! - A server frame is never masked and never depends on a connection (no compression context is carried from one message to
//!   the next), so the bytes made by [`encode`] are made once and shared by every connection that gets them.
//! - A [`Decoder`] owns memory only while a frame or message is incomplete, so an idle connection costs a few dozen bytes.
//!
//! Left out: timeouts, ping schedules and the closing handshake's order. They need a clock and a socket.

mod decoder;
pub mod deflate;
pub mod encode;
mod error;
pub mod handshake;
mod header;
mod mask;
mod message;
mod opcode;
mod partial;
mod utf8;

pub use decoder::{Decoder, Limits, Role};
pub use error::ProtocolError;
pub use message::{CloseFrame, Message};
pub use opcode::Opcode;
