//! One cursor is good wherever its user comes back: on the same server, on another process after a kill, on another server of one PostgreSQL.

use serde_json::{Value, json};
use tidings_testkit::{Folder, PostgresServer};

use crate::harness::{Client, Server, cursor_of, token_with};

fn admin(server: &Server, user: &str) -> String {
    token_with(server, user, json!({ "roles": ["admin"] }))
}

/// Comes with a cursor or without; the greeting.
async fn come(server: &Server, token: &str, cursor: Option<&Value>) -> (Client, Value) {
    let mut client = server.dial().protocol("tidings.v1").open().await;
    let mut first = json!({ "type": "authenticate", "token": token });
    if let Some(cursor) = cursor {
        first["resume"] = cursor.clone();
    }
    client.say(first).await;
    let greeting = client.expect("connection_established").await;
    (client, greeting)
}

/// Ada was here, with a role and in a room: where she was in all of it.
async fn leaves(server: &Server) -> Value {
    let (mut ada, greeting) = come(server, &admin(server, "ada"), None).await;
    ada.expect("authenticated").await;
    let joined = ada.join("channel_a").await;
    ada.leave().await;
    let mut cursor = cursor_of(&greeting);
    cursor["rooms"] = json!({ "channel_a": { "epoch": joined["epoch"], "offset": joined["offset"] } });
    cursor
}

fn audiences() -> [Value; 4] {
    [
        json!({ "everyone": true }),
        json!({ "role": "admin" }),
        json!({ "user": "ada" }),
        json!({ "room": "channel_a" }),
    ]
}

async fn publish(server: &Server, numbers: std::ops::Range<u64>) {
    for n in numbers {
        for to in audiences() {
            server.publish(to, "n", json!(n)).await;
        }
    }
    server.publish(json!({ "role": "support" }), "n", json!(1000)).await;
}

async fn notify(server: &Server, to: Value, title: &str) {
    let answer = server.post("/v1/notifications", &json!({ "to": to, "title": title })).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The numbers that came to each audience, in the order of [`audiences`]; nothing else may have come.
fn numbers(heard: &[Value]) -> [Vec<u64>; 4] {
    let mut all: [Vec<u64>; 4] = Default::default();
    for entry in heard.iter().filter(|heard| heard["type"] == "n") {
        let place = match (entry["broadcast"]["to"].as_str(), entry["room"].as_str()) {
            (Some("everyone"), None) => 0,
            (Some("role:admin"), None) => 1,
            (None, None) => 2,
            (None, Some("channel_a")) => 3,
            _ => panic!("{entry}"),
        };
        let is_kept = entry["offset"].is_u64() != entry["broadcast"]["offset"].is_u64();
        assert!(is_kept, "it has one place, told apart by whose log it is in: {entry}");
        all[place].push(entry["data"].as_u64().unwrap());
    }
    all
}

fn each(numbers: std::ops::Range<u64>) -> [Vec<u64>; 4] {
    std::array::from_fn(|_| numbers.clone().collect())
}

/// All up to `resumed`, and its parts.
async fn until_resumed(client: &mut Client) -> (Vec<Value>, Vec<Value>) {
    let mut before = Vec::new();
    loop {
        let message = client.next().await;
        if message["type"] == "resumed" {
            return (before, message["parts"].as_array().unwrap().clone());
        }
        before.push(message);
    }
}

fn part<'a>(parts: &'a [Value], name: &str, to: Option<&str>) -> &'a Value {
    let is_it = |part: &&Value| part["part"] == name && to.is_none_or(|to| part["to"] == to);
    let found: Vec<&Value> = parts.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{name} {to:?} among {parts:?}");
    found[0]
}

fn titles(inbox: &Value) -> Vec<&str> {
    let items = inbox["snapshot"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap()).collect()
}

/// What happens while ada is away.
async fn meanwhile(server: &Server) {
    publish(server, 1..4).await;
    notify(server, json!({ "user": "ada" }), "yours").await;
    notify(server, json!({ "everyone": true }), "for all").await;
}

