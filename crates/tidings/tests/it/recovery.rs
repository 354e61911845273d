//! Coming back: exactly what was missed, in order and once, or a plain word that it is gone.

use serde_json::{Value, json};

use crate::harness::{Client, Heard, Http, Server, personal, token};

const FREE: &[(&str, &str)] = &[
    ("limits.attempts_per_minute", "0"),
    ("limits.messages_per_minute", "0"),
    ("limits.connections_per_ip", "0"),
];

async fn publish_many(server: &Server, to: &Value, numbers: std::ops::Range<u64>) {
    let entries: Vec<_> = numbers.map(|n| json!({ "to": to, "type": "n", "data": n })).collect();
    let answer = server.post("/v1/publish/batch", &json!({ "entries": entries })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn numbers(client: &mut Client) -> Vec<u64> {
    let heard = client.so_far().await;
    heard.iter().filter(|entry| entry["type"] == "n").map(|entry| entry["data"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn b6_exactly_what_was_missed() {
    let server = Server::start();
    let to = json!({ "room": "orders" });
    let mut ada = server.connect("ada").await;
    let joined = ada.join("orders").await;
    let epoch = joined["epoch"].clone();
    publish_many(&server, &to, 1..11).await;
    assert_eq!(numbers(&mut ada).await, (1..11).collect::<Vec<_>>());
    ada.cut();
    publish_many(&server, &to, 11..31).await;

    let mut ada = server.connect("ada").await;
    let back = ada.join_since("orders", &epoch, 10).await;
    assert_eq!((&back["recovered"], &back["offset"], &back["epoch"]), (&json!(true), &json!(30), &epoch));
    publish_many(&server, &to, 31..33).await;
    assert_eq!(numbers(&mut ada).await, (11..33).collect::<Vec<_>>());

    let mut nothing_missed = server.connect("ada").await;
    let back = nothing_missed.join_since("orders", &epoch, 32).await;
    assert_eq!((&back["recovered"], &back["offset"]), (&json!(true), &json!(32)));
    assert!(numbers(&mut nothing_missed).await.is_empty());
    let mut from_the_start = server.connect("ada").await;
    assert_eq!(from_the_start.join_since("orders", &epoch, 0).await["recovered"], true);
    assert_eq!(numbers(&mut from_the_start).await, (1..33).collect::<Vec<_>>());
    let mut afresh = server.connect("ada").await;
    let joined = afresh.join("orders").await;
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(false), &json!(32)));
    assert!(numbers(&mut afresh).await.is_empty());
}

#[tokio::test]
async fn b6_the_same_entries_come_back() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let epoch = ada.join("channel_general").await["epoch"].clone();
    for n in 0..5 {
        ada.ask(json!({ "type": "publish", "room": "channel_general", "event": "note", "data": { "n": n } }))
            .await;
    }
    let live: Vec<_> = ada.so_far().await;
    let mut back = server.connect("ada").await;
    back.join_since("channel_general", &epoch, 0).await;
    assert_eq!(back.so_far().await, live, "id, time, sender and data are the same");
}

#[tokio::test]
async fn b6_what_cannot_be_recovered_is_told() {
    let server = Server::with(FREE);
    let mut ada = server.connect("ada").await;
    let epoch = ada.join("orders").await["epoch"].clone();
    publish_many(&server, &json!({ "room": "orders" }), 1..1000).await;
    publish_many(&server, &json!({ "room": "orders" }), 1000..1200).await;
    let told = async |epoch: &Value, offset: u64| {
        let mut back = server.connect("ada").await;
        let joined = back.join_since("orders", epoch, offset).await;
        (joined["recovered"] == true, joined["offset"].as_u64().unwrap(), numbers(&mut back).await.len())
    };
    assert_eq!(told(&json!("another"), 1199).await, (false, 1199, 0), "another epoch");
    assert_eq!(told(&epoch, 0).await, (true, 1199, 1199), "all of it, in pages");
    assert_eq!(told(&epoch, 1200).await, (false, 1199, 0), "ahead of what there is");
    assert_eq!(told(&epoch, u64::MAX).await, (false, 1199, 0));
    assert_eq!(told(&epoch, 500).await, (true, 1199, 699));
}

#[tokio::test]
async fn b6_a_restart_is_another_epoch_and_told() {
    let mut server = Server::start();
    let mut ada = server.connect("ada").await;
    let before = ada.join("orders").await["epoch"].clone();
    publish_many(&server, &json!({ "room": "orders" }), 1..4).await;
    server.kill();
    assert_eq!(ada.find_end().await, Heard::Lost);
    let after = Server::start();
    publish_many(&after, &json!({ "room": "orders" }), 1..11).await;
    let mut ada = after.connect("ada").await;
    let joined = ada.join_since("orders", &before, 3).await;
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(false), &json!(10)));
    assert_ne!(joined["epoch"], before);
    assert!(numbers(&mut ada).await.is_empty());
}

