//! The bare loop: rows into the store's own tables with nothing but SQLite, in batches, as fast as they go. It is what keeping is
//! measured against, as the floor is for sending: the same rows and the same syncs, but no token, no room's rules, no HTTP and
//! nobody who waits for an answer. It is also how a room of a million entries comes to be before a server is started on it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use tidings_sqlite::{
    SqliteStore,
    sum::{Part, sum},
};

use crate::clock;
use crate::error::Error;
use crate::mark::Mark;
use crate::target;

/// How the store opens its database, as far as it decides what writing costs (`crates/sqlite/src/file.rs`).
const PRAGMAS: [(&str, &str); 6] = [
    ("synchronous", "full"),
    ("secure_delete", "on"),
    ("cell_size_check", "on"),
    ("cache_size", "-32768"),
    ("wal_autocheckpoint", "4000"),
    ("journal_size_limit", "67108864"),
];
/// Rows of one transaction while a room is filled: few syncs, and a log that stays small.
const FILL_BATCH: u64 = 10_000;
/// Over so many milliseconds lie the entries of a filled room: eight weeks, within the 90 days that it keeps them.
pub(crate) const FILL_SPAN_MS: i64 = 8 * 7 * 86_400_000;

/// What a loop came to.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// Rows that were committed.
    pub rows: u64,
    /// In this time.
    pub seconds: f64,
}

impl Ran {
    /// Microseconds for one row.
    #[must_use]
    pub fn us_per_row(&self) -> f64 {
        1e6 * self.seconds / self.rows.max(1) as f64
    }
}

/// A database that is written to by hand.
pub struct Bare {
    connection: Connection,
    /// Of all its rooms.
    epoch: String,
    rooms: Vec<Room>,
    /// Bytes of JSON in each entry.
    size: usize,
    /// Whose turn it is.
    next: usize,
}

struct Room {
    id: i64,
    key: String,
    head: i64,
}

impl Bare {
    /// A new database with so many empty rooms, the ones that the generator's clients join.
    ///
    /// # Errors
    ///
    /// The file cannot be made, or is not as this crate knows it.
    pub fn create(path: &Path, rooms: u32, size: usize) -> Result<Self, Error> {
        SqliteStore::migrate(path).map_err(|error| Error::Database(error.to_string()))?;
        let mut connection = Connection::open(path)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        if mode != "wal" {
            return Err(Error::Usage(format!("no write-ahead log in {}", path.display())));
        }
        for (name, value) in PRAGMAS {
            connection.pragma_update(None, name, value)?;
        }
        let epoch: String =
            connection.query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))?;
        let now = now_ms();
        let moment = connection.transaction()?;
        let rooms = (0..rooms).map(|number| begin(&moment, number, &epoch, now)).collect::<Result<_, _>>()?;
        moment.commit()?;
        Ok(Self { connection, epoch, rooms, size, next: 0 })
    }

    /// Inserts for a while, so many rows a transaction, into the rooms in turn.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn run(&mut self, seconds: f64, batch: u64) -> Result<Ran, Error> {
        let (start, mut rows) = (clock::now(), 0);
        while clock::now() < start + clock::nanos(seconds) {
            self.insert(batch, now_ms())?;
            rows += batch;
        }
        Ok(Ran { rows, seconds: clock::seconds(start, clock::now()) })
    }

    /// Inserts so many rows, spread over the past eight weeks.
    pub(crate) fn fill(&mut self, rows: u64) -> Result<(), Error> {
        let begun = now_ms() - FILL_SPAN_MS;
        let mut done = 0;
        while done < rows {
            let batch = FILL_BATCH.min(rows - done);
            let share = done as f64 / rows as f64;
            self.insert(batch, begun + (FILL_SPAN_MS as f64 * share) as i64)?;
            done += batch;
        }
        Ok(())
    }

    /// Where the log of the first room stands.
    pub(crate) fn position(&self) -> (String, u64) {
        let head = self.rooms.first().map_or(0, |room| room.head.unsigned_abs());
        (self.epoch.clone(), head)
    }

    /// One transaction: so many rows, and then the head of each room that got any.
    fn insert(&mut self, batch: u64, time: i64) -> Result<(), Error> {
        let moment = self.connection.unchecked_transaction()?;
        let (first, count) = (self.next, self.rooms.len());
        let mut insert = moment.prepare_cached(
            "INSERT INTO entries (room, offset, id, time, type, sender, data, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for _ in 0..batch {
            let stream = self.next % count;
            let room = &mut self.rooms[stream];
            room.head += 1;
            let (id, data) = (id(stream, room.head, time), data(stream, room.head, self.size));
            let sum = sum(&[
                Part::Number(room.id),
                Part::Number(room.head),
                Part::Bytes(&id),
                Part::Number(time),
                Part::Text(TYPE),
                Part::Nothing,
                Part::Text(&data),
            ]);
            insert.execute(params![room.id, room.head, id, time, TYPE, None::<&str>, data, sum])?;
            self.next += 1;
        }
        let mut update = moment.prepare_cached("UPDATE rooms SET head = ?2, head_sum = ?3 WHERE id = ?1")?;
        for stream in (first..self.next).take(count) {
            let room = &self.rooms[stream % count];
            update.execute(params![room.id, room.head, head_sum(&room.key, &self.epoch, room.head)])?;
        }
        drop((insert, update));
        moment.commit()?;
        Ok(())
    }
}

/// The type of all entries.
pub(crate) const TYPE: &str = "bench";

/// Begins a room's log.
fn begin(connection: &Connection, number: u32, epoch: &str, now: i64) -> Result<Room, Error> {
    let key = format!("room:{}", target::room(number));
    let (head_sum, data_sum) = (head_sum(&key, epoch, 0), sum(&[Part::Text("null"), Part::Number(now)]));
    connection
        .prepare_cached(
            "INSERT INTO rooms (key, epoch, head, data, created_at, head_sum, data_sum) VALUES (?1, ?2, 0, 'null', ?3, ?4, ?5)",
        )?
        .execute(params![key, epoch, now, head_sum, data_sum])?;
    Ok(Room { id: connection.last_insert_rowid(), key, head: 0 })
}

fn head_sum(key: &str, epoch: &str, head: i64) -> i64 {
    sum(&[Part::Text(key), Part::Text(epoch), Part::Number(head)])
}

/// Sorted by time like the server's own, and no two alike.
fn id(stream: usize, offset: i64, time: i64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8..12].copy_from_slice(&(0x8000_0000 | stream as u32).to_be_bytes());
    id[12..].copy_from_slice(&(offset as u32).to_be_bytes());
    id
}

/// The entry's mark says which offset it has, so whoever gets it can check that.
fn data(stream: usize, offset: i64, size: usize) -> String {
    let mut data = Vec::with_capacity(size);
    Mark { stream: stream as u32, seq: offset as u32, at: 0 }.write_data(size, &mut data);
    String::from_utf8_lossy(&data).into_owned()
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}
