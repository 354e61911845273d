//! Everybody comes back at once, to what they have missed.

use super::connect::AFTERMATH_S;
use super::{Rooms, Session};
use crate::clock;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::ledger::{Faults, Ledger};
use crate::mark::Mark;

/// Who comes back, and what they have missed of room 0, whose entries' marks say their offsets.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Missed {
    /// How many come back.
    pub count: usize,
    /// The epoch of the room's log.
    pub epoch: String,
    /// The offset that each has seen last.
    pub offset: u64,
    /// How many entries came after it.
    pub entries: u32,
}

impl Missed {
    /// What asks for it in `join_room`.
    pub(super) fn since(&self) -> String {
        format!(r#","since":{{"epoch":"{}","offset":{}}}"#, self.epoch, self.offset)
    }
}

/// What coming back took.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Recovered {
    /// Half of them had everything so long after the first one dialled, in microseconds.
    pub p50_us: f64,
    /// 99 % had.
    pub p99_us: f64,
    /// All had.
    pub max_us: f64,
    /// The server's CPU time for each, in microseconds.
    pub cpu_us_each: Option<f64>,
    /// What went wrong.
    pub faults: Faults,
}

/// What one connection still has to get before it is where the others are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    /// The mark that must come next.
    next: u32,
    /// The one that must not come.
    end: u32,
    /// When everybody began to come back.
    begun: u64,
}

impl Behind {
    /// An entry came. True when it was the last one.
    pub(super) fn catch_up(&mut self, mark: Mark, now: u64, ledger: &mut Ledger) -> bool {
        if mark.stream != 0 || mark.seq >= self.end {
            ledger.faults.stray += 1;
            return false;
        }
        if mark.seq < self.next {
            ledger.faults.duplicate += 1;
            return false;
        }
        ledger.faults.missing += u64::from(mark.seq - self.next);
        self.next = mark.seq + 1;
        let is_last = self.next == self.end;
        if is_last {
            ledger.latency.record(now.saturating_sub(self.begun));
        }
        is_last
    }
}

impl Session {
    /// Opens all connections at once and joins each to room 0 with what it has seen last, until all have what came after it.
    ///
    /// # Errors
    ///
    /// A server that refuses one, or does not remember.
    pub fn recover(&mut self, missed: &Missed) -> Result<Recovered, Error> {
        self.provide_for(missed.count)?;
        self.ledger.latency.clear();
        self.ready = 0;
        let (cpu, begun) = (self.server_cpu()?, clock::now());
        let next = u32::try_from(missed.offset).unwrap_or(u32::MAX).saturating_add(1);
        let behind = Behind { next, end: next.saturating_add(missed.entries), begun };
        for index in 0..missed.count {
            let connection = self.open(index, Rooms::One, false, Some((missed, behind)))?;
            self.connections.push(connection);
        }
        while self.ready < missed.count {
            self.attend_until(begun, || format!("{} that come back", missed.count))?;
        }
        self.attend_for(AFTERMATH_S)?;
        let cpu = self.server_cpu()?.zip(cpu).map(|(after, before)| after.saturating_sub(before));
        let quantile = |latency: &Histogram, share| latency.quantile(share) as f64 / 1e3;
        Ok(Recovered {
            p50_us: quantile(&self.ledger.latency, 0.5),
            p99_us: quantile(&self.ledger.latency, 0.99),
            max_us: quantile(&self.ledger.latency, 1.0),
            cpu_us_each: cpu.map(|cpu| cpu as f64 / 1e3 / missed.count.max(1) as f64),
            faults: self.take_faults(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that must get the marks 5 to 7 gets these.
    fn check(got: &[u32], last: bool, expect: Faults) {
        let (mut ledger, mut behind) = (Ledger::default(), Behind { next: 5, end: 8, begun: 0 });
        let ends: Vec<bool> =
            got.iter().map(|&seq| behind.catch_up(Mark { stream: 0, seq, at: 0 }, 9, &mut ledger)).collect();
        assert_eq!((ends.last().copied(), ledger.faults), (Some(last), expect), "{got:?}");
    }

    #[test]
    fn what_was_missed_comes_whole_and_in_order() {
        let none = Faults::default();
        check(&[5, 6, 7], true, none);
        check(&[5, 7], true, Faults { missing: 1, ..none });
        check(&[5, 5, 6], false, Faults { duplicate: 1, ..none });
        check(&[5, 8], false, Faults { stray: 1, ..none });
    }
}
