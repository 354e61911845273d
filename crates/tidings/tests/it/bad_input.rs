//! Bytes that should never have come. Each attack is told what rule it broke, costs little memory, and a bystander
//! hears its next event within a second.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Bystander, Raw, Server, frame};

/// Sends bytes on a fresh connection and expects this close.
async fn closes(server: &Server, headers: &str, bytes: &[u8], code: u16, what: &str) {
    let mut raw = Raw::connect(server, "mallory", headers, None).await;
    raw.send(bytes).await;
    assert_eq!(raw.close_code().await, Some(code), "{what}");
    raw.ended().await;
}

#[tokio::test]
async fn a8_each_broken_rule_of_framing_is_1002() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let unmasked = [0x81, 2, b'{', b'}'];
    let table: &[(&str, Vec<u8>)] = &[
        ("not masked", unmasked.to_vec()),
        ("RSV1 without an extension", frame(0xc1, b"{}")),
        ("RSV2", frame(0xa1, b"{}")),
        ("RSV3", frame(0x91, b"{}")),
        ("opcode 3", frame(0x83, b"{}")),
        ("opcode 7", frame(0x87, b"{}")),
        ("opcode 11", frame(0x8b, b"")),
        ("opcode 15", frame(0x8f, b"")),
        ("a ping in pieces", frame(0x09, b"x")),
        ("a ping of 126 bytes", frame(0x89, &[b'x'; 126])),
        ("a close of 126 bytes", frame(0x88, &[3; 126])),
        ("a length longer than needed", vec![0x81, 0x80 | 126, 0, 5]),
        ("a long length longer than needed", vec![0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 5]),
        ("a length with its highest bit", vec![0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 5]),
        ("a continuation of nothing", frame(0x80, b"{}")),
        ("a message in a message", [frame(0x01, b"{"), frame(0x81, b"{}")].concat()),
        ("close code 1005", frame(0x88, &1005u16.to_be_bytes())),
        ("close code 999", frame(0x88, &999u16.to_be_bytes())),
        ("close code 5000", frame(0x88, &5000u16.to_be_bytes())),
        ("a close of one byte", frame(0x88, &[3])),
    ];
    for (what, bytes) in table {
        closes(&server, "", bytes, 1002, what).await;
        bystander.is_fine().await;
    }
}

