//! Publishing, in one of three shapes, and what came of it.

use std::time::Duration;

use mio::Token;

use super::publisher::Publisher;
use super::{PUBLISHERS, Session};
use crate::clock;
use crate::error::Error;
use crate::ledger::{Faults, Order};
use crate::mark::{Mark, SIZE_MIN};
use crate::{http, target};

/// How long deliveries may take after the last publish before they count as missing.
const DRAIN_S: f64 = 10.0;
/// Publishing connections of a fixed rate: more than it ever needs while the server keeps up.
const RATE_SLOTS: usize = 16;
/// So long before an entry is due the loop stops sleeping: epoll sleeps in whole milliseconds.
const SPIN_NS: u64 = 1_500_000;

/// For whom entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Aim {
    /// For the rooms, in turn.
    Rooms,
    /// For single users, in turn.
    Users,
    /// For the rooms, in turn, as messages of a chat.
    Chat,
}

/// When the next entry is published.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Shape {
    /// So many are unfinished: published and not yet with every subscriber.
    Unfinished(usize),
    /// So many requests are without an answer.
    Asked(usize),
    /// So many requests are without an answer, each a batch of so many entries.
    Batches(usize, usize),
    /// So many deliveries a second, evenly spaced, whatever the server does.
    Rate(f64),
}

/// One load.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Load {
    /// For whom.
    pub aim: Aim,
    /// How.
    pub shape: Shape,
    /// For how long.
    pub seconds: f64,
    /// Bytes of JSON in each entry's data.
    pub size: usize,
}

/// What came of a load.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// Entries published.
    pub publishes: u64,
    /// Entries received, over all connections.
    pub deliveries: u64,
    /// From the first publish to the last delivery.
    pub seconds: f64,
    /// The server's CPU time in that, in microseconds.
    pub cpu_us: Option<f64>,
    /// Half of the deliveries came within this many microseconds of their publish.
    pub p50_us: f64,
    /// 99 % did.
    pub p99_us: f64,
    /// 99.9 % did.
    pub p999_us: f64,
    /// 99 % of the publishes were answered within this many microseconds of when they were due.
    pub answer_p99_us: f64,
    /// What went wrong.
    pub faults: Faults,
}

impl Measured {
    /// The server's CPU time for one delivery, in microseconds.
    #[must_use]
    pub fn cpu_us_per_delivery(&self) -> Option<f64> {
        self.cpu_us.filter(|_| self.deliveries > 0).map(|cpu| cpu / self.deliveries as f64)
    }

    /// The server's CPU time for one publish, in microseconds.
    #[must_use]
    pub fn cpu_us_per_publish(&self) -> Option<f64> {
        self.cpu_us.filter(|_| self.publishes > 0).map(|cpu| cpu / self.publishes as f64)
    }

    /// Deliveries in a second.
    #[must_use]
    pub fn deliveries_per_s(&self) -> f64 {
        self.deliveries as f64 / self.seconds.max(1e-9)
    }

    /// Publishes in a second.
    #[must_use]
    pub fn publishes_per_s(&self) -> f64 {
        self.publishes as f64 / self.seconds.max(1e-9)
    }
}

/// Where a load is: which stream is next, and how much has been published.
struct Round {
    streams: Vec<u32>,
    publishes: u64,
    order: Order,
}

