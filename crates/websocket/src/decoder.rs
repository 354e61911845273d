//! From a peer's bytes to whole messages. Reads may end anywhere; what a read completes is handed out from the read buffer
//! itself, unmasked in place, and only what a read leaves incomplete is copied. Answering pings, echoing closes and all timing
//! are the caller's.

use std::ops::ControlFlow;

use crate::header::{Frame, Rules};
use crate::message::{CloseFrame, Message};
use crate::partial::{OpenMessage, Partial};
use crate::{Opcode, ProtocolError, deflate, mask, utf8};

/// Which side of the connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A server: every frame must be masked.
    Server,
    /// A client: no frame may be masked.
    Client,
}

/// How much one message may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message, fragments taken together and inflated. A frame that announces more is refused at its head.
    pub message_bytes: usize,
    /// Frames of one message. Control frames between them do not count.
    pub fragments: u32,
}

impl Default for Limits {
    /// 64 KiB in 1,024 fragments.
    fn default() -> Self {
        Self { message_bytes: 64 * 1024, fragments: 1024 }
    }
}

/// Decodes one direction of one connection. Holds heap memory only while a frame or message is incomplete, and then at most
/// about twice what has come of it.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    partial: Option<Box<Partial>>,
    role: Role,
    deflate: bool,
    finished: bool,
}

impl Decoder {
    /// A decoder at the start of a connection. `deflate` says whether `permessage-deflate` was agreed on, with
    /// [`handshake::DEFLATE`](crate::handshake::DEFLATE) or an equal answer: no context is kept between messages.
    #[must_use]
    pub const fn new(role: Role, limits: Limits, deflate: bool) -> Self {
        Self { limits, partial: None, role, deflate, finished: false }
    }

