//! What a start would find in the store and in the archive's folder. Nothing is created, and nothing is changed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};
use tidings_core::StoreError;
use tidings_core::store::WrappedKey;
use tidings_postgres::OpenError;
use tidings_sealing::Keyring;
use tidings_settings::Settings;

use super::Address;

/// How far PostgreSQL's clock and this machine's may be apart before somebody should look at them.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// What was seen, as a sentence.
pub(crate) enum Looked {
    /// A start would go well.
    Good(String),
    /// It may go well; somebody should know.
    Note(String),
    /// It would not go well.
    Wrong(String),
}

impl Address<'_> {
    /// Looks at the store.
    pub(crate) async fn look(&self, settings: &Settings) -> Looked {
        match self {
            Self::Memory => Looked::Good("in memory: all is gone when the server ends".to_owned()),
            Self::Sqlite(path) => self.look_at_file(path, settings),
            Self::Postgres(url) => self.look_at_postgres(url, settings).await,
        }
    }

    fn look_at_file(&self, path: &Path, settings: &Settings) -> Looked {
        let found = match tidings_sqlite::look(path) {
            Ok(found) => found,
            Err(error) => return Looked::Wrong(error.to_string()),
        };
        // A log and a lock are made beside it.
        if let Err(wrong) = can_be_written(folder_of(path)) {
            return Looked::Wrong(format!("{}: {wrong}", self.name()));
        }
        let Some(found) = found else {
            return Looked::Good(format!("the {} is not there yet: a start will create it", self.name()));
        };
        if let Err(wrong) = self.opens(&found.data_keys, settings) {
            return Looked::Wrong(wrong);
        }
        let said = format!("{}, {}", self.name(), schema(found.version.into(), found.known.into()));
        match found.is_in_use {
            true => Looked::Note(format!(
                "{said}; a Tidings has it at this moment, and a second one would be refused"
            )),
            false => Looked::Good(said),
        }
    }

    async fn look_at_postgres(&self, url: &str, settings: &Settings) -> Looked {
        let found = match tidings_postgres::look(url).await {
            Ok(found) => found,
            Err(OpenError::Away(why)) => {
                return Looked::Wrong(format!(
                    "{why} (a server would start, and refuse what needs the store until then)"
                ));
            }
            Err(error) => return Looked::Wrong(error.to_string()),
        };
        if let Err(wrong) = self.opens(&found.data_keys, settings) {
            return Looked::Wrong(wrong);
        }
        let (took, apart) =
            (found.connected_in.as_millis(), Duration::from_millis(found.clock_ahead_ms.unsigned_abs()));
        let way = if found.clock_ahead_ms < 0 { "behind" } else { "ahead" };
        let said = format!(
            "PostgreSQL answered in {took} ms, {}; its clock is {} ms {way}",
            schema(found.version.into(), tidings_postgres::VERSION.into()),
            apart.as_millis(),
        );
        match apart > CLOCKS_APART {
            true => {
                Looked::Note(format!("{said}: let NTP keep both clocks, retention and tokens go by them"))
            }
            false => Looked::Good(said),
        }
    }

    /// Whether the master keys open what is sealed. What cannot be said is not said: a start goes on too.
    fn opens(&self, data_keys: &[WrappedKey], settings: &Settings) -> Result<(), String> {
        let keyring = Keyring::new(&settings.security.encryption_keys)?;
        for key in data_keys {
            if let Err(StoreError::Sealed(why)) = keyring.check(key).map_err(StoreError::from) {
                return Err(format!(
                    "security.encryption_keys does not open all that is sealed in the {}: {why}",
                    self.name()
                ));
            }
        }
        Ok(())
    }
}

/// Looks at the folder of `store.archive`, which retention makes when it first needs it.
pub(crate) fn look_at_archive(folder: &Path) -> Looked {
    let mut there = folder;
    while fs::symlink_metadata(there).is_err() {
        match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => there = parent,
            _ => {
                there = Path::new(".");
                break;
            }
        }
    }
    match can_be_written(there) {
        Err(wrong) => Looked::Wrong(format!("store.archive {}: {wrong}", folder.display())),
        Ok(()) if there == folder => Looked::Good(format!("{} can be written", folder.display())),
        Ok(()) => Looked::Good(format!("{} is not there yet: retention will create it", folder.display())),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether this user may put files in a folder.
fn can_be_written(folder: &Path) -> Result<(), String> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(format!("{} is no folder", folder.display())),
        Ok(_) => {}
        Err(error) => return Err(format!("the folder {}: {error}", folder.display())),
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("the folder {} cannot be written by this user ({error})", folder.display()))
}

fn schema(found: i64, known: i64) -> String {
    match found {
        0 => format!("still empty: a start will bring it to schema version {known}"),
        found if found < known => format!("schema version {found}, which a start will bring to {known}"),
        found => format!("schema version {found}"),
    }
}
