//! A copy of the whole database, as of one moment, by PostgreSQL's own `pg_dump`.

use std::{fs::OpenOptions, io::ErrorKind, path::Path, process::Stdio};

use tidings_core::StoreError;
use tokio::process::Command;
use tokio_postgres::config::Host;

use crate::address::Address;

const BY_HAND: &str = "run this where it is installed: pg_dump --format=custom --file=FILE DATABASE-URL";

/// What `pg_dump` needs is told by its environment: a command line can be read by everybody on the machine.
pub(crate) async fn backup(address: &Address, to: &Path) -> Result<(), StoreError> {
    // Created here: `pg_dump` would write over what is there.
    match OpenOptions::new().write(true).create_new(true).open(to) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(StoreError::Unavailable("the backup's file exists already; name another one".into()));
        }
        Err(error) => {
            return Err(StoreError::Unavailable(format!("the backup's file cannot be created: {error}")));
        }
    }
    let dumped = dump(address, to).await;
    if dumped.is_err() {
        let _ = std::fs::remove_file(to);
    }
    dumped
}

async fn dump(address: &Address, to: &Path) -> Result<(), StoreError> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-password", "--file"]).arg(to);
    command.env("PGSSLMODE", &address.ssl_mode).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    environment(address, &mut command);
    let output = match command.output().await {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StoreError::Unsupported(format!("pg_dump is not installed here; {BY_HAND}")));
        }
        Err(error) => return Err(StoreError::Unavailable(format!("pg_dump cannot be run: {error}"))),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(match said.contains("server version mismatch") {
        true => StoreError::Unsupported(format!("the pg_dump here is older than the server; {BY_HAND}")),
        false => StoreError::Unavailable(format!("pg_dump did not succeed ({}); {BY_HAND}", output.status)),
    })
}

fn environment(address: &Address, command: &mut Command) {
    let config = &address.config;
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    for (name, value) in [
        ("PGHOST", (!hosts.is_empty()).then(|| hosts.join(","))),
        ("PGPORT", (!ports.is_empty()).then(|| ports.join(","))),
        ("PGUSER", config.get_user().map(str::to_owned)),
        ("PGDATABASE", config.get_dbname().map(str::to_owned)),
        ("PGPASSWORD", config.get_password().map(|password| String::from_utf8_lossy(password).into_owned())),
        ("PGSSLROOTCERT", address.root_certificate.as_ref().map(|path| path.display().to_string())),
    ] {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
}
