//! A request means the same however its bytes arrive: whole, in two pieces, or several in one piece.

use serde_json::{Value, json};

use crate::harness::{Bystander, Raw, Response, Server, frame, token};

/// A publish of a body, with these header lines more.
fn publish(server: &Server, headers: &str, body: &str) -> String {
    let (key, length) = (&server.api_key, body.len());
    format!(
        "POST /v1/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}"
    )
}

/// A body that is fine.
fn good(n: u64) -> String {
    json!({ "to": { "room": "orders" }, "type": "n", "data": n }).to_string()
}

/// Sends some bytes and, once the server has been busy with them, the others.
async fn send_in_two(server: &Server, raw: &mut Raw, request: &str, at: usize) {
    let (one, two) = request.split_at(at);
    raw.send(one.as_bytes()).await;
    // An answer to somebody who came later: the first piece has been read by then, or is about to be.
    server.get("/livez").await;
    raw.send(two.as_bytes()).await;
}

/// What of an answer must not depend on how the request came: all but the time and the entry's id.
fn essence(answer: &Response) -> (u16, Vec<String>, Value) {
    let lines = answer.head.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("date: "));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    let mut body = answer.json();
    for changing in ["id", "offset"] {
        body.as_object_mut().unwrap().remove(changing);
    }
    (answer.status, lines, body)
}

#[tokio::test]
async fn g1_whole_or_in_two_pieces_the_answer_is_the_same() {
    let server = Server::with(&[("limits.body_bytes", "2000"), ("limits.json_depth", "8")]);
    let mut whole = Raw::socket(&server, None).await;
    let deep = format!(r#"{{"to":{{"room":"a"}},"type":"x","data":{}{}}}"#, "[".repeat(9), "]".repeat(9));
    for body in [
        &good(1),
        "",
        "{",
        "null",
        r#"{"to":{},"type":"x"}"#,
        r#"{"to":{"room":"a b"},"type":"x"}"#,
        r#"{"to":{"room":"a"},"type":""}"#,
        r#"{"to":{"rooms":["a","b"]},"type":"x"}"#,
        &deep,
        &" ".repeat(2001),
    ] {
        let request = publish(&server, "", body);
        whole.send(request.as_bytes()).await;
        let expect = essence(&whole.response().await.unwrap());
        for at in [10, request.len() - body.len() - 2, request.len() - 1] {
            let mut raw = Raw::socket(&server, None).await;
            send_in_two(&server, &mut raw, &request, at).await;
            assert_eq!(essence(&raw.response().await.unwrap()), expect, "{body} at {at}");
        }
    }
}

#[tokio::test]
async fn g1_many_requests_in_one_piece_are_answered_in_order() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let mut raw = Raw::socket(&server, None).await;
    // The fourth asks for something else, and the last comes in two pieces.
    let mut requests: Vec<String> = (1..=5).map(|n| publish(&server, "", &good(n))).collect();
    requests.insert(3, format!("GET /v1/stats HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", server.api_key));
    let bytes = requests.concat();
    send_in_two(&server, &mut raw, &bytes, bytes.len() - 3).await;
    for status in [202, 202, 202, 200, 202, 202] {
        assert_eq!(raw.next_response().await.status, status);
    }
    for n in 1..=5 {
        assert_eq!(ada.expect("n").await["data"], n);
    }
}

/// What a WebSocket answers to messages that come in one piece: the type, and the id of the message it answers.
async fn answers(raw: &mut Raw, messages: &[Value]) -> Vec<(String, u64)> {
    let bytes: Vec<u8> =
        messages.iter().flat_map(|message| frame(0x81, message.to_string().as_bytes())).collect();
    raw.send(&bytes).await;
    let mut answers = Vec::new();
    while answers.len() < messages.len() {
        let answer: Value = serde_json::from_slice(&raw.frame().await.unwrap().payload).unwrap();
        if let Some(id) = answer["reply_to"].as_str() {
            answers.push((answer["type"].as_str().unwrap().to_owned(), id.parse().unwrap()));
        }
    }
    answers
}

#[tokio::test]
async fn b2_many_messages_in_one_piece_are_answered_and_heard_in_order() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("channel_x").await;
    let mut raw = Raw::connect(&server, "grace", "", None).await;
    let to = |room: &str, n: u64| json!({ "type": "publish", "id": n.to_string(), "room": room, "event": "n", "data": n });
    let messages = [
        to("channel_x", 0),
        to("channel_x", 1),
        json!({ "type": "publish", "id": "2", "room": "a b", "event": "n" }),
        to("channel_x", 3),
        to("order_7", 4),
        to("channel_x", 5),
        json!({ "type": "get_presence", "id": "6", "users": ["ada"] }),
        to("channel_x", 7),
    ];
    let kinds: Vec<(String, u64)> = answers(&mut raw, &messages).await;
    let expected =
        ["published", "published", "error", "published", "error", "published", "presence_state", "published"];
    for (n, (kind, id)) in kinds.iter().enumerate() {
        assert_eq!((kind.as_str(), *id), (expected[n], n as u64));
    }
    for (offset, n) in [0, 1, 3, 5, 7].into_iter().enumerate() {
        let entry = ada.expect("n").await;
        assert_eq!((&entry["data"], &entry["offset"]), (&json!(n), &json!(offset + 1)));
    }
}

