//! What a peer can do wrong, each with the close code that tells it so. The texts are public: they are sent as close reasons
//! and name the rule, never the data.

/// Why a byte stream is not (or no longer) an acceptable WebSocket conversation. Nothing can be decoded after one: send a
/// close frame with [`close_code`](Self::close_code) and end the connection (RFC 6455 section 7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProtocolError {
    /// A reserved bit is set that no negotiated extension defines, or RSV1 where RFC 7692 section 6 forbids it.
    #[error("reserved bits set")]
    ReservedBits,
    /// An opcode that is reserved for later (RFC 6455 section 5.2).
    #[error("unknown opcode")]
    BadOpcode,
    /// A client's frame without a mask (RFC 6455 section 5.1).
    #[error("client frame not masked")]
    UnmaskedClientFrame,
    /// A server's frame with a mask (RFC 6455 section 5.1).
    #[error("server frame masked")]
    MaskedServerFrame,
    /// A close, ping or pong without FIN (RFC 6455 section 5.5).
    #[error("fragmented control frame")]
    FragmentedControl,
    /// A close, ping or pong that announces more than 125 bytes (RFC 6455 section 5.5).
    #[error("control frame too long")]
    ControlTooLong,
    /// A length in more bytes than it needs, or with its highest bit set (RFC 6455 section 5.2).
    #[error("malformed frame length")]
    BadLength,
    /// A continuation frame while no message is open (RFC 6455 section 5.4).
    #[error("continuation without a message")]
    UnexpectedContinuation,
    /// A text or binary frame while another message is still unfinished (RFC 6455 section 5.4).
    #[error("new message inside a fragmented one")]
    InterruptedMessage,
    /// A close code that must not be on the wire (RFC 6455 section 7.4).
    #[error("invalid close code")]
    BadCloseCode,
    /// A close frame of one byte: neither empty nor room for a code (RFC 6455 section 5.5.1).
    #[error("close frame of one byte")]
    BadClosePayload,
    /// Text, or a close reason, that is not UTF-8 (RFC 6455 section 8.1).
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A message of more bytes than [`Limits::message_bytes`](crate::Limits::message_bytes), announced or inflated.
    #[error("message too big")]
    TooBig,
    /// A message in more frames than [`Limits::fragments`](crate::Limits::fragments).
    #[error("message in too many fragments")]
    TooManyFragments,
    /// A compressed message that is not a whole DEFLATE stream by itself (RFC 7692 section 7.2.2).
    #[error("invalid compressed data")]
    BadDeflate,
}

impl ProtocolError {
    /// The close code that tells the peer (RFC 6455 section 7.4.1): 1002 for a broken rule of framing, 1007 for data that is
    /// not what its frame says, 1009 for too much of it.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::InvalidUtf8 | Self::BadDeflate => 1007,
            Self::TooBig | Self::TooManyFragments => 1009,
            Self::ReservedBits
            | Self::BadOpcode
            | Self::UnmaskedClientFrame
            | Self::MaskedServerFrame
            | Self::FragmentedControl
            | Self::ControlTooLong
            | Self::BadLength
            | Self::UnexpectedContinuation
            | Self::InterruptedMessage
            | Self::BadCloseCode
            | Self::BadClosePayload => 1002,
        }
    }
}