#[tokio::test]
async fn b6_the_personal_room_resumes_with_the_connection() {
    let server = Server::start();
    let to = json!({ "user": "ada" });
    let open = async |resume: &str| {
        let mut client =
            server.dial().query(&format!("token={}{resume}", token(&server, "ada"))).open().await;
        let greeting = client.expect("connection_established").await;
        (client, greeting)
    };
    let (first, greeting) = open("").await;
    let (epoch, offset) = personal(&greeting);
    assert_eq!((offset, &greeting["recovered"]), (0, &json!(false)));
    first.cut();
    publish_many(&server, &to, 1..6).await;
    let (mut back, greeting) = open(&format!("&resume={epoch}:0")).await;
    assert_eq!((&greeting["recovered"], personal(&greeting)), (&json!(true), (epoch.clone(), 0)));
    publish_many(&server, &to, 6..8).await;
    assert_eq!(numbers(&mut back).await, (1..8).collect::<Vec<_>>());
    let (mut back, greeting) = open(&format!("&resume={epoch}:3")).await;
    assert_eq!(greeting["recovered"], true);
    assert_eq!(numbers(&mut back).await, (4..8).collect::<Vec<_>>());
    for stale in ["other:3", "nonsense", "", &format!("{epoch}:99")] {
        let (mut back, greeting) = open(&format!("&resume={stale}")).await;
        assert_eq!(
            (&greeting["recovered"], personal(&greeting)),
            (&json!(false), (epoch.clone(), 7)),
            "{stale}"
        );
        assert!(numbers(&mut back).await.is_empty());
    }
}

#[tokio::test]
async fn b7_a_room_that_keeps_the_last_value_shows_it_at_once() {
    let file =
        "[[rooms]]\nmatch = \"board_{id}\"\njoin = \"anyone\"\npublish = \"nobody\"\nkeep = \"last\"\n";
    let server = Server::with_file(&[], file);
    let to = json!({ "room": "board_1" });
    let mut early = server.connect("ada").await;
    let joined = early.join("board_1").await;
    assert_eq!((&joined["offset"], &joined["recovered"]), (&json!(0), &json!(false)));
    publish_many(&server, &to, 1..8).await;
    assert_eq!(numbers(&mut early).await, (1..8).collect::<Vec<_>>());
    let mut late = server.connect("bob").await;
    let joined = late.join("board_1").await;
    assert_eq!(
        (&joined["offset"], &joined["recovered"]),
        (&json!(6), &json!(false)),
        "one before the value that follows"
    );
    assert_eq!(numbers(&mut late).await, [7]);
    let mut unlucky = server.connect("bob").await;
    assert_eq!(unlucky.join_since("board_1", &joined["epoch"], 6).await["recovered"], true);
    assert_eq!(numbers(&mut unlucky).await, [7], "who lost the connection before the value came gets it");
    let mut back = server.connect("ada").await;
    assert_eq!(back.join_since("board_1", &joined["epoch"], 2).await["recovered"], false);
    assert_eq!(numbers(&mut back).await, [7], "not all, so not recovered, but the value is there");
    let mut current = server.connect("ada").await;
    assert_eq!(current.join_since("board_1", &joined["epoch"], 7).await["recovered"], true);
    assert!(numbers(&mut current).await.is_empty(), "who has it does not get it again");
}

