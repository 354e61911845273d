//! What deletion leaves behind. `secure_delete` wipes what is deleted, but when SQLite moves rows from a full page to another the old
//! copies stay in the page's unused middle, where they would outlive the rows. So after an erasure the middle of every page is wiped
//! in the file itself, a stretch at a time.
//!
//! That is safe because nothing reads those bytes; because the writer does it, between transactions, with nothing in the log; and
//! because it lets go of its own copies of the pages afterwards ([`crate::writer`]). A cut in power leaves some more of it zero.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

/// Pages wiped at a time: a few milliseconds.
const STRETCH: u64 = 1_024;
/// From here on (137 GB) the first byte of a page of another kind could look like a b-tree's.
const PAGES_MAX: u64 = 0x0200_0000;
/// The database's header, before the first page's own.
const FILE_HEADER: usize = 100;

/// The database's file, opened beside SQLite. It must not be closed while a connection is open: the system would take SQLite's locks
/// along.
pub(crate) struct Scrub {
    file: File,
    page_bytes: usize,
    next: u64,
}

impl Scrub {
    pub(crate) fn open(path: &Path, page_bytes: usize) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Self { file, page_bytes, next: 0 })
    }

    pub(crate) fn pages(&self) -> io::Result<u64> {
        Ok((self.file.metadata()?.len() / self.page_bytes as u64).min(PAGES_MAX))
    }

    /// Wipes the next stretch, beginning again behind the last page; how many pages that were.
    pub(crate) fn wipe(&mut self) -> io::Result<u64> {
        let pages = self.pages()?;
        if self.next >= pages {
            self.next = 0;
        }
        let count = STRETCH.min(pages - self.next);
        let mut bytes = vec![0; count as usize * self.page_bytes];
        let start = self.next * self.page_bytes as u64;
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut bytes)?;
        let mut is_changed = false;
        for (index, page) in bytes.chunks_exact(self.page_bytes).enumerate() {
            let is_first = self.next == 0 && index == 0;
            let Some((from, to)) = unused(page, if is_first { FILE_HEADER } else { 0 }) else { continue };
            if page[from..to].iter().any(|byte| *byte != 0) {
                self.file.seek(SeekFrom::Start(start + (index * self.page_bytes + from) as u64))?;
                self.file.write_all(&vec![0; to - from])?;
                is_changed = true;
            }
        }
        if is_changed {
            self.file.sync_data()?;
        }
        self.next += count;
        Ok(count)
    }
}

/// The unused middle of a b-tree's page, between the list of its cells and the cells themselves; none for a page of another kind
/// (the format is at sqlite.org/fileformat2.html, section 1.6).
fn unused(page: &[u8], header: usize) -> Option<(usize, usize)> {
    let pair = |at: usize| Some(usize::from(u16::from_be_bytes([*page.get(at)?, *page.get(at + 1)?])));
    let header_bytes = match page.get(header)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let from = header + header_bytes + 2 * pair(header + 3)?;
    let to = match pair(header + 5)? {
        0 => 65_536,
        to => to,
    };
    (from < to && to <= page.len()).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_middle_of_a_tree_is_unused() {
        let mut page = vec![7; 512];
        page[..8].copy_from_slice(&[13, 0, 0, 0, 2, 1, 0x90, 0]);
        assert_eq!(unused(&page, 0), Some((12, 400)));
        page[0] = 5;
        assert_eq!(unused(&page, 0), Some((16, 400)));
        page[0] = 0;
        assert_eq!(unused(&page, 0), None, "a page of free space or of a long value");
        page[0] = 13;
        page[5..7].copy_from_slice(&[9, 0]);
        assert_eq!(unused(&page, 0), None, "a damaged header");
    }
}
