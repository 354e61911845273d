//! Load on one server, for whoever runs one (`tidings bench`): what it bears from where the command stands.

use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::ledger::Faults;
use crate::session::{Aim, Connected, Load, Measured, Rooms, Session, Shape};
use crate::target::{Credentials, Target};

/// What to do to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server, `http://host:port`.
    pub url: String,
    /// Key for publishing.
    pub api_key: String,
    /// How connections authenticate. With one token all are the same user, and direct publishes are left out.
    pub credentials: Credentials,
    /// The server's process, if it runs here: adds CPU and memory.
    pub pid: Option<u32>,
    /// How many connections.
    pub connections: usize,
    /// In how many rooms, evenly.
    pub rooms: usize,
    /// Deliveries a second of the load that measures latency.
    pub rate: f64,
    /// Bytes of JSON in each entry's data.
    pub size: usize,
    /// Length of each load.
    pub seconds: f64,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Connecting everybody.
    pub connected: Connected,
    /// Resident bytes of the server for each idle connection.
    pub bytes_per_connection: Option<f64>,
    /// Entries to the rooms, evenly spaced.
    pub at_rate: Measured,
    /// Entries to the rooms, 16 unfinished at a time: as many as it bears.
    pub flat_out: Measured,
    /// Entries to single users, 32 requests at a time.
    pub direct: Option<Measured>,
    /// What went wrong in all of it.
    pub faults: Faults,
}

/// Connects, publishes and measures. `progress` is told what is being done.
///
/// # Errors
///
/// The server refuses something, or options that make no sense.
pub fn run(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Report, Error> {
    if options.connections == 0 || options.rooms == 0 || options.rooms > options.connections {
        return Err(Error::Usage("at least one connection in each room is needed".to_owned()));
    }
    let mut target = Target::native(&options.url, &options.api_key, options.credentials.clone())?;
    target.pid = options.pid;
    let direct = target.distinct_users();
    let mut session = Session::new(target)?;
    let before = session.settle()?;
    progress(&format!("opening {} connections", options.connections));
    let connected =
        session.connect(options.connections, Rooms::Of(options.connections.div_ceil(options.rooms)))?;
    let after = session.settle()?;
    let bytes_per_connection = before
        .zip(after)
        .map(|(before, after)| after.saturating_sub(before) as f64 / options.connections as f64);
    let mut load =
        |aim, shape| session.load(Load { aim, shape, seconds: options.seconds, size: options.size });
    progress(&format!("{} deliveries/s", options.rate));
    let at_rate = load(Aim::Rooms, Shape::Rate(options.rate))?;
    progress("as many deliveries as it bears");
    let flat_out = load(Aim::Rooms, Shape::Unfinished(16))?;
    progress("direct publishes");
    let direct = if direct { Some(load(Aim::Users, Shape::Asked(32))?) } else { None };
    session.disconnect()?;
    let mut faults = Faults::default();
    for measured in [Some(at_rate), Some(flat_out), direct].into_iter().flatten() {
        faults.add(measured.faults);
    }
    Ok(Report { connected, bytes_per_connection, at_rate, flat_out, direct, faults })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connected { connections, seconds, cpu_us_each } = self.connected;
        write!(
            f,
            "connect     {connections} in {seconds:.2} s, {:.0}/s",
            connections as f64 / seconds.max(1e-9)
        )?;
        optional(f, cpu_us_each, "us CPU each")?;
        optional(f, self.bytes_per_connection, "bytes each")?;
        let mut load = |name: &str, measured: &Measured, cpu: Option<f64>, unit: &str| {
            write!(
                f,
                "\n{name:<12}{:.0} deliveries/s, {:.0} publishes/s, latency p50 {} p99 {} p99.9 {}",
                measured.deliveries_per_s(),
                measured.publishes_per_s(),
                milliseconds(measured.p50_us),
                milliseconds(measured.p99_us),
                milliseconds(measured.p999_us)
            )?;
            optional(f, cpu, unit)
        };
        load("at rate", &self.at_rate, self.at_rate.cpu_us_per_delivery(), "us CPU per delivery")?;
        load("flat out", &self.flat_out, self.flat_out.cpu_us_per_delivery(), "us CPU per delivery")?;
        if let Some(direct) = &self.direct {
            load("direct", direct, direct.cpu_us_per_publish(), "us CPU per publish")?;
        }
        let Faults { missing, duplicate, out_of_order, stray, closed } = self.faults;
        write!(
            f,
            "\nfaults      missing {missing}, duplicate {duplicate}, out of order {out_of_order}, stray {stray}, closed {closed}"
        )
    }
}

fn optional(f: &mut fmt::Formatter<'_>, value: Option<f64>, unit: &str) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, ", {value:.1} {unit}"))
}

fn milliseconds(us: f64) -> String {
    format!("{:.2} ms", us / 1e3)
}
