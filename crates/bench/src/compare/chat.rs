//! A busy chat: how long a message takes until it is answered, and until everybody in the room has it.

use super::contender::Kind;
use super::figure::{Bar, Figure, each};
use super::home::Home;
use super::sets::Field;
use super::{Options, Run};
use crate::error::Error;
use crate::session::{Aim, Load, Measured, Rooms, Shape};

/// People in the room.
const PEOPLE: usize = 100;
/// Messages a second.
const RATE: f64 = 200.0;
/// A percentile of few messages says nothing.
const SECONDS_MIN: f64 = 5.0;
/// 99 % of the messages, in milliseconds.
const BAR_MS: f64 = 25.0;

/// The whole set.
pub(super) fn chat(options: &Options, run: &mut Run) -> Result<(), Error> {
    let home = Home::new("chat", options, run)?;
    let own = home.server(&home.database("bench.db"), "90d", options)?;
    let mut field = Field::start(&[Kind::Subject], &own, run)?;
    field.connect(PEOPLE, Rooms::One)?;
    let seconds = if options.quick { options.seconds } else { options.seconds.max(SECONDS_MIN) };
    let shape = Shape::Rate(RATE * PEOPLE as f64);
    let load = Load { aim: Aim::Chat, shape, seconds, size: options.size };
    let what = format!("chat of {PEOPLE}, {RATE} messages/s, SQLite");
    let slices = field.alone(&what, load)?;
    let mut add = |name: &str, quantity: &dyn Fn(&Measured) -> f64, bar: Option<Bar>| {
        let figure = Figure::alone(format!("{what}: {name}"), "ms", &each(&slices, quantity));
        field.run.add(Figure { bar, ..figure });
    };
    let bar = Some(Bar::Value(BAR_MS));
    add("p50 until all have it", &|slice| slice.p50_us / 1e3, None);
    add("p99 until all have it", &|slice| slice.p99_us / 1e3, bar);
    add("p99 until it is answered", &|slice| slice.answer_p99_us / 1e3, bar);
    field.end();
    Ok(())
}