impl Session {
    /// Publishes for a while, waits for the last deliveries, and says what came of it.
    ///
    /// # Errors
    ///
    /// A publish that is refused; nobody to publish to; data that are too small for a mark.
    pub fn load(&mut self, load: Load) -> Result<Measured, Error> {
        if load.size < SIZE_MIN {
            return Err(Error::Usage(format!("an entry needs at least {SIZE_MIN} bytes of data")));
        }
        let streams = self.streams(load.aim);
        if streams.is_empty() {
            return Err(Error::Usage("nobody is connected to publish to".to_owned()));
        }
        // Of many users each has at most one entry under way.
        let alone = load.shape == Shape::Unfinished(1)
            || matches!(load.shape, Shape::Asked(slots) if streams.len() > 2 * slots)
            || matches!(load.shape, Shape::Batches(slots, each) if streams.len() > 2 * slots * each);
        let order = if alone { Order::AsPublished } else { Order::AsAgreed };
        let mut round = Round { streams, publishes: 0, order };
        let slots = match load.shape {
            Shape::Unfinished(slots) | Shape::Asked(slots) | Shape::Batches(slots, _) => slots,
            Shape::Rate(_) => RATE_SLOTS,
        };
        self.hire(slots)?;
        self.ledger.latency.clear();
        self.answers.clear();
        self.ledger.delivered = 0;
        let cpu = self.server_cpu()?;
        let start = clock::now();
        match load.shape {
            Shape::Rate(deliveries) => self.at_rate(load, deliveries, start, &mut round)?,
            Shape::Unfinished(_) | Shape::Asked(_) | Shape::Batches(..) => {
                self.in_turns(load, slots, start, &mut round)?;
            }
        }
        self.drain()?;
        let seconds = clock::seconds(start, clock::now());
        let cpu = self.server_cpu()?.zip(cpu).map(|(after, before)| after.saturating_sub(before));
        self.close_books();
        let quantile = |share| self.ledger.latency.quantile(share) as f64 / 1e3;
        Ok(Measured {
            publishes: round.publishes,
            deliveries: self.ledger.delivered,
            seconds,
            cpu_us: cpu.map(|cpu| cpu as f64 / 1e3),
            p50_us: quantile(0.5),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            answer_p99_us: self.answers.quantile(0.99) as f64 / 1e3,
            faults: self.take_faults(),
        })
    }

    /// Each slot publishes again as soon as it may.
    fn in_turns(&mut self, load: Load, slots: usize, start: u64, round: &mut Round) -> Result<(), Error> {
        let end = start + clock::nanos(load.seconds);
        let wait_for_all = matches!(load.shape, Shape::Unfinished(_));
        loop {
            let now = clock::now();
            if now >= end {
                return Ok(());
            }
            for slot in 0..slots {
                let publisher = &self.publishers[slot];
                if publisher.answered() && !(wait_for_all && publisher.open) {
                    self.publish(load, slot, clock::now(), round)?;
                }
            }
            self.attend(Some(Duration::from_nanos(end - now)))?;
        }
    }

    /// Entries are due at fixed times; what is late because the server is counts from when it was due.
    fn at_rate(&mut self, load: Load, deliveries: f64, start: u64, round: &mut Round) -> Result<(), Error> {
        let members = self.ledger.members(round.streams[0]).max(1);
        let interval = clock::nanos(f64::from(members) / deliveries.max(1e-3)).max(1);
        let end = start + clock::nanos(load.seconds);
        let mut due = start;
        while due < end {
            let now = clock::now();
            let free = self.publishers.iter().position(|it| it.answered() && !it.stale);
            if let Some(slot) = free
                && now >= due
            {
                self.publish(load, slot, due, round)?;
                due += interval;
                continue;
            }
            let sleep =
                if free.is_some() { due.saturating_sub(now).saturating_sub(SPIN_NS) } else { SPIN_NS };
            self.attend(Some(Duration::from_millis(sleep / 1_000_000)))?;
            if clock::seconds(end, clock::now()) > DRAIN_S {
                return Err(Error::Late(format!("the server does not reach {deliveries} deliveries/s")));
            }
        }
        Ok(())
    }

