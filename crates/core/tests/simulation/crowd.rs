//! A room of a hundred thousand: what each who comes costs, and how many names anybody is sent.

use std::{
    io::{self, IoSlice},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tidings_core::Connection;
use tidings_settings::Settings;

use crate::hall::Hall;

/// What all connections together were sent.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    bytes: Arc<AtomicU64>,
    /// Names in what one connection was sent.
    names: Arc<AtomicU64>,
}

impl Counted {
    fn next(&self) -> Self {
        Self { bytes: self.bytes.clone(), names: Arc::default() }
    }
}

impl tidings_core::Outlet for Counted {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        // Users are called `u` and a number; nothing else looks like it.
        let names = |piece: &IoSlice<'_>| {
            piece.windows(3).filter(|it| it[0] == b'u' && it[1] == b'#' && it[2].is_ascii_digit()).count()
        };
        self.names.fetch_add(pieces.iter().map(names).sum::<usize>() as u64, Ordering::Relaxed);
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// What filling a room took.
#[derive(Debug)]
#[allow(dead_code, reason = "the example prints what the test does not look at")]
pub(crate) struct Figures {
    /// How many came.
    pub(crate) people: usize,
    /// Until all were in the room and all that they were told had left.
    pub(crate) time: Duration,
    /// Bytes that all of them were sent, for each who came.
    pub(crate) bytes_each: u64,
    /// Most names that one of them was sent in all: those in the room before, and those who came while it was small.
    pub(crate) names_most: u64,
    /// Until all had left again, each by a lost connection, and the grace was over.
    pub(crate) leaving: Duration,
    /// How many hear at the end that they are alone.
    pub(crate) left: usize,
}

/// So many people come into one room, each with a connection of their own, and go again. `a_second` of them come in each second.
pub(crate) fn fill(people: usize, a_second: usize) -> Figures {
    let mut settings = Settings::default();
    settings.limits.connections = 0;
    let hall = Hall::new(&settings);
    let (total, began) = (Counted::default(), Instant::now());
    let mut crowd: Vec<Arc<Connection<Counted>>> = Vec::with_capacity(people);
    for number in 0..people {
        let connection = hall.connect(&format!("u#{number}"), total.next());
        let shared: Arc<Connection> = connection.clone();
        hall.join(&shared, "arena");
        crowd.push(connection);
        if (number + 1) % a_second == 0 {
            hall.pass(1_000);
        }
    }
    hall.pass(2_000);
    let time = began.elapsed();
    let names_most =
        crowd.iter().map(|connection| connection.outlet.names.load(Ordering::Relaxed)).max().unwrap_or(0);
    let bytes_each = total.bytes.load(Ordering::Relaxed) / people.max(1) as u64;
    let began = Instant::now();
    crowd.iter().for_each(|connection| hall.tidings.hub.disconnect(&**connection));
    hall.pass(6_000);
    let left = hall.tidings.hub.user_count();
    Figures { people, time, bytes_each, names_most, leaving: began.elapsed(), left }
}
