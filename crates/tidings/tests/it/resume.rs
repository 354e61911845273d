//! One cursor brings back everything that was followed: each part in order and once, or with a word on why not.

use std::{collections::HashMap, sync::Arc};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::harness::{Client, Http, Server, personal, token};

const FREE: &[(&str, &str)] = &[
    ("limits.attempts_per_minute", "0"),
    ("limits.messages_per_minute", "0"),
    ("limits.connections_per_ip", "0"),
];

fn cursor(parts: &Value) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(parts.to_string())
}

/// How a cursor is brought.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    Query,
    Authenticate,
}

/// Comes back with a cursor: the greeting, then whatever follows.
async fn back(server: &Server, user: &str, cursor: &str, way: Way) -> (Client, Value) {
    let token = token(server, user);
    match way {
        Way::Query => {
            let mut client = server.dial().query(&format!("token={token}&resume={cursor}")).open().await;
            let greeting = client.expect("connection_established").await;
            (client, greeting)
        }
        Way::Authenticate => {
            let mut client = server.dial().open().await;
            client
                .say(json!({ "type": "authenticate", "id": "auth", "token": token, "resume": cursor }))
                .await;
            let greeting = client.expect("connection_established").await;
            (client, greeting)
        }
    }
}

async fn publish(server: &Server, to: Value, numbers: std::ops::Range<u64>) {
    let entries: Vec<_> = numbers.map(|n| json!({ "to": to, "type": "n", "data": n })).collect();
    let answer = server.post("/v1/publish/batch", &json!({ "entries": entries })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// All up to `resumed`, and its parts by the rooms' names, or what they are.
async fn until_resumed(client: &mut Client) -> (Vec<Value>, HashMap<String, Value>) {
    let mut before = Vec::new();
    loop {
        let message = client.next().await;
        if message["type"] == "resumed" {
            let parts = message["parts"].as_array().unwrap().iter();
            let name =
                |part: &Value| part["room"].as_str().or(part["part"].as_str()).unwrap_or_default().to_owned();
            return (before, parts.map(|part| (name(part), part.clone())).collect());
        }
        before.push(message);
    }
}

/// The numbers that came in a room, or in the personal one.
fn numbers(heard: &[Value], room: Option<&str>) -> Vec<u64> {
    let of_room = heard.iter().filter(|entry| entry["type"] == "n" && entry["room"].as_str() == room);
    of_room.map(|entry| entry["data"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn j1_one_cursor_brings_back_all_parts() {
    let server = Server::with(FREE);
    let mut bob = server.connect("bob").await;
    bob.ask(json!({ "type": "ping" })).await;
    for way in [Way::Query, Way::Authenticate] {
        let user = format!("ada_{way:?}");
        let mut ada = server.dial().query(&format!("token={}", token(&server, &user))).open().await;
        let greeting = ada.expect("connection_established").await;
        let (own_epoch, _) = personal(&greeting);
        let mut at = HashMap::new();
        for room in ["channel_a", "channel_b", "orders"] {
            let joined = ada.join(room).await;
            at.insert(room, json!({ "epoch": joined["epoch"], "offset": joined["offset"] }));
        }
        ada.cut();
        publish(&server, json!({ "room": "channel_a" }), 1..6).await;
        publish(&server, json!({ "room": "orders" }), 1..4).await;
        publish(&server, json!({ "user": user }), 1..8).await;
        let text = cursor(&json!({
            "personal": { "epoch": own_epoch, "offset": 0 },
            "rooms": {
                "channel_a": at["channel_a"],
                "channel_b": null,
                "order_7": at["orders"],
                "orders": { "epoch": "another", "offset": 1 },
            },
            "presence": ["bob", "nobody"],
        }));
        let (mut ada, greeting) = back(&server, &user, &text, way).await;
        assert_eq!(greeting["recovered"], true, "{way:?}: {greeting}");
        let (before, parts) = until_resumed(&mut ada).await;
        assert_eq!(numbers(&before, None), (1..8).collect::<Vec<_>>(), "{way:?}: the personal room");
        assert_eq!(numbers(&before, Some("channel_a")), (1..6).collect::<Vec<_>>());
        assert_eq!(numbers(&before, Some("orders")), [0; 0], "of another epoch nothing follows");
        assert_eq!((&parts["channel_a"]["recovered"], parts["channel_a"].get("lost")), (&json!(true), None));
        assert_eq!((&parts["channel_b"]["recovered"], parts["channel_b"].get("lost")), (&json!(false), None));
        assert_eq!(parts["orders"]["lost"]["reason"], "epoch");
        assert_eq!(
            (&parts["order_7"]["part"], &parts["order_7"]["code"]),
            (&json!("refused"), &json!("forbidden"))
        );
        let presence = &parts["presence"]["items"];
        assert_eq!((&presence[0]["user"], &presence[0]["status"]), (&json!("bob"), &json!("online")));
        assert_eq!((&presence[1]["user"], &presence[1]["status"]), (&json!("nobody"), &json!("offline")));
        assert_eq!(parts.len(), 4 + ["personal", "broadcast", "presence", "inbox", "counters"].len());
        let answered = before.iter().filter(|heard| heard["type"] == "authenticated").count();
        assert_eq!(answered, usize::from(way == Way::Authenticate));

        // From here on it is live, everywhere but where it was refused, and nothing comes twice.
        for room in ["channel_a", "channel_b", "orders", "order_7"] {
            publish(&server, json!({ "room": room }), 100..101).await;
        }
        publish(&server, json!({ "user": user }), 100..101).await;
        let live = ada.so_far().await;
        for room in [Some("channel_a"), Some("channel_b"), Some("orders"), None] {
            assert_eq!(numbers(&live, room), [100], "{way:?} {room:?}");
        }
        assert_eq!(numbers(&live, Some("order_7")), [0; 0]);
        ada.leave().await;
        for room in ["channel_a", "orders"] {
            assert_eq!(server.call("DELETE", &format!("/v1/rooms/{room}"), "").await.status, 204);
        }
    }
}

#[tokio::test]
async fn j1_every_way_a_room_can_be_lost_is_told() {
    let mut settings = FREE.to_vec();
    // The store in memory keeps the last thousand entries of a room.
    settings.push(("store.url", "memory:"));
    let file = "[[rooms]]\nmatch = \"live_{id}\"\njoin = \"users\"\npublish = \"nobody\"\nkeep = \"none\"\n";
    let server = Server::with_file(&settings, file);
    let epoch = server.connect("ada").await.join("orders").await["epoch"].clone();
    publish(&server, json!({ "room": "orders" }), 1..901).await;
    publish(&server, json!({ "room": "orders" }), 901..1202).await;
    let lost = async |position: Value| {
        let text = cursor(&json!({ "rooms": { "orders": position, "live_1": null } }));
        let (mut ada, greeting) = back(&server, "ada", &text, Way::Query).await;
        assert!(
            greeting["recovered"] == false && greeting.get("lost").is_none(),
            "nothing was said of it: {greeting}"
        );
        let (before, parts) = until_resumed(&mut ada).await;
        assert!(parts["live_1"].get("epoch").is_none() && parts["live_1"]["recovered"] == false);
        let part = &parts["orders"];
        assert_eq!((&part["recovered"], &part["offset"]), (&json!(false), &json!(1201)), "{part}");
        assert!(numbers(&before, Some("orders")).is_empty());
        assert_eq!(part["lost"]["oldest"], 202);
        part["lost"]["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(lost(json!({ "epoch": epoch, "offset": 100 })).await, "retention");
    assert_eq!(lost(json!({ "epoch": epoch, "offset": 1202 })).await, "future");
    assert_eq!(lost(json!({ "epoch": "another", "offset": 1200 })).await, "epoch");
}

#[tokio::test]
async fn j1_a_cursor_that_is_none_greets_all_the_same() {
    let server = Server::with(FREE);
    for text in ["", "nonsense", "e30x", &cursor(&json!([])), &cursor(&json!({ "rooms": { "a b": null } }))] {
        for way in [Way::Query, Way::Authenticate] {
            let (mut ada, greeting) = back(&server, "ada", text, way).await;
            assert_eq!(greeting["recovered"], false, "{text}");
            let heard = ada.so_far().await;
            assert!(heard.iter().all(|heard| heard["type"] == "authenticated"), "{heard:?}");
        }
    }
}

/// Publishes one entry after the other until told to stop; how many there are in the end.
fn publisher(server: Arc<Server>, to: Value, from: u64, to_end: u64) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut http = Http::open(&server).await;
        for n in from..to_end {
            let answer = http.publish(&json!({ "to": to, "type": "n", "data": n })).await;
            assert_eq!(answer.json()["offset"], n, "{}", answer.text());
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b6_nine_hundred_and_fifty_missed_entries_come_once_while_new_ones_arrive() {
    let server = Arc::new(Server::with(FREE));
    let epoch = server.connect("ada").await.join("orders").await["epoch"].clone();
    publish(&server, json!({ "room": "orders" }), 1..951).await;
    let publishing = publisher(server.clone(), json!({ "room": "orders" }), 951, 1200);
    let mut rounds = 0;
    while rounds < 5 || !publishing.is_finished() {
        rounds += 1;
        let mut ada = server.connect("ada").await;
        let since = json!({ "epoch": epoch, "offset": 0 });
        ada.say(json!({ "type": "join_room", "room": "orders", "since": since })).await;
        let joined = ada.expect("joined_room").await;
        assert_eq!(joined["data"]["recovered"], true, "{joined}");
        let head = joined["data"]["offset"].as_u64().unwrap();
        assert!(head >= 950);
        let mut heard = numbers(&ada.so_far().await, Some("orders"));
        assert!(heard.len() as u64 >= head, "all that was promised came before the next answer");
        if publishing.is_finished() {
            heard.extend(numbers(&ada.so_far().await, Some("orders")));
        }
        assert_eq!(heard, (1..=heard.len() as u64).collect::<Vec<_>>());
        ada.cut();
    }
    publishing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j1_long_absences_in_several_rooms_at_once() {
    let server = Arc::new(Server::with(FREE));
    let mut ada = server.dial().query(&format!("token={}", token(&server, "ada"))).open().await;
    let greeting = ada.expect("connection_established").await;
    let (own_epoch, _) = personal(&greeting);
    let epoch = |joined: Value| json!({ "epoch": joined["epoch"], "offset": 0 });
    let (a, b) = (epoch(ada.join("channel_a").await), epoch(ada.join("channel_b").await));
    ada.cut();
    let targets = [json!({ "room": "channel_a" }), json!({ "room": "channel_b" }), json!({ "user": "ada" })];
    for to in &targets {
        publish(&server, to.clone(), 1..701).await;
    }
    let publishing = targets.map(|to| publisher(server.clone(), to, 701, 900));
    let personal = json!({ "epoch": own_epoch, "offset": 0 });
    let text = cursor(&json!({ "personal": personal, "rooms": { "channel_a": a, "channel_b": b } }));
    for way in [Way::Query, Way::Authenticate] {
        let (mut ada, greeting) = back(&server, "ada", &text, way).await;
        assert_eq!(greeting["recovered"], true);
        let (mut heard, parts) = until_resumed(&mut ada).await;
        for room in ["channel_a", "channel_b"] {
            assert_eq!(parts[room]["recovered"], true);
            let promised = parts[room]["offset"].as_u64().unwrap();
            assert!(
                numbers(&heard, Some(room)).len() as u64 >= promised,
                "{room}: all came before `resumed`"
            );
        }
        while [Some("channel_a"), Some("channel_b"), None]
            .iter()
            .any(|room| numbers(&heard, *room).len() < 899)
        {
            heard.push(ada.next().await);
        }
        for room in [Some("channel_a"), Some("channel_b"), None] {
            assert_eq!(numbers(&heard, room), (1..900).collect::<Vec<_>>(), "{way:?} {room:?}");
        }
        assert!(numbers(&ada.so_far().await, Some("channel_a")).is_empty());
        ada.cut();
    }
    for publishing in publishing {
        publishing.await.unwrap();
    }
}

#[tokio::test]
async fn j6_who_is_taken_out_while_reading_what_was_missed_gets_no_more_of_it() {
    let server = Server::with(&[FREE, &[("limits.queue_bytes", "1048576")]].concat());
    server.admit("order_7", "ada").await;
    let mut ada = server.connect("ada").await;
    let epoch = ada.join("order_7").await["epoch"].clone();
    ada.leave().await;
    let mut http = Http::open(&server).await;
    let large = "x".repeat(50_000);
    for n in 1..=260 {
        let body = json!({ "to": { "room": "order_7" }, "type": "large", "data": { "n": n, "text": large } });
        assert_eq!(http.publish(&body).await.status, 202);
    }
    // It asks and does not read: some pages are on their way, the rest is not read from the store yet.
    let mut ada = server.connect("ada").await;
    let since = json!({ "epoch": epoch, "offset": 0 });
    ada.say(json!({ "type": "join_room", "room": "order_7", "since": since })).await;
    assert_eq!(ada.expect("joined_room").await["data"]["recovered"], true);
    assert_eq!(server.call("DELETE", "/v1/rooms/order_7/members/ada", "").await.status, 204);
    let mut read = 0;
    loop {
        let message = ada.next().await;
        if message["type"] == "left_room" {
            assert_eq!(message["data"]["because"], "access_ended");
            break;
        }
        read += 1;
        assert_eq!(message["offset"], read);
    }
    assert!(read < 260, "{read} entries came after the membership had ended");
    server.publish(json!({ "room": "order_7" }), "later", json!(1)).await;
    assert!(ada.so_far().await.is_empty());
}
