//! What is counted of jobs. Every series is there from the start.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tidings_core::store::JobState;
use tidings_protocol::Timestamp;

use super::Job;

type ByJob = [(&'static str, &'static str); 1];
type ByOutcome = [(&'static str, &'static str); 2];

/// Runs of jobs on this server, and when each last went well on any.
#[derive(Debug)]
pub struct JobMetrics {
    runs: Family<ByOutcome, Counter>,
    seconds: Family<ByJob, Counter<f64, AtomicU64>>,
    succeeded_at: Family<ByJob, Gauge>,
}

impl Default for JobMetrics {
    fn default() -> Self {
        let metrics =
            Self { runs: Family::default(), seconds: Family::default(), succeeded_at: Family::default() };
        for job in Job::ALL {
            for outcome in ["ok", "failed"] {
                drop(metrics.runs.get_or_create(&by_outcome(job, outcome)));
            }
            drop(metrics.seconds.get_or_create(&by_job(job)));
        }
        metrics
    }
}

fn by_job(job: Job) -> ByJob {
    [("job", job.name())]
}

fn by_outcome(job: Job, outcome: &'static str) -> ByOutcome {
    [("job", job.name()), ("outcome", outcome)]
}

impl JobMetrics {
    /// Makes them known under their public names.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("tidings_job_runs", "Runs of background jobs on this server", self.runs.clone());
        registry.register(
            "tidings_job_seconds",
            "Time that background jobs took on this server",
            self.seconds.clone(),
        );
        registry.register(
            "tidings_job_last_success_timestamp_seconds",
            "When a background job last went well, on any server of the store",
            self.succeeded_at.clone(),
        );
    }

    /// Counts a run on this server.
    pub(super) fn ran(&self, job: Job, went_well: bool, took: Duration, now: Timestamp) {
        let outcome = if went_well { "ok" } else { "failed" };
        self.runs.get_or_create(&by_outcome(job, outcome)).inc();
        self.seconds.get_or_create(&by_job(job)).inc_by(took.as_secs_f64());
        if went_well {
            self.succeeded_at.get_or_create(&by_job(job)).set(seconds(now));
        }
    }

    /// Takes over what the store says of all servers.
    pub(super) fn saw(&self, states: &[JobState]) {
        for state in states {
            let job = Job::named(&state.name);
            if let (Some(job), Some(ended_at), Some(Ok(_))) = (job, state.ended_at, &state.outcome) {
                self.succeeded_at.get_or_create(&by_job(job)).set(seconds(ended_at));
            }
        }
    }
}

fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.seconds()).unwrap_or(i64::MAX)
}
