//! The same through the whole server on PostgreSQL, as far as it is worth a database; the store's contract has the rest.

use tidings_testkit::PostgresServer;

use super::*;

#[tokio::test]
async fn d1_d3_j2_postgresql_tells_marks_and_counts_over_a_kill() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let (mut tab, mut phone) = (server.connect("ada").await, server.connect("ada").await);
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        let sent = server.notify(ada(), title, json!({ "category": "order", "dedupe_key": title })).await;
        assert_eq!(sent["reached"], json!({ "users": 1, "connections": 2 }));
        ids.push(sent["id"].clone());
    }
    let again = server.notify(ada(), "one again", json!({ "dedupe_key": "one" })).await;
    assert_eq!((&again["id"], &again["deduplicated"]), (&ids[0], &json!(true)));
    for device in [&mut tab, &mut phone] {
        for title in ["one", "two", "three"] {
            assert_eq!(device.event("new_notification").await["data"]["notification"]["title"], title);
        }
    }
    let badge = count(&mut phone, 3).await;
    assert_eq!(badge, count(&mut tab, 3).await);
    let answer = tab.ask(json!({ "type": "mark_read", "notification_id": ids[1] })).await;
    assert_eq!((&answer["success"], &answer["unread"]), (&json!(true), &json!(2)));
    assert_eq!(phone.event("notification_updated").await["data"]["notification_id"], ids[1]);
    assert_eq!(count(&mut phone, 2).await["revision"], answer["revision"]);
    let mut bob = server.connect("bob").await;
    let strange = bob.ask(json!({ "type": "mark_read", "notification_id": ids[0] })).await;
    assert_eq!(strange["code"], "not_found");

    server.kill();
    let recount = call(&["check", "--recount", "--json", "--store.url", &url]);
    assert_eq!(recount.code, 0, "{recount:?}");
    let server = Server::with(&settings);
    let mut tab = server.dial().bearer(&token(&server, "ada")).open().await;
    assert_eq!(tab.expect("connection_established").await["unread"]["unread"], 2);
    assert_eq!(titles(&unread(&mut tab).await), ["three", "one"]);
    assert_eq!(titles(&server.inbox("ada", "unread=false").await), ["two"]);
}

#[tokio::test]
async fn d1_postgresql_has_broadcasts_for_who_is_there_and_who_was() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let server = Server::with(&[("store.url", &*url)]);
    server.notify(json!({ "user": "somebody" }), "the first of all", json!({})).await;
    let support = token_with(&server, "sue", json!({ "roles": ["support"] }));
    let mut sue = server.connect_with(&support).await;
    server.connect("tim").await.leave().await;
    server.admit("order_7", "tim").await;
    server.notify(json!({ "role": "support" }), "to role", json!({})).await;
    server.notify(json!({ "room": "order_7" }), "to room", json!({})).await;
    let to_all = server.notify(json!({ "everyone": true }), "to all", json!({})).await;
    for title in ["to role", "to all"] {
        assert_eq!(sue.event("new_notification").await["data"]["notification"]["title"], title);
    }
    count(&mut sue, 2).await;
    let read = sue.ask(json!({ "type": "mark_all_read" })).await;
    assert_eq!(read["unread"], 0);
    assert_eq!(titles(&server.inbox("tim", "unread=true").await), ["to all", "to room"]);
    let path = format!("/v1/entries/{}/receipts", to_all["id"].as_str().unwrap());
    let receipts = server.get(&path).await.json();
    let who: Vec<&Value> = receipts["items"].as_array().unwrap().iter().map(|it| &it["user"]).collect();
    assert_eq!(who, ["sue"], "who marks all as read has read it: {receipts}");
}

#[tokio::test]
async fn d3_j8_postgresql_sends_what_was_planned_and_knows_on_what_it_came() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let more = json!({ "send_at": from_now(2.0), "receipts": true });
    let planned = server.notify(json!({ "users": ["ada", "bob"] }), "later", more).await;
    server.kill();
    let server = Server::with(&settings);
    let mut phone = server.dial().bearer(&token(&server, "ada")).query("device_id=phone").open().await;
    let told = phone.event("new_notification").await;
    assert_eq!(told["data"]["notification"]["id"], planned["id"]);
    count(&mut phone, 1).await;
    phone.so_far().await;
    let path = format!("/v1/entries/{}/receipts", planned["id"].as_str().unwrap());
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    let receipts = crate::harness::soon("a receipt", async {
        loop {
            looks.tick().await;
            let receipts = server.get(&path).await.json();
            // Each of them is sent by itself, one after the other.
            if receipts["items"][0]["delivered"][0].is_object() && receipts["items"][1].is_object() {
                break receipts;
            }
        }
    });
    let receipts = receipts.await;
    assert_eq!(receipts["items"][0]["delivered"][0]["device"], "phone", "{receipts}");
    assert_eq!(receipts["items"][1]["user"], "bob", "{receipts}");
    assert_eq!(titles(&server.inbox("bob", "").await), ["later"]);
}
