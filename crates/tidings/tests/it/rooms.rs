//! Rooms: joining, leaving, publishing, and what is wrong with a message, field by field.

use serde_json::{Value, json};

use crate::harness::{Server, token_with};

#[tokio::test]
async fn b1_join_and_leave_in_both_spellings() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let joined = ada.ask(json!({ "type": "join_room", "room": "orders" })).await;
    assert_eq!(joined["type"], "joined_room");
    let data = &joined["data"];
    assert_eq!(
        (&data["room"], &data["offset"], &data["recovered"]),
        (&json!("orders"), &json!(0), &json!(false))
    );
    assert!(!data["epoch"].as_str().unwrap().is_empty());
    assert_eq!(data["members"], json!([{ "user": "ada", "status": "online" }]));
    assert_eq!(data["member_count"], 1);
    let subscribed = ada.ask(json!({ "type": "subscribe", "channel": "issues" })).await;
    assert_eq!((&subscribed["type"], &subscribed["data"]["room"]), (&json!("joined_room"), &json!("issues")));

    let left = ada.ask(json!({ "type": "leave_room", "room": "orders" })).await;
    assert_eq!((&left["type"], &left["data"]), (&json!("left_room"), &json!({ "room": "orders" })));
    let left = ada.ask(json!({ "type": "unsubscribe", "channel": "issues" })).await;
    assert_eq!((&left["type"], &left["data"]), (&json!("left_room"), &json!({ "room": "issues" })));
    let again = ada.ask(json!({ "type": "leave_room", "room": "orders" })).await;
    assert_eq!(again["type"], "left_room", "leaving twice is no mistake");
    for room in ["orders", "issues"] {
        let published = server.publish(json!({ "room": room }), "x", json!(1)).await;
        assert_eq!(published["reached"]["connections"], 0);
    }
    assert!(ada.so_far().await.is_empty());
}

#[tokio::test]
async fn b1_joining_twice_is_following_once() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    assert_eq!(ada.join("orders").await["member_count"], 1);
    let published = server.publish(json!({ "room": "orders" }), "order_created", json!(1)).await;
    assert_eq!(published["reached"], json!({ "users": 1, "connections": 1 }));
    assert_eq!(ada.so_far().await.len(), 1);
    ada.ask(json!({ "type": "leave_room", "room": "orders" })).await;
    server.publish(json!({ "room": "orders" }), "order_created", json!(2)).await;
    assert!(ada.so_far().await.is_empty());
}

#[tokio::test]
async fn b1_an_entry_has_its_shape() {
    let server = Server::start();
    let (mut ada, mut bob) = (server.connect("ada").await, server.connect("bob").await);
    ada.join("channel_general").await;
    bob.join("channel_general").await;
    let data = json!({ "text": "Grüße 👋", "n": 12345678901234567u64, "nested": [null, true, 1.5] });
    let message =
        json!({ "type": "publish", "room": "channel_general", "event": "note.added", "data": data });
    let answer = ada.ask(message).await;
    assert_eq!((&answer["type"], &answer["offset"]), (&json!("published"), &json!(1)));
    let entry = bob.event("note.added").await;
    assert_eq!(entry["id"], answer["entry_id"]);
    assert_eq!(
        (&entry["room"], &entry["offset"], &entry["from"]),
        (&json!("channel_general"), &json!(1), &json!("ada"))
    );
    assert_eq!(entry["data"], data);
    let time = entry["time"].as_str().unwrap();
    assert!(time.len() == "2026-11-21T06:00:00.123Z".len() && time.ends_with('Z'), "{time}");
    assert_eq!(ada.event("note.added").await, entry, "the publisher's own tab hears it too");

    ada.ask(json!({ "type": "publish", "room": "channel_general", "event": "empty" })).await;
    assert_eq!(bob.event("empty").await["data"], Value::Null);
    let published = server.publish(json!({ "room": "channel_general" }), "from.outside", json!(1)).await;
    let entry = bob.event("from.outside").await;
    assert!(entry.get("from").is_none(), "a back end is nobody: {entry}");
    assert_eq!((&entry["id"], &entry["offset"]), (&published["id"], &published["offset"]));
}

