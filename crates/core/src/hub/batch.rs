//! Entries that leave together: encoded once for each format, however many receive them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tidings_protocol::ConnectionId;

use super::connection::Worth;
use crate::{Encode, Entry, Format};

pub(crate) struct Batch<'a> {
    entries: &'a [Arc<Entry>],
    encode: &'a dyn Encode,
    bytes: [Option<Bytes>; Format::COUNT],
    /// Whether some entry leaves somebody out.
    excepts: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(entries: &'a [Arc<Entry>], encode: &'a dyn Encode) -> Self {
        let excepts = entries.iter().any(|entry| entry.except.is_some());
        Self { entries, encode, bytes: Default::default(), excepts }
    }

    /// A batch with one kept entry in it is kept.
    pub(crate) fn worth(&self) -> Worth {
        let kept = self.entries.iter().any(|entry| entry.offset.is_some());
        if kept { Worth::Kept } else { Worth::Transient }
    }

    /// The frames for one connection and how many they are; none when it is left out of all.
    pub(crate) fn for_connection(&mut self, id: ConnectionId, format: Format) -> Option<(Bytes, usize)> {
        if self.excepts && self.entries.iter().any(|entry| entry.except == Some(id)) {
            let mine: Vec<_> = self.entries.iter().filter(|entry| entry.except != Some(id)).collect();
            return (!mine.is_empty()).then(|| (join(mine.iter().copied(), format, self.encode), mine.len()));
        }
        let bytes =
            self.bytes[format.index()].get_or_insert_with(|| join(self.entries.iter(), format, self.encode));
        Some((bytes.clone(), self.entries.len()))
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
