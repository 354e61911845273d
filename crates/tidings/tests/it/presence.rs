//! Who is there: users and not sockets, without flicker, told to those who share a room.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Client, Server};

const ROOM: &str = "channel_general";

/// Everything said about a user until something is said about another one.
async fn said_of(watcher: &mut Client, user: &str, until: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut said = Vec::new();
    loop {
        let entry = watcher.next().await;
        if until(&entry) {
            return said;
        }
        if entry["data"]["user_id"] == user {
            said.push(entry);
        }
    }
}

fn went_offline(entry: &Value, user: &str) -> bool {
    entry["type"] == "presence_update"
        && entry["data"]["user_id"] == user
        && entry["data"]["status"] == "offline"
}

async fn member(server: &Server, user: &str) -> Client {
    let mut client = server.connect(user).await;
    client.join(ROOM).await;
    client
}

#[tokio::test]
async fn a5_offline_only_when_last_tab_closes() {
    let server = Server::with(&[("live.presence_grace", "500ms")]);
    let mut bob = member(&server, "bob").await;
    let (one, two) = (member(&server, "ada").await, member(&server, "ada").await);
    let cat = member(&server, "cat").await;
    bob.so_far().await;
    one.leave().await;
    cat.leave().await;
    // Graces end in their order: when cat is offline, ada's first tab has been settled.
    let said = said_of(&mut bob, "ada", |entry| went_offline(entry, "cat")).await;
    assert!(said.is_empty(), "ada still has a tab: {said:?}");
    let began = Instant::now();
    two.leave().await;
    let told = bob.find(|entry| entry["data"]["user_id"] == "ada").await;
    assert!(began.elapsed().as_millis() >= 450, "only after the grace");
    assert_eq!(
        (&told["type"], &told["data"]["status"]),
        (&json!("presence_update"), &json!("offline")),
        "{told}"
    );
    assert!(told["data"]["last_seen"].as_str().unwrap().ends_with('Z'));
    let left = bob.find(|entry| entry["data"]["user_id"] == "ada").await;
    assert_eq!((&left["type"], &left["data"]["member_count"]), (&json!("member_left"), &json!(1)), "{left}");
}

#[tokio::test]
async fn c1_a_quick_reconnect_is_not_seen() {
    let server = Server::with(&[("live.presence_grace", "1500ms")]);
    let mut bob = member(&server, "bob").await;
    let ada = member(&server, "ada").await;
    let cat = member(&server, "cat").await;
    bob.so_far().await;
    ada.cut();
    // The server has noticed when the connection is gone from its list.
    while !server.get("/v1/connections?user=ada").await.json()["items"].as_array().unwrap().is_empty() {}
    let mut ada = member(&server, "ada").await;
    cat.leave().await;
    let said = said_of(&mut bob, "ada", |entry| went_offline(entry, "cat")).await;
    assert!(said.is_empty(), "a reload is not a farewell: {said:?}");
    assert!(ada.so_far().await.iter().all(|entry| entry["data"]["user_id"] != "ada"));
}

#[tokio::test]
async fn c1_nobody_is_offline_in_the_grace_and_last_seen_stays() {
    let server = Server::with(&[("live.presence_grace", "1500ms")]);
    let mut bob = member(&server, "bob").await;
    let ada = member(&server, "ada").await;
    ada.cut();
    while !server.get("/v1/connections?user=ada").await.json()["items"].as_array().unwrap().is_empty() {}
    let of_ada = async || server.get("/v1/presence?users=ada").await.json()["items"][0].clone();
    let in_grace = of_ada().await;
    assert_eq!((&in_grace["status"], &in_grace["connections"]), (&json!("online"), &json!(0)), "{in_grace}");
    let told = bob.find(|entry| went_offline(entry, "ada")).await;
    let gone = of_ada().await;
    assert_eq!(gone["status"], "offline", "{gone}");
    for (who, seen) in [("who asks", &gone["last_seen"]), ("who is told", &told["data"]["last_seen"])] {
        assert_eq!(seen, &in_grace["last_seen"], "when the last connection was lost, also for {who}");
    }
    bob.say(json!({ "type": "get_presence", "id": 1, "users": ["ada"] })).await;
    let asked = bob.event("presence_state").await;
    assert_eq!(asked["items"][0]["last_seen"], in_grace["last_seen"], "{asked}");
}

