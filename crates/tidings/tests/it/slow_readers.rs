//! A client that does not read harms only itself, and loses nothing that is kept.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Bystander, Http, Raw, Server, token};

/// Enough that no kernel's buffers hold two hundred of them.
const ENTRY_BYTES: usize = 200_000;
/// How long a reader reads nothing: longer than a server waits for whoever is not known to be slow.
const STALL: Duration = Duration::from_secs(7);

async fn reader(server: &Server, user: &str, room: &str) -> (Raw, Value) {
    let mut raw = Raw::connect(server, user, "", Some(4096)).await;
    raw.say(&json!({ "type": "join_room", "room": room })).await;
    let joined: Value = serde_json::from_slice(&raw.frame().await.unwrap().payload).unwrap();
    (raw, joined["data"]["epoch"].clone())
}

/// Publishes until a statistic counts; returns how many that took.
async fn publish_until(server: &Server, room: &str, counted: &str) -> u64 {
    let mut http = Http::open(server).await;
    for n in 1..=200 {
        let body = json!({ "to": { "room": room }, "type": "big", "data": { "n": n, "x": "x".repeat(ENTRY_BYTES) } });
        assert_eq!(http.publish(&body).await.status, 202);
        if server.stats().await[counted].as_u64().unwrap() > 0 {
            return n;
        }
    }
    panic!("{} MB were published and nothing counted as {counted}", 200 * ENTRY_BYTES / 1_000_000);
}

#[tokio::test]
async fn a8_a_slow_reader_is_cut_and_resumes() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let mut quick = server.connect("quick").await;
    quick.join("orders").await;
    let (mut slow, epoch) = reader(&server, "slow", "orders").await;
    let published = publish_until(&server, "orders", "slow_readers").await;
    bystander.is_fine().await;

    // What was on its way is whole, then comes the close.
    let (mut offset, mut close) = (0, None);
    while let Some(frame) = slow.frame().await {
        match frame.first {
            0x81 => {
                let entry: Value = serde_json::from_slice(&frame.payload).unwrap();
                if entry["type"] == "big" {
                    offset += 1;
                    assert_eq!(entry["offset"], offset);
                }
            }
            0x88 => close = Some(u16::from_be_bytes([frame.payload[0], frame.payload[1]])),
            other => panic!("an unexpected frame {other:x}"),
        }
    }
    assert_eq!(close, Some(4100), "after {offset} of {published}");
    assert!(offset < published);

    let mut back = server.connect("slow").await;
    let joined = back.join_since("orders", &epoch, offset).await;
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(true), &json!(published)));
    for n in offset + 1..=published {
        assert_eq!(back.event("big").await["offset"], n);
    }
    for n in 1..=published {
        assert_eq!(quick.event("big").await["offset"], n, "the quick one was never disturbed");
    }
}

/// A reader that is cut, and the number of entries published until then.
async fn cut_reader(server: &Server) -> (Raw, u64) {
    let (slow, _) = reader(server, "slow", "orders").await;
    let published = publish_until(server, "orders", "slow_readers").await;
    // Its socket is open and its task waits for it, but it is nobody's any more.
    while server.stats().await["connections"] != 0 {}
    (slow, published)
}

/// Offsets of the entries up to the close frame, and its code; nothing may come behind it.
async fn rest(slow: &mut Raw) -> (Vec<u64>, Option<u16>) {
    let mut offsets = Vec::new();
    while let Some(frame) = slow.frame().await {
        if frame.first == 0x88 {
            let code = u16::from_be_bytes([frame.payload[0], frame.payload[1]]);
            assert_eq!(slow.frame().await, None, "the close frame is the last");
            return (offsets, Some(code));
        }
        let entry: Value = serde_json::from_slice(&frame.payload).unwrap();
        offsets.extend(entry["offset"].as_u64());
    }
    (offsets, None)
}

#[tokio::test]
async fn a8_a_reader_that_stalls_on_after_the_cut_is_told_why() {
    let server = Server::with(&[("live.presence_grace", "300ms")]);
    let mut watcher = server.connect("watcher").await;
    watcher.join("orders").await;
    let (mut slow, _) = reader(&server, "slow", "orders").await;
    let published = publish_until(&server, "orders", "slow_readers").await;
    let stall = Instant::now() + STALL;

    // Its socket is still open, but nobody is there and nothing is said to it any more.
    watcher.event("member_left").await;
    let stats = server.stats().await;
    assert_eq!((&stats["connections"], &stats["subscriptions"]), (&json!(1), &json!(1)));
    let presence = server.get("/v1/presence?users=slow").await.json();
    assert_eq!(presence["items"][0]["status"], "offline");
    server.publish(json!({ "room": "orders" }), "late", json!(1)).await;
    server.publish(json!({ "user": "slow" }), "late", json!(1)).await;
    assert_eq!(server.stats().await["deliveries"].as_u64(), stats["deliveries"].as_u64().map(|n| n + 1));

    tokio::time::sleep_until(stall).await;
    let (offsets, close) = rest(&mut slow).await;
    assert_eq!(close, Some(4100));
    assert!(offsets.iter().copied().eq(1..=offsets.len() as u64), "{offsets:?}");
    assert!((offsets.len() as u64) < published);
}

