//! Entries that leave together: encoded once for each format, however many receive them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tidings_protocol::{ConnectionId, EntryId};

use super::{connection::Worth, receipts::Proof};
use crate::{Encode, Entry, Format};

pub(crate) struct Batch<'a> {
    entries: &'a [Arc<Entry>],
    encode: &'a dyn Encode,
    bytes: [Option<Bytes>; Format::COUNT],
    /// Whether some entry leaves somebody out.
    excepts: bool,
    /// What proves that they came, and the ping that asks for it.
    proof: Option<(Proof, Bytes)>,
}

/// What one connection gets of a batch.
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    /// How many entries.
    pub(crate) count: usize,
    pub(crate) proof: Option<Proof>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(
        entries: &'a [Arc<Entry>],
        encode: &'a dyn Encode,
        proof: Option<(Proof, Bytes)>,
    ) -> Self {
        let excepts = entries.iter().any(|entry| entry.except.is_some());
        Self { entries, encode, bytes: Default::default(), excepts, proof }
    }

    /// A batch with one kept entry in it is kept.
    pub(crate) fn worth(&self) -> Worth {
        let kept = self.entries.iter().any(|entry| entry.offset.is_some());
        if kept { Worth::Kept } else { Worth::Transient }
    }

    /// What one connection gets; none when it is left out of all.
    pub(crate) fn for_connection(&mut self, id: ConnectionId, format: Format) -> Option<Part> {
        if self.excepts && self.entries.iter().any(|entry| entry.except == Some(id)) {
            return self.without_those_that_leave_out(id, format);
        }
        let bytes = self.bytes[format.index()].get_or_insert_with(|| {
            with_ping(join(self.entries.iter(), format, self.encode), self.proof.as_ref())
        });
        let proof = self.proof.as_ref().map(|(proof, _)| proof.clone());
        Some(Part { bytes: bytes.clone(), count: self.entries.len(), proof })
    }

    fn without_those_that_leave_out(&self, id: ConnectionId, format: Format) -> Option<Part> {
        let mine: Vec<_> = self.entries.iter().filter(|entry| entry.except != Some(id)).collect();
        if mine.is_empty() {
            return None;
        }
        let is_mine = |entry: EntryId| mine.iter().any(|mine| mine.id == entry);
        let proof = self
            .proof
            .as_ref()
            .and_then(|(proof, ping)| Some((proof.without(|entry| !is_mine(entry))?, ping.clone())));
        let bytes = with_ping(join(mine.iter().copied(), format, self.encode), proof.as_ref());
        Some(Part { bytes, count: mine.len(), proof: proof.map(|(proof, _)| proof) })
    }
}

fn join<'a>(
    entries: impl ExactSizeIterator<Item = &'a Arc<Entry>>,
    format: Format,
    encode: &dyn Encode,
) -> Bytes {
    let mut frames = entries.map(|entry| encode.entry(format, entry));
    let first = frames.next().unwrap_or_default();
    if frames.len() == 0 {
        return first;
    }
    // About as long as the first, each: mostly they are of one kind.
    let mut bytes = BytesMut::with_capacity(first.len() * (frames.len() + 1));
    bytes.extend_from_slice(&first);
    frames.for_each(|frame| bytes.extend_from_slice(&frame));
    bytes.freeze()
}

/// A piece with the ping behind it that asks for a proof.
pub(crate) fn with_ping(piece: Bytes, proof: Option<&(Proof, Bytes)>) -> Bytes {
    let Some((_, ping)) = proof else { return piece };
    let mut bytes = BytesMut::with_capacity(piece.len() + ping.len());
    bytes.extend_from_slice(&piece);
    bytes.extend_from_slice(ping);
    bytes.freeze()
}
