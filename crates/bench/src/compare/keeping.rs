//! What keeping costs: a publish that is on the disk against the bare loop, and a delivery of what is kept against one of what is not.

use super::contender::{Contender, Kind};
use super::figure::{Bar, Figure};
use super::home::Home;
use super::sets::Field;
use super::{Options, Run};
use crate::bare::{Bare, Ran};
use crate::error::Error;
use crate::session::{Aim, Load, Measured, Rooms, Shape};

/// Publishes that wait for their answer.
const IN_FLIGHT: usize = 64;
/// The same number, in requests of sixteen: how a back end publishes much.
const BATCHED: Shape = Shape::Batches(IN_FLIGHT / 16, 16);
/// Rows of the bare loop's transactions: as many as can wait together in the server, and what more would bring.
const BATCHES: [u64; 2] = [IN_FLIGHT as u64, 256];
/// Readers of the one room.
const READERS: usize = 10;
/// The server keeps at least 0.6 times as many entries a second as the bare loop keeps rows.
const AGAINST_BARE: f64 = 1.67;
/// A delivery of what is kept costs at most this much of one of what is not.
const AGAINST_TRANSIENT: f64 = 1.15;

/// The whole set.
pub(super) fn keeping(options: &Options, run: &mut Run) -> Result<(), Error> {
    acknowledged(&Spread { rooms: 1, readers: READERS, follow: Rooms::One }, options, run)?;
    let rooms = options.small;
    acknowledged(&Spread { rooms, readers: rooms, follow: Rooms::Of(1) }, options, run)?;
    delivered(options, run)
}

/// Into how many rooms is published, and who reads them.
struct Spread {
    rooms: usize,
    readers: usize,
    follow: Rooms,
}

/// Publishes that are answered when they are on the disk, against rows in batches. Both write to files of their own on one file
/// system, one at a time.
fn acknowledged(spread: &Spread, options: &Options, run: &mut Run) -> Result<(), Error> {
    let home = Home::new("keeping", options, run)?;
    let own = home.server(&home.database("bench.db"), "90d", options)?;
    let mut bare = Bare::create(
        &home.database("bare.db"),
        u32::try_from(spread.rooms).unwrap_or(u32::MAX),
        options.size,
    )?;
    let mut field = Field::start(&[Kind::Subject], &own, run)?;
    field.connect(spread.readers, spread.follow)?;
    let what = match spread.rooms {
        1 => format!("kept publishes to one room, {IN_FLIGHT} in flight"),
        rooms => format!("kept publishes to {rooms} rooms, {IN_FLIGHT} in flight"),
    };
    for (how, shape) in [("one a request", Shape::Asked(IN_FLIGHT)), ("in batches of 16", BATCHED)] {
        let load = Load { aim: Aim::Rooms, shape, seconds: options.seconds, size: options.size };
        let what = format!("{what}, {how}");
        let turns = turns(&what, load, &mut field, &mut bare)?;
        report(&what, &turns, field.run);
    }
    field.end();
    Ok(())
}

/// What the turns came to.
fn report(what: &str, turns: &[Turn], run: &mut Run) {
    let each = |quantity: &dyn Fn(&Measured) -> f64| -> Vec<f64> {
        turns.iter().map(|turn| quantity(&turn.server)).collect()
    };
    let rows: [Vec<f64>; 2] =
        [0, 1].map(|batch| turns.iter().map(|turn| turn.bare[batch].us_per_row()).collect());
    let times = each(&|slice| 1e6 / slice.publishes_per_s().max(1e-9));
    let against = |batch: usize| {
        let what = format!("{what}: time (yardstick: bare inserts, {} a commit)", BATCHES[batch]);
        Figure::against(what, "us", &times, &rows[batch])
    };
    run.add(against(0).bar(Bar::Ratio(AGAINST_BARE)));
    run.add(against(1));
    let cpu = each(&|slice| slice.cpu_us_per_publish().unwrap_or(0.0));
    run.add(Figure::alone(format!("{what}: CPU"), "us", &cpu));
    run.add(Figure::alone(
        format!("{what}: p99 until the readers have it"),
        "ms",
        &each(&|slice| slice.p99_us / 1e3),
    ));
}

/// A slice of the server, and of the bare loop with each size of batches.
struct Turn {
    server: Measured,
    bare: [Ran; 2],
}

fn turns(what: &str, load: Load, field: &mut Field<'_>, bare: &mut Bare) -> Result<Vec<Turn>, Error> {
    let mut turns = Vec::new();
    for slice in 0..=field.options.slices {
        field.run.progress(&format!("{what}, slice {slice} of {}", field.options.slices));
        let Some(server) = field.of(Kind::Subject) else { break };
        let seconds = if slice == 0 { load.seconds / 4.0 } else { load.seconds };
        let mut by_hand = |batch| bare.run(seconds, batch);
        // Who comes first alternates, as in the other sets.
        let turn = if slice % 2 == 0 {
            let server = server.load(Load { seconds, ..load })?;
            Turn { server, bare: [by_hand(BATCHES[0])?, by_hand(BATCHES[1])?] }
        } else {
            let many = by_hand(BATCHES[1])?;
            let bare = [by_hand(BATCHES[0])?, many];
            Turn { server: server.load(Load { seconds, ..load })?, bare }
        };
        if slice > 0 {
            turns.push(turn);
        }
    }
    Ok(turns)
}

/// The same entries to the same readers, by a server that keeps them and by one that does not.
fn delivered(options: &Options, run: &mut Run) -> Result<(), Error> {
    let home = Home::new("fan-out", options, run)?;
    run.progress("starting the servers");
    let contenders = [(Kind::Subject, "90d"), (Kind::Transient, "none")]
        .into_iter()
        .map(|(kind, keep)| {
            let database = home.database(&format!("{keep}.db"));
            Contender::start(kind, &home.server(&database, keep, options)?)
        })
        .collect::<Result<_, _>>()?;
    let mut field = Field { contenders, options, run };
    field.connect(options.small, Rooms::One)?;
    for (name, unfinished) in [("one at a time", 1), ("16 at a time", 16)] {
        let load = Load {
            aim: Aim::Rooms,
            shape: Shape::Unfinished(unfinished),
            seconds: options.seconds,
            size: options.size,
        };
        let what = format!("fan-out of kept entries, {name}, {} subscribers", options.small);
        let turns = field.alternate(&what, &[Kind::Subject, Kind::Transient], load)?;
        let cpu = format!("{what}: CPU per delivery (yardstick: kept nowhere)");
        let figure =
            turns.figure(&cpu, "us", Kind::Transient, |slice| slice.cpu_us_per_delivery().unwrap_or(0.0));
        field.run.add(figure.bar(Bar::Ratio(AGAINST_TRANSIENT)));
        let time = format!("{what}: time per delivery (yardstick: kept nowhere)");
        let per_delivery = |slice: &Measured| 1e6 / slice.deliveries_per_s().max(1e-9);
        field.run.add(turns.figure(&time, "us", Kind::Transient, per_delivery));
    }
    field.end();
    Ok(())
}
