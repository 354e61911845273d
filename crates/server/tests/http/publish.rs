//! `POST /v1/publish` and `/v1/publish/batch`.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use crate::stage::{keyed, stage, stage_with};

#[tokio::test]
async fn every_target_reaches_whom_it_names() {
    let stage = stage();
    let ada = stage.connect("ada", &["orders", "news"]).await;
    let _bob = stage.connect("bob", &["orders"]).await;
    let check = async |to: Value, users: usize| {
        let answer = stage.post("/v1/publish", json!({ "to": to, "type": "x" })).await;
        let answer = answer.expect(202);
        assert_eq!(answer["reached"], json!({ "users": users, "connections": users }), "{to}");
        assert_eq!(answer["id"].as_str().map(str::len), Some(36));
        answer
    };
    assert_eq!(check(json!({ "room": "orders" }), 2).await["offset"], 1);
    assert_eq!(check(json!({ "room": "orders" }), 2).await["offset"], 2);
    check(json!({ "room": "nobody_here" }), 0).await;
    check(json!({ "user": "ada" }), 1).await;
    check(json!({ "users": ["ada", "bob", "eve", "ada"] }), 2).await;
    check(json!({ "rooms": ["news", "orders"] }), 3).await;
    assert_eq!(check(json!({ "role": "staff" }), 2).await.get("offset"), None);
    check(json!({ "everyone": true }), 2).await;

    let except = json!({ "to": { "room": "orders" }, "type": "x", "except": ada.id });
    stage.post("/v1/publish", except).await.expect(202);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let stage = stage();
    let check = async |body: &str, path: Option<&str>| {
        let problem = stage.post("/v1/publish", body).await.expect_problem(400, "invalid_request", path);
        assert!(!problem.to_string().contains("s3cret"), "{problem}");
    };
    check("", None).await;
    check("{s3cret", None).await;
    check(r#"{"to":{"room":"s3cret /"},"type":"x"}"#, Some("to.room")).await;
    check(r#"{"to":{"room":"a","user":"b"},"type":"x"}"#, Some("to")).await;
    check(r#"{"to":{"rooms":[]},"type":"x"}"#, Some("to.rooms")).await;
    check(r#"{"to":{"room":"a"}}"#, Some("type")).await;
    check(r#"{"to":{"room":"a"},"type":"x","except":"s3cret"}"#, Some("except")).await;
    let deep = format!(r#"{{"to":{{"room":"a"}},"type":"x","data":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    check(&deep, None).await;
}

#[tokio::test]
async fn a_room_that_no_rule_knows_is_not_found() {
    let stage = stage_with(|settings| settings.rooms.retain(|rule| rule.pattern.as_str() == "order_{id}"));
    let body = json!({ "to": { "room": "news" }, "type": "x" });
    stage.post("/v1/publish", body).await.expect_problem(404, "not_found", Some("to.room"));
    stage.get("/v1/presence?room=news").await.expect_problem(404, "not_found", Some("room"));
}

#[tokio::test]
async fn any_content_type_will_do() {
    let stage = stage();
    let request = keyed(Method::POST, "/v1/publish").header("content-type", "text/plain");
    let body = Body::from(r#"{"to":{"user":"ada"},"type":"x"}"#);
    stage.send(request.body(body).unwrap()).await.expect(202);
}

#[tokio::test]
async fn a_batch_is_answered_entry_by_entry() {
    let stage = stage();
    let _ada = stage.connect("ada", &["orders"]).await;
    let entries = json!({ "entries": [
        { "to": { "room": "orders" }, "type": "a" },
        { "to": { "room": "or ders" }, "type": "a" },
        7,
        { "to": { "room": "orders" }, "type": "b" },
    ] });
    let results = stage.post("/v1/publish/batch", entries).await.expect(200)["results"].take();
    assert_eq!((&results[0]["offset"], &results[3]["offset"]), (&json!(1), &json!(2)));
    assert_eq!(results[0]["reached"]["users"], 1);
    assert_eq!(results[1]["error"]["path"], "entries[1].to.room");
    assert_eq!(results[1]["error"]["code"], "invalid_request");
    assert_eq!(results[2]["error"]["path"], "entries[2]");
}

#[tokio::test]
async fn a_batch_has_bounds_and_one_that_is_too_deep_harms_only_itself() {
    let stage = stage();
    let entry = json!({ "to": { "user": "ada" }, "type": "x" });
    let full = stage.post("/v1/publish/batch", json!({ "entries": vec![&entry; 1000] })).await.expect(200);
    assert_eq!(full["results"].as_array().map(Vec::len), Some(1000));
    let check = async |body: Value, path| {
        stage.post("/v1/publish/batch", body).await.expect_problem(400, "invalid_request", path);
    };
    check(json!({ "entries": vec![&entry; 1001] }), Some("entries")).await;
    check(json!({ "entries": 7 }), Some("entries")).await;
    check(json!({}), Some("entries")).await;
    check(json!([]), None).await;

    let deep = format!(r#"{{"entries":[{entry},{}{},{entry}]}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let results = stage.post("/v1/publish/batch", deep).await.expect(200)["results"].take();
    let refused: Vec<bool> =
        results.as_array().unwrap().iter().map(|one| one.get("error").is_some()).collect();
    assert_eq!(refused, [false, true, false]);
}
