//! No token, key or text of a message ever reaches the log, however talkative it is set.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Http, Raw, Server, random_hex, token, token_with};

#[tokio::test]
async fn h1_the_log_holds_no_secret() {
    for level in ["debug", "trace"] {
        let mut server = Server::with(&[("log.level", level), ("auth.leeway", "0s")]);
        let tokens: Vec<String> = (0..5).map(|n| token(&server, &format!("user{n}"))).collect();
        let bad = token_with(&server, "old", json!({ "exp": 1 }));
        let (text, wrong_key) = (format!("text-{}", random_hex(8)), format!("key-{}", random_hex(8)));
        session(&server, &tokens, &bad, &text, &wrong_key).await;
        server.terminate();
        assert_eq!(server.ended().await.code(), Some(0));
        let log = server.whole_log();
        assert!(!log.is_empty());
        let secrets = tokens.iter().chain([&bad, &text, &wrong_key, &server.api_key, &server.jwt_secret]);
        for secret in secrets {
            let signature = secret.rsplit('.').next().unwrap();
            assert!(!log.contains(signature), "{level}: {secret} is in the log:\n{log}");
        }
    }
}

/// Brings every secret by every way it can come.
async fn session(server: &Server, tokens: &[String], bad: &str, text: &str, wrong_key: &str) {
    let mut ada = server.dial().query(&format!("token={}&client_type=web", tokens[0])).open().await;
    ada.expect("connection_established").await;
    let mut bob =
        server.dial().protocol("tidings.v1").protocol(&format!("tidings.token.{}", tokens[1])).open().await;
    bob.expect("connection_established").await;
    let mut cat = server.dial().open().await;
    cat.say(json!({ "type": "authenticate", "token": tokens[2] })).await;
    cat.expect("connection_established").await;
    let _dan = server.connect_with(&tokens[3]).await;
    for dial in [
        server.dial().query(&format!("token={bad}")),
        server.dial().bearer(bad),
        server.dial().protocol("tidings.v1").protocol(&format!("tidings.token.{bad}")),
    ] {
        if let Ok(mut client) = dial.try_open().await {
            client.closed().await;
        }
    }
    ada.ask(json!({ "type": "refresh_token", "token": tokens[4] })).await;
    ada.join("channel_general").await;
    ada.ask(json!({ "type": "publish", "room": "channel_general", "event": "note", "data": text })).await;
    ada.ask(json!({ "type": "publish", "room": text, "event": text, "data": text })).await;
    ada.send(Message::text(format!("{{{text}"))).await;
    ada.ask(json!({ "type": "presence", "status": text, "data": text })).await;
    server.publish(json!({ "user": "user0" }), "notification", json!(text)).await;
    server.post("/v1/publish", &json!({ "to": { "room": text }, "type": 5, "data": text })).await;
    server.get(&format!("/v1/presence?room={text}&token={}", tokens[0])).await;
    let mut guess = Http::open(server).await.authorized_by(&format!("X-API-Key: {wrong_key}\r\n"));
    guess.request("GET", "/v1/stats", "", b"").await;
    let mut raw = Raw::socket(server, None).await;
    raw.send(format!("GET /v1/ws?token={} HTTP/1.1\r\n\r\n", tokens[0]).as_bytes()).await;
    raw.response().await;
    let mut raw = Raw::socket(server, None).await;
    raw.send(format!("NONSENSE {} \0\r\n\r\n", tokens[0]).as_bytes()).await;
    raw.response().await;
}
