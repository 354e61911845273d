//! The receiving half. What comes out is counted, not what goes in: a message of a few hundred bytes can ask for gigabytes.

use std::cell::Cell;

use flate2::{Decompress, FlushDecompress, Status};

use crate::ProtocolError;

/// What the wire left out, then an empty last block: a message that is whole ends its stream right there, and one that was
/// cut short does not.
const ENDING: [u8; 6] = [0x00, 0x00, 0xff, 0xff, 0x03, 0x00];

/// How many streams one message may consist of. Starting one costs as much as inflating a kilobyte and takes two bytes to ask
/// for; an honest sender ends its stream at most once a fragment.
const STREAMS_MAX: u32 = 1024;

/// Scratch that grew beyond this for one large message, in bytes, is not kept for the next.
const SCRATCH_KEPT: usize = 256 * 1024;

thread_local! {
    /// This thread's inflater, between two messages.
    static IDLE: Cell<Option<Box<State>>> = const { Cell::new(None) };
}

/// Appends the message that was deflated to `payload` (RFC 7692 section 7.2.2) to `out`, which is left as it was on error
/// (but for its capacity).
///
/// # Errors
///
/// `TooBig` when the message has more than `max` bytes, found out without producing much more than `max`; `BadDeflate` when
/// `payload` is not one whole message by itself.
pub fn inflate(payload: &[u8], max: usize, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
    let mut inflater = Inflater::borrow();
    out.extend_from_slice(inflater.inflate(payload, max)?);
    Ok(())
}

struct State {
    stream: Decompress,
    scratch: Vec<u8>,
}

/// This thread's inflater, taken for one message and given back when dropped. Should it be taken already, because a sink
/// decodes while it is called, a second one is made.
pub(crate) struct Inflater(Option<Box<State>>);

impl Inflater {
    pub(crate) fn borrow() -> Self {
        Self(IDLE.try_with(Cell::take).ok().flatten())
    }

    /// Inflates one message into scratch memory of this thread.
    ///
    /// # Errors
    ///
    /// As [`inflate`].
    pub(crate) fn inflate(&mut self, payload: &[u8], max: usize) -> Result<&[u8], ProtocolError> {
        let fresh = || Box::new(State { stream: Decompress::new(false), scratch: Vec::new() });
        let State { stream, scratch } = &mut **self.0.get_or_insert_with(fresh);
        stream.reset(false);
        scratch.clear();
        let mut ended = feed(stream, payload, max, scratch)?;
        // A sender may end its stream itself; whether the empty block after that is there does not matter then.
        if !ended {
            ended = feed(stream, &ENDING, max, scratch)?;
        }
        if ended { Ok(scratch) } else { Err(ProtocolError::BadDeflate) }
    }

    /// Bytes of scratch memory held.
    #[cfg(test)]
    pub(super) fn scratch_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |state| state.scratch.capacity())
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        if let Some(mut state) = self.0.take() {
            if state.scratch.capacity() > SCRATCH_KEPT {
                state.scratch = Vec::new();
            }
            // Fails only while the thread ends.
            let _ = IDLE.try_with(|slot| slot.set(Some(state)));
        }
    }
}

/// Inflates all of `input`, and tells whether a stream ended with its last byte. A stream that ends before is followed by
/// another (RFC 7692 section 7.2.3.4).
fn feed(
    stream: &mut Decompress,
    mut input: &[u8],
    max: usize,
    out: &mut Vec<u8>,
) -> Result<bool, ProtocolError> {
    let mut streams = 1;
    loop {
        if out.len() == out.capacity() {
            // Twice as much each time, but only just beyond `max`.
            let room =
                out.len().max(input.len()).max(1024).min(max.saturating_add(1).saturating_sub(out.len()));
            out.reserve_exact(room);
        }
        let (before, length) = (stream.total_in(), out.len());
        let status = stream
            .decompress_vec(input, out, FlushDecompress::Sync)
            .map_err(|_| ProtocolError::BadDeflate)?;
        if out.len() > max {
            return Err(ProtocolError::TooBig);
        }
        let consumed = usize::try_from(stream.total_in() - before).unwrap_or(usize::MAX);
        input = input.get(consumed..).unwrap_or_default();
        match status {
            Status::StreamEnd if input.is_empty() => return Ok(true),
            Status::StreamEnd if streams == STREAMS_MAX => return Err(ProtocolError::BadDeflate),
            Status::StreamEnd => {
                streams += 1;
                stream.reset(false);
            }
            // Room left over and nothing left to read: all there is has come out.
            _ if input.is_empty() && out.len() < out.capacity() => return Ok(false),
            _ if consumed == 0 && out.len() == length => return Err(ProtocolError::BadDeflate),
            _ => {}
        }
    }
}
