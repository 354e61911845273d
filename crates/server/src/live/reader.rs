//! What a client says: bytes of the socket, through the decoder, as parsed commands.

use std::{cell::RefCell, io, ops::ControlFlow};

use tidings_protocol::{Close, Encoding, Incoming, encoding};
use tidings_settings::Limits;
use tidings_websocket::{Decoder, Message, ProtocolError, Role};
use tokio::net::TcpStream;

/// Bytes read at once. One buffer a thread, none a connection.
const SCRATCH: usize = 16 * 1024;

thread_local! {
    static SCRATCH_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
}

/// Something a client said.
#[derive(Debug)]
pub(super) enum Said {
    /// A message, understood or not.
    Message(Incoming),
    /// A ping, to be answered with its payload.
    Ping(Box<[u8]>),
    /// A pong: a sign of life.
    Pong,
    /// It says goodbye, or must be made to leave.
    End(Close),
}

/// One connection's side of the protocol.
pub(super) struct Reader {
    decoder: Decoder,
    encoding: Encoding,
    json_depth: usize,
}

impl Reader {
    /// A reader at the beginning of a connection.
    pub(super) fn new(limits: &Limits, encoding: Encoding, deflate: bool) -> Self {
        let frame_limits =
            tidings_websocket::Limits { message_bytes: limits.message_bytes, ..Default::default() };
        Self {
            decoder: Decoder::new(Role::Server, frame_limits, deflate),
            encoding,
            json_depth: limits.json_depth,
        }
    }

    /// Reads what the socket has, at most [`SCRATCH`] bytes; false when it has nothing now.
    ///
    /// # Errors
    /// The socket's; the end of the stream is [`io::ErrorKind::UnexpectedEof`].
    pub(super) fn read(&mut self, stream: &TcpStream, said: &mut Vec<Said>) -> io::Result<bool> {
        SCRATCH_BUFFER.with_borrow_mut(|scratch| match stream.try_read(scratch) {
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
        let (encoding, json_depth) = (self.encoding, self.json_depth);
        let result = self.decoder.decode(bytes, &mut |message| {
            said.push(match (message, encoding) {
                (Message::Text(text), Encoding::Json) => {
                    Said::Message(Incoming::parse(text.as_bytes(), json_depth))
                }
                (Message::Binary(bytes), Encoding::MessagePack) => {
                    Said::Message(parse_binary(bytes, json_depth))
                }
                (Message::Text(_) | Message::Binary(_), _) => Said::End(Close::UNSUPPORTED),
                (Message::Ping(payload), _) => Said::Ping(payload.into()),
                (Message::Pong(_), _) => Said::Pong,
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

fn parse_binary(bytes: &[u8], json_depth: usize) -> Incoming {
    match encoding::message_pack_to_json(bytes) {
        Ok(json) => Incoming::parse(&json, json_depth),
        Err(fault) => Incoming { id: None, command: Err(fault) },
    }
}

fn broken(error: ProtocolError) -> Close {
    Close::because(error.close_code(), &error.to_string())
}
