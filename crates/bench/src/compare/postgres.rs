//! A database of the run's own in somebody's PostgreSQL, with a room of many entries in it.

use std::process::Command;

use super::Options;
use crate::bare::{FILL_SPAN_MS, TYPE, now_ms};
use crate::error::Error;
use crate::mark::SIZE_MIN;
use crate::target;

const WEEK_MS: i64 = 7 * 86_400_000;

/// Dropped with the value.
pub(super) struct Database {
    /// The address that was given.
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// A new one.
    pub(super) fn create(server: &str) -> Result<Self, Error> {
        let name = format!("tidings_bench_{}", std::process::id());
        let url = with_database(server, &name)?;
        execute(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { server: server.to_owned(), name, url })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Tables as the server makes them, and a first room with entries over the past eight weeks, in partitions as the server would
    /// have made them meanwhile.
    pub(super) fn fill(&self, entries: u64, options: &Options) -> Result<(), Error> {
        migrate(&self.url, options)?;
        let (room, begun) = (target::room(0), now_ms() - FILL_SPAN_MS);
        let mut sql = String::new();
        for week in begun / WEEK_MS..now_ms() / WEEK_MS {
            let (from, to) = (week * WEEK_MS, (week + 1) * WEEK_MS);
            sql.push_str(&format!(
                "CREATE TABLE tidings_entries_w{week} PARTITION OF tidings_entries FOR VALUES FROM ({from}) TO ({to});\n"
            ));
        }
        let pad = options.size.saturating_sub(SIZE_MIN);
        sql.push_str(&format!(
            r#"INSERT INTO tidings_rooms (key, epoch, head, created_at)
                   SELECT 'room:{room}', epoch, {entries}, {begun} FROM tidings_meta;
               INSERT INTO tidings_entries (room, "offset", time, id, type, sender, data)
                   SELECT r.id, n, {begun} + (n - 1) * {FILL_SPAN_MS} / {entries},
                       decode(lpad(to_hex(n), 32, '0'), 'hex'), '{TYPE}', NULL,
                       '{{"mark":"bench-' || repeat('0', 8) || lpad(to_hex(n), 8, '0') || repeat('0', 16)
                           || '","pad":"' || repeat('.', {pad}) || '"}}'
                   FROM tidings_rooms r, generate_series(1, {entries}::bigint) n WHERE r.key = 'room:{room}';"#
        ));
        execute(&self.url, &sql)?;
        // What the database would have done by itself in eight weeks.
        execute(&self.url, "VACUUM ANALYZE tidings_entries")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = execute(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("the database {} could not be dropped: {error}", self.name);
        }
    }
}

fn migrate(url: &str, options: &Options) -> Result<(), Error> {
    let Some(program) = &options.server else { return Ok(()) };
    let mut command = Command::new(program);
    let output = command.args(["db", "migrate"]).env("TIDINGS_STORE_URL", url).output();
    let output = output.map_err(Error::io(format!("starting {}", program.display())))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Database(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Runs statements in a connection of their own. Without TLS: a PostgreSQL to measure with is on this machine.
fn execute(url: &str, sql: &str) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::io("a runtime"))?.block_on(async {
        let said = |error: tokio_postgres::Error| {
            let why = error.as_db_error().map_or_else(|| error.to_string(), |why| why.to_string());
            Error::Database(why)
        };
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(said)?;
        let connection = tokio::spawn(connection);
        let done = client.batch_execute(sql).await.map_err(said);
        drop(client);
        // It says what the statements have said already.
        let _ = connection.await;
        done
    })
}

/// The same server's address with another database.
fn with_database(url: &str, name: &str) -> Result<String, Error> {
    let usage = || Error::Usage("expected a PostgreSQL's address, postgres://user@host/database".to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(usage)?;
    let (rest, query) =
        rest.split_once('?').map_or((rest, String::new()), |(rest, query)| (rest, format!("?{query}")));
    let authority = rest.split('/').next().unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{name}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, expect) in [
            ("postgres://u:p@h:5/db?sslmode=disable", "postgres://u:p@h:5/x?sslmode=disable"),
            ("postgresql://h", "postgresql://h/x"),
        ] {
            assert_eq!(with_database(url, "x").unwrap(), expect);
        }
        assert!(with_database("host=h", "x").is_err());
    }
}
