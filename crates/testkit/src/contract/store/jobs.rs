//! Jobs: one caller among all servers has a job, for a while.

use tidings_core::store::JobState;

use super::Fresh;
use crate::contract::samples::{at, json, together};

const EVERY: u64 = 60_000;
const LEASE: u64 = 10_000;

/// A second claim is refused while the first holds; when nobody ended the job in time, another may have it.
pub async fn a_claimed_job_is_refused_until_its_lease_ends(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let claim = async |name, millis| store.claim_job(name, at(millis), EVERY, LEASE).await.unwrap();
    assert_eq!(store.jobs().await.unwrap(), []);
    assert!(claim("retention", 0).await, "it never ran, so it is due");
    assert!(!claim("retention", 0).await);
    assert!(!claim("retention", LEASE - 1).await);
    assert!(claim("webhooks", 1).await, "another job is another");
    assert!(claim("retention", LEASE + 1).await);
    assert!(!claim("retention", LEASE + 2).await, "a lease begins anew with each claim");
    assert!(!claim("retention", 2 * LEASE).await);
    let jobs = store.jobs().await.unwrap();
    let job = jobs.iter().find(|job| job.name == "retention").unwrap();
    assert_eq!((job.claimed_until, job.ended_at), (Some(at(2 * LEASE + 1)), None));
}

/// Due is what ended longer ago than `every_ms`, measured from its end, however it ended.
pub async fn a_finished_job_is_not_due_before_its_time(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let claim = async |millis| store.claim_job("retention", at(millis), EVERY, LEASE).await.unwrap();
    assert!(claim(0).await);
    store.finish_job("retention", at(5_000), Ok(json("1"))).await.unwrap();
    for millis in [5_000, 5_001, LEASE + 1, EVERY + 1, EVERY + 4_999] {
        assert!(!claim(millis).await, "{millis}");
    }
    let end = EVERY + 5_001;
    assert!(claim(end).await);
    assert!(!claim(end + 1).await);
    store.finish_job("retention", at(end + 2), Err("no".into())).await.unwrap();
    assert!(!claim(end + EVERY).await, "what failed waits too");
    assert!(claim(end + EVERY + 3).await);
}

/// A report byte for byte, or a sentence; and nobody has the job any more.
pub async fn a_job_keeps_how_it_ended(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let report = r#"{"n": 1.0, "n": 2e2, "t": "\u0000"}"#;
    let outcomes = [Ok(json(report)), Err("it's 🦀 \"over\"\n".to_owned()), Ok(json("null"))];
    for (round, outcome) in outcomes.into_iter().enumerate() {
        let (begin, end) = (at(round as u64 * 1_000), at(round as u64 * 1_000 + 500));
        assert!(store.claim_job("retention", begin, 100, LEASE).await.unwrap());
        store.finish_job("retention", end, outcome.clone()).await.unwrap();
        let state = JobState {
            name: "retention".into(),
            claimed_until: None,
            ended_at: Some(end),
            outcome: Some(outcome),
        };
        assert_eq!(store.jobs().await.unwrap(), [state]);
    }
    assert!(store.claim_job("retention", at(9_000), 100, LEASE).await.unwrap());
    let job = store.jobs().await.unwrap().remove(0);
    let last = (Some(at(9_000 + LEASE)), Some(at(2_500)), Some(Ok(json("null"))));
    assert_eq!((job.claimed_until, job.ended_at, job.outcome), last, "a claim keeps how it ended last");
}

/// True for one caller.
pub async fn of_many_that_claim_at_once_one_has_the_job(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for round in 0..10 {
        let now = at(round * (EVERY + LEASE));
        let claimed = together(8, |_| {
            let store = store.clone();
            async move { store.claim_job("retention", now, EVERY, LEASE).await.unwrap() }
        });
        assert_eq!(claimed.await.into_iter().filter(|claimed| *claimed).count(), 1);
        if round % 2 == 0 {
            store.finish_job("retention", now, Ok(json("{}"))).await.unwrap();
        }
    }
}
