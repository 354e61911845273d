//! A histogram that any thread can add to without a lock: publishing is too quick to wait for one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

/// Upper bounds of the buckets, in microseconds; what is slower falls into a last one.
const BOUNDS_US: [u64; 12] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000];

/// How long something took. Clones count into the same buckets.
#[derive(Clone, Default, Debug)]
pub struct Durations(Arc<Buckets>);

#[derive(Default, Debug)]
struct Buckets {
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Durations {
    /// Counts one.
    pub fn observe(&self, took: Duration) {
        let took_us = took.as_micros() as u64;
        let bucket = BOUNDS_US.partition_point(|bound| *bound < took_us);
        self.0.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.0.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = self.0.sum_ns.load(Ordering::Relaxed) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text, registry::Registry};

    use super::*;

    #[test]
    fn buckets_add_up() {
        let (durations, mut registry, mut text) = (Durations::default(), Registry::default(), String::new());
        registry.register("took_seconds", "How long", durations.clone());
        [10, 11, 2_000_000].iter().for_each(|us| durations.observe(Duration::from_micros(*us)));
        text::encode(&mut text, &registry).unwrap();
        for line in [
            "took_seconds_bucket{le=\"0.00001\"} 1",
            "took_seconds_bucket{le=\"0.000025\"} 2",
            "took_seconds_bucket{le=\"1.0\"} 2",
            "took_seconds_bucket{le=\"+Inf\"} 3",
            "took_seconds_count 3",
            "took_seconds_sum 2.000021",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
