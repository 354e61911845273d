//! Positions and names that a client should not send: an answer of the contract, and nothing of others.

use serde_json::{Value, json};

use crate::harness::{Client, Http, Server, token};

const ENTRIES: u64 = 5;

async fn filled() -> (Server, Value) {
    let server = Server::start();
    for n in 1..=ENTRIES {
        server.publish(json!({ "room": "ledger_0" }), "n", json!(n)).await;
        server.publish(json!({ "room": "private_1" }), "secret", json!(n)).await;
        server.publish(json!({ "user": "bob" }), "secret", json!(n)).await;
    }
    let epoch = server.connect("first").await.join("ledger_0").await["epoch"].clone();
    (server, epoch)
}

/// Whether it is the name of a room that anybody may have.
fn is_anothers(room: &str) -> bool {
    matches!(room, "user:bob" | "role:admin" | "everyone")
}

/// What is said to a join, and how many entries follow.
async fn join(client: &mut Client, since: Value) -> (Value, usize) {
    let answer = client.ask(json!({ "type": "join_room", "room": "ledger_0", "since": since })).await;
    let entries = client.so_far().await.iter().filter(|message| message["type"] == "n").count();
    client.ask(json!({ "type": "leave_room", "room": "ledger_0" })).await;
    (answer, entries)
}

#[tokio::test]
async fn a_position_that_never_was_is_told_so() {
    let (server, epoch) = filled().await;
    let mut ada = server.connect("ada").await;
    let strange = [
        json!({ "epoch": "another", "offset": 2 }),
        json!({ "epoch": "", "offset": 2 }),
        json!({ "epoch": epoch, "offset": ENTRIES + 1 }),
        json!({ "epoch": epoch, "offset": u64::MAX }),
        json!({ "epoch": epoch, "offset": i64::MAX }),
    ];
    for since in strange {
        let (answer, entries) = join(&mut ada, since.clone()).await;
        let is_refused = answer["type"] == "error" && answer["code"] == "invalid_request";
        let is_told = answer["type"] == "joined_room" && answer["data"]["recovered"] == false;
        assert!(is_told || is_refused, "{since}: {answer}");
        assert_eq!(entries, 0, "{since}");
    }
    let (answer, entries) = join(&mut ada, json!({ "epoch": epoch, "offset": 2 })).await;
    assert_eq!(
        (&answer["data"]["recovered"], entries),
        (&json!(true), 3),
        "the connection is as good as before"
    );
}

#[tokio::test]
async fn what_is_no_position_is_refused() {
    let (server, epoch) = filled().await;
    let mut ada = server.connect("ada").await;
    for offset in [json!(-1), json!(1.5), json!("2"), json!(null), json!(1e300), json!([1]), json!(true)] {
        let (answer, entries) = join(&mut ada, json!({ "epoch": epoch, "offset": offset })).await;
        assert_eq!((&answer["code"], entries), (&json!("invalid_request"), 0), "{offset}: {answer}");
        for field in ["before", "after"] {
            let mut ask = json!({ "type": "get_history", "room": "ledger_0" });
            ask[field] = offset.clone();
            let answer = ada.ask(ask).await;
            let is_none = offset.is_null() && answer["type"] == "history";
            assert!(is_none || answer["code"] == "invalid_request", "{field} {offset}: {answer}");
        }
    }
    for limit in [json!(0), json!(-1), json!(201), json!(1e9)] {
        let answer = ada.ask(json!({ "type": "get_history", "room": "ledger_0", "limit": limit })).await;
        assert_eq!(answer["code"], "invalid_request", "{limit}: {answer}");
    }
    for (field, value) in [("after", json!(u64::MAX)), ("after", json!(ENTRIES + 1))] {
        let mut ask = json!({ "type": "get_history", "room": "ledger_0" });
        ask[field] = value;
        assert_eq!(ada.ask(ask).await["code"], "history_lost");
    }
    let other = json!({ "type": "get_history", "room": "ledger_0", "after": 1, "epoch": "another" });
    assert_eq!(ada.ask(other).await["code"], "history_lost");
    ada.join("ledger_0").await;
}

