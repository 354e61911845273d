//! Publishing from the back end: to whom, how many heard it, many at once, and once however often it is sent.

use serde_json::{Value, json};

use crate::harness::{Client, Http, Server, token_with};

/// Types of what came so far.
async fn types(client: &mut Client) -> Vec<String> {
    client.so_far().await.iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

fn reached(users: usize, connections: usize) -> Value {
    json!({ "users": users, "connections": connections })
}

#[tokio::test]
async fn b2_to_a_user_means_all_their_tabs() {
    let server = Server::start();
    let (mut one, mut two) = (server.connect("ada").await, server.connect("ada").await);
    let mut bob = server.connect("bob").await;
    let published = server.publish(json!({ "user": "ada" }), "notification", json!({ "n": 1 })).await;
    assert_eq!((&published["reached"], &published["offset"]), (&reached(1, 2), &json!(1)));
    for tab in [&mut one, &mut two] {
        let entry = tab.expect("notification").await;
        assert!(entry.get("room").is_none() && entry.get("from").is_none(), "{entry}");
        assert_eq!(
            (&entry["id"], &entry["offset"], &entry["data"]),
            (&published["id"], &json!(1), &json!({ "n": 1 }))
        );
    }
    assert!(bob.so_far().await.is_empty());
    let absent = server.publish(json!({ "user": "nobody" }), "notification", json!(1)).await;
    assert_eq!(absent["reached"], reached(0, 0));
}

#[tokio::test]
async fn b2_to_users_rooms_roles_and_everyone() {
    let server = Server::start();
    let of = async |user: &str, roles: Value| {
        server.connect_with(&token_with(&server, user, json!({ "roles": roles }))).await
    };
    let mut ada = of("ada", json!(["admin"])).await;
    let mut ann = of("ann", json!(["admin", "support"])).await;
    let mut bob = of("bob", json!([])).await;
    for (client, rooms) in [(&mut ada, vec!["tickets", "orders"]), (&mut bob, vec!["orders"])] {
        for room in rooms {
            client.join(room).await;
        }
    }
    types(&mut ada).await;

    let users = json!({ "users": ["ada", "bob", "ada", "nobody"] });
    assert_eq!(server.publish(users, "to.users", json!(1)).await["reached"], reached(2, 2));
    assert_eq!(
        server.publish(json!({ "room": "orders" }), "to.room", json!(1)).await["reached"],
        reached(2, 2)
    );
    server.publish(json!({ "rooms": ["tickets", "orders", "tickets"] }), "to.rooms", json!(1)).await;
    let to_role = server.publish(json!({ "role": "admin" }), "to.role", json!(1)).await;
    assert_eq!((&to_role["reached"], to_role.get("offset")), (&reached(2, 2), None));
    assert_eq!(
        server.publish(json!({ "everyone": true }), "to.everyone", json!(1)).await["reached"],
        reached(3, 3)
    );

    assert_eq!(
        types(&mut ada).await,
        ["to.users", "to.room", "to.rooms", "to.rooms", "to.role", "to.everyone"]
    );
    assert_eq!(types(&mut ann).await, ["to.role", "to.everyone"]);
    assert_eq!(types(&mut bob).await, ["to.users", "to.room", "to.rooms", "to.everyone"]);
}

#[tokio::test]
async fn b2_a_role_is_truly_the_role() {
    let server = Server::start();
    let mut named = server.connect("admin").await;
    let mut other = server
        .connect_with(&token_with(&server, "eve", json!({ "role": "admin", "roles": ["admins"] })))
        .await;
    assert_eq!(
        server.publish(json!({ "role": "admin" }), "secret", json!(1)).await["reached"],
        reached(0, 0)
    );
    assert!(types(&mut named).await.is_empty() && types(&mut other).await.is_empty());
}

#[tokio::test]
async fn b2_except_leaves_one_connection_out() {
    let server = Server::start();
    let token = crate::harness::token(&server, "ada");
    let mut causing = server.dial().bearer(&token).open().await;
    let id = causing.expect("connection_established").await["connection_id"].clone();
    let (mut other_tab, mut bob) = (server.connect("ada").await, server.connect("bob").await);
    for client in [&mut causing, &mut other_tab, &mut bob] {
        client.join("orders").await;
    }
    types(&mut causing).await;
    types(&mut other_tab).await;
    for to in [json!({ "room": "orders" }), json!({ "user": "ada" }), json!({ "everyone": true })] {
        let body = json!({ "to": to, "type": "order_updated", "data": 1, "except": id });
        let answer = server.post("/v1/publish", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    assert!(types(&mut causing).await.is_empty());
    assert_eq!(types(&mut other_tab).await.len(), 3);
    assert_eq!(types(&mut bob).await.len(), 2);
}

#[tokio::test]
async fn b2_reached_does_not_count_who_is_left_out() {
    let server = Server::start();
    let mut causing = server.dial().bearer(&crate::harness::token(&server, "ada")).open().await;
    let id = causing.expect("connection_established").await["connection_id"].clone();
    causing.join("orders").await;
    let _bob = {
        let mut bob = server.connect("bob").await;
        bob.join("orders").await;
        bob
    };
    let body = json!({ "to": { "room": "orders" }, "type": "order_updated", "except": id });
    let answer = server.post("/v1/publish", &body).await.json();
    assert_eq!(answer["reached"]["connections"], 1, "only bob's: {answer}");
}

#[tokio::test]
async fn b3_data_of_every_kind_arrives_as_it_was() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let deep = (0..28).fold(json!("bottom"), |inner, _| json!([inner]));
    for data in [
        json!(null),
        json!(true),
        json!(0),
        json!(-1.5e-7),
        json!(""),
        json!("\u{0}\u{7f}\u{2028}👩‍👩‍👧"),
        json!([]),
        json!({}),
        json!({ "": { "a b": [1, {}] } }),
        deep,
    ] {
        server.publish(json!({ "room": "orders" }), "kind", data.clone()).await;
        assert_eq!(ada.expect("kind").await["data"], data);
    }
    for name in ["a", "a.b:c/d-e_F", &"x".repeat(128)] {
        server.publish(json!({ "room": "orders" }), name, json!(1)).await;
        ada.expect(name).await;
    }
    let mut http = Http::open(&server).await;
    let body = br#"{"to":{"room":"orders"},"type":"raw","data": {"n": 1.0, "big": 123456789012345678901234567890} }"#;
    assert_eq!(http.request("POST", "/v1/publish", "", body).await.status, 202);
    ada.expect("raw").await;
}

#[tokio::test]
async fn b2_a_batch_is_taken_entry_by_entry() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let entry = |to: Value, r#type: &str| json!({ "to": to, "type": r#type });
    let entries = json!({ "entries": [
        entry(json!({ "room": "orders" }), "first"),
        entry(json!({ "room": "a b" }), "bad.room"),
        entry(json!({ "user": "ada" }), "second"),
        entry(json!({}), "bad.to"),
        { "to": { "room": "orders" } },
        "nonsense",
        entry(json!({ "room": "orders" }), "third"),
    ] });
    let answer = server.post("/v1/publish/batch", &entries).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let results = answer.json()["results"].as_array().unwrap().clone();
    let paths: Vec<_> =
        results.iter().map(|result| result["error"]["path"].as_str().unwrap_or("-").to_owned()).collect();
    assert_eq!(
        paths,
        ["-", "entries[1].to.room", "-", "entries[3].to", "entries[4].type", "entries[5]", "-"]
    );
    assert_eq!(results[1]["error"]["code"], "invalid_request");
    assert_eq!((&results[0]["offset"], &results[6]["offset"]), (&json!(1), &json!(2)));
    assert_eq!(types(&mut ada).await, ["first", "second", "third"]);

    let many = |count: usize| json!({ "entries": vec![entry(json!({ "room": "orders" }), "many"); count] });
    let answer = server.post("/v1/publish/batch", &many(1000)).await;
    assert_eq!(answer.json()["results"].as_array().unwrap().len(), 1000);
    for n in 3..=1002 {
        assert_eq!(ada.expect("many").await["offset"], n);
    }
    let answer = server.post("/v1/publish/batch", &many(1001)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"));
    assert_eq!(
        server.post("/v1/publish/batch", &json!({ "entries": [] })).await.json()["results"],
        json!([])
    );
}

#[tokio::test]
async fn b2_the_same_key_publishes_once() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let mut http = Http::open(&server).await;
    let body = json!({ "to": { "room": "orders" }, "type": "order_created", "data": 1 }).to_string();
    let key = "Idempotency-Key: order-1-created\r\n";
    let first = http.request("POST", "/v1/publish", key, body.as_bytes()).await;
    let again = http.request("POST", "/v1/publish", key, body.as_bytes()).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(first.json(), again.json());
    let other = body.replace('1', "2");
    let conflict = http.request("POST", "/v1/publish", key, other.as_bytes()).await;
    assert_eq!((conflict.status, conflict.problem().as_str()), (409, "conflict"));
    assert_eq!(types(&mut ada).await, ["order_created"]);
    let bad = br#"{"to":{"room":"a b"},"type":"x"}"#;
    let key = "Idempotency-Key: second-try\r\n";
    assert_eq!(http.request("POST", "/v1/publish", key, bad).await.status, 400);
    assert_eq!(
        http.request("POST", "/v1/publish", key, other.as_bytes()).await.status,
        202,
        "a failure is not kept"
    );
    let batch = json!({ "entries": [{ "to": { "room": "orders" }, "type": "batched" }] }).to_string();
    let key = "Idempotency-Key: batch-1\r\n";
    let first = http.request("POST", "/v1/publish/batch", key, batch.as_bytes()).await;
    let again = http.request("POST", "/v1/publish/batch", key, batch.as_bytes()).await;
    assert_eq!((first.json(), again.header("idempotent-replayed")), (again.json(), Some("true")));
    assert_eq!(types(&mut ada).await, ["order_created", "batched"]);
    for key in ["Idempotency-Key: \r\n".to_owned(), format!("Idempotency-Key: {}\r\n", "x".repeat(256))] {
        assert_eq!(http.request("POST", "/v1/publish", &key, body.as_bytes()).await.status, 400);
    }
}

#[tokio::test]
async fn b2_twenty_at_once_with_one_key_publish_once() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let body = json!({ "to": { "room": "orders" }, "type": "order_created" }).to_string();
    let tries = (0..20).map(|_| async {
        let mut http = Http::open(&server).await;
        let answer = http.request("POST", "/v1/publish", "Idempotency-Key: k\r\n", body.as_bytes()).await;
        assert!([202, 409].contains(&answer.status), "{}", answer.text());
    });
    futures_util::future::join_all(tries).await;
    assert_eq!(types(&mut ada).await.len(), 1);
}

