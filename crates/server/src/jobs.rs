//! What the server does without being asked, each once for all servers on one store: retention, tidying, checking the audit
//! log, and what time does to notifications.
//!
//! Who does a job takes it in the store for a while ([`Store::claim_job`]) and says there how it went, so every server can show it.
//!
//! [`Store::claim_job`]: tidings_core::Store::claim_job

mod audit_chain;
mod metrics;
mod notifications;
mod retention;
mod runner;
mod tidying;

pub use audit_chain::check as check_audit;
pub use metrics::JobMetrics;
pub(crate) use runner::run;

use std::time::Duration;

use parking_lot::Mutex;
use tidings_core::{Store, StoreError, store::JobState};
use tidings_protocol::Timestamp;
use tidings_settings::Settings;

/// How soon something that failed is tried again, where it would not be its turn sooner.
const RETRY: Duration = Duration::from_secs(5 * 60);

/// One kind of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    /// Letting go of entries that are too old.
    Retention,
    /// Letting go of idempotency keys and revocations that are too old.
    Tidying,
    /// Checking the chain of the audit log.
    AuditChain,
    /// Sending notifications that are due, ending snoozes, writing down what expired.
    Notifications,
    /// Letting go of notifications that are too old.
    NotificationRetention,
}

impl Job {
    pub(crate) const ALL: [Self; 5] =
        [Self::Notifications, Self::Retention, Self::NotificationRetention, Self::Tidying, Self::AuditChain];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Tidying => "tidying",
            Self::AuditChain => "audit_chain",
            Self::Notifications => "notifications",
            Self::NotificationRetention => "notification_retention",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == name)
    }

    /// How often it is its turn.
    fn every(self, settings: &Settings) -> Duration {
        match self {
            Self::Retention | Self::NotificationRetention => settings.store.retention_every,
            Self::Notifications => notifications::EVERY,
            Self::Tidying => Duration::from_secs(60 * 60),
            Self::AuditChain => Duration::from_secs(24 * 60 * 60),
        }
    }

    /// How long nobody else does it: longer than it takes, and not so long that a dead server is missed.
    fn lease(self) -> Duration {
        match self {
            Self::Retention => retention::TIME + Duration::from_secs(120),
            Self::Tidying => Duration::from_secs(120),
            Self::AuditChain => Duration::from_secs(600),
            Self::Notifications | Self::NotificationRetention => notifications::LEASE,
        }
    }

    /// Whether it deletes by the clock, and so waits where the clock cannot be believed.
    fn needs_the_clock(self) -> bool {
        self != Self::AuditChain
    }

    /// When it is to be done again, as its last end says; none for one that never ended.
    fn next(self, settings: &Settings, state: &JobState) -> Option<Timestamp> {
        let ended_at = state.ended_at?;
        let every = self.every(settings);
        let wait = match &state.outcome {
            Some(Ok(report)) if retention::is_unfinished(report) => Duration::ZERO,
            Some(Err(_)) => every.min(RETRY),
            _ => every,
        };
        Some(Timestamp::from_millis(ended_at.millis().saturating_add(wait.as_millis() as u64)))
    }
}

/// Until when a run of retention that is under way, on any server of the store, has its lease; none while there is no such run.
pub(crate) async fn retention_until(store: &dyn Store) -> Result<Option<Timestamp>, StoreError> {
    let states = store.jobs().await?;
    let retention = states.into_iter().find(|state| state.name == Job::Retention.name());
    Ok(retention.and_then(|state| state.claimed_until))
}

/// How the jobs stand, as the store said last, for whoever shows it.
#[derive(Default, Debug)]
pub struct Jobs {
    states: Mutex<Vec<JobState>>,
    /// Why those wait that delete by the clock.
    waiting: Mutex<Option<String>>,
    /// What is counted.
    pub metrics: JobMetrics,
}

/// How one job stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) state: JobState,
    /// When it is to be done again; none before it ended once.
    pub(crate) next: Option<Timestamp>,
    /// Why it waits, if it does.
    pub(crate) waiting: Option<String>,
}

impl Jobs {
    /// All that ever ran, and that this version knows.
    pub(crate) fn standing(&self, settings: &Settings) -> Vec<Standing> {
        let waiting = self.waiting.lock().clone();
        let states = self.states.lock();
        let known = states.iter().filter_map(|state| Some((Job::named(&state.name)?, state)));
        known
            .map(|(job, state)| Standing {
                state: state.clone(),
                next: job.next(settings, state),
                waiting: waiting.clone().filter(|_| job.needs_the_clock()),
            })
            .collect()
    }

    /// Lines for operators on what is not as it should be: job and sentence.
    pub(crate) fn troubles(&self) -> Vec<(String, String)> {
        let states = self.states.lock();
        let failed = states.iter().filter_map(|state| match &state.outcome {
            Some(Err(why)) => Some((format!("job {}", state.name), why.clone())),
            _ => None,
        });
        let waiting = self.waiting.lock().clone().map(|why| ("clock".to_owned(), why));
        failed.chain(waiting).collect()
    }
}
