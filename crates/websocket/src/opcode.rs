//! The six kinds of frame RFC 6455 defines. The numbers it reserves for later have no value here: a frame that carries one is
//! refused before an [`Opcode`] exists.

/// What a frame carries (RFC 6455 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the message begun by an earlier text or binary frame.
    Continuation = 0x0,
    /// UTF-8 text, or the first fragment of it.
    Text = 0x1,
    /// Bytes, or the first fragment of them.
    Binary = 0x2,
    /// The end of the conversation, with an optional code and reason.
    Close = 0x8,
    /// A question whether the other side lives; answered with a pong of the same payload.
    Ping = 0x9,
    /// The answer to a ping, or an unasked sign of life.
    Pong = 0xA,
}

impl Opcode {
    /// The opcode with this number, or `None` for the ten numbers that are reserved. Only the low four bits may be set.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    /// Whether this is a close, ping or pong: never fragmented, never compressed, at most 125 bytes (RFC 6455 section 5.5).
    #[must_use]
    pub const fn control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_numbers_have_a_meaning_and_the_rest_none() {
        let known: Vec<u8> = (0..=255).filter(|bits| Opcode::from_bits(*bits).is_some()).collect();
        assert_eq!(known, [0x0, 0x1, 0x2, 0x8, 0x9, 0xA]);
        assert!(known.iter().all(|bits| Opcode::from_bits(*bits).map(|opcode| opcode as u8) == Some(*bits)));
    }
}