/// More than a publisher writes to itself: the server's own turns hand these out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_a_large_room_hears_everything_in_one_order() {
    const PUBLISHERS: u64 = 4;
    const EACH: u64 = 50;
    let server = Server::with(&[("limits.connections_per_ip", "0"), ("live.presence_names_max", "0")]);
    let mut clients = Vec::new();
    for n in 0..60 {
        let mut client = server.connect(&format!("user{n}")).await;
        client.join("orders").await;
        clients.push(client);
    }
    let publish = |publisher: u64| {
        let server = &server;
        async move {
            let mut http = Http::open(server).await;
            for n in 0..EACH {
                let body = json!({ "to": { "room": "orders" }, "type": "n", "data": [publisher, n] });
                let answer = http.publish(&body).await.json();
                assert_eq!(answer["reached"], reached(60, 60));
            }
        }
    };
    futures_util::future::join_all((0..PUBLISHERS).map(publish)).await;
    let mut orders = Vec::new();
    for client in &mut clients {
        let mut order = Vec::new();
        for offset in 1..=PUBLISHERS * EACH {
            let entry = client.event("n").await;
            assert_eq!(entry["offset"], offset);
            order.push(entry["data"].clone());
        }
        orders.push(order);
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "one order for all");
    for publisher in 0..PUBLISHERS {
        let own: Vec<_> =
            orders[0].iter().filter(|data| data[0] == publisher).map(|data| data[1].clone()).collect();
        assert_eq!(own, (0..EACH).map(|n| json!(n)).collect::<Vec<_>>(), "each publisher's in its own order");
    }
}

