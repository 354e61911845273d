//! Where the server of a set keeps what it keeps: a folder of the set's own on a disk.

use std::path::{Path, PathBuf};

use super::{Options, Run};
use crate::error::Error;
use crate::folder::{self, Folder};

/// A folder for one set's databases and settings files. It must outlive the servers in it.
pub(super) struct Home(Folder);

impl Home {
    /// A new one, on the disk that the run was told.
    pub(super) fn new(name: &str, options: &Options, run: &mut Run) -> Result<Self, Error> {
        let disk = match &options.disk {
            Some(disk) => disk.clone(),
            None => beside_this_program()?,
        };
        let note = "The databases lay in memory, where a sync costs nothing: the figures about keeping mean nothing.";
        if folder::is_in_memory(&disk) && !run.notes.iter().any(|noted| noted == note) {
            run.notes.push(note.to_owned());
        }
        Folder::new(&disk, name).map(Self)
    }

    /// A path for a database.
    pub(super) fn database(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The options of a server that keeps there.
    pub(super) fn server(&self, database: &Path, keep: &str, options: &Options) -> Result<Options, Error> {
        self.server_at(format!("sqlite:{}", database.display()), keep, options)
    }

    /// The options of a server that keeps at an address. `keep`: what the rooms of the generator keep.
    pub(super) fn server_at(&self, store: String, keep: &str, options: &Options) -> Result<Options, Error> {
        let settings = self.0.join(&format!("keep-{keep}.toml"));
        let rule = format!(
            "[[rooms]]\nmatch = \"bench.{{number}}\"\njoin = \"anyone\"\npublish = \"users\"\nkeep = \"{keep}\"\n"
        );
        std::fs::write(&settings, rule).map_err(Error::io(settings.display().to_string()))?;
        Ok(Options { store: Some(store), settings: Some(settings), ..options.clone() })
    }
}

fn beside_this_program() -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::io("own program"))?;
    let folder = own.parent().map(Path::to_owned);
    folder.ok_or_else(|| Error::Usage("this program is in no folder; name one with --disk".to_owned()))
}