/// The close frame is in the kernel's hands, and the client says something before it gets there: a server that had dropped its
/// socket by then would answer with a reset, and the frame would be lost.
#[tokio::test]
async fn a8_a_reader_that_stalls_before_the_close_frame_is_told_why() {
    let server = Server::start();
    let (mut slow, published) = cut_reader(&server).await;
    // The queue of 1 MiB held five or six entries, and is gone; of the others a few are left for the kernel.
    for _ in 0..published.saturating_sub(9) {
        slow.frame().await.unwrap();
    }
    tokio::time::sleep(STALL).await;
    slow.say(&json!({ "type": "ping" })).await;
    assert_eq!(rest(&mut slow).await.1, Some(4100));
}

#[tokio::test]
async fn a9_a_stalled_reader_does_not_hold_a_stop() {
    let mut server = Server::start();
    let (_slow, _) = cut_reader(&server).await;
    let began = Instant::now();
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a8_a_stalled_reader_keeps_its_place_among_those_of_its_address() {
    let server = Server::with(&[("limits.connections_per_ip", "1")]);
    let (mut slow, _) = cut_reader(&server).await;
    let token = token(&server, "other");
    server.dial().bearer(&token).open().await.refused("rate_limited", 1013).await;
    assert_eq!(rest(&mut slow).await.1, Some(4100));
    drop(slow);
    while server.dial().bearer(&token).open().await.next().await["type"] != "connection_established" {}
}

#[tokio::test]
async fn a8_transient_entries_are_left_out_and_counted() {
    let file = "[[rooms]]\nmatch = \"live_{id}\"\njoin = \"anyone\"\npublish = \"nobody\"\nkeep = \"none\"\n";
    let server = Server::with_file(&[], file);
    let mut bystander = Bystander::of(&server).await;
    let (mut slow, _) = reader(&server, "slow", "live_1").await;
    let published = publish_until(&server, "live_1", "dropped").await;
    bystander.is_fine().await;
    let stats = server.stats().await;
    assert_eq!(stats["slow_readers"], 0);
    let connections = server.get("/v1/connections?user=slow").await.json();
    assert_eq!(connections["items"].as_array().unwrap().len(), 1, "the connection lives");

    slow.say(&json!({ "type": "ping", "id": "still there" })).await;
    let mut received = 0;
    loop {
        let message: Value = serde_json::from_slice(&slow.frame().await.expect("alive").payload).unwrap();
        match message["type"].as_str().unwrap() {
            "big" => received += 1,
            "pong" => break,
            _ => {}
        }
    }
    assert_eq!(received, published - stats["dropped"].as_u64().unwrap());
    server.publish(json!({ "room": "live_1" }), "after", json!(1)).await;
    let message: Value = serde_json::from_slice(&slow.frame().await.unwrap().payload).unwrap();
    assert_eq!(message["type"], "after", "and goes on as if nothing had been");
}

#[tokio::test]
async fn a8_twenty_slow_readers_cost_a_bounded_queue_each() {
    let server = Server::with(&[("limits.queue_bytes", "256KiB")]);
    let mut bystander = Bystander::of(&server).await;
    let mut slow = Vec::new();
    for n in 0..20 {
        slow.push(reader(&server, &format!("slow{n}"), "orders").await);
    }
    let mut http = Http::open(&server).await;
    // Kept once and shared: what twenty do not read costs no twenty times as much.
    for _ in 0..60 {
        let body = json!({ "to": { "room": "orders" }, "type": "big", "data": "x".repeat(ENTRY_BYTES) });
        assert_eq!(http.publish(&body).await.status, 202);
    }
    bystander.is_fine().await;
    assert_eq!(server.stats().await["slow_readers"], 20);
}

#[tokio::test]
async fn b6_a_long_history_passes_a_small_queue() {
    let server = Server::with(&[("limits.queue_bytes", "64KiB")]);
    let mut http = Http::open(&server).await;
    let mut client = server.connect("ada").await;
    let epoch = client.join("orders").await["epoch"].clone();
    client.leave().await;
    for n in 1..=100 {
        http.publish(
            &json!({ "to": { "room": "orders" }, "type": "n", "data": { "n": n, "x": "x".repeat(20_000) } }),
        )
        .await;
    }
    let mut back = server.connect("ada").await;
    assert_eq!(back.join_since("orders", &epoch, 0).await["recovered"], true);
    for n in 1..=100 {
        assert_eq!(back.expect("n").await["offset"], n);
    }
}
