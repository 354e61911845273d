//! `tidings-bench`: the comparing run behind `make bench`, and the processes it starts.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tidings_bench::bare::Bare;
use tidings_bench::compare::{self, Options};
use tidings_bench::floor::{self, Writes};
use tidings_bench::{Credentials, Error, drive, single};

/// Measures Tidings against what the machine allows.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Server, floor and FastAPI in alternating slices of one run.
    Compare(Compare),
    /// Load on one server that runs already.
    Load(LoadOne),
    /// The floor by itself.
    Floor {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Join what waits for a socket into one write.
        #[arg(long)]
        joined: bool,
    },
    /// The bare loop by itself: rows into the store's tables with nothing but SQLite.
    #[command(hide = true)]
    Rows(Rows),
    /// Clients that are told what to do over standard input; `compare` starts it.
    #[command(hide = true)]
    Drive,
    /// Becomes a program that ends when `compare` ends.
    #[command(hide = true)]
    Hold {
        /// The program and its arguments.
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
}

#[derive(Args)]
struct Compare {
    /// The server's program, `target/release/tidings`; `floor` measures the floor against itself.
    #[arg(long, default_value = "target/release/tidings")]
    server: PathBuf,
    /// With `--server floor`: let it join writes too.
    #[arg(long)]
    joined: bool,
    /// A Python with the packages of `peers/requirements.txt`; without it FastAPI is left out.
    #[arg(long)]
    fastapi: Option<PathBuf>,
    /// A smoke test of some seconds with few connections.
    #[arg(long)]
    quick: bool,
    /// Only these sets: small, direct, large, rooms, connecting, returning, stalled, storm, storm_rooms; and, with a store on a disk, keeping, recovering,
    /// history, chat, inbox.
    #[arg(long, value_delimiter = ',')]
    sets: Vec<String>,
    /// Slices of each server for each figure.
    #[arg(long)]
    slices: Option<usize>,
    /// Seconds of a slice.
    #[arg(long)]
    seconds: Option<f64>,
    /// Subscribers in the smaller sets.
    #[arg(long)]
    small: Option<usize>,
    /// Subscribers in the larger sets.
    #[arg(long)]
    large: Option<usize>,
    /// Bytes of JSON in each entry.
    #[arg(long)]
    size: Option<usize>,
    /// The server's worker threads.
    #[arg(long)]
    threads: Option<usize>,
    /// A directory on a disk, for the databases of keeping, recovering, history and inbox; they are removed again. Without it they are made
    /// beside this program.
    #[arg(long)]
    disk: Option<PathBuf>,
    /// A PostgreSQL, `postgres://…`, for history and inbox too: a database is created in it and dropped again.
    #[arg(long, env = "TIDINGS_BENCH_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
    /// Also write the result as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also put the table between the markers of this document.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Fail when a bar is missed, not only when a delivery is.
    #[arg(long)]
    strict: bool,
}

#[derive(Args)]
struct Rows {
    /// A file that does not exist yet; it stays.
    file: PathBuf,
    /// In how many rooms.
    #[arg(long, default_value_t = 1)]
    rooms: u32,
    /// Rows of one transaction.
    #[arg(long, default_value_t = 64)]
    batch: u64,
    /// Bytes of JSON in each row.
    #[arg(long, default_value_t = 200)]
    size: usize,
    /// For how long.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

#[derive(Args)]
struct LoadOne {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// Key for publishing.
    #[arg(long, env = "TIDINGS_API_KEY", hide_env_values = true)]
    api_key: String,
    /// Secret to mint tokens with, one user for each connection.
    #[arg(long, env = "TIDINGS_AUTH_JWT_SECRET", hide_env_values = true)]
    jwt_secret: String,
    /// The server's process, if it runs here.
    #[arg(long)]
    pid: Option<u32>,
    /// How many connections.
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// In how many rooms.
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// Deliveries a second of the load that measures latency.
    #[arg(long, default_value_t = 20_000.0)]
    rate: f64,
    /// Bytes of JSON in each entry.
    #[arg(long, default_value_t = 200)]
    size: usize,
    /// Seconds of each load.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let done = match Command::parse().verb {
        Verb::Compare(arguments) => compare(arguments),
        Verb::Load(arguments) => load(arguments),
        Verb::Floor { listen, joined } => {
            floor::run(listen, if joined { Writes::Joined } else { Writes::Plain }).map(|()| true)
        }
        Verb::Rows(arguments) => rows(&arguments),
        Verb::Drive => drive::run().map(|()| true),
        Verb::Hold { command } => match command.split_first() {
            Some((program, arguments)) => Err(tidings_bench::hold(program, arguments)),
            None => Err(Error::Usage("nothing to start".to_owned())),
        },
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: Compare) -> Result<bool, Error> {
    let base = if arguments.quick { Options::quick()? } else { Options::full()? };
    let options = Options {
        server: Some(arguments.server).filter(|server| server.as_os_str() != "floor"),
        subject: if arguments.joined { Writes::Joined } else { Writes::Plain },
        fastapi: arguments.fastapi,
        sets: arguments.sets,
        small: arguments.small.unwrap_or(base.small),
        large: arguments.large.unwrap_or(base.large),
        slices: arguments.slices.unwrap_or(base.slices).max(1),
        seconds: arguments.seconds.unwrap_or(base.seconds),
        size: arguments.size.unwrap_or(base.size),
        threads: arguments.threads.unwrap_or(base.threads),
        disk: arguments.disk,
        postgres: arguments.postgres,
        ..base
    };
    let report = compare::run(&options)?;
    println!("\n{}", report.markdown());
    if let Some(path) = &arguments.json {
        report.write_json(path)?;
    }
    if let Some(path) = &arguments.write {
        report.write_into(path)?;
    }
    Ok(if arguments.strict { report.kept() } else { report.faults.none() })
}

fn rows(arguments: &Rows) -> Result<bool, Error> {
    let mut bare = Bare::create(&arguments.file, arguments.rooms.max(1), arguments.size)?;
    let ran = bare.run(arguments.seconds, arguments.batch.max(1))?;
    println!("{} rows in {:.2} s, {:.1} us each", ran.rows, ran.seconds, ran.us_per_row());
    Ok(true)
}

fn load(arguments: LoadOne) -> Result<bool, Error> {
    let options = single::Options {
        url: arguments.url,
        api_key: arguments.api_key,
        credentials: Credentials::Secret(arguments.jwt_secret),
        pid: arguments.pid,
        connections: arguments.connections,
        rooms: arguments.rooms,
        rate: arguments.rate,
        size: arguments.size,
        seconds: arguments.seconds,
    };
    let report = single::run(&options, &mut |text| eprintln!("{text} …"))?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Error::Usage(error.to_string()))?;
        println!("{text}");
    } else {
        println!("{report}");
    }
    Ok(report.faults.none())
}
