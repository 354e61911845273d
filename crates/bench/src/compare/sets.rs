//! What is measured, set by set. A set starts its own servers, connects their clients once and lets them take turns.

use super::contender::{Contender, Kind};
use super::figure::{Bar, Figure, each};
use super::{Options, Run};
use crate::drive::Order;
use crate::error::Error;
use crate::session::{Aim, Load, Measured, Rooms, Shape};

/// Deliveries a second of the fixed rate.
const RATE: f64 = 20_000.0;
/// Connections of one slice that measures connecting.
const NEWCOMERS: usize = 1_000;
/// Subscribers of a small room.
const ROOM: usize = 10;
/// One reader in so many stalls.
const STALLED_SHARE: usize = 100;

/// The queue of a connection while stalled readers shall stay.
const QUEUE_BYTES: usize = 64 << 20;

const W1: Shape = Shape::Unfinished(1);
const W16: Shape = Shape::Unfinished(16);

/// The servers of one set.
pub(super) struct Field<'a> {
    pub(super) contenders: Vec<Contender>,
    pub(super) options: &'a Options,
    pub(super) run: &'a mut Run,
}

impl<'a> Field<'a> {
    pub(super) fn start(kinds: &[Kind], options: &'a Options, run: &'a mut Run) -> Result<Self, Error> {
        run.progress("starting the servers");
        let present = kinds.iter().filter(|kind| **kind != Kind::FastApi || options.fastapi.is_some());
        let contenders = present.map(|kind| Contender::start(*kind, options)).collect::<Result<_, _>>()?;
        Ok(Self { contenders, options, run })
    }

    pub(super) fn connect(&mut self, count: usize, rooms: Rooms) -> Result<(), Error> {
        for contender in &mut self.contenders {
            self.run.progress(&format!("{count} connections: {}", contender.kind.name()));
            contender.connect(count, rooms)?;
            contender.settle()?;
        }
        Ok(())
    }

    /// Lets the named ones take turns with a load, after a short slice for warming up that is thrown away.
    pub(super) fn alternate(&mut self, what: &str, kinds: &[Kind], load: Load) -> Result<Turns, Error> {
        let mut turns = Turns(Vec::new());
        for slice in 0..=self.options.slices {
            let mut turn: Vec<_> =
                self.contenders.iter_mut().filter(|contender| kinds.contains(&contender.kind)).collect();
            // Whoever always came first could always find the machine in another state.
            if slice % 2 == 0 {
                turn.reverse();
            }
            for contender in turn {
                let name = contender.kind.name();
                self.run.progress(&format!("{what}, slice {slice} of {}: {name}", self.options.slices));
                if slice == 0 {
                    contender.load(Load { seconds: load.seconds / 4.0, ..load })?;
                } else {
                    turns.0.push((contender.kind, contender.load(load)?));
                }
            }
        }
        Ok(turns)
    }

    /// Lets the server bear a load, slice by slice, after a short one for warming up that is thrown away.
    pub(super) fn alone(&mut self, what: &str, load: Load) -> Result<Vec<Measured>, Error> {
        let turns = self.alternate(what, &[Kind::Subject], load)?;
        Ok(turns.0.into_iter().map(|(_, measured)| measured).collect())
    }

    pub(super) fn of(&mut self, kind: Kind) -> Option<&mut Contender> {
        self.contenders.iter_mut().find(|contender| contender.kind == kind)
    }

    /// Every set ends here: what went wrong goes into the run's books.
    pub(super) fn end(self) {
        for contender in &self.contenders {
            let ours = matches!(contender.kind, Kind::Subject | Kind::Transient);
            let faults = if ours { &mut self.run.faults } else { &mut self.run.others };
            faults.add(contender.faults);
        }
    }
}

/// The slices of one load, as they came.
pub(super) struct Turns(Vec<(Kind, Measured)>);

impl Turns {
    fn of(&self, kind: Kind, quantity: impl Fn(&Measured) -> f64) -> Vec<f64> {
        let own: Vec<Measured> =
            self.0.iter().filter(|(of, _)| *of == kind).map(|(_, measured)| *measured).collect();
        each(&own, quantity)
    }

