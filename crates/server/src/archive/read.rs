//! Reading back what was archived.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;

use super::{ENDING, line::Line};

/// The entries of a file, one by one, in the order in which they were archived.
///
/// # Errors
/// When the file cannot be opened; each line when it cannot be read or is none of ours.
pub fn read(file: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    let lines = BufReader::new(MultiGzDecoder::new(File::open(file)?)).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

/// The whole files of a folder, the oldest first; none where there is no folder yet.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
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
