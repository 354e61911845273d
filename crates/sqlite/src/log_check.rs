//! Whether the log that a process before left is whole. SQLite reads it up to the first frame that does not fit and silently takes the
//! rest for a write that was cut off. That it is, if one transaction at most is behind: each is synced before the next begins. With two or
//! more, what was acknowledged would be left out without a word.
//!
//! The format is at sqlite.org/fileformat2.html, section 4.

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::Path,
};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// True for a log with acknowledged transactions behind a damaged place.
pub(crate) fn is_damaged(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    scan(BufReader::with_capacity(1 << 18, file))
}

fn scan(mut log: impl Read) -> io::Result<bool> {
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(false);
    }
    let is_big_endian = word(&header, 0) & 1 == 1;
    let mut sums = add((0, 0), &header[..24], is_big_endian);
    let mut is_broken = word(&header, 0) & !1 != MAGIC || sums != (word(&header, 24), word(&header, 28));
    let page = match word(&header, 8) as usize {
        size @ 512..=65_536 if size.is_power_of_two() => size,
        _ => 4_096,
    };
    let (mut frame, mut commits_behind) = (vec![0; FRAME_HEADER + page], 0);
    while fill(&mut log, &mut frame)? {
        // Frames of an earlier life of the log have other salts.
        let is_current = frame[8..16] == header[16..24];
        if !is_broken {
            sums = add(add(sums, &frame[..8], is_big_endian), &frame[FRAME_HEADER..], is_big_endian);
            is_broken = !is_current || sums != (word(&frame, 16), word(&frame, 20));
        }
        let is_commit = word(&frame, 4) != 0;
        commits_behind += u32::from(is_broken && is_current && is_commit);
    }
    Ok(commits_behind > 1)
}

/// SQLite's check sum of frames, over pairs of words.
fn add((mut a, mut b): (u32, u32), bytes: &[u8], is_big_endian: bool) -> (u32, u32) {
    let read = if is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
    for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        a = a.wrapping_add(read(pair[0])).wrapping_add(b);
        b = b.wrapping_add(read(pair[1])).wrapping_add(a);
    }
    (a, b)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

/// False at the end, also amid it.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