    /// Decodes the next bytes of the connection and calls `sink` once for each message they complete, in order. `input` is
    /// scratch afterwards: payloads are unmasked in place.
    ///
    /// Nothing more is decoded, and `Ok` returned for whatever comes, after a close frame, after `sink` answered `Break` (the
    /// rest of `input` is lost then, and with it the place in the stream) and after an error.
    ///
    /// # Errors
    ///
    /// The first rule the bytes break. Messages completed before it have been handed out; what it broke is freed.
    pub fn decode(
        &mut self,
        input: &mut [u8],
        sink: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<(), ProtocolError> {
        let mut at = 0;
        while at < input.len() && !self.finished {
            match self.step(&mut input[at..], sink) {
                Ok((used, flow)) => {
                    at += used;
                    self.finished |= flow.is_break();
                }
                Err(error) => {
                    self.finished = true;
                    self.partial = None;
                    return Err(error);
                }
            }
        }
        if self.finished || self.partial.as_ref().is_some_and(|partial| partial.settled()) {
            self.partial = None;
        }
        Ok(())
    }

    /// Whether nothing more will be decoded: a close frame came, `sink` broke off, or a rule was broken.
    #[must_use]
    pub const fn finished(&self) -> bool {
        self.finished
    }

    /// Heap bytes held for what is incomplete; zero between messages.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| {
            let message = partial.message.as_ref().map_or(0, |message| message.bytes.capacity());
            size_of::<Partial>() + partial.control.capacity() + message
        })
    }

    /// Takes one head and as much of its payload as there is, or the rest of the payload an earlier read left. Tells how many
    /// bytes of `input` (never none) that took.
    fn step(
        &mut self,
        input: &mut [u8],
        sink: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<(usize, ControlFlow<()>), ProtocolError> {
        let unfinished = self.partial.as_mut().and_then(|partial| partial.frame.take());
        let (mut frame, head) = match unfinished {
            Some(frame) => (frame, 0),
            None => match self.head(input)? {
                Some(begun) => begun,
                None => return Ok((input.len(), ControlFlow::Continue(()))),
            },
        };
        let rest = &mut input[head..];
        let taken = frame.left.min(rest.len());
        let payload = &mut rest[..taken];
        if let Some(key) = frame.mask {
            frame.mask = Some(mask::apply(payload, key));
        }
        frame.left -= taken;
        let flow = if frame.opcode.control() {
            self.control(frame, payload, sink)?
        } else {
            self.data(frame, payload, sink)?
        };
        Ok((head + taken, flow))
    }

    /// Reads a frame's head, part of which an earlier read may have brought, and tells how many bytes of `input` it took.
    /// `None` when all of `input` is not enough; it is kept then.
    fn head(&mut self, input: &[u8]) -> Result<Option<(Frame, usize)>, ProtocolError> {
        let rules = self.rules();
        let (frame, used) = match self.partial.as_mut().filter(|partial| !partial.head.bytes().is_empty()) {
            None => match Frame::parse(input, rules)? {
                Some(begun) => begun,
                None => {
                    self.partial.get_or_insert_default().head.fill(input);
                    return Ok(None);
                }
            },
            Some(partial) => {
                let before = partial.head.bytes().len();
                partial.head.fill(input);
                let Some((frame, length)) = Frame::parse(partial.head.bytes(), rules)? else {
                    return Ok(None);
                };
                partial.head.clear();
                (frame, length - before)
            }
        };
        if frame.opcode == Opcode::Continuation {
            self.count_fragment()?;
        }
        Ok(Some((frame, used)))
    }

    /// What the next frame may be.
    fn rules(&self) -> Rules {
        let open = self.partial.as_ref().and_then(|partial| partial.message.as_ref());
        let whole = |compressed| {
            if compressed { compressed_max(self.limits.message_bytes) } else { self.limits.message_bytes }
        };
        Rules {
            role: self.role,
            deflate: self.deflate,
            message_open: open.is_some(),
            room: open.map_or(whole(false), |open| whole(open.compressed).saturating_sub(open.bytes.len())),
            compressed_room: whole(true),
        }
    }

    fn count_fragment(&mut self) -> Result<(), ProtocolError> {
        let open = self.partial.as_mut().and_then(|partial| partial.message.as_mut());
        let open = open.ok_or(ProtocolError::UnexpectedContinuation)?;
        open.fragments = open.fragments.saturating_add(1);
        if open.fragments > self.limits.fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    /// Takes payload of a close, ping or pong and hands it out when it is the last of it.
    fn control(
        &mut self,
        frame: Frame,
        payload: &[u8],
        sink: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ProtocolError> {
        if frame.left > 0 {
            let partial = self.partial.get_or_insert_default();
            partial.control.extend_from_slice(payload);
            partial.frame = Some(frame);
            return Ok(ControlFlow::Continue(()));
        }
        let mut kept =
            self.partial.as_mut().map(|partial| std::mem::take(&mut partial.control)).unwrap_or_default();
        let payload = if kept.is_empty() {
            payload
        } else {
            kept.extend_from_slice(payload);
            &kept
        };
        Ok(match frame.opcode {
            Opcode::Ping => sink(Message::Ping(payload)),
            Opcode::Pong => sink(Message::Pong(payload)),
            _ => {
                let close = CloseFrame::parse(payload)?;
                self.finished = true;
                sink(Message::Close(close))
            }
        })
    }

    /// Takes payload of a text, binary or continuation frame and hands the message out when it is the last of it.
    fn data(
        &mut self,
        frame: Frame,
        payload: &[u8],
        sink: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ProtocolError> {
        let last = frame.fin && frame.left == 0;
        let text = frame.opcode == Opcode::Text;
        if last && self.partial.as_ref().is_none_or(|partial| partial.message.is_none()) {
            return self.hand_out(text, frame.compressed, payload, sink);
        }
        let partial = self.partial.get_or_insert_default();
        let message = partial.message.get_or_insert_with(|| OpenMessage::new(text, frame.compressed));
        message.push(payload)?;
        if frame.left > 0 {
            partial.frame = Some(frame);
        }
        match partial.message.take_if(|_| last) {
            Some(message) => self.hand_out(message.text, message.compressed, &message.bytes, sink),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Inflates and checks a whole message.
    fn hand_out(
        &self,
        text: bool,
        compressed: bool,
        bytes: &[u8],
        sink: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ProtocolError> {
        let mut give =
            |bytes| Ok(sink(if text { Message::Text(utf8::text(bytes)?) } else { Message::Binary(bytes) }));
        if compressed {
            deflate::Inflater::borrow().inflate(bytes, self.limits.message_bytes).and_then(give)
        } else {
            give(bytes)
        }
    }
}

/// How many compressed bytes a message of `message_bytes` may come in. What does not compress grows a little: by one part in
/// eight, should a compressor with little memory write it in fixed codes, so the limit on what a message *is* must not refuse it.
const fn compressed_max(message_bytes: usize) -> usize {
    message_bytes.saturating_add(message_bytes / 8).saturating_add(64)
}

#[cfg(test)]
mod tests;
