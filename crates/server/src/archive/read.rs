//! Reading back what was archived, a line at a time.

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use serde_json::error::Category;

use super::{ENDING, line::Line};

/// Bytes that are unpacked at once. What lies before a damaged place is handed out but for what is in the same piece, so it is small.
const PIECE: usize = 512;
/// No entry is longer: bodies of requests end at 1 GiB.
const LINE_BYTES_MAX: u64 = (1 << 30) + (1 << 20);

/// A file of the archive, read from its beginning. Of a damaged one it hands out what can be read.
pub struct Reader {
    bytes: BufReader<MultiGzDecoder<File>>,
    line: Vec<u8>,
    /// The line that was read last, counted from 1.
    number: u64,
    has_ended: bool,
}

/// Why a line could not be read.
#[derive(Debug)]
pub struct Damage {
    /// Which, counted from 1.
    pub line: u64,
    /// Whether nothing more of the file can be read.
    pub is_end: bool,
    what: String,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened. That it is no archive shows with the first line.
    pub fn open(file: &Path) -> io::Result<Self> {
        let bytes = BufReader::with_capacity(PIECE, MultiGzDecoder::new(File::open(file)?));
        Ok(Self { bytes, line: Vec::new(), number: 0, has_ended: false })
    }

    /// The next entry, and its line as it is there, without its end; none behind the last.
    ///
    /// # Errors
    /// [`Damage`]: the lines behind it can be read, unless it says that it is the end.
    pub fn next_line(&mut self) -> Option<Result<(Line, &[u8]), Damage>> {
        if self.has_ended {
            return None;
        }
        self.line.clear();
        let read = self.bytes.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line);
        self.number += 1;
        match read {
            Ok(0) => {
                self.has_ended = true;
                return None;
            }
            Ok(_) if self.line.len() as u64 == LINE_BYTES_MAX => {
                return Some(Err(self.end("it is longer than any entry".to_owned())));
            }
            Ok(_) => {}
            Err(error) => return Some(Err(self.end(unreadable(&error)))),
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Some(match serde_json::from_slice(line) {
            Ok(entry) => Ok((entry, line)),
            Err(error) => Err(Damage { line: self.number, is_end: false, what: no_entry(&error) }),
        })
    }

    fn end(&mut self, what: String) -> Damage {
        self.has_ended = true;
        Damage { line: self.number, is_end: true, what }
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the file is cut off here".to_owned(),
        // The decoder's words: no gzip, damaged, another checksum.
        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
            format!("the file is damaged here or shortly before ({error})")
        }
        _ => format!("it cannot be read: {error}"),
    }
}

/// Not in the parser's words: they would repeat what is private.
fn no_entry(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!("it is no entry: something else was expected at column {}", error.column()),
        _ => format!("it is no JSON at column {}", error.column()),
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for Damage {}

/// The entries of a file, one by one, in the order in which they were archived.
///
/// # Errors
/// When the file cannot be opened; each line when it cannot be read or is none of ours.
pub fn read(file: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    let mut reader = Reader::open(file)?;
    Ok(std::iter::from_fn(move || {
        let next = reader.next_line()?;
        Some(next.map(|(line, _)| line).map_err(|damage| io::Error::new(ErrorKind::InvalidData, damage)))
    }))
}

/// The whole files of a folder, the oldest first; none where there is no folder yet.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut files = Vec::new();
    for file in listed {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(ENDING) && !name.starts_with('.') {
            files.push(file.path());
        }
    }
    files.sort();
    Ok(files)
}