    pub(super) fn figure(
        &self,
        what: &str,
        unit: &'static str,
        floor: Kind,
        quantity: impl Fn(&Measured) -> f64,
    ) -> Figure {
        let server = self.of(Kind::Subject, &quantity);
        let floor = self.of(floor, &quantity);
        let fastapi = Some(self.of(Kind::FastApi, &quantity)).filter(|values| !values.is_empty());
        Figure::against(what, unit, &server, &floor).fastapi(fastapi)
    }
}

/// The fixed rate. Its slices are longer: a room of 1,000 gets 20 entries a second, and a 99th percentile needs many.
fn at_rate(options: &Options) -> Load {
    let seconds = if options.quick { options.seconds } else { options.seconds.max(5.0) };
    Load { aim: Aim::Rooms, shape: Shape::Rate(RATE), seconds, size: options.size }
}

fn cpu_per_delivery(measured: &Measured) -> f64 {
    measured.cpu_us_per_delivery().unwrap_or(0.0)
}

/// Fan-out to one room in three shapes; with a peer in the smaller room, with memory in the larger one.
pub(super) fn fan_out(count: usize, small: bool, options: &Options, run: &mut Run) -> Result<(), Error> {
    let mut kinds = vec![Kind::Subject, Kind::Plain, Kind::Joined];
    if small {
        kinds.push(Kind::FastApi);
    }
    let mut field = Field::start(&kinds, options, run)?;
    memory(count, small, &mut field)?;
    let load = |aim, shape| Load { aim, shape, seconds: options.seconds, size: options.size };
    let title = |what: &str| format!("{what}, {count} subscribers");

    let what = title("fan-out, one at a time");
    let turns = field.alternate(&what, &[Kind::Subject, Kind::Plain, Kind::FastApi], load(Aim::Rooms, W1))?;
    let cpu = format!("{what}: CPU per delivery");
    field.run.add(turns.figure(&cpu, "us", Kind::Plain, cpu_per_delivery).bar(Bar::Ratio(1.25)));
    field.run.add(turns.figure(&format!("{what}: p50"), "us", Kind::Plain, |slice| slice.p50_us));

    let what = title("fan-out, 16 at a time");
    let turns =
        field.alternate(&what, &[Kind::Subject, Kind::Joined, Kind::FastApi], load(Aim::Rooms, W16))?;
    let cpu = format!("{what}: CPU per delivery");
    field.run.add(turns.figure(&cpu, "us", Kind::Joined, cpu_per_delivery).bar(Bar::Ratio(1.3)));
    let time = format!("{what}: time per delivery");
    field.run.add(turns.figure(&time, "us", Kind::Joined, |slice| 1e6 / slice.deliveries_per_s().max(1e-9)));

    let what = title("20,000 deliveries/s");
    let turns = field.alternate(
        &what,
        &[Kind::Subject, Kind::Plain, Kind::FastApi],
        load(Aim::Rooms, Shape::Rate(RATE)),
    )?;
    let cpu = format!("{what}: CPU per delivery");
    field.run.add(turns.figure(&cpu, "us", Kind::Plain, cpu_per_delivery).bar(Bar::Ratio(1.25)));
    let figure = turns.figure(&format!("{what}: p50"), "us", Kind::Plain, |slice| slice.p50_us);
    field.run.add(figure.bar(Bar::Ratio(1.25)));
    let figure = turns.figure(&format!("{what}: p99"), "us", Kind::Plain, |slice| slice.p99_us);
    field.run.add(figure.bar(Bar::Ratio(1.25)));
    field.run.add(turns.figure(&format!("{what}: p99.9"), "us", Kind::Plain, |slice| slice.p999_us));

    field.end();
    Ok(())
}

/// To single users over HTTP.
pub(super) fn direct(options: &Options, run: &mut Run) -> Result<(), Error> {
    let kinds = [Kind::Subject, Kind::Plain, Kind::FastApi];
    let mut field = Field::start(&kinds, options, run)?;
    field.connect(options.small, Rooms::One)?;
    let what = format!("direct publish to one of {}, 32 at a time", options.small);
    let load =
        Load { aim: Aim::Users, shape: Shape::Asked(32), seconds: options.seconds, size: options.size };
    let turns = field.alternate(&what, &kinds, load)?;
    let cpu = |slice: &Measured| slice.cpu_us_per_publish().unwrap_or(0.0);
    field.run.add(turns.figure(&format!("{what}: CPU"), "us", Kind::Plain, cpu).bar(Bar::Ratio(1.4)));
    let time = |slice: &Measured| 1e6 / slice.publishes_per_s().max(1e-9);
    field.run.add(turns.figure(&format!("{what}: time"), "us", Kind::Plain, time).bar(Bar::Ratio(1.4)));
    field.end();
    Ok(())
}

