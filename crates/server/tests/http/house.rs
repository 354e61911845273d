//! Keeping house: what is one person's, the audit log, jobs, and the store's health.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use tidings_core::MemoryStore;

use crate::{
    connections::end_of,
    failing::Failing,
    stage::{Stage, keyed, stage, stage_on, stage_with},
};

/// What stands for `ada` where she must not be named.
const ADA: &str = "fdee430d40bd57deeac186cd9790033d";

impl Stage {
    async fn delete(&self, uri: &str) -> crate::stage::Reaction {
        self.send(keyed(Method::DELETE, uri).body(Body::empty()).unwrap()).await
    }

    async fn put(&self, uri: &str, body: Value) -> crate::stage::Reaction {
        self.send(keyed(Method::PUT, uri).body(Body::from(body.to_string())).unwrap()).await
    }

    async fn publish(&self, to: Value, data: &str) {
        self.post("/v1/publish", json!({ "to": to, "type": "x", "data": data })).await.expect(202);
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn h4_an_export_is_all_that_is_kept_of_a_user() {
    let stage = stage();
    stage.put("/v1/rooms/order_1/members/ada", json!({ "role": "owner" })).await.expect(201);
    for number in 0..600 {
        stage.publish(json!({ "user": "ada" }), &format!("note {number}")).await;
    }
    stage.publish(json!({ "user": "bob" }), "not hers").await;
    let answer = stage.get("/v1/users/ada/export").await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"export.jsonl\""));
    let lines = lines(&answer.text);
    assert_eq!(lines.len(), 1 + 1 + 600 + 1);
    assert_eq!((&lines[0]["kind"], &lines[0]["user"]), (&json!("user"), &json!("ada")));
    assert_eq!(lines[1], json!({ "kind": "membership", "room": "order_1", "role": "owner" }));
    assert_eq!((&lines[2]["kind"], &lines[2]["room"]), (&json!("entry"), &json!("user:ada")));
    assert_eq!(lines[2]["data"], "note 0");
    assert_eq!(
        lines[602],
        json!({ "kind": "end", "memberships": 1, "notifications": 0, "scheduled": 0, "receipts": 0, "entries": 600, "chat_traces": 0 })
    );
    assert!(!answer.text.contains("not hers"));
}

#[tokio::test]
async fn j12_erasing_ends_everything_and_reports() {
    let stage = stage();
    stage.put("/v1/rooms/order_1/members/ada", json!({})).await.expect(201);
    stage.publish(json!({ "user": "ada" }), "private").await;
    let connection = stage.connect("ada", &["order_1"]).await;
    let bob = stage.connect("bob", &["orders"]).await;
    let report = stage.delete("/v1/users/ada").await.expect(200);
    assert_eq!(
        report,
        json!({ "users": 1, "connections": 1, "personal_entries": 1, "blanked_entries": 0, "memberships": 1,
                "notifications": 0, "archived_entries": 0 })
    );
    assert_eq!(end_of(&connection).map(|close| close.code), Some(4009));
    assert!(end_of(&bob).is_none());
    let export = lines(&stage.get("/v1/users/ada/export").await.text);
    assert_eq!(
        export.last(),
        Some(
            &json!({ "kind": "end", "memberships": 0, "notifications": 0, "scheduled": 0, "receipts": 0, "entries": 0, "chat_traces": 0 })
        )
    );
    stage.delete("/v1/users/ada").await.expect(200);
}

#[tokio::test]
async fn who_came_back_with_a_backup_is_erased_again() {
    let stage = stage();
    stage.publish(json!({ "user": "ada" }), "private").await;
    stage.publish(json!({ "user": "bob" }), "stays").await;
    let report =
        stage.post("/v1/erasures", json!({ "pseudonyms": [format!("user:{ADA}")] })).await.expect(200);
    assert_eq!((&report["users"], &report["personal_entries"]), (&json!(1), &json!(1)));
    let wrong = stage.post("/v1/erasures", json!({ "pseudonyms": ["ada"] })).await;
    wrong.expect_problem(400, "invalid_request", Some("pseudonyms"));
}

