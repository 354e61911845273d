//! `tidings bench`: load on a server that runs, and what it bears. The work is done in `tidings-bench`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use tidings_bench::single::{self, Options};
use tidings_bench::{Credentials, Error};
use tidings_protocol::UserId;

use crate::client::{DEFAULT_URL, Server, api_key};
use crate::failure::WrongCall;
use crate::file_limit;
use crate::load::{File, Given};
use crate::output::{self, note};

/// Put load on a server that runs, and show what it bears
///
/// Opens connections in rooms, publishes into them at a steady rate and then as fast as it goes, and prints rates, latencies
/// and whether anything was lost, doubled or out of order. It uses rooms named bench.0, bench.1, …; each connection
/// is a user of its own where auth.jwt_secret of the server is known, else all are one. The server's limits hold: raise
/// limits.connections_per_ip and limits.attempts_per_minute (0: unlimited) before you measure, and for a connection count
/// above 20 without a secret also limits.connections_per_user.
#[derive(Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    file: File,
    /// Where the server is
    #[arg(long, env = "TIDINGS_URL", default_value = DEFAULT_URL, value_name = "URL")]
    url: Server,
    /// The back end's key; without it, the first of auth.api_keys, or that of a `tidings dev` on this machine
    #[arg(long, env = "TIDINGS_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// A user's token for all connections; without it each gets its own, made with auth.jwt_secret
    #[arg(long, env = "TIDINGS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// The server's process on this machine: adds CPU and memory
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// How many connections
    #[arg(long, default_value_t = 1000, value_name = "N")]
    connections: usize,
    /// In how many rooms, evenly
    #[arg(long, default_value_t = 10, value_name = "N")]
    rooms: usize,
    /// Deliveries a second while latency is measured
    #[arg(long, default_value_t = 10_000.0, value_name = "N")]
    rate: f64,
    /// Bytes of JSON in each entry
    #[arg(long, default_value_t = 200, value_name = "BYTES")]
    size: usize,
    /// Length of each load
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    seconds: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let auth = given.load(&self.file)?.settings.auth;
        let api_key = api_key(self.api_key, &auth, &self.url)?;
        let credentials = if let Some(token) = self.token {
            Credentials::Token(token)
        } else if !auth.jwt_secret.is_empty() {
            Credentials::Secret(auth.jwt_secret.expose().to_owned())
        } else {
            let dev = UserId::parse("bench").ok().and_then(|user| self.url.dev_session(&user, &[]));
            let token = dev.map(|session| session.token);
            Credentials::Token(self.url.needs(token, "token", "TIDINGS_TOKEN", "auth.jwt_secret")?)
        };
        let options = Options {
            url: self.url.http(""),
            api_key,
            credentials,
            pid: self.pid,
            connections: self.connections,
            rooms: self.rooms,
            rate: self.rate,
            size: self.size,
            seconds: self.seconds,
        };
        file_limit::raise();
        let report = match single::run(&options, &mut |doing| note(doing)) {
            Ok(report) => report,
            Err(Error::Usage(wrong)) => return Err(WrongCall::new(wrong).into()),
            Err(error) => bail!(error),
        };
        if self.json {
            output::json(&report)?;
        } else {
            output::line(&report)?;
        }
        // A server that loses, doubles or reorders has failed, however fast it did.
        Ok(if report.faults.none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
