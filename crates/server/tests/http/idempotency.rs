//! `Idempotency-Key`. Expiry and bounds are tested beside the code, where the time can be given.

use serde_json::json;

use crate::stage::stage;

#[tokio::test]
async fn a_replay_answers_the_same_and_does_nothing() {
    let stage = stage();
    let body = json!({ "to": { "room": "orders" }, "type": "x" });
    let first = stage.post_once("/v1/publish", "k1", &body).await;
    let again = stage.post_once("/v1/publish", "k1", &body).await;
    assert_eq!(first.expect(202), again.expect(202));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("content-type"), Some("application/json"));
    assert_eq!(stage.post("/v1/publish", &body).await.expect(202)["offset"], 2, "the second did nothing");
}

#[tokio::test]
async fn batches_are_replayed_too() {
    let stage = stage();
    let body = json!({ "entries": [{ "to": { "room": "orders" }, "type": "x" }, {}] });
    let first = stage.post_once("/v1/publish/batch", "k1", &body).await;
    let again = stage.post_once("/v1/publish/batch", "k1", &body).await;
    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn another_request_with_the_same_key_is_a_conflict() {
    let stage = stage();
    let body = |kind: &str| json!({ "to": { "room": "orders" }, "type": kind });
    stage.post_once("/v1/publish", "k1", body("x")).await.expect(202);
    stage.post_once("/v1/publish", "k1", body("y")).await.expect_problem(409, "conflict", None);
    stage.post_once("/v1/publish/batch", "k1", body("x")).await.expect_problem(409, "conflict", None);
    stage.post_once("/v1/publish", "k2", body("y")).await.expect(202);
}

#[tokio::test]
async fn what_failed_may_be_tried_again_with_its_key() {
    let stage = stage();
    stage.post_once("/v1/publish", "k1", "{").await.expect_problem(400, "invalid_request", None);
    let body = json!({ "to": { "room": "orders" }, "type": "x" });
    stage.post_once("/v1/publish", "k1", body).await.expect(202);
}

#[tokio::test]
async fn a_key_has_to_be_visible() {
    let stage = stage();
    for key in ["", "a b", &"x".repeat(256)] {
        let answer = stage.post_once("/v1/publish", key, "{}").await;
        answer.expect_problem(400, "invalid_request", Some("Idempotency-Key"));
    }
}