#[tokio::test]
async fn a8_text_that_is_not_utf8_is_1007() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    for bytes in [&b"\xff"[..], b"{\"type\":\"\xc0\xaf\"}", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]
    {
        closes(&server, "", &frame(0x81, bytes), 1007, "text").await;
    }
    closes(&server, "", &[frame(0x01, b"\xe2"), frame(0x80, b"x")].concat(), 1007, "in pieces").await;
    closes(&server, "", &frame(0x88, b"\x03\xe8\xff"), 1007, "a reason").await;
    let deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    closes(&server, deflate, &frame(0xc1, &[0xff; 50]), 1007, "no deflate stream").await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_a_message_too_big_is_1009_before_it_is_there() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let announced = |length: u64| [&[0x81, 0xff][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat();
    for length in [65_537, 50 << 20, 1 << 40, i64::MAX as u64] {
        closes(&server, "", &announced(length), 1009, "announced").await;
        bystander.is_fine().await;
    }
    closes(&server, "", &frame(0x81, &vec![b'x'; 70_000]), 1009, "whole").await;
    let mut pieces = frame(0x01, &[b'x'; 30_000]);
    (0..3).for_each(|_| pieces.extend(frame(0x00, &[b'x'; 30_000])));
    closes(&server, "", &pieces, 1009, "in pieces").await;
    let mut pieces = frame(0x01, b"x");
    (0..3_000).for_each(|_| pieces.extend(frame(0x00, b"")));
    closes(&server, "", &pieces, 1009, "in thousands of empty pieces").await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_a_deflate_bomb_is_1009() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    (0..50).for_each(|_| encoder.write_all(&zeros).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 60_000, "50 MiB in {} bytes", bomb.len());
    let deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    for _ in 0..10 {
        closes(&server, deflate, &frame(0xc1, &bomb), 1009, "a bomb").await;
    }
    bystander.is_fine().await;
    let many_streams: Vec<u8> = [3, 0].repeat(30_000);
    closes(&server, deflate, &frame(0xc1, &many_streams), 1007, "thousands of empty streams").await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn a10_the_wrong_kind_of_data_is_1003() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    closes(&server, "", &frame(0x82, br#"{"type":"ping"}"#), 1003, "binary without MessagePack").await;
    let protocol = "Sec-WebSocket-Protocol: tidings.v1.msgpack\r\n";
    closes(&server, protocol, &frame(0x81, br#"{"type":"ping"}"#), 1003, "text with MessagePack").await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_depth_is_an_invalid_request() {
    let server = Server::with(&[("limits.message_bytes", "1MiB"), ("limits.queue_bytes", "2MiB")]);
    let mut bystander = Bystander::of(&server).await;
    let mut mallory = server.connect("mallory").await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for text in [
            format!(r#"{{"type":"publish","room":"a","event":"x","data":{deep}}}"#),
            deep.clone(),
            open.repeat(100_000),
        ] {
            mallory.send(Message::text(text)).await;
            assert_eq!(mallory.expect("error").await["code"], "invalid_request");
        }
    }
    let mut packed = server
        .dial()
        .protocol("tidings.v1.msgpack")
        .bearer(&crate::harness::token(&server, "m"))
        .open()
        .await;
    packed.expect("connection_established").await;
    for bytes in [
        vec![0x91; 100_000],
        vec![0xc1],
        vec![],
        vec![0x81; 100_000],
        [0xdd, 0xff, 0xff, 0xff, 0xff].repeat(20_000),
        [0xdf, 0xff, 0xff, 0xff, 0xff].to_vec(),
        [0xdb, 0xff, 0xff, 0xff, 0xff, b'x'].to_vec(),
        [0xc4, 2, 1, 2].to_vec(),
    ] {
        packed.send(Message::binary(bytes)).await;
        assert_eq!(packed.expect("error").await["code"], "invalid_request");
    }
    assert!(packed.so_far().await.is_empty() && mallory.so_far().await.is_empty());
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_a_huge_head_is_refused() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let many: String = (0..120).map(|n| format!("X-H{n}: 1\r\n")).collect();
    let heads = [
        format!("GET /v1/ws HTTP/1.1\r\nHost: x\r\nX-Big: {}\r\n\r\n", "x".repeat(20_000)),
        format!("GET /v1/ws?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(20_000)),
        format!("GET /v1/ws HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        format!("GET /v1/ws HTTP/1.1\r\nHost: x\r\n{}", "X: y\r\n".repeat(200_000)),
        "x".repeat(1 << 20),
    ];
    for head in heads {
        let mut raw = Raw::socket(&server, None).await;
        raw.send(head.as_bytes()).await;
        // A refusal, or an end at once: the server need not read what nobody should send.
        if let Some(answer) = raw.response().await {
            assert!([400, 414, 431].contains(&answer.status), "{}", answer.head);
        }
        bystander.is_fine().await;
    }
    let fits: String = (0..80).map(|n| format!("X-H{n}: {}\r\n", "x".repeat(100))).collect();
    let mut raw = Raw::socket(&server, None).await;
    assert_eq!(raw.upgrade(&fits).await.status, 101, "80 headers in 9 KB are no attack");
}

#[tokio::test]
async fn a8_garbage_instead_of_http() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let tls_hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[0xaa; 500]].concat();
    let garbage: [&[u8]; 7] = [
        b"\0\0\0\0\r\n\r\n",
        &tls_hello,
        &[0xff; 5_000],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: w\xff\xfe\r\n\r\n",
        b"POST /v1/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ];
    for bytes in garbage {
        let mut raw = Raw::socket(&server, None).await;
        raw.send(bytes).await;
        if let Some(answer) = raw.response().await {
            assert!((400..500).contains(&answer.status), "{}", answer.head);
        }
        bystander.is_fine().await;
    }
    for header in [
        "Authorization: Bearer \u{fc}\r\n",
        "Sec-WebSocket-Protocol: ,,, ,\r\n",
        "Sec-WebSocket-Extensions: \"\\\r\n",
        "Origin: \u{fc}\r\n",
    ] {
        let mut raw = Raw::socket(&server, None).await;
        let answer = raw.upgrade(header).await;
        assert!([101, 400, 403].contains(&answer.status), "{header}: {}", answer.head);
    }
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_many_halves_of_messages_cost_little() {
    let server = Server::with(&[("limits.attempts_per_minute", "0")]);
    let mut bystander = Bystander::of(&server).await;
    let mut halves = Vec::new();
    for n in 0..60 {
        let mut raw = Raw::connect(&server, &format!("mallory{n}"), "", None).await;
        // Announces 64 KiB and sends a hundred bytes of it; announcing alone must cost nothing.
        let whole = frame(0x81, &[b'x'; 65_536]);
        raw.send(&whole[..100]).await;
        halves.push(raw);
    }
    bystander.is_fine().await;
}

#[tokio::test]
async fn a8_whoever_asks_and_never_reads_is_not_asked_for_more() {
    let server = Server::with(&[("limits.messages_per_minute", "0")]);
    let mut bystander = Bystander::of(&server).await;
    let mut raw = Raw::connect(&server, "mallory", "", Some(4096)).await;
    let ping = json!({ "type": "ping", "timestamp": "x".repeat(60_000) }).to_string();
    let ping = frame(0x81, ping.as_bytes());
    let flood = async {
        // 120 MB of answers, were they all kept.
        for _ in 0..2_000 {
            raw.send_or_hang(&ping).await;
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), flood).await;
    bystander.is_fine().await;
}

#[tokio::test]
async fn g1_an_error_never_repeats_what_was_sent() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    for message in [
        json!({ "type": "s3cret value" }),
        json!({ "type": "join_room", "room": "s3cret value" }),
        json!({ "type": "join_room", "room": { "s3cret": 1 } }),
        json!({ "type": "join_room", "room": "orders", "since": "s3cret" }),
        json!({ "type": "publish", "room": "orders", "event": "s3cret value" }),
        json!({ "type": "publish", "room": "orders", "event": "s3cret", "data": "s3cret" }),
        json!({ "type": "presence", "status": "s3cret" }),
        json!({ "type": "get_presence", "users": { "s3cret": 1 } }),
        json!({ "type": "refresh_token", "token": "s3cret" }),
        json!({ "type": "ping", "id": { "s3cret": 1 } }),
    ] {
        ada.say(message.clone()).await;
        let told = ada.expect("error").await;
        assert!(!told.to_string().contains("s3cret"), "{message}: {told}");
    }
    let answer =
        server.post("/v1/publish", &json!({ "to": { "room": "s3cret value" }, "type": "s3cret" })).await;
    assert!(!answer.text().contains("s3cret"), "{}", answer.text());
    let answer = server.get("/v1/presence?room=s3cret%20value").await;
    assert!(!answer.text().contains("s3cret"), "{}", answer.text());
    let _: Value = answer.json();
}