#[tokio::test]
async fn h4_the_audit_log_tells_who_did_what_by_pseudonym() {
    let stage = stage();
    stage.put("/v1/rooms/order_1/members/ada", json!({ "role": "owner" })).await.expect(201);
    stage.post("/v1/users/ada/disconnect", "").await.expect(200);
    stage.post("/v1/users/ada/revoke", "").await.expect(200);
    stage.get("/v1/users/ada/export").await;
    stage.delete("/v1/users/ada").await.expect(200);
    let log = stage.get("/v1/audit?limit=3").await.expect(200);
    let acts = |log: &Value| -> Vec<String> {
        let items = log["items"].as_array().unwrap().iter();
        items
            .map(|item| format!("{} {}", item["act"].as_str().unwrap(), item["subject"].as_str().unwrap()))
            .collect()
    };
    let hers = format!("user:{ADA}");
    assert_eq!(
        acts(&log),
        [
            format!("member.put room:order_1 {hers}"),
            format!("user.disconnect {hers}"),
            format!("user.revoke {hers}")
        ]
    );
    assert_eq!(log["items"][0]["detail"], json!({ "role": "owner" }));
    let actor = log["items"][0]["actor"].as_str().unwrap();
    assert!(actor.starts_with("key:") && actor.len() > "key:01234567 ".len(), "{actor}");
    assert_eq!((&log["next_cursor"], &log["broken_at"]), (&json!("3"), &json!(null)));
    let rest = stage.get("/v1/audit?cursor=3").await.expect(200);
    assert_eq!(acts(&rest), [format!("user.export {hers}"), format!("user.erase {hers}")]);
    assert_eq!((&rest["next_cursor"], &rest["broken_at"]), (&json!(null), &json!(null)));
    assert!(!log.to_string().contains("\"ada\"") && !log.to_string().contains(":ada"));
    stage.get("/v1/audit?cursor=x").await.expect_problem(400, "invalid_request", Some("cursor"));
    stage.get("/v1/audit?after=3").await.expect_problem(400, "invalid_request", Some("after"));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let fails = Arc::new(AtomicBool::new(true));
    let store =
        Failing { inside: MemoryStore::default(), audit_fails: fails.clone(), is_away: Arc::default() };
    let stage = stage_on(Box::new(store), |_| {});
    let ada = stage.connect("ada", &[]).await;
    let refused = stage.post("/v1/users/ada/disconnect", "").await;
    refused.expect_problem(503, "unavailable", None);
    stage.delete("/v1/users/ada").await.expect_problem(503, "unavailable", None);
    assert!(end_of(&ada).is_none());
    fails.store(false, Ordering::Relaxed);
    stage.post("/v1/users/ada/disconnect", "").await.expect(200);
}

#[tokio::test]
async fn the_audit_log_can_be_switched_off() {
    let stage = stage_with(|settings| settings.security.audit_log = false);
    stage.post("/v1/users/ada/disconnect", "").await.expect(200);
    assert_eq!(stage.get("/v1/audit").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_store_that_is_away_is_not_ready_and_says_so_to_operators() {
    let is_away = Arc::new(AtomicBool::new(false));
    let store =
        Failing { inside: MemoryStore::default(), audit_fails: Arc::default(), is_away: is_away.clone() };
    let stage = stage_on(Box::new(store), |_| {});
    is_away.store(true, Ordering::Relaxed);
    let answer = stage.look("/readyz", "203.0.113.9", &[]).await;
    assert_eq!(answer.expect_problem(503, "unavailable", None)["detail"], "store: not available");
    let verbose = stage.get("/readyz?verbose").await;
    assert_eq!(verbose.status.as_u16(), 503);
    let line = "[-]store failed: the store is not available: the disk at /somewhere is gone\n";
    assert!(verbose.text.contains(line), "{}", verbose.text);

    // Asked at most once a second; it is well again without a restart.
    is_away.store(false, Ordering::Relaxed);
    let well = async {
        while stage.get("/readyz").await.status.as_u16() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), well).await.unwrap();
}
