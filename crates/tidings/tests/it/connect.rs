//! Coming in: the greeting, the four ways to bring a token, the handshake, signs of life.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Client, Frame, Heard, Raw, Server, frame, personal, token};

#[tokio::test]
async fn a7_the_greeting_says_who_and_where() {
    let server = Server::start();
    let mut client = server.dial().bearer(&token(&server, "ada")).open().await;
    let greeting = client.expect("connection_established").await;
    assert_eq!(greeting["user"], "ada");
    assert_eq!(greeting["connection_id"].as_str().unwrap().len(), 36);
    assert_eq!(greeting["ping_interval"], 25_000);
    assert_eq!(greeting["recovered"], false);
    let time = greeting["server_time"].as_str().unwrap();
    assert!(time.len() == "2026-11-21T06:00:00.123Z".len() && time.ends_with('Z'), "{time}");
    let (epoch, offset) = personal(&greeting);
    assert!(!epoch.is_empty() && offset == 0, "{greeting}");
    let mut other = server.connect("ada").await;
    assert!(other.so_far().await.is_empty(), "nothing but the greeting comes by itself");
}

#[tokio::test]
async fn a1_four_ways_to_bring_a_token() {
    let server = Server::start();
    let token = token(&server, "ada");
    let greeted = async |mut client: Client, protocol: Option<&str>| {
        assert_eq!(client.expect("connection_established").await["user"], "ada");
        assert_eq!(client.protocol.as_deref(), protocol, "the token is never echoed");
    };
    greeted(server.dial().bearer(&token).open().await, None).await;
    greeted(server.dial().header("authorization", &format!("bearer {token}")).open().await, None).await;
    greeted(server.dial().query(&format!("token={token}&client_type=web")).open().await, None).await;
    let offered = format!("tidings.token.{token}");
    greeted(server.dial().protocol("tidings.v1").protocol(&offered).open().await, Some("tidings.v1")).await;
    greeted(server.dial().protocol(&offered).protocol("tidings.v1").open().await, Some("tidings.v1")).await;

    let mut client = server.dial().protocol("tidings.v1").open().await;
    client.say(json!({ "type": "authenticate", "id": "first", "token": token })).await;
    assert_eq!(client.expect("connection_established").await["user"], "ada");
    let answer = client.expect("authenticated").await;
    assert_eq!((&answer["reply_to"], &answer["user"]), (&json!("first"), &json!("ada")));
    assert!(answer["expires_at"].as_str().unwrap().ends_with('Z'), "{answer}");
}