#[tokio::test]
async fn b2_except_holds_in_a_large_room_too() {
    let server = Server::with(&[("limits.connections_per_ip", "0"), ("live.presence_names_max", "0")]);
    let mut causing = server.dial().bearer(&crate::harness::token(&server, "ada")).open().await;
    let id = causing.expect("connection_established").await["connection_id"].clone();
    causing.join("orders").await;
    let mut others = Vec::new();
    for n in 0..40 {
        let mut other = server.connect(&format!("user{n}")).await;
        other.join("orders").await;
        others.push(other);
    }
    for n in 0..3 {
        let body = json!({ "to": { "room": "orders" }, "type": "n", "data": n, "except": id });
        assert_eq!(server.post("/v1/publish", &body).await.json()["reached"], reached(40, 40));
    }
    server.publish(json!({ "room": "orders" }), "for.all", json!(1)).await;
    for other in &mut others {
        for n in 0..3 {
            assert_eq!(other.event("n").await["data"], n);
        }
        other.event("for.all").await;
    }
    let heard = causing.find(|entry| entry["type"] != "member_count").await;
    assert_eq!(heard["type"], "for.all", "{heard}");
}

#[tokio::test]
async fn b2_reached_counts_only_those_who_are_there() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let mut bob = server.connect("bob").await;
    ada.join("orders").await;
    bob.join("orders").await;
    bob.leave().await;
    // Bob's presence goes on for some seconds; he hears nothing all the same.
    for to in [json!({ "everyone": true }), json!({ "room": "orders" }), json!({ "users": ["ada", "bob"] })] {
        assert_eq!(server.publish(to, "x", json!(1)).await["reached"], reached(1, 1));
    }
    assert_eq!(server.stats().await["users"], 1);
}

#[tokio::test]
async fn b2_reached_is_the_sum_over_the_rooms() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    for room in ["tickets", "orders"] {
        ada.join(room).await;
    }
    let both = server.publish(json!({ "rooms": ["tickets", "orders"] }), "x", json!(1)).await;
    assert_eq!(both["reached"], reached(2, 2), "she hears it twice, once in each room");
}