    fn publish(&mut self, load: Load, slot: usize, at: u64, round: &mut Round) -> Result<(), Error> {
        let mut body = Vec::new();
        let path = match load.shape {
            Shape::Batches(_, entries) => {
                body.extend_from_slice(br#"{"entries":["#);
                for entry in 0..entries {
                    if entry > 0 {
                        body.push(b',');
                    }
                    self.write_entry(load, slot, at, round, &mut body)?;
                }
                body.extend_from_slice(b"]}");
                format!("{}/batch", self.target.publish_path)
            }
            Shape::Unfinished(_) | Shape::Asked(_) | Shape::Rate(_) => {
                let stream = self.write_entry(load, slot, at, round, &mut body)?;
                match load.aim {
                    Aim::Chat => format!("/v1/rooms/{}/messages", target::room(stream)),
                    Aim::Rooms | Aim::Users => self.target.publish_path.clone(),
                }
            }
        };
        let target = &self.target;
        let publisher = &mut self.publishers[slot];
        publisher.open = true;
        publisher.ask(at, |out| http::write_post(&path, &target.host, &target.api_key, &body, out))
    }

    /// The next entry, as a request's body says it; its stream.
    fn write_entry(
        &mut self,
        load: Load,
        slot: usize,
        at: u64,
        round: &mut Round,
        body: &mut Vec<u8>,
    ) -> Result<u32, Error> {
        let stream = round.streams[usize::try_from(round.publishes).unwrap_or(0) % round.streams.len()];
        let left = || Error::Usage("nobody follows the room any more".to_owned());
        let seq = self.ledger.publish(stream, slot, round.order).ok_or_else(left)?;
        round.publishes += 1;
        let mark = Mark { stream, seq, at };
        if load.aim == Aim::Chat {
            write_message(mark, load.size, body);
            return Ok(stream);
        }
        let to = match stream & Mark::USER {
            0 => format!(r#"{{"to":{{"room":"{}"}},"type":"bench","data":"#, target::room(stream)),
            _ => {
                let user = target::user((stream & !Mark::USER) as usize);
                format!(r#"{{"to":{{"user":"{user}"}},"type":"bench","data":"#)
            }
        };
        body.extend_from_slice(to.as_bytes());
        mark.write_data(load.size, body);
        body.push(b'}');
        Ok(stream)
    }

    /// Waits until every publish has its answer and every entry its subscribers.
    fn drain(&mut self) -> Result<(), Error> {
        let end = clock::now() + clock::nanos(DRAIN_S);
        while self.ledger.unfinished > 0 || !self.publishers.iter().all(Publisher::answered) {
            if clock::now() > end {
                break;
            }
            self.attend(Some(Duration::from_millis(100)))?;
        }
        Ok(())
    }

    fn close_books(&mut self) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if connection.follows() {
                self.ledger.close_books(index, &mut connection.places);
            }
        }
        self.ledger.give_up();
        for publisher in &mut self.publishers {
            publisher.open = false;
        }
    }

    /// The streams of those who are connected and read, each once.
    fn streams(&self, aim: Aim) -> Vec<u32> {
        let place = usize::from(aim == Aim::Users);
        let following = self.connections.iter().filter(|connection| connection.follows());
        let mut streams: Vec<_> = following.map(|connection| connection.places[place].stream).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// So many publishing connections, none of them stale.
    fn hire(&mut self, slots: usize) -> Result<(), Error> {
        // An idle connection that the server closed says so only when it is looked at.
        self.attend(Some(Duration::ZERO))?;
        for slot in 0..slots {
            if self.publishers.get(slot).is_some_and(|publisher| !publisher.stale) {
                continue;
            }
            let publisher =
                Publisher::connect(self.target.address, self.poll.registry(), Token(PUBLISHERS + slot))?;
            match self.publishers.get_mut(slot) {
                Some(stale) => *stale = publisher,
                None => self.publishers.push(publisher),
            }
        }
        Ok(())
    }
}

/// A message of the first user: the mark, and words up to `size` bytes. As clients do it has a name of its own.
fn write_message(mark: Mark, size: usize, body: &mut Vec<u8>) {
    let name = format!("{:x}-{:x}-{:x}", mark.stream, mark.seq, mark.at);
    let from = target::user(0);
    body.extend_from_slice(format!(r#"{{"from":"{from}","client_id":"{name}","content":""#).as_bytes());
    let content = body.len();
    mark.write(body);
    body.extend(b" lorem ipsum dolor".iter().cycle().take(size.saturating_sub(body.len() - content)));
    body.extend_from_slice(br#""}"#);
}