/// Ada comes back and has everything, and then nothing twice.
async fn comes_back(server: &Server, cursor: &Value) {
    let token = admin(server, "ada");
    let (mut ada, greeting) = come(server, &token, Some(cursor)).await;
    assert_eq!((&greeting["recovered"], &greeting["unread"]["unread"]), (&json!(true), &json!(2)));
    let (heard, parts) = until_resumed(&mut ada).await;
    assert_eq!(numbers(&heard), each(1..4));
    for (name, to, offset) in [
        ("personal", None, 4),
        ("broadcast", Some("everyone"), 3),
        ("broadcast", Some("role:admin"), 3),
        ("room", None, 3),
    ] {
        let part = part(&parts, name, to);
        assert_eq!((&part["recovered"], &part["offset"]), (&json!(true), &json!(offset)), "{part}");
    }
    let inbox = part(&parts, "inbox", None);
    assert_eq!((&inbox["recovered"], titles(inbox)), (&json!(false), vec!["for all", "yours"]));
    let counters = part(&parts, "counters", None);
    assert_eq!(
        (&counters["recovered"], &counters["snapshot"]["inbox"]),
        (&json!(false), &greeting["unread"]),
        "{counters}"
    );
    let rooms = &counters["snapshot"]["rooms"];
    assert_eq!((&rooms[0]["room"], &rooms[0]["unread"]), (&json!("channel_a"), &json!(0)), "{counters}");
    ada.cut();

    // The greeting's cursor is good as it is: what followed it follows again.
    let (mut ada, _) = come(server, &token, Some(&greeting["resume"])).await;
    let (heard, parts) = until_resumed(&mut ada).await;
    assert_eq!(numbers(&heard), [vec![1, 2, 3], vec![1, 2, 3], vec![1, 2, 3], vec![]]);
    let inbox = part(&parts, "inbox", None);
    assert_eq!((&inbox["recovered"], inbox.get("snapshot")), (&json!(true), None), "nothing became of it");
    publish(server, 4..6).await;
    let mut live = numbers(&ada.so_far().await);
    assert!(live[3].is_empty(), "the cursor did not name the room");
    live[3] = vec![4, 5];
    assert_eq!(live, each(4..6));
    ada.leave().await;

    // Who is no admin any more hears nothing of what went to admins, and no word on it.
    let (mut ada, greeting) = come(server, &token_with(server, "ada", json!({})), Some(cursor)).await;
    let (heard, parts) = until_resumed(&mut ada).await;
    assert!(!cursor_of(&greeting).to_string().contains("admin"), "{greeting}");
    assert!(numbers(&heard)[1].is_empty() && parts.iter().all(|part| part["to"] != "role:admin"));
    server.publish(json!({ "role": "admin" }), "n", json!(6)).await;
    assert!(numbers(&ada.so_far().await)[1].is_empty());
}

#[tokio::test]
async fn j1_everything_comes_back_on_the_same_server() {
    let server = Server::start();
    let cursor = leaves(&server).await;
    meanwhile(&server).await;
    comes_back(&server, &cursor).await;
}

#[tokio::test]
async fn j1_everything_comes_back_after_a_kill_on_another_process() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let cursor = leaves(&server).await;
    meanwhile(&server).await;
    server.kill();
    comes_back(&Server::with(&settings), &cursor).await;
}

#[tokio::test]
async fn j1_everything_comes_back_on_another_server_where_others_have_been_before() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let settings = [("store.url", &*url)];
    let (mut one, other) = (Server::with(&settings), Server::with(&settings));
    // Both know from the beginning that there are inboxes.
    notify(&other, json!({ "user": "grace" }), "first").await;
    // She follows all of it on the other server, which nobody tells what happens on the one.
    let (mut grace, _) = come(&other, &admin(&other, "grace"), None).await;
    grace.expect("authenticated").await;
    grace.join("channel_a").await;
    let cursor = leaves(&one).await;
    meanwhile(&one).await;
    one.kill();
    comes_back(&other, &cursor).await;
    let heard = numbers(&grace.so_far().await);
    let [everyone, admins, _, room] = heard;
    assert_eq!((everyone, admins, room), ((1..6).collect(), (1..7).collect(), (1..6).collect()));
}

#[tokio::test]
async fn j1_what_went_to_everyone_and_is_gone_is_told() {
    let server = Server::start();
    let mut cursor = leaves(&server).await;
    server.publish(json!({ "everyone": true }), "n", json!(1)).await;
    for (place, reason) in [
        (json!({ "epoch": "another", "offset": 0 }), "epoch"),
        (json!({ "epoch": cursor["broadcasts"]["everyone"]["epoch"], "offset": 9 }), "future"),
    ] {
        cursor["broadcasts"]["everyone"] = place;
        let (mut ada, greeting) = come(&server, &admin(&server, "ada"), Some(&cursor)).await;
        assert_eq!(cursor_of(&greeting)["broadcasts"]["everyone"]["offset"], 1, "{greeting}");
        assert_eq!(
            (&greeting["recovered"], &greeting["lost"]["reason"]),
            (&json!(false), &json!(reason)),
            "{greeting}"
        );
        let (heard, parts) = until_resumed(&mut ada).await;
        assert!(numbers(&heard)[0].is_empty());
        let everyone = part(&parts, "broadcast", Some("everyone"));
        assert_eq!((&everyone["recovered"], &everyone["lost"]["reason"]), (&json!(false), &json!(reason)));
    }
}

#[tokio::test]
async fn j1_a_role_that_comes_with_a_fresh_token_is_followed_from_then_on() {
    let server = Server::start();
    let (mut ada, _) = come(&server, &token_with(&server, "ada", json!({})), None).await;
    ada.expect("authenticated").await;
    server.publish(json!({ "role": "admin" }), "n", json!(1)).await;
    let answer = ada.ask(json!({ "type": "refresh_token", "token": admin(&server, "ada") })).await;
    assert_eq!(answer["type"], "authenticated", "{answer}");
    server.publish(json!({ "role": "admin" }), "n", json!(2)).await;
    let heard = ada.event("n").await;
    assert_eq!(
        (&heard["data"], &heard["broadcast"]),
        (&json!(2), &json!({ "to": "role:admin", "offset": 2 }))
    );
}