/// The same subscribers in many small rooms.
pub(super) fn rooms(options: &Options, run: &mut Run) -> Result<(), Error> {
    let mut field = Field::start(&[Kind::Subject, Kind::Plain, Kind::FastApi], options, run)?;
    field.connect(options.small, Rooms::Of(ROOM))?;
    let what = format!("fan-out to {} rooms of {ROOM}, 16 at a time", options.small / ROOM);
    let load = Load { aim: Aim::Rooms, shape: W16, seconds: options.seconds, size: options.size };
    let turns = field.alternate(&what, &[Kind::Subject, Kind::Plain, Kind::FastApi], load)?;
    field.run.add(turns.figure(&format!("{what}: CPU per delivery"), "us", Kind::Plain, cpu_per_delivery));
    let time = |slice: &Measured| 1e6 / slice.deliveries_per_s().max(1e-9);
    field.run.add(turns.figure(&format!("{what}: time per delivery"), "us", Kind::Plain, time));
    field.end();
    Ok(())
}

/// Connects everybody and weighs the server before, after, and after everybody got something.
fn memory(count: usize, small: bool, field: &mut Field<'_>) -> Result<(), Error> {
    field.connect(count, Rooms::One)?;
    let load = Load { aim: Aim::Rooms, shape: W1, seconds: field.options.seconds, size: field.options.size };
    let mut weigh = |kind| -> Result<Option<(f64, f64)>, Error> {
        let Some(contender) = field.of(kind) else { return Ok(None) };
        let base = contender.base_bytes;
        let idle = contender.settle()?.saturating_sub(base);
        contender.load(load)?;
        let after = contender.settle()?.saturating_sub(base);
        Ok(Some((idle as f64 / count as f64, (after as f64 / idle.max(1) as f64 - 1.0) * 100.0)))
    };
    let (server, floor, fastapi) = (weigh(Kind::Subject)?, weigh(Kind::Plain)?, weigh(Kind::FastApi)?);
    let (Some(server), Some(floor)) = (server, floor) else { return Ok(()) };
    let idle =
        Figure::against(format!("memory per idle connection of {count}"), "bytes", &[server.0], &[floor.0])
            .fastapi(fastapi.map(|fastapi| vec![fastapi.0]));
    let growth = Figure::alone("its growth after traffic to all".to_owned(), "%", &[server.1])
        .fastapi(fastapi.map(|fastapi| vec![fastapi.1]));
    field.run.add(if small { idle } else { idle.bar(Bar::Value(2_500.0)) });
    field.run.add(if small { growth } else { growth.bar(Bar::Value(10.0)) });
    Ok(())
}

/// Connecting with a token and joining a room of one's own: nobody else hears of it.
pub(super) fn connecting(options: &Options, run: &mut Run) -> Result<(), Error> {
    let mut field = Field::start(&[Kind::Subject, Kind::Plain, Kind::FastApi], options, run)?;
    let mut costs = [const { Vec::new() }; 3];
    for slice in 0..=options.slices {
        for contender in &mut field.contenders {
            field.run.progress(&format!(
                "connecting, slice {slice} of {}: {}",
                options.slices,
                contender.kind.name()
            ));
            let connected = contender.connect(NEWCOMERS.min(options.large), Rooms::Of(1))?;
            contender.tell(Order::Disconnect)?;
            if slice > 0 {
                let of = match contender.kind {
                    Kind::Subject => 0,
                    Kind::FastApi => 2,
                    _ => 1,
                };
                costs[of].push(connected.cpu_us_each.unwrap_or(0.0));
            }
        }
    }
    let [server, floor, fastapi] = costs;
    let figure = Figure::against("connect with a token and join: CPU each", "us", &server, &floor);
    field.run.add(figure.fastapi(Some(fastapi).filter(|values| !values.is_empty())).bar(Bar::Value(80.0)));
    field.end();
    Ok(())
}

