//! MessagePack and compression: the same objects, however they travel.

use std::io::Read as _;

use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

use crate::harness::{Client, Frame, Http, Raw, Server, frame, token};

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

async fn message_pack(server: &Server, user: &str) -> Client {
    let offered = format!("tidings.token.{}", token(server, user));
    let mut client = server.dial().protocol("tidings.v1.msgpack").protocol(&offered).open().await;
    assert_eq!(client.protocol.as_deref(), Some("tidings.v1.msgpack"));
    assert_eq!(client.expect("connection_established").await["user"], user);
    client
}

/// A message of the server, inflated where it says so (RFC 7692 section 7.2.2).
fn read(frame: &Frame) -> Vec<u8> {
    if !frame.is_compressed() {
        return frame.payload.clone();
    }
    let whole = [&frame.payload[..], &[0, 0, 0xff, 0xff, 3, 0]].concat();
    let mut inflated = Vec::new();
    DeflateDecoder::new(&whole[..]).read_to_end(&mut inflated).unwrap();
    inflated
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    compress.compress_vec(bytes, &mut out, flate2::FlushCompress::Sync).unwrap();
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

#[tokio::test]
async fn a10_message_pack_both_ways() {
    let server = Server::start();
    let mut ada = message_pack(&server, "ada").await;
    let pong = ada.ask(json!({ "type": "ping", "timestamp": { "a": [1, -2, 1.5, "ü", null, true] } })).await;
    assert_eq!(pong["timestamp"], json!({ "a": [1, -2, 1.5, "ü", null, true] }));
    assert_eq!(ada.join("channel_general").await["member_count"], 1);
    let data = json!({ "n": u64::MAX, "m": i64::MIN, "text": "x".repeat(5_000) });
    let answer =
        ada.ask(json!({ "type": "publish", "room": "channel_general", "event": "note", "data": data })).await;
    assert_eq!(answer["offset"], 1);
    assert_eq!(ada.expect("note").await["data"], data);
    let wrong = ada.ask(json!({ "type": "join_room", "room": 5 })).await;
    assert_eq!((&wrong["code"], &wrong["path"]), (&json!("invalid_request"), &json!("room")));
    let mut bad = server.dial().protocol("tidings.v1.msgpack").query("token=x").open().await;
    bad.refused("unauthorized", 4001).await;
}

#[tokio::test]
async fn a10_one_room_in_every_format() {
    let server = Server::start();
    let mut plain = server.connect("ada").await;
    let mut packed = message_pack(&server, "bob").await;
    plain.join("orders").await;
    packed.join("orders").await;
    let mut deflated = Raw::connect(&server, "cat", OFFER, None).await;
    deflated.say(&json!({ "type": "join_room", "room": "orders" })).await;
    deflated.frame().await.unwrap();
    plain.so_far().await;
    packed.so_far().await;
    for size in [1, 100, 1_000, 70_000, 300_000] {
        let data = json!({ "size": size, "text": "Tidings ".repeat(size / 8 + 1) });
        server.publish(json!({ "room": "orders" }), "sized", data.clone()).await;
        let entry = plain.expect("sized").await;
        assert_eq!(entry["data"], data);
        assert_eq!(packed.expect("sized").await, entry);
        let frame = deflated.frame().await.unwrap();
        assert_eq!(frame.is_compressed(), size >= 1_000, "compressed where it pays: {size}");
        assert_eq!(serde_json::from_slice::<Value>(&read(&frame)).unwrap(), entry);
    }
}

#[tokio::test]
async fn a10_compressed_messages_of_a_client() {
    let server = Server::start();
    let mut raw = Raw::socket(&server, None).await;
    let answer = raw.upgrade(&format!("Authorization: Bearer {}\r\n{OFFER}", token(&server, "ada"))).await;
    let agreed = answer.header("sec-websocket-extensions").unwrap();
    assert!(
        agreed.starts_with("permessage-deflate") && agreed.contains("client_no_context_takeover"),
        "{agreed}"
    );
    raw.frame().await.unwrap();
    let ping = json!({ "type": "ping", "id": 1, "timestamp": "x".repeat(40_000) }).to_string();
    raw.send(&frame(0xc1, &deflate(ping.as_bytes()))).await;
    let pong: Value = serde_json::from_slice(&read(&raw.frame().await.unwrap())).unwrap();
    assert_eq!((&pong["reply_to"], pong["timestamp"].as_str().unwrap().len()), (&json!(1), 40_000));
    // In pieces, and with a message of one empty block (RFC 7692 section 7.2.3.6).
    let deflated = deflate(br#"{"type":"ping","id":2}"#);
    let (one, two) = deflated.split_at(5);
    raw.send(&[frame(0x41, one), frame(0x89, b"between"), frame(0x80, two)].concat()).await;
    assert_eq!(raw.frame().await.unwrap().first, 0x8a);
    let pong: Value = serde_json::from_slice(&read(&raw.frame().await.unwrap())).unwrap();
    assert_eq!(pong["reply_to"], 2);
    raw.send(&frame(0x81, br#"{"type":"ping","id":3}"#)).await;
    let pong: Value = serde_json::from_slice(&read(&raw.frame().await.unwrap())).unwrap();
    assert_eq!(pong["reply_to"], 3, "plain messages are still understood");
}

#[tokio::test]
async fn a10_compression_is_only_where_it_is_asked_for_and_allowed() {
    let server = Server::with(&[("live.compression", "false")]);
    let mut raw = Raw::socket(&server, None).await;
    assert_eq!(raw.upgrade(OFFER).await.header("sec-websocket-extensions"), None);
    let server = Server::start();
    for offer in [
        "",
        "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n",
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n",
    ] {
        let mut raw = Raw::socket(&server, None).await;
        assert_eq!(raw.upgrade(offer).await.header("sec-websocket-extensions"), None, "{offer}");
    }
}

#[tokio::test]
async fn a10_compressed_message_pack() {
    let server = Server::start();
    let headers = format!("{OFFER}Sec-WebSocket-Protocol: tidings.v1.msgpack\r\n");
    let mut raw = Raw::connect(&server, "ada", &headers, None).await;
    let join = rmp_serde::to_vec_named(&json!({ "type": "join_room", "room": "orders" })).unwrap();
    raw.send(&frame(0xc2, &deflate(&join))).await;
    let joined: Value = rmp_serde::from_slice(&read(&raw.frame().await.unwrap())).unwrap();
    assert_eq!(joined["type"], "joined_room");
    let data = json!({ "text": "Tidings ".repeat(500) });
    server.publish(json!({ "room": "orders" }), "big", data.clone()).await;
    let frame = raw.frame().await.unwrap();
    assert_eq!(frame.first, 0xc2, "whole, compressed, binary");
    assert_eq!(rmp_serde::from_slice::<Value>(&read(&frame)).unwrap()["data"], data);
}

#[tokio::test]
async fn b6_what_was_missed_comes_in_the_connections_own_format() {
    let server = Server::start();
    let mut plain = server.connect("ada").await;
    let epoch = plain.join("orders").await["epoch"].clone();
    for n in 0..5 {
        server.publish(json!({ "room": "orders" }), "n", json!({ "n": n, "text": "x".repeat(1_000) })).await;
    }
    let live = plain.so_far().await;
    let mut packed = message_pack(&server, "bob").await;
    packed.join_since("orders", &epoch, 0).await;
    assert_eq!(packed.so_far().await, live);
    let mut deflated = Raw::connect(&server, "cat", OFFER, None).await;
    deflated
        .say(&json!({ "type": "join_room", "room": "orders", "since": { "epoch": epoch, "offset": 0 } }))
        .await;
    deflated.frame().await.unwrap();
    for entry in live {
        let frame = deflated.frame().await.unwrap();
        assert!(frame.is_compressed());
        assert_eq!(serde_json::from_slice::<Value>(&read(&frame)).unwrap(), entry);
    }
}

/// Valid by JSON's grammar, and yet more than most programs can hold: no kept entry may get lost over it.
#[tokio::test]
async fn a10_odd_json_reaches_every_format_or_is_refused() {
    let server = Server::start();
    let mut plain = server.connect("ada").await;
    let mut packed = message_pack(&server, "bob").await;
    plain.join("orders").await;
    packed.join("orders").await;
    let mut http = Http::open(&server).await;
    let mut taken = Vec::new();
    for data in [
        r#"1e400"#,
        r#""\ud800""#,
        r#"123456789012345678901234567890"#,
        r#"-0"#,
        r#"{"a":1,"a":2}"#,
        r#""\u0000""#,
    ] {
        let body = format!(r#"{{"to":{{"room":"orders"}},"type":"odd","data":{data}}}"#);
        let answer = http.request("POST", "/v1/publish", "", body.as_bytes()).await;
        match answer.status {
            202 => taken.push(answer.json()["offset"].clone()),
            _ => assert_eq!(answer.problem(), "invalid_request", "{data}"),
        }
    }
    for offset in taken {
        let entry = packed.find(|entry| entry["type"] != "member_joined").await;
        assert_eq!((&entry["type"], &entry["offset"]), (&json!("odd"), &offset), "{entry}");
    }
}
