//! The head of a frame: two to fourteen bytes (RFC 6455 section 5.2). Every rule is applied as soon as its byte is there, so a
//! wrong frame is refused before its payload, and the verdict does not depend on how the bytes were cut into reads.

use crate::{Opcode, ProtocolError, Role};

/// The longest head: two bytes, an eight-byte length, a four-byte mask.
pub(crate) const LONGEST: usize = 14;

/// What the connection's state allows the next frame to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Who reads: decides whether a mask must or must not be there.
    pub(crate) role: Role,
    /// Whether `permessage-deflate` was agreed on.
    pub(crate) deflate: bool,
    /// Whether a fragmented message is unfinished.
    pub(crate) message_open: bool,
    /// How many payload bytes a data frame may bring.
    pub(crate) room: usize,
    /// The same for a frame that begins a compressed message.
    pub(crate) compressed_room: usize,
}

/// A frame whose head has been read: what is known of it, and how much of its payload is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    /// Rotated so that its first byte belongs to the next payload byte; `None` for a server's frame.
    pub(crate) mask: Option<[u8; 4]>,
    /// Payload bytes still to come.
    pub(crate) left: usize,
}

impl Frame {
    /// Reads the head at the start of `bytes` and tells its length; `None` when it is not complete yet.
    ///
    /// # Errors
    ///
    /// Whatever rule the bytes break, even if more bytes are missing.
    pub(crate) fn parse(bytes: &[u8], rules: Rules) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let (fin, compressed, opcode) = first_byte(first, rules)?;
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let masked = second & 0x80 != 0;
        match rules.role {
            Role::Server if !masked => return Err(ProtocolError::UnmaskedClientFrame),
            Role::Client if masked => return Err(ProtocolError::MaskedServerFrame),
            Role::Server | Role::Client => {}
        }
        let short = second & 0x7f;
        if opcode.control() && short > 125 {
            return Err(ProtocolError::ControlTooLong);
        }
        let Some((length, mut used)) = length(short, &bytes[2..])? else { return Ok(None) };
        let room = if compressed { rules.compressed_room } else { rules.room };
        let left = match usize::try_from(length) {
            Ok(left) if opcode.control() || left <= room => left,
            _ => return Err(ProtocolError::TooBig),
        };
        used += 2;
        let mut mask = None;
        if masked {
            let Some(key) = bytes[used..].first_chunk::<4>() else { return Ok(None) };
            mask = Some(*key);
            used += 4;
        }
        Ok(Some((Self { fin, compressed, opcode, mask, left }, used)))
    }
}

/// FIN, RSV1 and the opcode, checked against each other and against what the connection's state allows.
fn first_byte(byte: u8, rules: Rules) -> Result<(bool, bool, Opcode), ProtocolError> {
    let fin = byte & 0x80 != 0;
    let compressed = byte & 0x40 != 0;
    let opcode = Opcode::from_bits(byte & 0x0f);
    // RSV1 marks the first frame of a compressed message and no other (RFC 7692 section 6.1).
    let compressible = rules.deflate && matches!(opcode, Some(Opcode::Text | Opcode::Binary));
    if byte & 0x30 != 0 || (compressed && !compressible) {
        return Err(ProtocolError::ReservedBits);
    }
    let opcode = opcode.ok_or(ProtocolError::BadOpcode)?;
    match opcode {
        Opcode::Close | Opcode::Ping | Opcode::Pong if !fin => Err(ProtocolError::FragmentedControl),
        Opcode::Continuation if !rules.message_open => Err(ProtocolError::UnexpectedContinuation),
        Opcode::Text | Opcode::Binary if rules.message_open => Err(ProtocolError::InterruptedMessage),
        _ => Ok((fin, compressed, opcode)),
    }
}

/// The payload's length and how many of `bytes`, which follow the head's second byte, it took. The fewest bytes that can
/// hold a length must be used, and its highest bit must not be.
fn length(short: u8, bytes: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    match short {
        126 => {
            let Some(bytes) = bytes.first_chunk() else { return Ok(None) };
            match u16::from_be_bytes(*bytes) {
                0..=125 => Err(ProtocolError::BadLength),
                length => Ok(Some((u64::from(length), 2))),
            }
        }
        127 => {
            let Some(bytes) = bytes.first_chunk() else { return Ok(None) };
            match u64::from_be_bytes(*bytes) {
                0..=0xffff | 0x8000_0000_0000_0000.. => Err(ProtocolError::BadLength),
                length => Ok(Some((length, 8))),
            }
        }
        length => Ok(Some((u64::from(length), 0))),
    }
}