#[tokio::test]
async fn a_resume_that_is_none_is_refused_or_told() {
    let (server, epoch) = filled().await;
    let epoch = epoch.as_str().unwrap();
    for resume in ["another:2", &format!("{epoch}:99"), &format!("{epoch}:18446744073709551615")] {
        let query = format!("token={}&resume={resume}", token(&server, "bob"));
        let mut bob = server.dial().query(&query).open().await;
        let greeting = bob.expect("connection_established").await;
        assert_eq!(greeting["recovered"], false, "{resume}: {greeting}");
        assert!(bob.so_far().await.iter().all(|message| message["type"] != "secret"), "{resume}");
    }
    for resume in ["x", "a:-1", "a:1:2", "%7B%7D%7D", "a:18446744073709551616", "a:b", "%00"] {
        let query = format!("token={}&resume={resume}", token(&server, "bob"));
        match server.dial().query(&query).try_open().await {
            Err(refused) => assert_eq!(refused.status(), 400, "{resume}"),
            Ok(mut bob) => {
                let greeting = bob.expect("connection_established").await;
                assert_eq!(greeting["recovered"], false, "{resume}: {greeting}");
            }
        }
    }
}

#[tokio::test]
async fn positions_over_http_have_the_same_codes() {
    let (server, epoch) = filled().await;
    let epoch = epoch.as_str().unwrap();
    let cases = [
        ("after=-1", 400, "invalid_request"),
        ("after=1.5", 400, "invalid_request"),
        ("after=x", 400, "invalid_request"),
        ("after=", 400, "invalid_request"),
        ("after=18446744073709551616", 400, "invalid_request"),
        ("before=-1", 400, "invalid_request"),
        ("before=99999999999999999999999", 400, "invalid_request"),
        ("limit=0", 400, "invalid_request"),
        ("limit=-5", 400, "invalid_request"),
        ("limit=100000", 400, "invalid_request"),
        ("after=18446744073709551615", 410, "history_lost"),
        ("after=6", 410, "history_lost"),
        ("after=1&epoch=another", 410, "history_lost"),
        ("after=1&before=2", 400, "invalid_request"),
    ];
    let mut http = Http::open(&server).await;
    for (query, status, code) in cases {
        let answer = http.request("GET", &format!("/v1/rooms/ledger_0/messages?{query}"), "", b"").await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{query}: {}", answer.text());
    }
    let good =
        http.request("GET", &format!("/v1/rooms/ledger_0/messages?after=2&epoch={epoch}"), "", b"").await;
    assert_eq!(good.json()["items"].as_array().unwrap().len(), 3, "{}", good.text());
}

#[tokio::test]
async fn rooms_of_others_give_nothing_away() {
    let (server, _) = filled().await;
    let mut ada = server.connect("ada").await;
    for room in [
        "private_1",
        "private_2",
        "user:bob",
        "role:admin",
        "everyone",
        "../private_1",
        "private_1 ",
        "%70rivate_1",
    ] {
        for ask in [
            json!({ "type": "join_room", "room": room }),
            json!({ "type": "join_room", "room": room, "since": { "epoch": "x", "offset": 0 } }),
            json!({ "type": "get_history", "room": room }),
            json!({ "type": "publish", "room": room, "event": "n", "data": 1 }),
            json!({ "type": "get_presence", "room": room }),
        ] {
            let answer = ada.ask(ask.clone()).await;
            let code = answer["code"].as_str().unwrap_or_default();
            let is_refused = matches!(code, "forbidden" | "not_found" | "invalid_request");
            // `user:bob` is a name like any other, and not what bob's own room is called.
            assert!(is_refused || is_anothers(room), "{ask}: {answer}");
            assert!(!answer.to_string().contains("secret"), "{answer}");
        }
        let mut http = Http::open(&server)
            .await
            .authorized_by(&format!("Authorization: Bearer {}\r\n", token(&server, "ada")));
        let path = format!("/v1/me/rooms/{}/messages", room.replace(' ', "%20").replace('/', "%2F"));
        let answer = http.request("GET", &path, "", b"").await;
        assert!(!answer.text().contains("secret"), "{room}: {}", answer.text());
        let is_refused = matches!(answer.status, 400 | 403 | 404);
        assert!(is_refused || is_anothers(room), "{room}: {}", answer.text());
        if is_refused {
            assert!(matches!(&*answer.problem(), "forbidden" | "not_found" | "invalid_request"));
        }
    }
    let mut bob = server.connect("bob").await;
    server.publish(json!({ "user": "bob" }), "last", json!(1)).await;
    assert_eq!(bob.next().await["type"], "last", "what was published to the room user:bob is not his");
    assert!(ada.so_far().await.iter().all(|message| message["type"] != "secret"));
    let one = ada.ask(json!({ "type": "join_room", "room": "private_1" })).await;
    let none = ada.ask(json!({ "type": "join_room", "room": "private_9" })).await;
    assert_eq!(one["code"], none["code"], "a room that there is looks like one that there is not");
}
