//! Writing: a file at a time, whole and on disk before it has its name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tidings_core::{
    Entry, Store,
    housekeeping::{Archive, Archiving},
};
use tidings_protocol::Timestamp;

use super::{ENDING, line::Line, sealed::Keys};

/// Files that one second may begin: beyond it something is wrong with the folder.
const FILES_MAX: u32 = 1_000_000;

/// What the names of files end with that are not finished.
const UNFINISHED: &str = ".unfinished";
/// How long such a file may lie there before it is taken for one that a dead server left.
const LEFT_AFTER: Duration = Duration::from_secs(60 * 60);

/// A folder that takes entries in, for one run.
pub struct Folder<'a> {
    folder: PathBuf,
    /// `2026-11-21T06-00-00Z`: what the run's files begin with.
    run: String,
    open: Option<Unfinished>,
    keys: Keys<'a>,
}

/// A file that has no name yet.
pub(super) struct Unfinished {
    path: PathBuf,
    lines: GzEncoder<BufWriter<File>>,
}

impl<'a> Folder<'a> {
    /// The folder for a run that begins now. It is made when the first entry comes.
    /// Data keys of what is sealed come from the store.
    pub fn new(folder: impl Into<PathBuf>, now: Timestamp, store: &'a dyn Store) -> Self {
        let text = now.to_string();
        let seconds = text.get(..19).unwrap_or(&text).replace(':', "-");
        Self { folder: folder.into(), run: format!("{seconds}Z"), open: None, keys: Keys::of(store) }
    }
}

impl Archive for Folder<'_> {
    fn add(&mut self, entries: Vec<Arc<Entry>>) -> Archiving<'_> {
        Box::pin(async move {
            let mut lines = Vec::with_capacity(entries.len());
            for entry in &entries {
                lines.push(Line { key: self.keys.of_data(&entry.data).await?, ..Line::of(entry) });
            }
            let (open, folder) = (self.open.take(), self.folder.clone());
            let written = blocking(move || {
                let mut open = match open {
                    Some(open) => open,
                    None => {
                        sweep(&folder)?;
                        Unfinished::begin(&folder)?
                    }
                };
                lines.iter().try_for_each(|line| open.add(line))?;
                Ok(open)
            });
            self.open = Some(written.await?);
            Ok(())
        })
    }

    fn seal(&mut self) -> Archiving<'_> {
        Box::pin(async move {
            let Some(open) = self.open.take() else { return Ok(()) };
            let (folder, run) = (self.folder.clone(), self.run.clone());
            blocking(move || {
                let mut number = 0;
                open.finish_as(&folder, || {
                    number += 1;
                    (number <= FILES_MAX).then(|| format!("{run}-{number:06}{ENDING}"))
                })
            })
            .await
        })
    }
}

impl Unfinished {
    /// A file in a folder, which is made where it is missing. Both are the server's alone to read: entries are private.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!(".{:016x}{UNFINISHED}", rand::random::<u64>()));
        let file = private().write(true).create_new(true).open(&path)?;
        Ok(Self { path, lines: GzEncoder::new(BufWriter::new(file), Compression::default()) })
    }

    pub(super) fn add(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.write_all(b"\n")
    }

    /// Brings it to disk and gives it the first of some names that is free. Nothing is ever written over.
    fn finish_as(mut self, folder: &Path, mut names: impl FnMut() -> Option<String>) -> io::Result<()> {
        self.bring_to_disk()?;
        loop {
            let Some(name) = names() else { return Err(io::Error::other("no name is free")) };
            match fs::hard_link(&self.path, folder.join(&name)) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // Not every file system has two names for one file. One server writes at a time, so looking first is enough.
                Err(_) if !folder.join(&name).try_exists()? => {
                    fs::rename(&self.path, folder.join(&name))?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        // Gone already where it was renamed; left behind by itself otherwise.
        let _ = fs::remove_file(&self.path);
        sync_folder(folder)
    }

    /// Brings it to disk and puts it in another file's place.
    pub(super) fn replace(mut self, file: &Path) -> io::Result<()> {
        self.bring_to_disk()?;
        fs::rename(&self.path, file)?;
        file.parent().map_or(Ok(()), sync_folder)
    }

    fn bring_to_disk(&mut self) -> io::Result<()> {
        self.lines.try_finish()?;
        self.lines.get_mut().flush()?;
        self.lines.get_ref().get_ref().sync_all()
    }
}

impl Drop for Unfinished {
    /// What was not finished is worth nothing: its entries are all still in the store.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// For files that only this user may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Removes what servers left that died while they wrote.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed?,
    };
    for file in listed {
        let file = file?;
        let is_unfinished = file.file_name().to_string_lossy().ends_with(UNFINISHED);
        // A file that another server has just finished is gone by now.
        let age = file.metadata().and_then(|data| data.modified()).map(|changed| changed.elapsed());
        if is_unfinished && age.is_ok_and(|age| age.is_ok_and(|age| age > LEFT_AFTER)) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// A name is on disk when its folder is. Where folders cannot be opened, the system sees to that itself.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Runs what waits for the disk where nobody waits for the thread. The error names no path: what is archived may be private.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|error| format!("{error} (store.archive)")),
        Err(_) => Err("writing broke off".into()),
    }
}
