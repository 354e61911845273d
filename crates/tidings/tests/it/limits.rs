//! What one client may use: each limit read through the running server, with a word on when to try again.

use serde_json::{Value, json};

use crate::harness::{Bystander, Client, Heard, Raw, Server, token, token_with};

/// How a connection that should be too many is received.
async fn is_too_many(server: &Server, user: &str) -> Value {
    let mut client = server.dial().bearer(&token(server, user)).open().await;
    let error = client.refused("rate_limited", 1013).await;
    assert!(error["retry_after_ms"].as_u64().unwrap() > 0, "{error}");
    error
}

/// Waits until the server has this many connections.
async fn has_connections(server: &Server, count: u64) {
    while server.stats().await["connections"] != count {}
}

#[tokio::test]
async fn a8_connections_per_user() {
    let server = Server::with(&[("limits.connections_per_user", "2")]);
    let one = server.connect("ada").await;
    let _two = server.connect("ada").await;
    is_too_many(&server, "ada").await;
    let _bob = server.connect("bob").await;
    one.leave().await;
    let _three = server.connect("ada").await;
    is_too_many(&server, "ada").await;
}

#[tokio::test]
async fn a8_connections_per_address() {
    let server =
        Server::with(&[("limits.connections_per_ip", "3"), ("server.trusted_proxies", "127.0.0.1/32")]);
    let _three = [server.connect("a").await, server.connect("b").await, server.connect("c").await];
    is_too_many(&server, "d").await;
    let behind_proxy =
        |address: &str| server.dial().bearer(&token(&server, "d")).header("x-forwarded-for", address);
    behind_proxy("203.0.113.7").open().await.expect("connection_established").await;
    // What a client writes itself stands on the left, and counts for nothing.
    let mut liar = behind_proxy("203.0.113.9, 127.0.0.1").open().await;
    assert!(matches!(liar.hear().await, Heard::Message(_)));
}

#[tokio::test]
async fn a8_an_untrusted_forwarded_address_is_not_believed() {
    let server = Server::with(&[("limits.connections_per_ip", "1")]);
    let _one = server.connect("a").await;
    let mut two =
        server.dial().bearer(&token(&server, "b")).header("x-forwarded-for", "203.0.113.7").open().await;
    two.refused("rate_limited", 1013).await;
}

#[tokio::test]
async fn a8_connections_in_all() {
    let server = Server::with(&[("limits.connections", "2")]);
    let one = server.connect("a").await;
    let _two = server.connect("b").await;
    is_too_many(&server, "c").await;
    is_too_many(&server, "a").await;
    one.leave().await;
    has_connections(&server, 1).await;
    let _three = server.connect("c").await;
}

