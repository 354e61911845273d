//! What the database looks like, and how an older one gets there.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use tidings_core::store::fresh_epoch;

use crate::{OpenError, file};

/// In the file's header, so that tools and we know whose it is: "tdng".
const APPLICATION_ID: i32 = 0x7464_6e67;

/// The n-th leads to schema n. One that was ever released is not changed any more.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_begin.sql"),
    include_str!("../migrations/0002_people.sql"),
    include_str!("../migrations/0003_data_keys.sql"),
    include_str!("../migrations/0004_inboxes.sql"),
    include_str!("../migrations/0005_chat.sql"),
    include_str!("../migrations/0006_search.sql"),
    include_str!("../migrations/0007_receipts.sql"),
    include_str!("../migrations/0008_parts.sql"),
];

/// What became of a database's schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// The schema before; 0 for a new database.
    pub from: u32,
    /// The schema now.
    pub to: u32,
}

/// Brings the database to the schema of this program, each step in a transaction of its own.
pub(crate) fn migrate(path: &Path, connection: &mut Connection) -> Result<Migrated, OpenError> {
    let failed = |error| file::open_error(path, &error);
    let (from, known) = versions(path, connection)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(from as usize) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        step.execute_batch(migration).map_err(failed)?;
        if index == 0 {
            step.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            let epoch = fresh_epoch();
            step.execute("INSERT INTO meta (name, value) VALUES ('epoch', ?1)", [&*epoch.0])
                .map_err(failed)?;
        }
        step.pragma_update(None, "user_version", index as u32 + 1).map_err(failed)?;
        step.commit().map_err(failed)?;
    }
    Ok(Migrated { from, to: known })
}

/// The schema that a database has, 0 for an empty one, and the one of this program.
pub(crate) fn versions(path: &Path, connection: &Connection) -> Result<(u32, u32), OpenError> {
    let (found, known) = (version(path, connection)?, MIGRATIONS.len() as u32);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok((found, known))
}

/// The schema that a database has; 0 for an empty one.
fn version(path: &Path, connection: &Connection) -> Result<u32, OpenError> {
    let failed = |error| file::open_error(path, &error);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(failed);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, 1.., _) => Ok(version as u32),
        _ => Err(OpenError::NotOurs(path.to_owned())),
    }
}