#[tokio::test]
async fn b1_members_come_with_the_answer_and_as_they_come() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("channel_general").await;
    let mut bob = server.connect("bob").await;
    let mut members = bob.join("channel_general").await["members"].as_array().unwrap().clone();
    members.sort_by_key(|member| member["user"].to_string());
    assert_eq!(
        members,
        [json!({ "user": "ada", "status": "online" }), json!({ "user": "bob", "status": "online" })]
    );
    let came = ada.event("member_joined").await;
    assert_eq!(came["data"], json!({ "user_id": "bob", "status": "online", "member_count": 2 }));
    assert_eq!(came["room"], "channel_general");
    let mut second_tab = server.connect("bob").await;
    assert_eq!(second_tab.join("channel_general").await["member_count"], 2);
    second_tab.ask(json!({ "type": "leave_room", "room": "channel_general" })).await;
    assert!(ada.so_far().await.is_empty(), "a second tab is nobody new");
    bob.ask(json!({ "type": "leave_room", "room": "channel_general" })).await;
    let left = ada.event("member_left").await;
    assert_eq!(left["data"], json!({ "user_id": "bob", "status": "online", "member_count": 1 }));
}

#[tokio::test]
async fn b1_every_wrong_field_is_named() {
    let server = Server::with(&[("limits.messages_per_minute", "0")]);
    let grant = json!({ "rooms": ["*"] });
    let mut ada = server.connect_with(&token_with(&server, "ada", grant)).await;
    let long = "x".repeat(129);
    let many: Vec<String> = (0..101).map(|n| format!("user{n}")).collect();
    let table = [
        (json!({}), "type"),
        (json!({ "type": null }), "type"),
        (json!({ "type": 5 }), "type"),
        (json!({ "type": "ping", "id": true }), "id"),
        (json!({ "type": "ping", "id": {} }), "id"),
        (json!({ "type": "ping", "id": ["a"] }), "id"),
        (json!({ "type": "authenticate" }), "token"),
        (json!({ "type": "authenticate", "token": 5 }), "token"),
        (json!({ "type": "refresh_token", "token": ["x"] }), "token"),
        (json!({ "type": "refresh_token" }), "token"),
        (json!({ "type": "join_room" }), "room"),
        (json!({ "type": "join_room", "channel": "orders" }), "room"),
        (json!({ "type": "join_room", "room": 5 }), "room"),
        (json!({ "type": "join_room", "room": "" }), "room"),
        (json!({ "type": "join_room", "room": "a b" }), "room"),
        (json!({ "type": "join_room", "room": "a/b" }), "room"),
        (json!({ "type": "join_room", "room": "ü" }), "room"),
        (json!({ "type": "join_room", "room": long }), "room"),
        (json!({ "type": "join_room", "room": "orders", "since": 5 }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": "a:1" }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": { "epoch": "a" } }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": { "offset": 1 } }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": { "epoch": 1, "offset": 1 } }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": { "epoch": "a", "offset": -1 } }), "since"),
        (json!({ "type": "join_room", "room": "orders", "since": { "epoch": "a", "offset": 1.5 } }), "since"),
        (json!({ "type": "subscribe", "room": "orders" }), "channel"),
        (json!({ "type": "subscribe", "channel": [] }), "channel"),
        (json!({ "type": "leave_room" }), "room"),
        (json!({ "type": "leave_room", "room": {} }), "room"),
        (json!({ "type": "unsubscribe", "channel": 1 }), "channel"),
        (json!({ "type": "publish", "event": "x" }), "room"),
        (json!({ "type": "publish", "room": "orders" }), "event"),
        (json!({ "type": "publish", "room": "orders", "event": 1 }), "event"),
        (json!({ "type": "publish", "room": "orders", "event": "" }), "event"),
        (json!({ "type": "publish", "room": "orders", "event": "a b" }), "event"),
        (json!({ "type": "publish", "room": "orders", "event": long }), "event"),
        (json!({ "type": "typing_start" }), "room"),
        (json!({ "type": "typing_stop", "room": 1 }), "room"),
        (json!({ "type": "presence" }), "status"),
        (json!({ "type": "presence", "status": "busy" }), "status"),
        (json!({ "type": "presence", "status": "offline" }), "status"),
        (json!({ "type": "presence", "status": 1 }), "status"),
        (json!({ "type": "get_presence" }), "users"),
        (json!({ "type": "get_presence", "users": "ada" }), "users"),
        (json!({ "type": "get_presence", "users": [1] }), "users"),
        (json!({ "type": "get_presence", "users": many }), "users"),
        (json!({ "type": "get_presence", "users": [], "room": "orders" }), "users"),
        (json!({ "type": "get_presence", "room": 1 }), "room"),
    ];
    for (mut message, path) in table {
        let told = if path == "id" {
            ada.say(message.clone()).await;
            ada.next().await
        } else {
            message["id"] = json!("mine");
            ada.say(message.clone()).await;
            let told = ada.next().await;
            assert_eq!(told["reply_to"], "mine", "{message}");
            told
        };
        assert_eq!(
            (&told["type"], &told["code"]),
            (&json!("error"), &json!("invalid_request")),
            "{message}: {told}"
        );
        assert_eq!(told["path"], path, "{message}: {told}");
        assert!(!told["message"].as_str().unwrap().is_empty());
    }
    assert!(ada.so_far().await.is_empty());
}

