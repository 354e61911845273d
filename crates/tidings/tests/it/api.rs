//! The HTTP interface: credentials, lists, ending connections, statistics, and errors as they should be.

use serde_json::{Value, json};

use crate::harness::{Heard, Http, Raw, Server, token};

const PATHS: [(&str, &str); 6] = [
    ("POST", "/v1/publish"),
    ("POST", "/v1/publish/batch"),
    ("GET", "/v1/presence?users=ada"),
    ("GET", "/v1/connections"),
    ("POST", "/v1/users/ada/disconnect"),
    ("GET", "/v1/stats"),
];

#[tokio::test]
async fn g1_nothing_without_a_key() {
    // Without addresses that may look, statistics need the key too.
    let server = Server::with(&[("security.admin_allow", "10.9.9.9/32")]);
    let user = format!("Authorization: Bearer {}\r\n", token(&server, "ada"));
    let secret = format!("X-API-Key: {}\r\n", server.jwt_secret);
    for credentials in ["", "Authorization: Basic YTpi\r\n", "X-API-Key:\r\n", &user, &secret] {
        for (method, path) in PATHS {
            let mut http = Http::open(&server).await.authorized_by(credentials);
            let answer = http.request(method, path, "", b"{}").await;
            if answer.status == 429 {
                // So many wrong keys are a reason of its own; a test below looks at it.
                continue;
            }
            assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"), "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    let key = format!("X-API-Key: {}\r\n", server.api_key);
    let mut http = Http::open(&server).await.authorized_by(&key);
    assert_eq!(http.request("GET", "/v1/stats", "", b"").await.status, 200);
}

#[tokio::test]
async fn g1_guessing_keys_is_slowed_down() {
    let server = Server::start();
    let mut http = Http::open(&server).await.authorized_by("Authorization: Bearer wrong-key\r\n");
    let mut refused = 0;
    let slowed = loop {
        let answer = http.request("GET", "/v1/connections", "", b"").await;
        match answer.status {
            401 => refused += 1,
            _ => break answer,
        }
        assert!(refused < 50, "guessing is never slowed down");
    };
    assert_eq!((slowed.status, slowed.problem().as_str()), (429, "rate_limited"));
    assert!(slowed.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(slowed.json()["retry_after_ms"].as_u64().unwrap() > 0);
    assert!(refused >= 5, "a typing error is forgiven");
    assert_eq!(server.get("/v1/connections").await.status, 200, "who has the key is let in");
}

#[tokio::test]
async fn g1_two_keys_open_while_they_are_changed() {
    let (old, new) = (crate::harness::random_hex(24), crate::harness::random_hex(24));
    let server = Server::with(&[("auth.api_keys", &format!("{new},{old}"))]);
    for key in [&new, &old] {
        let mut http = Http::open(&server).await.authorized_by(&format!("Authorization: bearer {key}\r\n"));
        assert_eq!(http.request("GET", "/v1/stats", "", b"").await.status, 200);
    }
}

#[tokio::test]
async fn g1_every_wrong_field_of_a_publication_is_named() {
    let server = Server::start();
    let mut http = Http::open(&server).await;
    let good = json!({ "room": "orders" });
    let table = [
        (json!({ "type": "x" }), "to"),
        (json!({ "to": null, "type": "x" }), "to"),
        (json!({ "to": "orders", "type": "x" }), "to"),
        (json!({ "to": {}, "type": "x" }), "to"),
        (json!({ "to": { "room": "a", "user": "b" }, "type": "x" }), "to"),
        (json!({ "to": { "nobody": "a" }, "type": "x" }), "to"),
        (json!({ "to": { "room": 5 }, "type": "x" }), "to.room"),
        (json!({ "to": { "room": "a b" }, "type": "x" }), "to.room"),
        (json!({ "to": { "rooms": [] }, "type": "x" }), "to.rooms"),
        (json!({ "to": { "rooms": "a" }, "type": "x" }), "to.rooms"),
        (json!({ "to": { "user": "" }, "type": "x" }), "to.user"),
        (json!({ "to": { "user": "a\u{1}" }, "type": "x" }), "to.user"),
        (json!({ "to": { "users": [1] }, "type": "x" }), "to.users"),
        (json!({ "to": { "users": [] }, "type": "x" }), "to.users"),
        (json!({ "to": { "users": vec!["a"; 1001] }, "type": "x" }), "to.users"),
        (json!({ "to": { "role": [] }, "type": "x" }), "to.role"),
        (json!({ "to": { "everyone": "yes" }, "type": "x" }), "to.everyone"),
        (json!({ "to": { "everyone": false }, "type": "x" }), "to.everyone"),
        (json!({ "to": good }), "type"),
        (json!({ "to": good, "type": 5 }), "type"),
        (json!({ "to": good, "type": "" }), "type"),
        (json!({ "to": good, "type": "a b" }), "type"),
        (json!({ "to": good, "type": "x", "except": "me" }), "except"),
        (json!({ "to": good, "type": "x", "except": 1 }), "except"),
    ];
    for (body, path) in table {
        let answer = http.publish(&body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{body}");
        let errors = &answer.json()["errors"];
        assert_eq!(errors[0]["path"], path, "{body}: {errors}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
    }
    for body in ["", "{", "[]", "null", "\"x\"", "{\"to\":{\"room\":\"a\"},\"type\":\"x\"} x"] {
        let answer = http.request("POST", "/v1/publish", "", body.as_bytes()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{body:?}");
    }
    let deep =
        format!(r#"{{"to":{{"room":"a"}},"type":"x","data":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(http.request("POST", "/v1/publish", "", deep.as_bytes()).await.problem(), "invalid_request");
    let answer = http.publish(&json!({ "to": good, "type": "x" })).await;
    assert_eq!(
        answer.json()["reached"]["connections"],
        0,
        "nothing of all this was published: {}",
        answer.text()
    );
    assert_eq!(answer.json()["offset"], 1);
}

#[tokio::test]
async fn g1_bodies_are_limited() {
    let server = Server::with(&[("limits.body_bytes", "10000")]);
    let body = |bytes: usize| json!({ "to": { "room": "orders" }, "type": "x", "data": "y".repeat(bytes) });
    assert_eq!(server.post("/v1/publish", &body(9_000)).await.status, 202);
    let answer = server.post("/v1/publish", &body(10_000)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (413, "payload_too_large"));
}

#[tokio::test]
async fn g1_paths_and_methods() {
    let server = Server::start();
    let mut http = Http::open(&server).await;
    let answer = http.request("GET", "/v1/nothing", "", b"").await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"));
    let answer = http.request("DELETE", "/v1/publish", "", b"").await;
    assert_eq!(answer.status, 405, "{}", answer.head);
    assert_eq!(answer.header("allow"), Some("POST"));
    answer.problem();
    assert_eq!(http.request("GET", "/livez", "", b"").await.status, 200);
    assert_eq!(http.request("GET", "/readyz", "", b"").await.status, 200);
    let description = http.request("GET", "/openapi.json", "", b"").await;
    for path in ["/v1/publish", "/v1/publish/batch", "/v1/presence", "/v1/connections", "/v1/stats"] {
        assert!(description.json()["paths"][path].is_object(), "{path}");
    }
    let metrics = http.request("GET", "/metrics", "", b"").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.text().contains("tidings_") && metrics.text().trim_end().ends_with("# EOF"),
        "{}",
        metrics.text()
    );
}

#[tokio::test]
async fn g1_connections_page_by_page() {
    let server = Server::start();
    let token = token(&server, "ada");
    let query = format!("token={token}&client_type=web&client_version=1.2&device_id=laptop&resume=x");
    let mut ada = server.dial().query(&query).open().await;
    let id = ada.expect("connection_established").await["connection_id"].clone();
    ada.join("orders").await;
    let _others = [server.connect("bob").await, server.connect("bob").await, server.connect("bob").await];
    let all = server.get("/v1/connections").await.json();
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next_cursor"]), (4, &Value::Null));
    let first = &all["items"][0];
    assert_eq!((&first["connection_id"], &first["user"]), (&id, &json!("ada")));
    assert_eq!(
        [&first["client_type"], &first["client_version"], &first["device_id"]],
        ["web", "1.2", "laptop"]
    );
    assert_eq!((&first["ip"], &first["rooms"]), (&json!("127.0.0.1"), &json!(["orders"])));
    assert_eq!(server.get("/v1/connections?user=bob").await.json()["items"].as_array().unwrap().len(), 3);
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = server.get(&format!("/v1/connections?limit=1{cursor}")).await.json();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(seen), all["items"]);
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x", "user=", "limit=1&limit=2"] {
        let answer = server.get(&format!("/v1/connections?{query}")).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{query}");
    }
}

#[tokio::test]
async fn g1_presence_of_users_and_of_a_room() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    ada.say(json!({ "type": "presence", "status": "away", "data": { "mood": "tea" } })).await;
    ada.so_far().await;
    let items = server.get("/v1/presence?users=bob,ada").await.json()["items"].clone();
    assert_eq!(items[0], json!({ "user": "bob", "status": "offline", "last_seen": null, "connections": 0 }));
    assert_eq!(
        (&items[1]["user"], &items[1]["status"], &items[1]["connections"]),
        (&json!("ada"), &json!("away"), &json!(1))
    );
    assert_eq!(items[1]["data"], json!({ "mood": "tea" }));
    let room = server.get("/v1/presence?room=orders").await.json();
    assert_eq!((&room["items"][0]["user"], &room["next_cursor"]), (&json!("ada"), &Value::Null));
    assert_eq!(server.get("/v1/presence?room=empty").await.json()["items"], json!([]));
    for query in ["", "?users=ada&room=orders", "?room=a%20b", "?users="] {
        let answer = server.get(&format!("/v1/presence{query}")).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{query}");
    }
}

#[tokio::test]
async fn g1_ending_a_users_connections() {
    let server = Server::start();
    let (mut one, mut two) = (server.connect("ada|1 2/ü").await, server.connect("ada|1 2/ü").await);
    let mut bob = server.connect("bob").await;
    let path = "/v1/users/ada%7C1%202%2F%C3%BC/disconnect";
    let answer = server.post(path, &json!({ "reason": "password changed" })).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "disconnected": 2 })));
    for tab in [&mut one, &mut two] {
        assert_eq!(tab.hear().await, Heard::Closed(4009, "password changed".into()));
    }
    let mut http = Http::open(&server).await;
    let answer = http.request("POST", "/v1/users/bob/disconnect", "", b"").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "disconnected": 1 })));
    assert_eq!(bob.hear().await, Heard::Closed(4009, "ended by an administrator".into()));
    let nobody = server.post("/v1/users/nobody/disconnect", &json!({})).await;
    assert_eq!(nobody.json(), json!({ "disconnected": 0 }));
    let answer = server.post("/v1/users/bob/disconnect", &json!({ "reason": 5 })).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["path"]), (400, &json!("reason")));
    let mut long = server.connect("cat").await;
    server.post("/v1/users/cat/disconnect", &json!({ "reason": "ü".repeat(100) })).await;
    assert_eq!(long.closed().await, (4009, "ü".repeat(61)), "a reason is cut to what a close frame holds");
}

