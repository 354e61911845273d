//! `GET /v1/presence`.

use serde_json::{Value, json};

use crate::stage::stage;

#[tokio::test]
async fn of_users_in_the_order_they_were_asked_for() {
    let stage = stage();
    let _ada = stage.connect("ada", &[]).await;
    let page = stage.get("/v1/presence?users=zoe,ada,a%2Cb").await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let page = page.expect(200);
    let shown = |item: &Value| (item["user"].clone(), item["status"].clone(), item["connections"].clone());
    let items: Vec<_> = page["items"].as_array().unwrap().iter().map(shown).collect();
    let row = |user, status, connections| (json!(user), json!(status), json!(connections));
    assert_eq!(items, [row("zoe", "offline", 0), row("ada", "online", 1), row("a,b", "offline", 0)]);
    assert_eq!((&page["items"][0]["last_seen"], &page["next_cursor"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn of_a_room_page_by_page() {
    let stage = stage();
    let mut connections = Vec::new();
    for user in ["cyd", "ada", "bob"] {
        connections.push(stage.connect(user, &["orders"]).await);
    }
    let first = stage.get("/v1/presence?room=orders&limit=2").await.expect(200);
    assert_eq!((&first["items"][0]["user"], &first["items"][1]["user"]), (&json!("ada"), &json!("bob")));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = stage.get(&format!("/v1/presence?room=orders&limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((&second["items"][0]["user"], &second["next_cursor"]), (&json!("cyd"), &Value::Null));
    assert_eq!(stage.get("/v1/presence?room=empty").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let stage = stage();
    let check = async |query: &str, path| {
        let answer = stage.get(&format!("/v1/presence{query}")).await;
        answer.expect_problem(400, "invalid_request", Some(path));
    };
    check("", "users").await;
    check("?users=a&room=b", "users").await;
    check("?users=", "users").await;
    check("?users=a&users=b", "users").await;
    check(&format!("?users={}", vec!["a"; 101].join(",")), "users").await;
    check("?room=a%20b", "room").await;
    check("?room=%FF", "room").await;
    check("?room=a&limit=0", "limit").await;
    check("?room=a&cursor=x", "cursor").await;
}
