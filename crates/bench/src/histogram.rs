//! Latencies, counted in buckets that grow with the value: under 1 % error from a nanosecond to hours, no allocation per value.

/// Values of one power of two are told apart in this many steps (as a power of two).
const STEPS: u32 = 7;

/// Counts of values by size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Counts one value.
    pub(crate) fn record(&mut self, value: u64) {
        let bucket = bucket(value);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// The smallest value that at least this share of the values does not exceed; 0 when there are none.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(bucket);
            }
        }
        0
    }
}

fn bucket(value: u64) -> usize {
    let bits = u64::BITS - value.leading_zeros();
    let shift = bits.saturating_sub(STEPS + 1);
    ((shift as usize) << STEPS) + (value >> shift) as usize
}

fn middle(bucket: usize) -> u64 {
    if bucket < 2 << STEPS {
        return bucket as u64;
    }
    let shift = (bucket >> STEPS) - 1;
    let low = (bucket - (shift << STEPS)) as u64;
    (low << shift) + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_percent() {
        let mut histogram = Histogram::default();
        for value in 1..=100_000u64 {
            histogram.record(value * 37);
        }
        for share in [0.01, 0.5, 0.99, 0.999, 1.0] {
            let exact = share * 100_000.0 * 37.0;
            let found = histogram.quantile(share) as f64;
            assert!((found / exact - 1.0).abs() < 0.01, "{share}: {found} for {exact}");
        }
    }

    #[test]
    fn small_values_are_exact_and_none_is_zero() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), 0);
        histogram.record(200);
        assert_eq!(histogram.quantile(0.99), 200);
        histogram.record(u64::MAX);
        assert!(histogram.quantile(1.0) > u64::MAX / 100 * 99);
        histogram.clear();
        assert_eq!(histogram.quantile(0.5), 0);
    }
}
