//! What a client says: bytes of the socket, through the decoder, as parsed commands.

use std::{io, ops::ControlFlow};

use bytes::Bytes;
use tidings_protocol::{Close, Encoding, Incoming, encoding};
use tidings_settings::Limits;
#[cfg(feature = "conformance")]
use tidings_websocket::Opcode;
use tidings_websocket::{Decoder, Message, ProtocolError, Role};
use tokio::net::TcpStream;

use super::frames;
use crate::scratch;

/// Payload bytes for each of which a message may come in one more fragment, so that a higher limit on messages does not refuse
/// the fragments they come in.
const FRAGMENT_BYTES: usize = 64;

/// Something a client said.
#[derive(Debug)]
pub(super) enum Said {
    /// A message, understood or not.
    Message(Incoming),
    /// What is answered with this frame whoever it comes from, such as a ping.
    Answered(Bytes),
    /// A pong: a sign of life; the number of the ping that it answers, if that had one.
    Pong(Option<u64>),
    /// It says goodbye, or must be made to leave.
    End(Close),
}

/// One connection's side of the protocol.
pub(super) struct Reader {
    decoder: Decoder,
    speech: Speech,
    json_depth: usize,
}

/// What a text or binary message is.
#[derive(Clone, Copy)]
enum Speech {
    /// A command.
    Commands(Encoding),
    /// Something to be said back.
    #[cfg(feature = "conformance")]
    Echo { deflate: bool },
}

impl Reader {
    /// A reader at the beginning of a connection.
    pub(super) fn new(limits: &Limits, encoding: Encoding, deflate: bool) -> Self {
        Self {
            decoder: Decoder::new(Role::Server, frame_limits(limits.message_bytes), deflate),
            speech: Speech::Commands(encoding),
            json_depth: limits.json_depth,
        }
    }

    /// Says back what comes from here on.
    #[cfg(feature = "conformance")]
    pub(super) fn echo(self, deflate: bool) -> Self {
        Self { speech: Speech::Echo { deflate }, ..self }
    }

    /// Reads what the socket has, at most what the thread's buffer holds; false when it has nothing now.
    ///
    /// # Errors
    /// The socket's; the end of the stream is [`io::ErrorKind::UnexpectedEof`].
    pub(super) fn read(&mut self, stream: &TcpStream, said: &mut Vec<Said>) -> io::Result<bool> {
        scratch::with(|scratch| match stream.try_read(scratch) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.decode(&mut scratch[..count], said);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// Takes bytes that were read elsewhere.
    pub(super) fn decode(&mut self, bytes: &mut [u8], said: &mut Vec<Said>) {
        let (speech, json_depth) = (self.speech, self.json_depth);
        let result = self.decoder.decode(bytes, &mut |message| {
            said.push(match (message, speech) {
                (Message::Text(text), Speech::Commands(Encoding::Json)) => {
                    Said::Message(Incoming::parse(text.as_bytes(), json_depth))
                }
                (Message::Binary(bytes), Speech::Commands(Encoding::MessagePack)) => {
                    Said::Message(parse_binary(bytes, json_depth))
                }
                (Message::Text(_) | Message::Binary(_), Speech::Commands(_)) => Said::End(Close::UNSUPPORTED),
                #[cfg(feature = "conformance")]
                (Message::Text(text), Speech::Echo { deflate }) => {
                    Said::Answered(frames::data(Opcode::Text, text.as_bytes(), deflate))
                }
                #[cfg(feature = "conformance")]
                (Message::Binary(bytes), Speech::Echo { deflate }) => {
                    Said::Answered(frames::data(Opcode::Binary, bytes, deflate))
                }
                (Message::Ping(payload), _) => Said::Answered(frames::pong(payload)),
                (Message::Pong(payload), _) => Said::Pong(payload.try_into().ok().map(u64::from_be_bytes)),
                (Message::Close(frame), _) => {
                    let code = frame.map_or(Close::NORMAL.code, |frame| frame.code);
                    Said::End(Close { code, reason: "".into() })
                }
            });
            ControlFlow::Continue(())
        });
        if let Err(error) = result {
            said.push(Said::End(broken(error)));
        }
    }
}

fn frame_limits(message_bytes: usize) -> tidings_websocket::Limits {
    let least = tidings_websocket::Limits::default().fragments;
    let fragments = u32::try_from(message_bytes / FRAGMENT_BYTES).unwrap_or(u32::MAX).max(least);
    tidings_websocket::Limits { message_bytes, fragments }
}

fn parse_binary(bytes: &[u8], json_depth: usize) -> Incoming {
    match encoding::message_pack_to_json(bytes) {
        Ok(json) => Incoming::parse(&json, json_depth),
        Err(fault) => Incoming { id: encoding::correlation_id_of_message_pack(bytes), command: Err(fault) },
    }
}

fn broken(error: ProtocolError) -> Close {
    Close::because(error.close_code(), &error.to_string())
}

#[cfg(test)]
mod tests {
    use tidings_settings::Settings;
    use tidings_websocket::{Opcode, encode};

    use super::*;

    /// What is said of a message of `message_bytes`, the most there may be, in fragments of `fragment_bytes`.
    fn said_of(message_bytes: usize, fragment_bytes: usize) -> Vec<Said> {
        let mut limits = Settings::default().limits;
        limits.message_bytes = message_bytes;
        let mut reader = Reader::new(&limits, Encoding::Json, false);
        let (mut wire, mut left, mut opcode) = (Vec::new(), message_bytes, Opcode::Text);
        while left > 0 {
            let length = fragment_bytes.min(left);
            left -= length;
            let head = encode::Head { fin: left == 0, compressed: false, opcode, mask: Some([1, 2, 3, 4]) };
            encode::frame(head, &vec![b'x'; length], &mut wire);
            opcode = Opcode::Continuation;
        }
        let mut said = Vec::new();
        reader.decode(&mut wire, &mut said);
        said
    }

    #[test]
    fn a_larger_message_may_come_in_more_fragments() {
        for message_bytes in [64 << 10, 4 << 20] {
            assert!(matches!(said_of(message_bytes, 64)[..], [Said::Message(_)]), "{message_bytes}");
            let too_many = said_of(message_bytes, 63);
            assert!(matches!(&too_many[..], [Said::End(close)] if close.code == 1009), "{too_many:?}");
        }
    }
}