/// Everybody comes back to one room at once, against as many small rooms.
pub(super) fn returning(options: &Options, run: &mut Run) -> Result<(), Error> {
    let mut field = Field::start(&[Kind::Subject], options, run)?;
    let (crowd, small) = (options.large, options.large.min(100));
    let few = (20 * small).min(crowd);
    let (mut in_small, mut in_one) = (Vec::new(), Vec::new());
    for slice in 0..options.slices.min(3) {
        field.run.progress(&format!("returning to one room, slice {} of 3", slice + 1));
        let Some(server) = field.of(Kind::Subject) else { break };
        for (count, rooms, costs) in
            [(few, Rooms::Of(small), &mut in_small), (crowd, Rooms::One, &mut in_one)]
        {
            server.connect(count, rooms)?;
            server.tell(Order::Disconnect)?;
            costs.push(server.connect(count, rooms)?.cpu_us_each.unwrap_or(0.0));
            server.tell(Order::Disconnect)?;
        }
    }
    let what = format!("{crowd} returning to one room: CPU each (yardstick: {small} to a room)");
    field.run.add(Figure::against(what, "us", &in_one, &in_small).bar(Bar::Ratio(2.0)));
    field.end();
    Ok(())
}

/// What the others notice when some readers stop reading. The yardstick is the same server without them.
pub(super) fn stalled(options: &Options, run: &mut Run) -> Result<(), Error> {
    // Their queues must not end them before the slice does.
    let patient = Options { queue_bytes: Some(QUEUE_BYTES), ..options.clone() };
    let mut field = Field::start(&[Kind::Subject], &patient, run)?;
    field.connect(options.small, Rooms::One)?;
    let count = (options.small / STALLED_SHARE).max(1);
    let even = at_rate(options);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for slice in 0..options.slices {
        field.run.progress(&format!("{count} stalled readers, slice {} of {}", slice + 1, options.slices));
        let Some(server) = field.of(Kind::Subject) else { break };
        server.load(fill(options))?;
        without.push(server.load(even)?.p99_us);
        server.tell(Order::Stall(count))?;
        server.load(fill(options))?;
        with.push(server.load(even)?.p99_us);
        server.tell(Order::Unstall(count))?;
    }
    let what =
        format!("{count} of {} readers stalled: p99 of the others (yardstick: none stalled)", options.small);
    field.run.add(Figure::against(what, "us", &with, &without).bar(Bar::Ratio(1.15)));
    field.end();
    if options.quick { Ok(()) } else { stalled_ends(count, options, run) }
}

/// How the server parts with readers that never read again, at its default size of queues, and what it needs until then.
fn stalled_ends(count: usize, options: &Options, run: &mut Run) -> Result<(), Error> {
    let mut field = Field::start(&[Kind::Subject], options, run)?;
    field.run.progress("how stalled readers end");
    field.connect(options.small, Rooms::One)?;
    if let Some(server) = field.of(Kind::Subject) {
        let before = server.settle()?;
        server.tell(Order::Stall(count))?;
        server.load(fill(options))?;
        server.load(fill(options))?;
        let grown = server.settle()?.saturating_sub(before) as f64 / f64::from(1 << 20);
        let name = |code| if code == 0 { "without a code".to_owned() } else { format!("with {code}") };
        let ends = server.stalled_ends()?;
        let ends: Vec<_> = ends.iter().map(|(code, times)| format!("{times} {}", name(*code))).collect();
        let ends = if ends.is_empty() { "none".to_owned() } else { ends.join(", ") };
        field.run.notes.push(format!(
            "Of {count} readers stalled under full load the server closed: {ends}. Its memory grew by {grown:.1} MiB meanwhile."
        ));
    }
    field.end();
    Ok(())
}

/// Fills what stands between the server and readers that do not read. The kernel alone takes some 4 MiB for each of them before a write
/// would block; smaller entries would take minutes.
fn fill(options: &Options) -> Load {
    let seconds = if options.quick { options.seconds } else { 8.0 };
    Load { aim: Aim::Rooms, shape: W16, seconds, size: 16_000 }
}