#[tokio::test]
async fn c1_online_and_offline_are_told_to_the_back_end_once_each() {
    let server = Server::with(&[("live.presence_grace", "300ms")]);
    let told = async || {
        let text = server.get("/metrics").await.text();
        let count = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            value.trim().parse::<u64>().unwrap()
        };
        (count("tidings_user_online_events_total"), count("tidings_user_offline_events_total"))
    };
    let mut bob = member(&server, "bob").await;
    let (one, two) = (member(&server, "ada").await, member(&server, "ada").await);
    while told().await != (2, 0) {}
    one.leave().await;
    let again = member(&server, "ada").await;
    two.leave().await;
    again.leave().await;
    bob.find(|entry| went_offline(entry, "ada")).await;
    while told().await != (2, 1) {}
    let _back = member(&server, "ada").await;
    while told().await != (3, 1) {}
}

#[tokio::test]
async fn c1_away_when_all_tabs_are_away() {
    let server = Server::start();
    let mut bob = member(&server, "bob").await;
    let (mut one, mut two) = (member(&server, "ada").await, member(&server, "ada").await);
    bob.so_far().await;
    let away = json!({ "type": "presence", "status": "away" });
    one.say(away.clone()).await;
    one.so_far().await;
    assert!(bob.so_far().await.is_empty(), "one tab is still looked at");
    two.say(away).await;
    let told = bob.expect("presence_update").await;
    assert!(told.get("room").is_none() && told.get("offset").is_none(), "{told}");
    assert_eq!((&told["data"]["user_id"], &told["data"]["status"]), (&json!("ada"), &json!("away")));
    one.say(json!({ "type": "presence", "status": "online", "data": { "mood": "tea" } })).await;
    let told = bob.expect("presence_update").await;
    assert_eq!(
        (&told["data"]["status"], &told["data"]["data"]),
        (&json!("online"), &json!({ "mood": "tea" }))
    );
    for tab in [&mut one, &mut two] {
        let heard = tab.so_far().await;
        let updates = heard.iter().filter(|entry| entry["type"] == "presence_update");
        let statuses: Vec<_> = updates.map(|entry| entry["data"]["status"].clone()).collect();
        assert_eq!(statuses, ["away", "online"], "one's own tabs show the same");
    }
}

#[tokio::test]
async fn c1_a_closed_tab_does_not_keep_a_user_online() {
    let server = Server::with(&[("live.presence_grace", "300ms")]);
    let mut bob = member(&server, "bob").await;
    let (mut away, online) = (member(&server, "ada").await, member(&server, "ada").await);
    bob.so_far().await;
    away.say(json!({ "type": "presence", "status": "away" })).await;
    away.so_far().await;
    online.leave().await;
    let told = bob.find(|entry| entry["data"]["user_id"] == "ada").await;
    assert_eq!(told["data"]["status"], "away", "the tab that is left is away: {told}");
}

#[tokio::test]
async fn c1_a_fresh_tab_brings_a_user_back() {
    let server = Server::start();
    let mut bob = member(&server, "bob").await;
    let mut ada = member(&server, "ada").await;
    ada.say(json!({ "type": "presence", "status": "away" })).await;
    let told = bob.event("presence_update").await;
    assert_eq!(told["data"]["status"], "away");
    let _tab = server.connect("ada").await;
    let told = bob.event("presence_update").await;
    assert_eq!(
        (&told["data"]["user_id"], &told["data"]["status"]),
        (&json!("ada"), &json!("online")),
        "{told}"
    );
}

#[tokio::test]
async fn c1_a_user_who_does_nothing_is_away() {
    let server = Server::with(&[("live.away_after", "1s"), ("live.presence_grace", "300ms")]);
    let mut bob = member(&server, "bob").await;
    let mut ada = member(&server, "ada").await;
    let told =
        bob.find(|entry| entry["type"] == "presence_update" && entry["data"]["user_id"] == "ada").await;
    assert_eq!(told["data"]["status"], "away", "{told}");
    ada.join("orders").await;
    let told =
        bob.find(|entry| entry["type"] == "presence_update" && entry["data"]["user_id"] == "ada").await;
    assert_eq!(told["data"]["status"], "online", "and back when they do something: {told}");
}

#[tokio::test]
async fn c2_only_those_who_share_a_room_hear_it() {
    let server = Server::with(&[("live.presence_grace", "300ms")]);
    let mut sharing = server.connect("bob").await;
    sharing.join(ROOM).await;
    sharing.join("orders").await;
    let mut other = server.connect("eve").await;
    other.join("issues").await;
    let mut ada = member(&server, "ada").await;
    ada.join("orders").await;
    sharing.so_far().await;
    ada.say(json!({ "type": "presence", "status": "away" })).await;
    sharing.expect("presence_update").await;
    assert!(sharing.so_far().await.is_empty(), "two rooms in common are no two updates");
    ada.leave().await;
    sharing.find(|entry| went_offline(entry, "ada")).await;
    assert!(other.so_far().await.is_empty(), "eve shares no room with ada");
}

