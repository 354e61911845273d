//! Everybody comes back at once after a network was away, each a hundred entries behind: how long until all have them.

use super::contender::{Contender, Kind};
use super::figure::{Bar, Figure};
use super::home::Home;
use super::{Options, Run};
use crate::bare::Bare;
use crate::drive::Order;
use crate::error::Error;
use crate::mark::Mark;
use crate::session::{Missed, Recovered};

/// Entries that each has missed.
const MISSED: u32 = 100;
/// Entries in the room before, so that what was missed is not all there is.
const BEFORE: u64 = 900;
/// Until 99 % are where the others are, in milliseconds.
const BAR_MS: f64 = 1_000.0;

/// The whole set. Each round starts the server anew on the same database: first all come back to a server that has just started,
/// then to one that has run and has published what they missed itself.
pub(super) fn recovering(options: &Options, run: &mut Run) -> Result<(), Error> {
    let home = Home::new("recovering", options, run)?;
    let database = home.database("bench.db");
    let mut bare = Bare::create(&database, 1, options.size)?;
    bare.fill(BEFORE + u64::from(MISSED))?;
    let (epoch, mut head) = bare.position();
    drop(bare);
    let own = home.server(&database, "90d", options)?;
    let (mut after_start, mut while_running) = (Vec::new(), Vec::new());
    for round in 0..options.slices.min(3) {
        run.progress(&format!("{} come back, round {}", options.small, round + 1));
        let mut server = Contender::start(Kind::Subject, &own)?;
        let back = |server: &mut Contender, head: u64| {
            let epoch = epoch.clone();
            let recovered = server.recover(Missed {
                count: options.small,
                epoch,
                offset: head - u64::from(MISSED),
                entries: MISSED,
            })?;
            server.tell(Order::Disconnect)?;
            Ok::<_, Error>(recovered)
        };
        after_start.push(back(&mut server, head)?);
        let mut back_end = server.back_end(options)?;
        for _ in 0..MISSED {
            head += 1;
            let seq = u32::try_from(head).unwrap_or(u32::MAX);
            back_end.publish(Mark { stream: 0, seq, at: 0 }, options.size)?;
        }
        while_running.push(back(&mut server, head)?);
        run.faults.add(server.faults);
    }
    for (when, rounds) in [("right after a start", after_start), ("while it runs", while_running)] {
        figures(&format!("{} back at once, {MISSED} entries behind, {when}", options.small), &rounds, run);
    }
    Ok(())
}

fn figures(what: &str, rounds: &[Recovered], run: &mut Run) {
    let each =
        |quantity: fn(&Recovered) -> f64| -> Vec<f64> { rounds.iter().map(quantity).collect::<Vec<_>>() };
    run.add(Figure::alone(format!("{what}: p50"), "ms", &each(|round| round.p50_us / 1e3)));
    let p99 = Figure::alone(format!("{what}: p99"), "ms", &each(|round| round.p99_us / 1e3));
    run.add(p99.bar(Bar::Value(BAR_MS)));
    run.add(Figure::alone(format!("{what}: the last one"), "ms", &each(|round| round.max_us / 1e3)));
    let cpu = each(|round| round.cpu_us_each.unwrap_or(0.0));
    run.add(Figure::alone(format!("{what}: CPU each"), "us", &cpu));
}
