//! What the store's appends cost beside the bare database: `cargo run --release -p tidings-sqlite --example append [directory]`.

use std::{error::Error, path::Path, sync::Arc, time::Instant};

use rusqlite::{Connection, params};
use tidings_core::{Entry, Publication, RoomKey, Store};
use tidings_protocol::{EntryId, EventType, Json, RoomName, Timestamp, UserId};
use tidings_settings::Keep;
use tidings_sqlite::{Options, SqliteStore};

const SECONDS: u64 = 3;
const TEXT: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("tidings-append-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    for rooms in [1, 1_000] {
        for batch in [64, 256] {
            let rate = bare(&directory.join(format!("bare-{rooms}-{batch}.db")), rooms, batch)?;
            println!("bare loop, {rooms} rooms, batches of {batch}: {rate:.0} rows/s");
        }
        for in_flight in [1, 64, 256] {
            let (rate, together) =
                store(&directory.join(format!("store-{rooms}-{in_flight}.db")), rooms, in_flight)?;
            println!(
                "the store, {rooms} rooms, {in_flight} in flight: {rate:.0} appends/s, {together:.1} a commit"
            );
        }
    }
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

/// Rows a second that SQLite takes into the same schema, in batches, in this thread.
fn bare(path: &Path, rooms: usize, batch: usize) -> Result<f64, Box<dyn Error>> {
    drop(SqliteStore::open(path, Options::default())?);
    let connection = Connection::open(path)?;
    for (name, value) in [("synchronous", "full"), ("secure_delete", "on"), ("wal_autocheckpoint", "4000")] {
        connection.pragma_update(None, name, value)?;
    }
    let data = format!("{:?}", "x".repeat(TEXT));
    let mut insert = connection.prepare(
        "INSERT INTO entries (room, offset, id, time, type, sender, data, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let (mut rows, begun) = (0, Instant::now());
    while begun.elapsed().as_secs() < SECONDS {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch {
            let (room, offset) = (rows % rooms, rows / rooms);
            insert.execute(params![
                room as i64,
                offset as i64,
                [7u8; 16],
                rows as i64,
                "message",
                "ada",
                data,
                1
            ])?;
            rows += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(rows as f64 / begun.elapsed().as_secs_f64())
}

/// Appends a second through the store, each answered after its commit, and how many shared one.
fn store(path: &Path, rooms: usize, in_flight: usize) -> Result<(f64, f64), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let store = Arc::new(SqliteStore::open(path, Options::default())?);
    let rooms: Vec<RoomKey> = (0..rooms)
        .map(|room| RoomName::parse(&format!("room_{room}")).map(RoomKey::Named))
        .collect::<Result<_, _>>()?;
    let (rooms, begun) = (Arc::new(rooms), Instant::now());
    let appends = runtime.block_on(async {
        let appenders: Vec<_> = (0..in_flight)
            .map(|first| tokio::spawn(append(store.clone(), rooms.clone(), first, in_flight, begun)))
            .collect();
        let mut appends = 0;
        for appender in appenders {
            appends += appender.await?;
        }
        Ok::<_, tokio::task::JoinError>(appends)
    })?;
    let figures = store.figures();
    Ok((appends as f64 / begun.elapsed().as_secs_f64(), figures.commands as f64 / figures.commits as f64))
}

async fn append(
    store: Arc<SqliteStore>,
    rooms: Arc<Vec<RoomKey>>,
    first: usize,
    step: usize,
    begun: Instant,
) -> usize {
    let (Ok(kind), Ok(from), Ok(data)) =
        (EventType::parse("message"), UserId::parse("ada"), Json::of(&"x".repeat(TEXT)))
    else {
        return 0;
    };
    let mut done = 0;
    while begun.elapsed().as_secs() < SECONDS {
        let room = rooms[(first + done * step) % rooms.len()].clone();
        let publication =
            Publication { r#type: kind.clone(), data: data.clone(), from: Some(from.clone()), except: None };
        let time = Timestamp::from_millis(1_763_704_800_000 + done as u64);
        let entry = Entry::new(room, publication, EntryId::new(time), time, None);
        if let Err(error) = store.append_one(entry, Keep::For(std::time::Duration::from_secs(3600))).await {
            eprintln!("{error}");
            break;
        }
        done += 1;
    }
    done
}