#[tokio::test]
async fn b1_what_is_no_message_is_told_so() {
    use tokio_tungstenite::tungstenite::Message;
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    for text in [
        "",
        "{",
        "nonsense",
        "[]",
        "\"ping\"",
        "1",
        "null",
        "{\"type\":\"ping\",}",
        "{\"type\":\"ping\"} x",
        "{\"type\":\"ping\",\"type\":\"ping\"}",
    ] {
        ada.send(Message::text(text)).await;
        let told = ada.next().await;
        assert_eq!(
            (&told["type"], &told["code"]),
            (&json!("error"), &json!("invalid_request")),
            "{text:?}: {told}"
        );
        assert!(told.get("reply_to").is_none() && told.get("path").is_none(), "{told}");
    }
    for kind in ["nope", "Ping", "joined_room", "publish "] {
        let told = ada.ask(json!({ "type": kind })).await;
        assert_eq!((&told["code"], &told["path"]), (&json!("unknown_type"), &json!("type")));
        assert!(!told["message"].as_str().unwrap().contains(kind.trim()) || kind == "publish ", "{told}");
    }
    assert!(ada.so_far().await.is_empty());
}

#[tokio::test]
async fn b8_a_client_cannot_speak_in_the_servers_voice() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    for event in [
        "presence_update",
        "member_joined",
        "typing_indicator",
        "error",
        "joined_room",
        "goodbye",
        "connection_established",
    ] {
        let told = ada.ask(json!({ "type": "publish", "room": "channel_general", "event": event })).await;
        assert_eq!((&told["code"], &told["path"]), (&json!("invalid_request"), &json!("event")), "{event}");
    }
}

#[tokio::test]
async fn b1_presence_is_answered_in_the_order_asked() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let _bob = server.connect("bob").await;
    let mut bob = server.connect("bob").await;
    bob.join("channel_general").await;
    let state = ada.ask(json!({ "type": "get_presence", "users": ["nobody", "bob"] })).await;
    assert_eq!(state["type"], "presence_state");
    assert_eq!(
        state["items"][0],
        json!({ "user": "nobody", "status": "offline", "last_seen": null, "connections": 0 })
    );
    assert_eq!((&state["items"][1]["user"], &state["items"][1]["connections"]), (&json!("bob"), &json!(2)));
    let state = ada.ask(json!({ "type": "get_presence", "room": "channel_general" })).await;
    assert_eq!(state["items"].as_array().unwrap().len(), 1);
    let refused = ada.ask(json!({ "type": "get_presence", "room": "order_1" })).await;
    assert_eq!(refused["code"], "forbidden");
}