#[tokio::test]
async fn c2_or_everyone_where_that_is_set() {
    let server = Server::with(&[("live.presence_audience", "everyone"), ("live.presence_grace", "300ms")]);
    let mut bob = server.connect("bob").await;
    let ada = server.connect("ada").await;
    let told = bob.find(|entry| entry["data"]["user_id"] == "ada").await;
    assert_eq!((&told["type"], &told["data"]["status"]), (&json!("presence_update"), &json!("online")));
    ada.leave().await;
    bob.find(|entry| went_offline(entry, "ada")).await;
}

#[tokio::test]
async fn c4_a_full_room_hears_numbers() {
    let server = Server::with(&[("live.presence_names_max", "2"), ("live.presence_grace", "300ms")]);
    let mut ada = member(&server, "ada").await;
    let mut bob = server.connect("bob").await;
    let joined = bob.join(ROOM).await;
    assert_eq!((joined["members"].as_array().unwrap().len(), &joined["member_count"]), (2, &json!(2)));
    ada.expect("member_joined").await;
    let mut cat = server.connect("cat").await;
    let joined = cat.join(ROOM).await;
    assert_eq!((&joined["members"], &joined["member_count"]), (&json!([]), &json!(3)));
    let told = ada.next().await;
    assert_eq!(
        (&told["type"], &told["data"]),
        (&json!("member_count"), &json!({ "member_count": 3 })),
        "{told}"
    );
    cat.leave().await;
    // With two people left, there are names again.
    assert_eq!(
        ada.event("member_left").await["data"],
        json!({ "user_id": "cat", "status": "offline", "member_count": 2 })
    );
}

#[tokio::test]
async fn c3_typing_starts_stops_and_is_not_told_to_the_typist() {
    let server = Server::start();
    let (mut ada, mut tab, mut bob) =
        (member(&server, "ada").await, member(&server, "ada").await, member(&server, "bob").await);
    for client in [&mut ada, &mut tab, &mut bob] {
        client.so_far().await;
    }
    for _ in 0..3 {
        ada.say(json!({ "type": "typing_start", "room": ROOM })).await;
    }
    let told = bob.expect("typing_indicator").await;
    assert_eq!((&told["room"], &told["data"]), (&json!(ROOM), &json!({ "user": "ada", "typing": true })));
    assert!(ada.so_far().await.is_empty());
    ada.say(json!({ "type": "typing_stop", "room": ROOM })).await;
    let told = bob.expect("typing_indicator").await;
    assert_eq!(told["data"], json!({ "user": "ada", "typing": false }));
    ada.say(json!({ "type": "typing_stop", "room": ROOM })).await;
    ada.so_far().await;
    assert!(bob.so_far().await.is_empty(), "typing on, and stopping twice, is nothing new");
    let heard_by_tab = tab.so_far().await;
    assert!(heard_by_tab.is_empty(), "nobody hears that they type themselves: {heard_by_tab:?}");
}

#[tokio::test]
async fn c3_who_leaves_the_room_types_no_more() {
    let server = Server::start();
    let (mut ada, mut bob) = (member(&server, "ada").await, member(&server, "bob").await);
    bob.so_far().await;
    ada.say(json!({ "type": "typing_start", "room": ROOM })).await;
    ada.ask(json!({ "type": "leave_room", "room": ROOM })).await;
    let heard: Vec<_> = bob
        .so_far()
        .await
        .iter()
        .map(|entry| (entry["type"].clone(), entry["data"]["typing"].clone()))
        .collect();
    let expected = [
        (json!("typing_indicator"), json!(true)),
        (json!("typing_indicator"), json!(false)),
        (json!("member_left"), json!(null)),
    ];
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn c3_typing_ends_by_itself() {
    let server = Server::with(&[("live.presence_grace", "200ms")]);
    let (mut ada, mut bob) = (member(&server, "ada").await, member(&server, "bob").await);
    let mut cat = member(&server, "cat").await;
    ada.so_far().await;
    bob.so_far().await;
    let began = Instant::now();
    cat.say(json!({ "type": "typing_start", "room": ROOM })).await;
    cat.leave().await;
    ada.say(json!({ "type": "typing_start", "room": ROOM })).await;
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let data = bob.event("typing_indicator").await["data"].clone();
        heard.push((data["user"].as_str().unwrap().to_owned(), data["typing"] == true));
    }
    let expected = [("cat", true), ("ada", true), ("cat", false), ("ada", false)];
    assert_eq!(heard, expected.map(|(user, typing)| (user.to_owned(), typing)), "also of who has gone");
    let after = began.elapsed().as_secs_f32();
    assert!((5.5..9.0).contains(&after), "6 s after the last word, not {after}");
    let heard = ada.so_far().await;
    let own = |entry: &&Value| entry["type"] == "typing_indicator" && entry["data"]["user"] == "ada";
    assert_eq!(heard.iter().find(own), None, "not to the typist");
}
