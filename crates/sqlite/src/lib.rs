//! The store in one file: SQLite, in this process.
//!
//! One thread writes. What waits for it becomes one transaction and one sync of the disk, so a sync is shared by everybody who
//! publishes meanwhile (`writer`). A few threads read, each as of one moment (`readers`). Rows carry sums, because SQLite
//! does not notice a flipped bit (`sum`). The file belongs to one process (`file`).
//!
//! Three calls are not one transaction of a few milliseconds. `erase` looks for the user's entries while others go on and then changes
//! all of them at once: hundreds of thousands hold other writes up for seconds. `forget` and `tidy` go in steps. `delete_room` of a
//! room with a million entries takes as long as deleting them, about two seconds.

mod audit;
mod backup;
mod chat;
mod chorus;
mod condition;
mod data_keys;
mod entries;
mod error;
mod file;
mod heads;
mod inbox;
mod jobs;
mod keys;
mod ledger;
mod log_check;
mod look;
mod members;
mod open_error;
mod options;
mod people;
mod queue;
mod readers;
mod receipts;
mod rooms;
mod schema;
mod scrub;
mod search;
mod store;
pub mod sum;
mod task;
mod traces;
mod users;
mod values;
mod writer;

use std::{io, path::Path, sync::Arc, sync::mpsc, time::Duration};

use parking_lot::Mutex;

pub use condition::Figures;
pub use look::{Look, look};
pub use open_error::OpenError;
pub use options::Options;
pub use schema::Migrated;

use crate::{condition::Condition, file::DatabaseFile, queue::Queue, readers::Readers, writer::Writer};

/// How long the end waits for the writer: what waited is done by then, or the disk does not answer.
const END_MAX: Duration = Duration::from_secs(3);

/// Keeps all there is in a file.
pub struct SqliteStore {
    queue: Arc<Queue>,
    condition: Arc<Condition>,
    /// Told when the writer has ended.
    ended: Mutex<mpsc::Receiver<()>>,
    readers: Readers,
    /// For what looks at everything: exports, erasures, backups.
    scans: Readers,
}

impl SqliteStore {
    /// Opens a database, or creates it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`]: each a sentence with what to do. Nothing is deleted, and what is not ours is not changed.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let file = Arc::new(DatabaseFile::take(path)?);
        let failed = |error: io::Error| OpenError::Other(file.path().to_owned(), error.to_string());
        let readers = Readers::start(&file, "store-read", options.readers.max(1), options.queue_reads)
            .map_err(failed)?;
        let scans = Readers::start(&file, "store-scan", 1, options.queue_reads).map_err(failed)?;
        let (queue, condition) = (Arc::new(Queue::new(&options)), Arc::new(Condition::default()));
        let gates = vec![readers.gate(), scans.gate()];
        let writer = Writer::open(file.clone(), options, queue.clone(), condition.clone(), gates)?;
        let (end, ended) = mpsc::sync_channel(1);
        let run = move || {
            writer.run();
            // Nobody waits any more.
            let _ = end.send(());
        };
        std::thread::Builder::new().name("store-write".into()).spawn(run).map_err(failed)?;
        let store = Self { queue: queue.clone(), condition, ended: Mutex::new(ended), readers, scans };
        std::thread::Builder::new()
            .name("store-watch".into())
            .spawn(move || queue.watch())
            .map_err(failed)?;
        Ok(store)
    }

    /// Brings a database's schema up to date and does nothing else.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn migrate(path: &Path) -> Result<Migrated, OpenError> {
        let file = DatabaseFile::take(path)?;
        let mut connection = file.writer(&Options::default())?;
        schema::migrate(file.path(), &mut connection)
    }

    /// What the writer did so far.
    pub fn figures(&self) -> Figures {
        self.condition.figures()
    }

    /// Does what waits, copies the log into the database and lets the file go; dropping does the same.
    pub fn close(self) {}
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The readers first: the last connection that is closed empties the log, and only the writer's can.
        self.readers.close();
        self.scans.close();
        self.queue.close();
        let _ = self.ended.get_mut().recv_timeout(END_MAX);
    }
}