#[tokio::test]
async fn a1_what_follows_authenticate_at_once_is_heard() {
    let server = Server::start();
    let mut raw = Raw::socket(&server, None).await;
    assert_eq!(raw.upgrade("").await.status, 101);
    let authenticate = json!({ "type": "authenticate", "token": token(&server, "ada") }).to_string();
    let join = json!({ "type": "join_room", "id": 1, "room": "orders" }).to_string();
    raw.send(&[frame(0x81, authenticate.as_bytes()), frame(0x81, join.as_bytes())].concat()).await;
    let mut types = Vec::new();
    while types.len() < 3 {
        let message: Value = serde_json::from_slice(&raw.frame().await.unwrap().payload).unwrap();
        types.push(message["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types, ["connection_established", "authenticated", "joined_room"]);
}

#[tokio::test]
async fn a1_frames_behind_the_request_are_heard() {
    let server = Server::start();
    let mut raw = Raw::socket(&server, None).await;
    let ping = json!({ "type": "ping", "id": 7 }).to_string();
    let head = format!(
        "GET /v1/ws?token={} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        token(&server, "ada")
    );
    raw.send(&[head.as_bytes(), &frame(0x81, ping.as_bytes())].concat()).await;
    let answer = raw.head().await;
    assert_eq!(answer.status, 101);
    assert_eq!(
        answer.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "RFC 6455 section 1.3"
    );
    raw.frame().await.expect("a greeting");
    let pong: Value = serde_json::from_slice(&raw.frame().await.expect("a pong").payload).unwrap();
    assert_eq!((&pong["type"], &pong["reply_to"]), (&json!("pong"), &json!(7)));
}

#[tokio::test]
async fn a1_no_token_in_time_is_4000() {
    let server = Server::with(&[("limits.handshake_timeout", "400ms")]);
    let began = Instant::now();
    let mut silent = server.dial().open().await;
    assert_eq!(silent.hear().await, Heard::Closed(4000, "no authentication in time".into()));
    assert!(began.elapsed().as_millis() >= 400, "not before its time");

    let mut talker = server.dial().open().await;
    talker.say(json!({ "type": "ping", "id": 3 })).await;
    let error = talker.refused("unauthorized", 4000).await;
    assert_eq!(error["reply_to"], 3);
    let mut babbler = server.dial().open().await;
    babbler.say(json!("hello")).await;
    babbler.refused("invalid_request", 4000).await;
}

#[tokio::test]
async fn a3_without_a_token_only_where_it_is_allowed() {
    let server = Server::with(&[("auth.anonymous", "true")]);
    let mut one = server.dial().open().await;
    let mut two = server.dial().open().await;
    let user = one.expect("connection_established").await["user"].clone();
    let other = two.expect("connection_established").await["user"].clone();
    assert_ne!(user, other, "two strangers are two users");
    one.join("orders").await;
    for room in ["channel_general", "order_1", "support_1", "user_ada_bob"] {
        let refusal = one.ask(json!({ "type": "join_room", "room": room })).await;
        assert_eq!((&refusal["code"], &refusal["path"]), (&json!("forbidden"), &json!("room")), "{room}");
    }
    let refusal = one.ask(json!({ "type": "publish", "room": "orders", "event": "x" })).await;
    assert_eq!(refusal["code"], "forbidden");
    server.publish(json!({ "room": "orders" }), "order_created", json!(1)).await;
    one.event("order_created").await;
    let mut known = server.connect("ada").await;
    known.join("channel_general").await;
    let mut bad = server.dial().bearer("nonsense").open().await;
    bad.refused("unauthorized", 4001).await;
}

#[tokio::test]
async fn a3_where_strangers_are_let_in_a_token_comes_with_the_request() {
    let server = Server::with(&[("auth.anonymous", "true")]);
    let mut client = server.dial().open().await;
    client.say(json!({ "type": "authenticate", "id": 1, "token": token(&server, "ada") })).await;
    let refusal = client.find(|message| message["reply_to"] == 1).await;
    assert_eq!((&refusal["code"], &refusal["path"]), (&json!("forbidden"), &json!("token")), "{refusal}");
    let mut ada = server.connect("ada").await;
    ada.join("channel_general").await;
}

#[tokio::test]
async fn a6_pong_echoes_timestamp_and_id() {
    let server = Server::start();
    let mut client = server.connect("ada").await;
    for timestamp in [
        json!("2026-11-21T06:00:00Z"),
        json!(1763704800123u64),
        json!(-1.5),
        json!({"t": [1, "ü"]}),
        json!([]),
    ] {
        let pong = client.ask(json!({ "type": "ping", "timestamp": timestamp })).await;
        assert_eq!((&pong["type"], &pong["timestamp"]), (&json!("pong"), &timestamp));
    }
    for id in [json!("a"), json!(""), json!(0), json!(-7), json!(1.25), json!(u64::MAX)] {
        client.say(json!({ "type": "ping", "id": id })).await;
        assert_eq!(client.expect("pong").await["reply_to"], id);
    }
    client.say(json!({ "type": "ping", "some_new_field": { "x": 1 } })).await;
    assert_eq!(client.next().await, json!({ "type": "pong" }), "nothing that was not asked for");
}

#[tokio::test]
async fn a6_an_idle_connection_is_closed() {
    let server = Server::with(&[("limits.idle_timeout", "1s")]);
    let mut client = server.connect("ada").await;
    assert_eq!(client.closed().await, (4101, "idle".into()));
}

#[tokio::test]
async fn a6_a_ping_is_answered_with_its_payload() {
    let server = Server::start();
    let mut raw = Raw::connect(&server, "ada", "", None).await;
    raw.send(&frame(0x89, b"are you there")).await;
    assert_eq!(raw.frame().await, Some(Frame { first: 0x8a, payload: b"are you there".to_vec() }));
}

#[tokio::test]
async fn a6_who_answers_pings_lives_and_who_does_not_is_closed() {
    let server = Server::with(&[("live.ping_interval", "100ms")]);
    let mut dead = Raw::connect(&server, "dead", "", None).await;
    let mut alive = server.connect("alive").await;
    let began = Instant::now();
    assert_eq!(dead.frame().await.unwrap().first, 0x89, "a quiet connection is pinged");
    // Reading is answering here: the client below does that by itself.
    let close = tokio::select! {
        code = dead.close_code() => code,
        heard = alive.hear() => panic!("the living one heard {heard:?}"),
    };
    assert_eq!(close, Some(4101));
    assert!(began.elapsed().as_secs() < 14, "10 s for the answer, not {:?}", began.elapsed());
    assert!(alive.so_far().await.is_empty());
}

#[tokio::test]
async fn a7_a_goodbye_is_answered_with_its_code() {
    let server = Server::start();
    let mut raw = Raw::connect(&server, "ada", "", None).await;
    raw.send(&frame(0x88, &[0x0f, 0xa0 + 5])).await;
    assert_eq!(raw.close_code().await, Some(4005));
    let mut raw = Raw::connect(&server, "ada", "", None).await;
    raw.send(&frame(0x88, b"")).await;
    assert_eq!(raw.close_code().await, Some(1000));
    raw.ended().await;
}

#[tokio::test]
async fn a2_requests_that_are_no_handshake() {
    let server = Server::start();
    let check = async |path: &str, headers: &str, status: u16| {
        let mut raw = Raw::socket(&server, None).await;
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()).await;
        let answer = raw.response().await.unwrap();
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.head);
        answer.problem()
    };
    const KEY: &str = "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n";
    const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    assert_eq!(check("/v1/ws", "", 400).await, "invalid_request");
    check("/v1/ws", &format!("{UPGRADE}{KEY}"), 400).await;
    check("/v1/ws", &format!("{UPGRADE}{KEY}Sec-WebSocket-Version: 8\r\n"), 400).await;
    check("/v1/ws", &format!("{UPGRADE}Sec-WebSocket-Version: 13\r\n"), 400).await;
    check("/v1/ws", &format!("{UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n"), 400)
        .await;
    check("/v1/ws", &format!("Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{KEY}"), 400).await;
    check(
        "/v1/ws",
        &format!("Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{KEY}"),
        400,
    )
    .await;
    assert_eq!(check("/v1/nothing", "", 404).await, "not_found");
}

#[tokio::test]
async fn a8_foreign_pages_may_not_connect() {
    let server = Server::with(&[("server.allowed_origins", "https://app.example.com")]);
    let token = token(&server, "ada");
    let from = async |server: &Server, origin: &str| {
        server.dial().query(&format!("token={token}")).header("origin", origin).try_open().await
    };
    assert!(from(&server, "https://app.example.com").await.is_ok());
    for origin in [
        "https://app.example.com.evil.org",
        "http://app.example.com",
        "https://example.com",
        "null",
        "https://evil.org/https://app.example.com",
    ] {
        let Err(refusal) = from(&server, origin).await else { panic!("{origin} was let in") };
        assert_eq!(refusal.status(), 403, "{origin}");
        let body: Value = serde_json::from_slice(refusal.body().as_deref().unwrap()).unwrap();
        assert_eq!(body["code"], "forbidden");
    }
    let own = Server::start();
    let same = format!("http://{}", own.address);
    let mut raw = Raw::socket(&own, None).await;
    assert_eq!(raw.upgrade(&format!("Origin: {same}\r\n")).await.status, 101, "its own page may");
    let mut raw = Raw::socket(&own, None).await;
    assert_eq!(raw.upgrade("Origin: http://127.0.0.1:1\r\n").await.status, 403);
}
