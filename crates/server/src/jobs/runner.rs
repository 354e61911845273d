//! Asks every now and then which job is due, takes it and does it. One at a time: none of them is urgent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tidings_core::{StoreError, housekeeping::ClockWatch, store::JobState};
use tidings_protocol::{Json, Timestamp};

use super::{Job, audit_chain, notifications, retention, tidying};
use crate::App;

/// How often it is asked, at most and at least.
const LOOK_MIN: Duration = Duration::from_millis(50);
const LOOK_MAX: Duration = Duration::from_secs(2);
/// How far another server's clock may be ahead without being taken for wrong.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// Does jobs without end.
pub(crate) async fn run(app: Arc<App>) {
    let clock = app.tidings.clock();
    let mut watch = ClockWatch::new(clock);
    let pause = (app.settings.store.retention_every / 4).clamp(LOOK_MIN, LOOK_MAX);
    loop {
        if let Some(by) = watch.look(clock, app.settings.store.retention_every) {
            tracing::warn!(by_ms = by, "the machine's clock was set: nothing is deleted by it for a while");
        }
        *app.jobs.waiting.lock() = watch.set_by().map(waiting);
        // A store that is away says so in the health check; here it only means to try again.
        if let Err(error) = turn(&app, watch.set_by().is_none()).await {
            tracing::debug!(%error, "no job could be taken");
        }
        tokio::time::sleep(pause).await;
    }
}

fn waiting(by_ms: i64) -> String {
    let way = if by_ms > 0 { "forward" } else { "back" };
    let seconds = by_ms.unsigned_abs() / 1000;
    format!(
        "it was set {way} by {seconds} s; nothing is deleted until it has been steady for store.retention_every"
    )
}

/// Does each job that is due.
async fn turn(app: &Arc<App>, clock_is_good: bool) -> Result<(), StoreError> {
    let mut states = look(app).await?;
    for job in Job::ALL.into_iter().filter(|job| clock_is_good || !job.needs_the_clock()) {
        let state = states.iter().find(|state| state.name == job.name()).cloned();
        if let Some(state) = &state {
            set_right(app, job, state).await?;
        }
        if is_due(app, job, state.as_ref()) && claim(app, job, state.as_ref()).await? {
            perform(app, job).await?;
            states = look(app).await?;
        }
    }
    Ok(())
}

/// How all jobs stand, for this turn and for whoever shows it.
async fn look(app: &App) -> Result<Vec<JobState>, StoreError> {
    let states = app.tidings.store().jobs().await?;
    app.jobs.metrics.saw(&states);
    *app.jobs.states.lock() = states.clone();
    Ok(states)
}

fn is_due(app: &App, job: Job, state: Option<&JobState>) -> bool {
    let now = app.tidings.clock().now();
    let is_free = |state: &JobState| state.claimed_until.is_none_or(|until| until <= now);
    let is_wanted = job == Job::Notifications && app.tidings.has_due_notifications();
    let is_time = |state| job.next(&app.settings, state).is_none_or(|next| next <= now);
    state.is_none_or(|state| is_free(state) && (is_wanted || is_time(state)))
}

async fn claim(app: &App, job: Job, state: Option<&JobState>) -> Result<bool, StoreError> {
    let now = app.tidings.clock().now();
    let due = state.and_then(|state| Some((state.ended_at?, job.next(&app.settings, state)?)));
    let is_wanted = job == Job::Notifications && app.tidings.has_due_notifications();
    let due = due.filter(|_| !is_wanted);
    let every_ms = due.map_or(0, |(ended, next)| next.millis().saturating_sub(ended.millis()));
    app.tidings.store().claim_job(job.name(), now, every_ms, job.lease().as_millis() as u64).await
}

/// A job that ended, or is taken, in a future that only a wrong clock can have seen would not be done until then.
async fn set_right(app: &App, job: Job, state: &JobState) -> Result<(), StoreError> {
    let now = app.tidings.clock().now();
    let limit = now.millis().saturating_add((job.lease() + AHEAD).as_millis() as u64);
    let is_ahead = |time: Option<Timestamp>| time.is_some_and(|time| time.millis() > limit);
    let is_at_work = state.claimed_until.is_some_and(|until| until > now && until.millis() <= limit);
    if is_at_work || !(is_ahead(state.ended_at) || is_ahead(state.claimed_until)) {
        return Ok(());
    }
    let outcome = state.outcome.clone().unwrap_or_else(|| Err("it broke off".into()));
    app.tidings.store().finish_job(job.name(), now, outcome).await
}

/// Does a job and says how it went.
async fn perform(app: &Arc<App>, job: Job) -> Result<(), StoreError> {
    let began = Instant::now();
    // In a task of its own: one that breaks off takes the others with it nowhere.
    let work = tokio::spawn(work(app.clone(), job));
    let outcome = work.await.unwrap_or_else(|_| Err("it broke off: see the server's log".into()));
    let took = began.elapsed();
    app.jobs.metrics.ran(job, outcome.is_ok(), took, app.tidings.clock().now());
    match &outcome {
        Ok(report) => tracing::debug!(job = job.name(), ?took, report = report.as_str(), "done"),
        Err(why) => tracing::warn!(job = job.name(), ?took, why, "failed"),
    }
    app.tidings.store().finish_job(job.name(), app.tidings.clock().now(), outcome).await
}

async fn work(app: Arc<App>, job: Job) -> Result<Json, String> {
    match job {
        Job::Retention => retention::work(&app).await,
        Job::Tidying => tidying::work(&app).await,
        Job::AuditChain => audit_chain::work(&app).await,
        Job::Notifications => notifications::work(&app).await,
        Job::NotificationRetention => notifications::let_go(&app).await,
    }
}

#[cfg(test)]
mod tests;
