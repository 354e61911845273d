//! What a decoder must remember between two reads. It exists only while a frame or a message is incomplete, on the heap, so
//! that the thousands of connections that are silent do not pay for it.

use crate::header::{Frame, LONGEST};
use crate::{ProtocolError, utf8};

/// Everything that is unfinished. At most one head or one frame, and at most one message around it.
#[derive(Debug, Default)]
pub(crate) struct Partial {
    /// The first bytes of a frame whose head is not complete.
    pub(crate) head: Head,
    /// A frame whose payload is not complete. What has come of it is in `control` or in `message`.
    pub(crate) frame: Option<Frame>,
    /// The unmasked beginning of an incomplete control frame; apart from `message`, because it may stand inside one.
    pub(crate) control: Vec<u8>,
    /// The message whose last frame has not come to its end.
    pub(crate) message: Option<OpenMessage>,
}

impl Partial {
    /// Whether nothing is unfinished, so that this can be freed.
    pub(crate) fn settled(&self) -> bool {
        self.head.bytes().is_empty() && self.frame.is_none() && self.message.is_none()
    }
}

/// The beginning of a frame's head.
#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Head {
    /// What has come of the head.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Adds as much of `input` as a head can hold.
    pub(crate) fn fill(&mut self, input: &[u8]) {
        let free = &mut self.bytes[self.length..];
        let taken = free.len().min(input.len());
        free[..taken].copy_from_slice(&input[..taken]);
        self.length += taken;
    }

    /// Forgets what has come.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }
}

/// A message that is not complete.
#[derive(Debug)]
pub(crate) struct OpenMessage {
    /// Text rather than binary.
    pub(crate) text: bool,
    /// `bytes` are still deflated; text can be checked only after inflating.
    pub(crate) compressed: bool,
    /// Frames so far, the first included.
    pub(crate) fragments: u32,
    /// The unmasked payload so far.
    pub(crate) bytes: Vec<u8>,
    /// How many of `bytes` are known to be whole characters.
    checked: usize,
}

impl OpenMessage {
    /// A message begun by its first frame, with no payload yet.
    pub(crate) fn new(text: bool, compressed: bool) -> Self {
        Self { text, compressed, fragments: 1, bytes: Vec::new(), checked: 0 }
    }

    /// Appends unmasked payload.
    ///
    /// # Errors
    ///
    /// `InvalidUtf8` as soon as the text can no longer become valid.
    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), ProtocolError> {
        // Grown by what has really come, never by what a head announces: a promise alone buys no memory.
        self.bytes.extend_from_slice(payload);
        if self.text && !self.compressed {
            self.checked += utf8::whole_characters(&self.bytes[self.checked..])?;
        }
        Ok(())
    }
}
