//! How entries and replies become bytes: known to the edge, used by the hub.

use bytes::Bytes;
use tidings_protocol::{Encoding, Reply};

use crate::Entry;

/// What a connection's frames look like. Connections of one format share the very same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Format {
    /// JSON or MessagePack.
    pub encoding: Encoding,
    /// Whether permessage-deflate was agreed on.
    pub deflate: bool,
}

impl Format {
    /// How many formats there are.
    pub const COUNT: usize = 4;

    /// A number below [`Self::COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.encoding == Encoding::MessagePack) * 2 + usize::from(self.deflate)
    }
}

/// Makes frames, header and all.
pub trait Encode: Send + Sync {
    /// An entry.
    fn entry(&self, format: Format, entry: &Entry) -> Bytes;
    /// An answer or a greeting.
    fn reply(&self, format: Format, reply: &Reply) -> Bytes;
    /// A protocol ping; a number in it comes back with its pong.
    fn ping(&self, number: Option<u64>) -> Bytes;
}
