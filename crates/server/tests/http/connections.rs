//! `GET /v1/connections`, `POST /v1/users/{user}/disconnect` and `GET /v1/stats`.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use serde_json::{Value, json};
use tidings_core::{Connection, Next};
use tidings_protocol::Close;

use crate::stage::{Void, stage};

pub(crate) fn end_of(connection: &Arc<Connection<Void>>) -> Option<Close> {
    match connection.next(&mut Context::from_waker(Waker::noop())) {
        Next::End(close) => Some(close),
        _ => None,
    }
}

#[tokio::test]
async fn connections_are_listed_the_oldest_first() {
    let stage = stage();
    let mut ids = Vec::new();
    let mut connections = Vec::new();
    for user in ["ada", "bob", "ada"] {
        let connection = stage.connect(user, &["orders"]).await;
        ids.push(connection.id.to_string());
        connections.push(connection);
    }
    ids.sort();
    let all = stage.get("/v1/connections").await.expect(200);
    let listed: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|item| item["connection_id"].as_str().unwrap()).collect();
    assert_eq!((listed, &all["next_cursor"]), (ids.iter().map(String::as_str).collect(), &Value::Null));
    let mut first = all["items"][0].clone();
    assert!(first["connected_at"].as_str().is_some_and(|time| time.ends_with('Z')));
    first["connected_at"] = Value::Null;
    let user = first["user"].take();
    let expected = json!({
        "connection_id": ids[0], "user": null, "client_type": "web", "ip": "10.0.0.7", "connected_at": null, "rooms": ["orders"],
    });
    assert_eq!((first, user.is_string()), (expected, true));

    let of_ada = stage.get("/v1/connections?user=ada").await.expect(200);
    assert_eq!(of_ada["items"].as_array().map(Vec::len), Some(2));

    let page = stage.get("/v1/connections?limit=2").await.expect(200);
    let rest = format!("/v1/connections?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = stage.get(&rest).await.expect(200);
    assert_eq!((&rest["items"][0]["connection_id"], &rest["next_cursor"]), (&json!(ids[2]), &Value::Null));

    for (query, path) in [("limit=1001", "limit"), ("cursor=YQ", "cursor"), ("user=", "user")] {
        let answer = stage.get(&format!("/v1/connections?{query}")).await;
        answer.expect_problem(400, "invalid_request", Some(path));
    }
}

#[tokio::test]
async fn a_user_is_disconnected_with_4009_and_the_reason() {
    let stage = stage();
    let connection = stage.connect("ada lovelace", &[]).await;
    let uri = "/v1/users/ada%20lovelace/disconnect";
    let answer = stage.post(uri, json!({ "reason": "signed out" })).await.expect(200);
    assert_eq!(answer, json!({ "disconnected": 1 }));
    assert_eq!(end_of(&connection), Some(Close::because(4009, "signed out")));

    let other = stage.connect("bob", &[]).await;
    stage.post("/v1/users/bob/disconnect", "").await.expect(200);
    assert_eq!(end_of(&other), Some(Close::ENDED));
    assert_eq!(stage.post("/v1/users/eve/disconnect", "{}").await.expect(200), json!({ "disconnected": 0 }));
}

#[tokio::test]
async fn a_wrong_disconnect_is_explained() {
    let stage = stage();
    let check = async |uri: &str, body: &str, path| {
        stage.post(uri, body).await.expect_problem(400, "invalid_request", path);
    };
    check("/v1/users/ada/disconnect", r#"{"reason":7}"#, Some("reason")).await;
    check("/v1/users/ada/disconnect", "[]", None).await;
    check("/v1/users/%00/disconnect", "", Some("user")).await;
    check("/v1/users/%FF/disconnect", "", None).await;
}

#[tokio::test]
async fn stats_count() {
    let stage = stage();
    let _ada = stage.connect("ada", &["orders", "news"]).await;
    stage.post("/v1/publish", json!({ "to": { "room": "news" }, "type": "x" })).await.expect(202);
    let stats = stage.get("/v1/stats").await.expect(200);
    assert_eq!(stats["version"], env!("CARGO_PKG_VERSION"));
    let count = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!(["connections", "users", "rooms", "subscriptions", "entries"].map(count), [1, 1, 2, 2, 1]);
}
