//! How often something may happen: the generic cell rate algorithm (ITU-T I.371), one number for each counted thing.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Monotonic;

/// A rate and a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Time that one costs, in microseconds; 0 is no limit.
    cost_us: u64,
    /// How far ahead of time one may be, in microseconds.
    tolerance_us: u64,
}

impl Rate {
    /// So many a minute, and `burst` of them at once; 0 a minute is no limit.
    pub const fn per_minute(count: u32, burst: u32) -> Self {
        let cost_us = if count == 0 { 0 } else { 60_000_000 / count as u64 };
        let ahead = if burst == 0 { 0 } else { burst as u64 - 1 };
        Self { cost_us, tolerance_us: cost_us * ahead }
    }
}

/// What has been used of a rate.
#[derive(Default, Debug)]
pub struct Bucket(AtomicU64);

impl Bucket {
    /// Takes one.
    ///
    /// # Errors
    /// Milliseconds until there is one again.
    pub fn take(&self, rate: Rate, now: Monotonic) -> Result<(), u64> {
        if rate.cost_us == 0 {
            return Ok(());
        }
        let now_us = now.0 * 1000;
        let mut wait_us = 0;
        let took = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due_us| {
            let due_us = due_us.max(now_us);
            wait_us = (due_us - now_us).saturating_sub(rate.tolerance_us);
            (wait_us == 0).then_some(due_us + rate.cost_us)
        });
        took.map(|_| ()).map_err(|_| wait_us.div_ceil(1000))
    }

    /// Whether nothing is used up: such a bucket need not be remembered.
    pub fn is_full(&self, now: Monotonic) -> bool {
        self.0.load(Ordering::Relaxed) <= now.0 * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let (bucket, rate) = (Bucket::default(), Rate::per_minute(60, 3));
        let at = |millis: u64| bucket.take(rate, Monotonic(10_000 + millis));
        assert_eq!([at(0), at(0), at(0)], [Ok(()); 3]);
        assert_eq!(at(0), Err(1000));
        assert_eq!(at(400), Err(600));
        assert_eq!(at(1000), Ok(()));
        assert_eq!(at(1000), Err(1000));
    }

    #[test]
    fn zero_is_no_limit() {
        let bucket = Bucket::default();
        for _ in 0..10_000 {
            assert!(bucket.take(Rate::per_minute(0, 0), Monotonic(0)).is_ok());
        }
    }
}
