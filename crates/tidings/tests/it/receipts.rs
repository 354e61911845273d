//! Receipts: whom an entry was for, on what it came and when, and who has seen and read it.

use std::time::Duration;

use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Client, PATIENCE, Raw, Server, frame, token, token_with};

impl Server {
    /// Publishes with receipts; the answer.
    async fn track(&self, to: Value) -> Value {
        let body = json!({ "to": to, "type": "deadline", "data": { "day": "Friday" }, "receipts": true });
        let answer = self.post("/v1/publish", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()
    }

    async fn receipts(&self, id: &Value) -> Vec<Value> {
        let answer = self.get(&format!("/v1/entries/{}/receipts", id.as_str().unwrap())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The receipts, once they are like this.
    async fn receipts_when(&self, id: &Value, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let end = tokio::time::Instant::now() + PATIENCE;
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            let receipts = self.receipts(id).await;
            if are(&receipts) {
                return receipts;
            }
            assert!(tokio::time::Instant::now() < end, "{receipts:?}");
            looks.tick().await;
        }
    }

    async fn device(&self, user: &str, query: &str) -> Client {
        let mut client = self.dial().bearer(&token(self, user)).query(query).open().await;
        client.expect("connection_established").await;
        client
    }
}

fn users(receipts: &[Value]) -> Vec<&str> {
    receipts.iter().map(|receipt| receipt["user"].as_str().unwrap()).collect()
}

/// How many devices each has it on.
fn devices(receipts: &[Value]) -> Vec<usize> {
    receipts.iter().map(|receipt| receipt["delivered"].as_array().unwrap().len()).collect()
}

async fn acknowledge(client: &mut Client, ids: &[&Value], how: &str) -> Value {
    let answer = client.ask(json!({ "type": "acknowledge", "entry_ids": ids, "as": how })).await;
    assert_eq!(answer["type"], "acknowledged", "{answer}");
    answer
}

#[tokio::test]
async fn j8_an_event_says_on_what_it_came_and_who_read_it() {
    let server = Server::start();
    let mut phone = server.device("ada", "device_id=phone&client_type=mobile").await;
    let mut tab = server.device("ada", "client_type=web").await;
    let sent = server.track(json!({ "users": ["ada", "bob"] })).await;
    for device in [&mut phone, &mut tab] {
        assert_eq!(device.event("deadline").await["id"], sent["id"]);
        device.so_far().await;
    }
    let receipts = server.receipts_when(&sent["id"], |all| devices(all) == [2, 0]).await;
    assert_eq!(users(&receipts), ["ada", "bob"], "bob was meant, and was not there");
    let on = receipts[0]["delivered"].as_array().unwrap();
    let phones = on.iter().find(|on| on["device"] == "phone").unwrap();
    assert_eq!(phones["client_type"], "mobile");
    assert!(phones["at"].is_string() && receipts[0]["seen_at"].is_null(), "{receipts:?}");

    let seen = acknowledge(&mut phone, &[&sent["id"]], "seen").await;
    assert_eq!((&seen["entry_ids"], &seen["success"]), (&json!([sent["id"]]), &json!(true)));
    let receipts = server.receipts(&sent["id"]).await;
    assert!(receipts[0]["seen_at"].is_string() && receipts[0]["read_at"].is_null(), "{receipts:?}");
    acknowledge(&mut tab, &[&sent["id"]], "read").await;
    let read = server.receipts(&sent["id"]).await;
    assert_eq!(read[0]["seen_at"], receipts[0]["seen_at"], "the first time stays");
    assert!(read[0]["read_at"].is_string() && read[1]["read_at"].is_null(), "{read:?}");
}

#[tokio::test]
async fn j8_of_what_is_not_theirs_nobody_says_that_they_read_it() {
    let server = Server::start();
    let (mut ada, mut eve) = (server.connect("ada").await, server.connect("eve").await);
    let hers = server.track(json!({ "user": "ada" })).await["id"].clone();
    let plain = server.publish(json!({ "user": "ada" }), "plain", json!(1)).await["id"].clone();
    let no_such = json!("0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3");
    for id in [&hers, &no_such] {
        let answer = acknowledge(&mut eve, &[id], "read").await;
        assert_eq!((&answer["entry_ids"], &answer["success"]), (&json!([]), &json!(false)), "no hint");
    }
    let some = acknowledge(&mut ada, &[&plain, &hers], "read").await;
    assert_eq!((&some["entry_ids"], &some["success"]), (&json!([hers]), &json!(false)));
    assert_eq!(users(&server.receipts(&hers).await), ["ada"]);
    assert!(server.receipts(&plain).await.is_empty(), "nobody asked for them");
    let wrong = ada.ask(json!({ "type": "acknowledge", "entry_ids": [], "as": "read" })).await;
    assert_eq!((&wrong["code"], &wrong["path"]), (&json!("invalid_request"), &json!("entry_ids")));
    let wrong = ada.ask(json!({ "type": "acknowledge", "entry_ids": [hers], "as": "burnt" })).await;
    assert_eq!((&wrong["code"], &wrong["path"]), (&json!("invalid_request"), &json!("as")));
}

#[tokio::test]
async fn j8_written_to_a_socket_is_not_delivered() {
    let server = Server::start();
    let mut deaf = Raw::connect(&server, "ada", "", None).await;
    let mut bob = server.connect("bob").await;
    let sent = server.track(json!({ "users": ["ada", "bob"] })).await;
    let heard = deaf.frame().await.unwrap();
    assert!(String::from_utf8_lossy(&heard.payload).contains("deadline"));
    let ping = deaf.frame().await.unwrap();
    assert_eq!((ping.first, ping.payload.len()), (0x89, 8), "a ping goes right behind it");
    bob.event("deadline").await;
    bob.so_far().await;
    let receipts = server.receipts_when(&sent["id"], |all| devices(all) == [0, 1]).await;
    assert_eq!(users(&receipts), ["ada", "bob"]);
    // An answer to another ping is none to this.
    deaf.send(&frame(0x8a, &u64::MAX.to_be_bytes())).await;
    deaf.send(&frame(0x8a, b"")).await;
    deaf.say(&json!({ "type": "ping", "id": 1 })).await;
    assert!(String::from_utf8_lossy(&deaf.frame().await.unwrap().payload).contains("pong"));
    assert_eq!(devices(&server.receipts(&sent["id"]).await), [0, 1]);
    deaf.send(&frame(0x8a, &ping.payload)).await;
    server.receipts_when(&sent["id"], |all| devices(all) == [1, 1]).await;
}

#[tokio::test]
async fn j8_of_a_room_a_role_and_everyone_those_are_named_who_got_it() {
    let server = Server::start();
    let support = token_with(&server, "sue", json!({ "roles": ["support"] }));
    let (mut sue, mut ada) = (server.connect_with(&support).await, server.connect("ada").await);
    let mut bob = server.connect("bob").await;
    ada.join("orders").await;
    let to = [json!({ "room": "orders" }), json!({ "role": "support" }), json!({ "everyone": true })];
    let mut ids = Vec::new();
    for to in to {
        ids.push(server.track(to).await["id"].clone());
    }
    for client in [&mut sue, &mut ada, &mut bob] {
        client.find(|it| it["id"] == ids[2]).await;
        client.so_far().await;
    }
    let named = [&["ada"][..], &["sue"], &["ada", "bob", "sue"]];
    for (id, named) in ids.iter().zip(named) {
        let receipts = server.receipts_when(id, |all| users(all) == named).await;
        assert!(devices(&receipts).iter().all(|count| *count == 1));
    }
    let batch = json!({ "entries": [{ "to": { "users": ["ada", "bob"] }, "type": "x", "receipts": true },
        { "to": { "room": "orders" }, "type": "x" }] });
    let answer = server.post("/v1/publish/batch", &batch).await.json();
    assert_eq!(users(&server.receipts(&answer["results"][0]["id"]).await), ["ada", "bob"]);
    assert!(server.receipts(&answer["results"][1]["id"]).await.is_empty());
}

#[tokio::test]
async fn j8_a_notification_says_on_what_it_came_too() {
    let server = Server::start();
    let mut phone = server.device("ada", "device_id=phone").await;
    let body = json!({ "to": { "users": ["ada", "bob"] }, "title": "read me", "receipts": true });
    let sent = server.post("/v1/notifications", &body).await.json();
    let told = phone.event("new_notification").await;
    assert_eq!((&told["id"], &told["data"]["notification"]["id"]), (&sent["id"], &sent["id"]));
    phone.ask(json!({ "type": "mark_read", "notification_id": sent["id"] })).await;
    let receipts = server.receipts_when(&sent["id"], |all| devices(all) == [1, 0]).await;
    assert_eq!(users(&receipts), ["ada", "bob"]);
    assert!(receipts[0]["read_at"].is_string() && receipts[1]["read_at"].is_null(), "{receipts:?}");
    assert_eq!(
        acknowledge(&mut phone, &[&sent["id"]], "read").await["success"],
        false,
        "mark_read is for these"
    );

    let body = json!({ "to": { "everyone": true }, "title": "to all", "receipts": true });
    let to_all = server.post("/v1/notifications", &body).await.json();
    phone.event("new_notification").await;
    phone.ask(json!({ "type": "mark_all_read" })).await;
    let receipts = server.receipts_when(&to_all["id"], |all| devices(all) == [1]).await;
    assert!(receipts[0]["read_at"].is_string(), "who marks all as read has read it: {receipts:?}");
}

#[tokio::test]
async fn j8_j1_receipts_outlast_a_kill_and_who_comes_back_has_it() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let mut bob = server.dial().bearer(&token(&server, "bob")).open().await;
    let resume = bob.expect("connection_established").await["resume"].as_str().unwrap().to_owned();
    bob.leave().await;
    let mut phone = server.device("ada", "device_id=phone").await;
    let sent = server.track(json!({ "users": ["ada", "bob"] })).await;
    phone.event("deadline").await;
    acknowledge(&mut phone, &[&sent["id"]], "seen").await;
    let before = server.receipts(&sent["id"]).await;
    assert_eq!(devices(&before), [1, 0]);
    server.kill();
    let server = Server::with(&settings);
    assert_eq!(server.receipts(&sent["id"]).await, before, "nothing that was said is lost");
    let mut bob = server.device("bob", &format!("device_id=laptop&resume={resume}")).await;
    assert_eq!(bob.event("deadline").await["id"], sent["id"]);
    bob.so_far().await;
    let after = server.receipts_when(&sent["id"], |all| devices(all) == [1, 1]).await;
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1]["delivered"][0]["device"], "laptop");
}
