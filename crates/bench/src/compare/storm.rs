//! The presence storm: everybody's connection drops and is back within ten seconds. What those who stayed are told of it.

use std::time::{Duration, Instant};

use super::contender::{Contender, Kind};
use super::figure::{Bar, Figure};
use super::{Options, Run};
use crate::drive::Order;
use crate::error::Error;
use crate::session::Rooms;
use crate::watcher::{Seen, Watcher};

/// People of a small room.
pub(super) const ROOM: usize = 10;
/// Rooms that somebody watches, where there are several.
const WATCHED: u32 = 3;
/// How long all of them may take to come back, in seconds.
const BACK_S: f64 = 10.0;
/// What is told at intervals is told by then.
const AFTERMATH: Duration = Duration::from_millis(1_500);

/// A grace, and whether everybody is back before it ends.
#[derive(Clone, Copy)]
struct Grace {
    seconds: u32,
    is_long_enough: bool,
}

/// With a grace in which all come back, and with one that ends before they do.
pub(super) fn storm(rooms: Rooms, options: &Options, run: &mut Run) -> Result<(), Error> {
    let long = Grace { seconds: if options.quick { 2 } else { 10 }, is_long_enough: true };
    let short = Grace { seconds: 1, is_long_enough: false };
    for grace in [long, short] {
        drop_and_return(rooms, grace, options, run)?;
    }
    Ok(())
}

fn drop_and_return(rooms: Rooms, grace: Grace, options: &Options, run: &mut Run) -> Result<(), Error> {
    let count = options.large;
    let place = match rooms {
        Rooms::One => "one room".to_owned(),
        Rooms::Of(size) => format!("rooms of {size}"),
    };
    let when = if grace.is_long_enough { "within the grace" } else { "after the grace" };
    let what = format!("storm, {count} in {place}, back {when}");
    run.progress(&what);
    let own = Options { presence_grace_s: Some(grace.seconds), ..options.clone() };
    let mut server = Contender::start(Kind::Subject, &own)?;
    server.connect(count, rooms)?;
    server.settle()?;
    let watched = if rooms == Rooms::One { 0..1 } else { 0..WATCHED };
    let watchers: Vec<Watcher> = watched
        .enumerate()
        .map(|(number, room)| server.watcher(number, room, &own))
        .collect::<Result<_, _>>()?;

    let begun = Instant::now();
    let grace_ends = begun + Duration::from_secs(grace.seconds.into());
    server.tell(Order::Disconnect)?;
    if !grace.is_long_enough {
        sleep_until(Instant::now() + Duration::from_secs(grace.seconds.into()) + AFTERMATH / 2);
    }
    let back = server.connect(count, rooms)?;
    let took = begun.elapsed().as_secs_f64();
    sleep_until(grace_ends.max(Instant::now()) + AFTERMATH);
    let seen: Vec<Seen> = watchers.into_iter().map(Watcher::leave).collect::<Result<_, _>>()?;
    run.faults.add(server.faults);

    let pairs = seen.iter().map(Seen::pairs_most).max().unwrap_or(0);
    let allowed = if grace.is_long_enough { 0.0 } else { 1.0 };
    let figure =
        Figure::alone(format!("{what}: most told of one user in one room"), "pairs", &[pairs as f64]);
    run.add(figure.bar(Bar::Value(allowed)));
    let names = seen.iter().map(Seen::names).max().unwrap_or(0);
    let numbers = seen.iter().map(|seen| seen.numbers).max().unwrap_or(0);
    run.add(Figure::alone(format!("{what}: entries with a name, one watcher"), "entries", &[names as f64]));
    run.add(Figure::alone(format!("{what}: entries with a number"), "entries", &[numbers as f64]));
    let figure = Figure::alone(format!("{what}: from the first drop to the last return"), "s", &[took]);
    run.add(figure.bar(Bar::Value(BACK_S)));
    run.add(Figure::alone(format!("{what}: CPU each to return"), "us", &[back.cpu_us_each.unwrap_or(0.0)]));
    Ok(())
}

fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}
