//! A planned stop: everybody is told when to come back, what was begun is finished, and the process ends in time.

use serde_json::json;
use tokio::{net::TcpStream, time::Instant};

use crate::harness::{Heard, Http, Raw, Server, token};

#[tokio::test]
async fn a9_clients_are_told_when_to_come_back() {
    let mut server = Server::start();
    let mut clients = [server.connect("ada").await, server.connect("ada").await, server.connect("bob").await];
    let mut packed = server.dial().protocol("tidings.v1.msgpack").bearer(&token(&server, "cat")).open().await;
    packed.expect("connection_established").await;
    let mut raw = Raw::connect(&server, "dan", "", None).await;
    let began = Instant::now();
    server.terminate();
    for client in clients.iter_mut().chain([&mut packed]) {
        let goodbye = client.expect("goodbye").await;
        let (wait, spread) =
            (goodbye["retry_after_ms"].as_u64().unwrap(), goodbye["spread_ms"].as_u64().unwrap());
        assert!((1..=5_000).contains(&wait) && (1..=30_000).contains(&spread), "{goodbye}");
        assert_eq!(client.hear().await, Heard::Closed(1012, "server restart".into()));
    }
    assert!(raw.frame().await.unwrap().payload.starts_with(br#"{"type":"goodbye""#));
    assert_eq!(raw.close_code().await, Some(1012));
    drop((clients, packed, raw));
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(began.elapsed().as_secs() < 10);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a9_an_idle_server_ends_at_once() {
    let mut server = Server::start();
    let _idle = Http::open(&server).await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(server.whole_log().contains("SIGTERM"), "{}", server.log());
}

#[tokio::test]
async fn a9_the_grace_is_the_longest_it_takes() {
    let mut server = Server::with(&[("server.shutdown_grace", "1s")]);
    // Neither answers the close nor closes its socket.
    let _deaf = Raw::connect(&server, "deaf", "", Some(4096)).await;
    // Sends a head and never the body.
    let mut half = Raw::socket(&server, None).await;
    half.send(
        format!(
            "POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: 50\r\n\r\n{{",
            server.api_key
        )
        .as_bytes(),
    )
    .await;
    let began = Instant::now();
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(began.elapsed().as_secs_f32() < 4.0, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a9_not_ready_while_it_drains() {
    let mut server = Server::start();
    // A publish whose body is not all there keeps the server draining until it is.
    let mut publisher = Raw::socket(&server, None).await;
    let body = json!({ "to": { "room": "orders" }, "type": "last" }).to_string();
    let head = format!(
        "POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\r\n",
        server.api_key,
        body.len()
    );
    publisher.send(head.as_bytes()).await;
    publisher.send(&body.as_bytes()[..10]).await;
    let mut ada = server.connect("ada").await;
    server.terminate();
    ada.expect("goodbye").await;

    let answer = Http::open(&server).await.request("GET", "/readyz", "", b"").await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"));
    assert_eq!(Http::open(&server).await.request("GET", "/livez", "", b"").await.status, 200);
    let Err(refusal) = server.dial().bearer(&token(&server, "bob")).try_open().await else {
        panic!("a new connection")
    };
    assert_eq!(refusal.status(), 503);
    assert!(refusal.headers().contains_key("retry-after"));

    publisher.send(&body.as_bytes()[10..]).await;
    assert_eq!(publisher.response().await.unwrap().status, 202, "what was begun is answered");
    assert_eq!(ada.closed().await.0, 1012);
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a9_who_comes_in_during_the_drain_is_told_too() {
    let mut server = Server::start();
    let mut late = server.dial().open().await;
    let mut publisher = Raw::socket(&server, None).await;
    let head = format!(
        "POST /v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: 50\r\n\r\n{{",
        server.api_key
    );
    publisher.send(head.as_bytes()).await;
    let mut ada = server.connect("ada").await;
    server.terminate();
    assert_eq!(ada.closed().await.0, 1012);
    // The publisher holds the server; this one was let in before and says only now who it is.
    late.say(json!({ "type": "authenticate", "token": token(&server, "bob") })).await;
    late.event("goodbye").await;
    assert_eq!(late.closed().await.0, 1012);
    drop((ada, late, publisher));
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a9_entries_before_the_stop_arrive_before_the_goodbye() {
    let mut server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    for n in 1..=50 {
        server.publish(json!({ "room": "orders" }), "n", json!({ "n": n, "x": "x".repeat(1_000) })).await;
    }
    server.terminate();
    for n in 1..=50 {
        assert_eq!(ada.expect("n").await["offset"], n);
    }
    ada.expect("goodbye").await;
    assert_eq!(ada.closed().await.0, 1012);
    drop(ada);
    assert_eq!(server.ended().await.code(), Some(0));
}
