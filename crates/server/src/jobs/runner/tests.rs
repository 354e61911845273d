use tidings_core::{MemoryStore, Store};
use tidings_settings::Settings;

use super::*;

fn app() -> Arc<App> {
    App::new(Settings::default(), Box::new(MemoryStore::default())).unwrap()
}

async fn state(app: &App, job: Job) -> JobState {
    let states = app.tidings.store().jobs().await.unwrap();
    states.into_iter().find(|state| state.name == job.name()).unwrap()
}

#[tokio::test]
async fn h3_each_job_runs_when_it_is_due_and_not_again() {
    let app = app();
    turn(&app, true).await.unwrap();
    for job in Job::ALL {
        let state = state(&app, job).await;
        assert!(state.claimed_until.is_none());
        assert!(matches!(state.outcome, Some(Ok(_))), "{state:?}");
        assert!(!is_due(&app, job, Some(&state)));
    }
    let before = state(&app, Job::Retention).await;
    turn(&app, true).await.unwrap();
    assert_eq!(state(&app, Job::Retention).await, before);
    assert_eq!(app.jobs.standing(&app.settings).len(), Job::ALL.len());
    assert!(app.jobs.troubles().is_empty());
}

#[tokio::test]
async fn nothing_is_deleted_by_a_clock_that_was_set() {
    let app = app();
    turn(&app, false).await.unwrap();
    let names: Vec<String> =
        app.tidings.store().jobs().await.unwrap().into_iter().map(|state| state.name).collect();
    assert_eq!(names, ["audit_chain"]);
}

#[tokio::test]
async fn a_job_that_ended_in_the_future_is_done_in_time() {
    let app = app();
    let (store, now) = (app.tidings.store(), app.tidings.clock().now());
    let tomorrow = Timestamp::from_millis(now.millis() + 86_400_000);
    assert!(store.claim_job("retention", tomorrow, 0, 1_000).await.unwrap());
    store.finish_job("retention", tomorrow, Ok(Json::null())).await.unwrap();
    turn(&app, true).await.unwrap();
    let state = state(&app, Job::Retention).await;
    assert!(state.ended_at.unwrap() < tomorrow);
    let next = Job::Retention.next(&app.settings, &state).unwrap();
    assert!(next.millis() <= app.tidings.clock().now().millis() + 600_000);
}

#[tokio::test]
async fn a_changed_audit_log_is_a_failed_job_in_all_that_is_shown() {
    let store = MemoryStore::default();
    let now = Timestamp::from_millis(1);
    // As if the last check had seen a record that is not there any more.
    let seen = serde_json::json!({ "records": 3, "number": 3, "hash": "ab".repeat(32) });
    assert!(store.claim_job("audit_chain", now, 0, 1).await.unwrap());
    store.finish_job("audit_chain", now, Ok(Json::of(&seen).unwrap())).await.unwrap();
    let app = App::new(Settings::default(), Box::new(store)).unwrap();
    turn(&app, true).await.unwrap();
    let troubles = app.jobs.troubles();
    assert_eq!(troubles[0].0, "job audit_chain");
    assert!(troubles[0].1.contains("from record 3 on"), "{troubles:?}");
    // It does not become right by being looked at once more.
    let again = super::audit_chain::work(&app).await.unwrap_err();
    assert_eq!(again, troubles[0].1);
}