#[tokio::test]
async fn b6_a_room_that_keeps_nothing_promises_nothing() {
    let file = "[[rooms]]\nmatch = \"live_{id}\"\njoin = \"anyone\"\npublish = \"nobody\"\nkeep = \"none\"\n";
    let server = Server::with_file(&[], file);
    let mut ada = server.connect("ada").await;
    let joined = ada.join_since("live_1", &json!("any"), 5).await;
    assert_eq!(
        (&joined["recovered"], joined.get("epoch"), joined.get("offset")),
        (&json!(false), None, None)
    );
    let published = server.publish(json!({ "room": "live_1" }), "n", json!(1)).await;
    assert!(published.get("offset").is_none());
    assert!(ada.expect("n").await.get("offset").is_none());
}

/// What one client has of the room so far.
struct Follower {
    epoch: Value,
    offset: u64,
    told: usize,
}

impl Follower {
    /// Comes, resumes and reads `count` entries or to the end.
    async fn read(&mut self, server: &Server, user: &str, count: u64, last: u64) {
        let mut client = server.connect(user).await;
        let joined = client.join_since("orders", &self.epoch, self.offset).await;
        if joined["recovered"] == false {
            self.told += 1;
            self.offset = joined["offset"].as_u64().unwrap();
            self.epoch = joined["epoch"].clone();
        }
        for _ in 0..count {
            if self.offset == last {
                break;
            }
            let entry = client.event("n").await;
            assert_eq!(entry["offset"], self.offset + 1, "{user}: no gap, no double");
            assert_eq!(entry["data"], entry["offset"], "{user}: and the right entry");
            self.offset += 1;
        }
        client.cut();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b6_twenty_clients_cut_at_random_miss_nothing() {
    const ENTRIES: u64 = 2_000;
    let server = std::sync::Arc::new(Server::with(FREE));
    let epoch = server.connect("first").await.join("orders").await["epoch"].clone();
    let followers: Vec<_> = (0..20)
        .map(|n| {
            let (server, epoch) = (server.clone(), epoch.clone());
            tokio::spawn(async move {
                let mut follower = Follower { epoch, offset: 0, told: 0 };
                while follower.offset < ENTRIES {
                    let count = u64::from_str_radix(&crate::harness::random_hex(2), 16).unwrap() % 300;
                    follower.read(&server, &format!("user{n}"), count + 1, ENTRIES).await;
                }
                follower.told
            })
        })
        .collect();
    let mut http = Http::open(&server).await;
    for n in 1..=ENTRIES {
        let answer = http.publish(&json!({ "to": { "room": "orders" }, "type": "n", "data": n })).await;
        assert_eq!(answer.json()["offset"], n);
    }
    let mut told = 0;
    for follower in followers {
        told += follower.await.unwrap();
    }
    // Whoever fell a thousand entries behind was told; that must be the exception.
    assert!(told < 20, "{told} were told that they missed something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b6_joining_amid_publishing_leaves_no_gap() {
    let server = std::sync::Arc::new(Server::with(FREE));
    let publisher = tokio::spawn({
        let server = server.clone();
        async move {
            let mut http = Http::open(&server).await;
            for n in 1..=800u64 {
                http.publish(&json!({ "to": { "room": "orders" }, "type": "n", "data": n })).await;
            }
        }
    });
    let mut joins = 0;
    while !publisher.is_finished() {
        let mut client = server.connect("ada").await;
        let mut offset = client.join("orders").await["offset"].as_u64().unwrap();
        for n in numbers(&mut client).await {
            assert_eq!(n, offset + 1);
            offset = n;
        }
        joins += 1;
        client.cut();
    }
    publisher.await.unwrap();
    assert!(joins > 5);
}

impl Client {
    async fn find_end(&mut self) -> Heard {
        loop {
            match self.hear().await {
                Heard::Message(_) => {}
                end => return end,
            }
        }
    }
}
