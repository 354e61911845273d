//! The sending half: level 1, because a message is compressed once and small; a full window, because it costs nothing when it
//! is shared by a whole thread.

use std::cell::Cell;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::FLUSH_TAIL;

/// The most a stored block holds (RFC 1951 section 3.2.4).
const STORED_MAX: usize = 0xffff;

thread_local! {
    /// This thread's compressor, between two messages.
    static IDLE: Cell<Option<Box<Compress>>> = const { Cell::new(None) };
}

/// Appends `payload`, deflated as one message (RFC 7692 section 7.2.1), to `out`; [`encode::compressed`](crate::encode::compressed)
/// makes a frame of it. The same payload always gives the same bytes.
pub fn compress(payload: &[u8], out: &mut Vec<u8>) {
    let idle = IDLE.try_with(Cell::take).ok().flatten();
    let mut state = idle.unwrap_or_else(|| Box::new(Compress::new(Compression::fast(), false)));
    state.reset();
    let start = out.len();
    if run(&mut state, payload, out) && out[start..].ends_with(&FLUSH_TAIL) {
        out.truncate(out.len() - FLUSH_TAIL.len());
    } else {
        // The compressor has no reason to fail. Should it, the message goes out in stored blocks rather than not at all.
        out.truncate(start);
        store(payload, out);
    }
    // Fails only while the thread ends, when nobody needs the compressor any more.
    let _ = IDLE.try_with(|slot| slot.set(Some(state)));
}

/// Compresses and flushes; false when the compressor refuses or makes no progress.
fn run(state: &mut Compress, payload: &[u8], out: &mut Vec<u8>) -> bool {
    // More than the worst case, so that one round is enough and the bytes do not depend on how much room `out` had.
    let mut room = payload.len() + payload.len() / 8 + 64;
    loop {
        out.reserve(room);
        let (length, consumed) = (out.len(), state.total_in());
        let rest =
            usize::try_from(consumed).ok().and_then(|consumed| payload.get(consumed..)).unwrap_or_default();
        match state.compress_vec(rest, out, FlushCompress::Sync) {
            Ok(Status::Ok | Status::StreamEnd) => {}
            Ok(Status::BufError) | Err(_) => return false,
        }
        // Room left over means that the flush is complete.
        if state.total_in() == payload.len() as u64 && out.len() < out.capacity() {
            return true;
        }
        if out.len() == length && state.total_in() == consumed {
            return false;
        }
        room = 64;
    }
}

/// Appends `payload` as a message of stored blocks.
pub(super) fn store(payload: &[u8], out: &mut Vec<u8>) {
    for block in payload.chunks(STORED_MAX) {
        let length = block.len() as u16;
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    // The empty block every message ends in; its length is the tail that the wire leaves out.
    out.push(0);
}