#[tokio::test]
async fn g1_statistics_count() {
    let server = Server::start();
    let (mut ada, mut tab, mut bob) =
        (server.connect("ada").await, server.connect("ada").await, server.connect("bob").await);
    for client in [&mut ada, &mut tab, &mut bob] {
        client.join("orders").await;
    }
    bob.join("issues").await;
    server.publish(json!({ "room": "orders" }), "order_created", json!(1)).await;
    let stats = server.stats().await;
    assert_eq!(
        [&stats["connections"], &stats["users"], &stats["rooms"], &stats["subscriptions"]],
        [3, 2, 2, 4]
    );
    assert_eq!([&stats["entries"], &stats["dropped"], &stats["slow_readers"]], [1, 0, 0]);
    assert!(stats["deliveries"].as_u64().unwrap() >= 3, "{stats}");
    assert!(stats["version"].is_string() && stats["uptime_seconds"].is_u64());
    bob.leave().await;
    assert_eq!(server.stats().await["connections"], 2);
}

#[tokio::test]
async fn g1_bodies_in_chunks_and_after_a_question() {
    let server = Server::with(&[("limits.body_bytes", "10000")]);
    let body = json!({ "to": { "room": "orders" }, "type": "x", "data": "y".repeat(4_000) }).to_string();
    let head = |more: &str| {
        format!("POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n{more}\r\n\r\n", server.api_key)
    };
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let mut raw = Raw::socket(&server, None).await;
    raw.send(head("Transfer-Encoding: chunked").as_bytes()).await;
    let (one, two) = body.split_at(1_000);
    raw.send(format!("{}{}0\r\n\r\n", chunk(one), chunk(two)).as_bytes()).await;
    assert_eq!(raw.response().await.unwrap().status, 202);

    let mut raw = Raw::socket(&server, None).await;
    raw.send(head("Transfer-Encoding: chunked").as_bytes()).await;
    raw.send(chunk(&"y".repeat(5_000)).repeat(3).as_bytes()).await;
    let answer = raw.response().await.unwrap();
    assert_eq!((answer.status, answer.problem().as_str()), (413, "payload_too_large"));

    let mut raw = Raw::socket(&server, None).await;
    raw.send(head(&format!("Expect: 100-continue\r\nContent-Length: {}", body.len())).as_bytes()).await;
    assert_eq!(raw.head().await.status, 100);
    raw.send(body.as_bytes()).await;
    assert_eq!(raw.response().await.unwrap().status, 202);
    let mut raw = Raw::socket(&server, None).await;
    raw.send(head("Expect: 100-continue\r\nContent-Length: 20000").as_bytes()).await;
    assert_eq!(raw.head().await.status, 413, "refused before it is sent");
}

#[tokio::test]
async fn g1_two_requests_in_one_piece() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let request = |n: u64| {
        let body = json!({ "to": { "room": "orders" }, "type": "n", "data": n }).to_string();
        let key = &server.api_key;
        let length = body.len();
        format!(
            "POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let mut http = Http::open(&server).await;
    http.send_bytes((1..=5).map(request).collect::<String>().as_bytes()).await;
    for n in 1..=5 {
        assert_eq!(ada.expect("n").await["data"], n);
    }
}