#[tokio::test]
async fn g1_a_connection_goes_on_after_any_request() {
    let server = Server::start();
    let mut raw = Raw::socket(&server, None).await;
    let chunked = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let head = format!("POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n", server.api_key);
    let requests = [
        publish(&server, "", &good(1)),
        publish(&server, "", "{"),
        publish(&server, "Connection: keep-alive\r\n", &good(2)),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunked(&good(3))),
        publish(&server, "", &good(4)).replace("Bearer ", "Bearer not-"),
        publish(&server, "Idempotency-Key: a\r\n", &good(5)),
        publish(&server, "Idempotency-Key: a\r\n", &good(5)),
        publish(&server, "", &good(6)),
    ];
    let mut answers = Vec::new();
    for request in requests {
        raw.send(request.as_bytes()).await;
        answers.push(raw.response().await.unwrap());
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [202, 400, 202, 202, 401, 202, 202, 202]);
    assert_eq!(answers[4].problem(), "unauthorized");
    assert_eq!(answers[5].body, answers[6].body, "published once");
    assert_eq!(answers[7].json()["offset"], 5);
}

#[tokio::test]
async fn g1_a_connection_ends_when_it_is_asked_to() {
    let server = Server::start();
    for before in [0, 1] {
        let mut raw = Raw::socket(&server, None).await;
        for _ in 0..before {
            raw.send(publish(&server, "", &good(1)).as_bytes()).await;
            assert_eq!(raw.response().await.unwrap().status, 202);
        }
        raw.send(publish(&server, "Connection: close\r\n", &good(2)).as_bytes()).await;
        let answer = raw.response().await.unwrap();
        assert_eq!((answer.status, answer.header("connection")), (202, Some("close")));
        raw.ended().await;
    }
}

#[tokio::test]
async fn a8_a_publisher_must_come_in_time_and_may_then_rest() {
    let server = Server::with(&[("limits.handshake_timeout", "500ms")]);
    let mut bystander = Bystander::of(&server).await;
    let mut publisher = Raw::socket(&server, None).await;
    publisher.send(publish(&server, "", &good(1)).as_bytes()).await;
    assert_eq!(publisher.response().await.unwrap().status, 202);
    let mut slow = Raw::socket(&server, None).await;
    slow.send(&publish(&server, "", &good(2)).as_bytes()[..60]).await;
    slow.ended().await;
    publisher.send(publish(&server, "", &good(3)).as_bytes()).await;
    assert_eq!(
        publisher.response().await.unwrap().status,
        202,
        "what is short is the time to the first request"
    );
    bystander.is_fine().await;
}

#[tokio::test]
async fn a9_a_resting_publisher_does_not_hold_up_the_stop() {
    let mut server = Server::start();
    let mut raw = Raw::socket(&server, None).await;
    raw.send(publish(&server, "", &good(1)).as_bytes()).await;
    assert_eq!(raw.response().await.unwrap().status, 202);
    server.terminate();
    raw.ended().await;
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a8_publishes_without_end_are_answered_no_faster_than_they_are_read() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let mut raw = Raw::socket(&server, Some(4096)).await;
    let request = publish(&server, "", &good(1)).repeat(50);
    let flood = async {
        loop {
            raw.send_or_hang(request.as_bytes()).await;
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), flood).await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn a1_what_comes_right_behind_an_upgrade_is_heard() {
    let server = Server::with(&[("limits.messages_per_minute", "0")]);
    let token = token(&server, "ada");
    // More than is read at once, so that some of it has been read ahead and some has not.
    for pings in [1, 400] {
        let mut raw = Raw::socket(&server, None).await;
        raw.send(publish(&server, "", &good(1)).as_bytes()).await;
        assert_eq!(raw.response().await.unwrap().status, 202);
        let mut bytes = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
        .into_bytes();
        let ping = json!({ "type": "ping", "timestamp": "x".repeat(100) }).to_string();
        (0..pings).for_each(|_| bytes.extend(crate::harness::frame(0x81, ping.as_bytes())));
        raw.send(&bytes).await;
        assert_eq!(raw.head().await.status, 101);
        assert!(raw.frame().await.unwrap().payload.starts_with(br#"{"type":"connection_established""#));
        for _ in 0..pings {
            assert!(raw.frame().await.unwrap().payload.starts_with(br#"{"type":"pong""#));
        }
    }
}
