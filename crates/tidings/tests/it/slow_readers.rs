//! A client that does not read harms only itself, and loses nothing that is kept.

use serde_json::{Value, json};

use crate::harness::{Bystander, Http, Raw, Server};

/// Enough that no kernel's buffers hold two hundred of them.
const ENTRY_BYTES: usize = 200_000;

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