#[tokio::test]
async fn a8_a_flood_of_attempts() {
    let server = Server::with(&[("limits.attempts_per_minute", "30")]);
    let mut bystander = Bystander::of(&server).await;
    let token = token(&server, "ada");
    let mut let_in = 0;
    let refusal = loop {
        match server.dial().bearer(&token).query("x=1").try_open().await {
            Ok(client) => client.cut(),
            Err(refusal) => break refusal,
        }
        let_in += 1;
        assert!(let_in <= 30, "a flood of attempts is not slowed down");
    };
    assert_eq!((let_in, refusal.status().as_u16()), (29, 429), "the bystander's was the first");
    let wait: u64 = refusal.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    let problem: Value = serde_json::from_slice(refusal.body().as_deref().unwrap()).unwrap();
    assert_eq!(problem["code"], "rate_limited");
    assert!(problem["retry_after_ms"].as_u64().unwrap() > 0);
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_a_flood_of_messages_is_refused_and_then_closed() {
    let server = Server::with(&[("limits.messages_per_minute", "60"), ("limits.messages_burst", "20")]);
    let mut bystander = Bystander::of(&server).await;
    let mut ada = server.connect("ada").await;
    for n in 0..25 {
        ada.say(json!({ "type": "ping", "id": n })).await;
    }
    for n in 0..20 {
        assert_eq!(ada.expect("pong").await["reply_to"], n);
    }
    for n in 20..25 {
        let error = ada.expect("error").await;
        assert_eq!((&error["code"], &error["reply_to"]), (&json!("rate_limited"), &json!(n)));
        assert!((1..=2_000).contains(&error["retry_after_ms"].as_u64().unwrap()), "{error}");
    }
    let end = flood(&mut ada).await;
    assert!(matches!(&end, Heard::Closed(1008, _)), "{end:?}");
    bystander.is_fine().await;
}

/// Sends until the server has had enough.
async fn flood(client: &mut Client) -> Heard {
    for n in 0..2_000 {
        client.say(json!({ "type": "ping", "id": n })).await;
    }
    loop {
        match client.hear().await {
            Heard::Message(_) => {}
            end => return end,
        }
    }
}

#[tokio::test]
async fn a8_nonsense_without_end_is_closed() {
    let server = Server::with(&[("limits.messages_per_minute", "0")]);
    let mut bystander = Bystander::of(&server).await;
    let mut raw = Raw::connect(&server, "ada", "", None).await;
    let nonsense: Vec<u8> = (0..1_000).flat_map(|_| crate::harness::frame(0x81, b"nonsense")).collect();
    raw.send(&nonsense).await;
    assert_eq!(raw.close_code().await, Some(1008));
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_several_tabs_share_what_a_user_may_send() {
    let server = Server::with(&[("limits.messages_per_minute", "1"), ("limits.messages_burst", "3")]);
    let (mut one, mut two) = (server.connect("ada").await, server.connect("ada").await);
    for _ in 0..2 {
        assert_eq!(one.ask(json!({ "type": "ping" })).await["type"], "pong");
    }
    assert_eq!(two.ask(json!({ "type": "ping" })).await["type"], "pong");
    for client in [&mut one, &mut two] {
        assert_eq!(client.ask(json!({ "type": "ping" })).await["code"], "rate_limited");
    }
    assert_eq!(server.connect("bob").await.ask(json!({ "type": "ping" })).await["type"], "pong");
}

#[tokio::test]
async fn a8_rooms_per_connection() {
    let server = Server::with(&[("limits.rooms_per_connection", "2")]);
    let mut ada = server.connect("ada").await;
    ada.join("a").await;
    ada.join("b").await;
    let refused = ada.ask(json!({ "type": "join_room", "room": "c" })).await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("rate_limited"), &json!("room")));
    ada.join("b").await;
    ada.ask(json!({ "type": "leave_room", "room": "a" })).await;
    ada.join("c").await;
    server.connect("ada").await.join("d").await;
}

#[tokio::test]
async fn a8_message_bytes_are_read_through_the_server() {
    let server = Server::with(&[("limits.message_bytes", "1000")]);
    let message = |bytes: usize| json!({ "type": "ping", "timestamp": "x".repeat(bytes) });
    let mut ada = server.connect("ada").await;
    let fits = 1000 - message(0).to_string().len();
    ada.say(message(fits)).await;
    ada.expect("pong").await;
    ada.say(message(fits + 1)).await;
    assert_eq!(ada.closed().await.0, 1009);
    let default = Server::start();
    let mut ada = default.connect("ada").await;
    let fits = 65_536 - message(0).to_string().len();
    ada.say(message(fits)).await;
    ada.expect("pong").await;
    ada.say(message(fits + 1)).await;
    assert_eq!(ada.closed().await.0, 1009);
}

#[tokio::test]
async fn a8_depth_is_read_through_the_server() {
    let server = Server::with(&[("limits.json_depth", "5")]);
    let token = token_with(&server, "ada", json!({ "rooms": ["*"] }));
    let mut ada = server.connect_with(&token).await;
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(
        ada.ask(json!({ "type": "publish", "room": "a", "event": "x", "data": deep(4) })).await["type"],
        "published"
    );
    ada.say(json!({ "type": "publish", "room": "a", "event": "x", "data": deep(5) })).await;
    assert_eq!(ada.expect("error").await["code"], "invalid_request");
}

#[tokio::test]
async fn a8_a_handshake_must_come_in_time() {
    let server = Server::with(&[("limits.handshake_timeout", "500ms")]);
    let mut bystander = Bystander::of(&server).await;
    let mut silent = Raw::socket(&server, None).await;
    silent.ended().await;
    let mut slow = Raw::socket(&server, None).await;
    slow.send(b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgr").await;
    // Answered with 408 or just closed; not kept.
    slow.response().await;
    bystander.is_fine().await;
}
