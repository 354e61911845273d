//! Chat: messages that are kept once, say what they say now to whoever comes back, and are unread until they are read.

mod elsewhere;

use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Client, Http, Response, Server, call, token, token_with};

const ROOM: &str = "channel_general";

impl Client {
    /// Sends a message and expects it to be taken; its id.
    async fn chat(&mut self, content: &str, more: Value) -> Value {
        let answer = self.try_chat(ROOM, content, more).await;
        assert_eq!(answer["type"], "published", "{answer}");
        answer["entry_id"].clone()
    }

    async fn try_chat(&mut self, room: &str, content: &str, more: Value) -> Value {
        let mut message = json!({ "type": "chat_message", "room": room, "content": content });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(message).await
    }

    /// Does something to a message and expects it to be done.
    async fn act(&mut self, r#type: &str, message: &Value, more: Value) -> Value {
        let answer = self.try_act(r#type, message, more).await;
        assert_eq!(answer["type"], "published", "{answer}");
        answer
    }

    async fn try_act(&mut self, r#type: &str, message: &Value, more: Value) -> Value {
        let mut act = json!({ "type": r#type, "room": ROOM, "message_id": message });
        act.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(act).await
    }

    async fn messages(&mut self, more: Value) -> Vec<Value> {
        let mut ask = json!({ "type": "get_messages", "room": ROOM });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.ask(ask).await;
        assert_eq!(answer["type"], "messages", "{answer}");
        answer["data"]["items"].as_array().unwrap().clone()
    }

    /// How much of a room is unread, as the server answers.
    async fn unread_of(&mut self, room: &str) -> Value {
        let answer = self.ask(json!({ "type": "get_unread_rooms", "rooms": [room] })).await;
        assert_eq!(answer["type"], "unread_rooms", "{answer}");
        answer["items"][0].clone()
    }

    /// The badge for notifications, as the server answers.
    async fn badge(&mut self) -> Value {
        self.ask(json!({ "type": "get_unread" })).await
    }
}

impl Server {
    async fn call_with(&self, token: &str, method: &str, path: &str, body: &Value) -> Response {
        let mut http = Http::open(self).await.authorized_by(&format!("Authorization: Bearer {token}\r\n"));
        http.request(method, path, "", body.to_string().as_bytes()).await
    }
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["data"]["content"].as_str().unwrap()).collect()
}

/// Two people in a room.
async fn two(server: &Server) -> (Client, Client) {
    let (mut ada, mut bob) = (server.connect("ada").await, server.connect("bob").await);
    ada.join(ROOM).await;
    bob.join(ROOM).await;
    (ada, bob)
}

#[tokio::test]
async fn e1_e2_two_people_talk() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let hello = ada.chat("Hello Bob", json!({ "metadata": { "mood": 1.50 } })).await;
    let heard = bob.event("chat_message").await;
    assert_eq!((&heard["id"], &heard["from"]), (&hello, &json!("ada")));
    assert_eq!(
        (&heard["data"]["content"], &heard["data"]["message_type"]),
        (&json!("Hello Bob"), &json!("text"))
    );
    assert_eq!(heard["data"]["metadata"]["mood"], 1.5);
    assert_eq!(bob.unread_of(ROOM).await["unread"], 1);
    assert_eq!(ada.unread_of(ROOM).await["unread"], 0, "who sends has read");

    let answer = bob.chat("Hello Ada", json!({ "reply_to_message": hello })).await;
    assert_eq!(ada.find(|it| it["id"] == answer).await["data"]["reply_to"], hello);
    assert_eq!(bob.unread_of(ROOM).await["unread"], 0, "who answers has read");

    bob.act("react", &hello, json!({ "emoji": "👍" })).await;
    let told = ada.event("reaction_added").await;
    assert_eq!(told["data"], json!({ "message_id": hello, "emoji": "👍", "user": "bob" }));
    let again = bob.act("react", &hello, json!({ "emoji": "👍" })).await;
    assert!(again.get("offset").is_none(), "what is there already changes nothing: {again}");
    ada.act("edit_message", &hello, json!({ "content": "Hello, Bob!" })).await;
    let told = bob.event("message_edited").await;
    assert_eq!((&told["data"]["message_id"], &told["data"]["content"]), (&hello, &json!("Hello, Bob!")));
    bob.act("pin_message", &hello, json!({})).await;
    assert_eq!(ada.event("message_pinned").await["data"]["message_id"], hello);

    let read = ada.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": answer })).await;
    assert_eq!(read["type"], "published", "{read}");
    let told = bob.event("room_read").await;
    assert_eq!((&told["data"]["user"], told["data"]["up_to"].is_u64()), (&json!("ada"), true), "{told}");

    let messages = ada.messages(json!({})).await;
    assert_eq!(contents(&messages), ["Hello, Bob!", "Hello Ada"]);
    let first = &messages[0];
    assert_eq!(first["pin"]["by"], "bob");
    assert_eq!(first["reactions"], json!([{ "emoji": "👍", "count": 1, "users": ["bob"], "mine": false }]));
    assert!(first["data"]["edited_at"].is_string(), "{first}");
    assert_eq!(contents(&ada.messages(json!({ "pinned": true })).await), ["Hello, Bob!"]);

    ada.act("delete_message", &hello, json!({})).await;
    assert_eq!(bob.event("message_deleted").await["data"]["message_id"], hello);
    let messages = bob.messages(json!({})).await;
    assert_eq!((contents(&messages), &messages[0]["reactions"]), (vec!["", "Hello Ada"], &json!([])));
    assert!(messages[0]["data"]["deleted_at"].is_string());
    for (act, more) in [("edit_message", json!({ "content": "x" })), ("react", json!({ "emoji": "👍" }))] {
        let gone = ada.try_act(act, &hello, more).await;
        assert_eq!((&gone["code"], &gone["path"]), (&json!("not_found"), &json!("message_id")), "{gone}");
    }
}

#[tokio::test]
async fn e1_a_message_that_is_sent_twice_is_kept_once() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let first = ada.try_chat(ROOM, "once", json!({ "client_id": "c-1" })).await;
    let second = ada.try_chat(ROOM, "once", json!({ "client_id": "c-1" })).await;
    assert_eq!((&first["entry_id"], &first["offset"]), (&second["entry_id"], &second["offset"]));
    bob.try_chat(ROOM, "another's", json!({ "client_id": "c-1" })).await;
    assert_eq!(contents(&bob.messages(json!({})).await), ["once", "another's"]);

    let path = format!("/v1/rooms/{ROOM}/messages");
    let body = json!({ "from": "ada", "content": "by the back end" }).to_string();
    let mut http = Http::open(&server).await;
    let one = http.request("POST", &path, "Idempotency-Key: k1\r\n", body.as_bytes()).await;
    let two = http.request("POST", &path, "Idempotency-Key: k1\r\n", body.as_bytes()).await;
    assert_eq!((one.status, one.json()), (201, two.json()));
    assert_eq!((one.header("idempotent-replayed"), two.header("idempotent-replayed")), (None, Some("true")));
    let other = http.request("POST", &path, "Idempotency-Key: k1\r\n", b"{\"content\":\"x\"}").await;
    assert_eq!((other.status, other.problem().as_str()), (409, "conflict"));
    assert_eq!(ada.messages(json!({})).await.len(), 3);
}

#[tokio::test]
async fn e1_whoever_comes_back_is_told_what_messages_say_now() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let mut server = Server::with(&[("store.url", &url)]);
    let (mut ada, mut bob) = two(&server).await;
    let joined = bob.join(ROOM).await;
    let kept = ada.chat("first words", json!({})).await;
    let gone = ada.chat("soon gone", json!({})).await;
    for words in ["second words", "last words"] {
        ada.act("edit_message", &kept, json!({ "content": words })).await;
    }
    ada.act("edit_message", &gone, json!({ "content": "still gone soon" })).await;
    bob.cut();
    ada.act("delete_message", &gone, json!({})).await;
    server.kill();

    let server = Server::with(&[("store.url", &url)]);
    let mut bob = server.connect("bob").await;
    let state = bob.join_since(ROOM, &joined["epoch"], 0).await;
    assert_eq!(state["recovered"], true, "{state}");
    let past = bob.so_far().await;
    let said = |of: &Value, r#type: &str| -> Vec<Value> {
        let theirs = past.iter().filter(|it| it["type"] == r#type && it["data"]["message_id"] == *of);
        theirs.map(|it| it["data"]["content"].clone()).collect()
    };
    assert_eq!(past.iter().find(|it| it["id"] == kept).unwrap()["data"]["content"], "last words");
    assert_eq!(past.iter().find(|it| it["id"] == gone).unwrap()["data"]["content"], "");
    assert_eq!(said(&kept, "message_edited"), ["last words", "last words"]);
    assert_eq!(said(&gone, "message_edited"), [Value::Null]);
    assert_eq!(said(&gone, "message_deleted"), [Value::Null]);
    assert!(!format!("{past:?}").contains("gone soon"), "nothing is left of what was deleted");

    let history = bob.ask(json!({ "type": "get_history", "room": ROOM })).await;
    assert_eq!(history["data"]["entries"], Value::Array(past), "history tells the same");
    let pages = server.get(&format!("/v1/rooms/{ROOM}/messages")).await.json();
    assert_eq!(pages["items"], history["data"]["entries"], "and so does HTTP");
}

#[tokio::test]
async fn e2_read_here_is_read_there() {
    let server = Server::start();
    let (mut ada, mut tab) = two(&server).await;
    let mut phone = server.connect("bob").await;
    let mut last = Value::Null;
    for number in 0..3 {
        last = ada.chat(&format!("number {number}"), json!({})).await;
    }
    assert_eq!(phone.unread_of(ROOM).await["unread"], 3);
    tab.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": last })).await;
    for device in [&mut tab, &mut phone] {
        let told = device.event("room_unread").await;
        assert_eq!((&told["data"]["room"], &told["data"]["unread"]), (&json!(ROOM), &json!(0)), "{told}");
        assert!(told.get("offset").is_none() && told["data"]["revision"].is_u64());
    }
    let back = tab.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": 1 })).await;
    assert!(back.get("offset").is_none(), "a mark never goes back: {back}");
    assert_eq!(phone.unread_of(ROOM).await["unread"], 0);

    // Whoever sends has read, and hears it on the other device.
    ada.chat("one more", json!({})).await;
    phone.chat("answer", json!({})).await;
    let told = tab.find(|it| it["type"] == "room_unread" && it["data"]["up_to"].as_u64() > Some(4)).await;
    assert_eq!(told["data"]["unread"], 0);

    // Beyond the end is the end: what comes later is unread.
    tab.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": u64::MAX })).await;
    ada.chat("later", json!({})).await;
    assert_eq!(tab.unread_of(ROOM).await["unread"], 1);
    let marks = server.get(&format!("/v1/rooms/{ROOM}/marks")).await.json();
    assert_eq!(marks["items"][1]["user"], "bob");
    let private = json!({ "type": "mark_room_read", "room": ROOM, "up_to": u64::MAX, "private": true });
    assert!(tab.ask(private).await.get("offset").is_none());
    let path = format!("/v1/me/rooms/{ROOM}/marks");
    let marks = server.call_as(&token(&server, "ada"), &path).await.json();
    assert_eq!(marks["items"].as_array().unwrap().len(), 1, "private marks are nobody's business: {marks}");
}

#[tokio::test]
async fn j7_a_mention_is_a_notification_until_it_is_read() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let path = json!({ "mentions": ["bob", "bob", "ada"] });
    let message = ada.chat("Look at this, Bob", path).await;
    let told = bob.event("new_notification").await["data"]["notification"].clone();
    assert_eq!(
        (&told["category"], &told["title"]),
        (&json!("mention"), &json!("ada mentioned you in channel_general"))
    );
    assert_eq!(told["message"], "Look at this, Bob");
    assert_eq!(told["data"], json!({ "room": ROOM, "message_id": message, "from": "ada" }));
    assert_eq!((&bob.badge().await["count"], &ada.badge().await["count"]), (&json!(1), &json!(0)));

    bob.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": message })).await;
    assert_eq!(bob.event("notification_updated").await["data"]["change"], "read");
    assert_eq!(bob.badge().await["count"], 0);

    // Edited in, edited away, deleted.
    let other = ada.chat("Somebody look", json!({})).await;
    ada.act("edit_message", &other, json!({ "content": "Bob, look", "mentions": ["bob"] })).await;
    assert_eq!(bob.badge().await["count"], 1);
    ada.act("edit_message", &other, json!({ "content": "Tim, look", "mentions": ["tim"] })).await;
    assert_eq!(bob.badge().await["count"], 0);
    let third = ada.chat("Bob?", json!({ "mentions": ["bob"] })).await;
    assert_eq!(bob.badge().await["count"], 1);
    ada.act("delete_message", &third, json!({})).await;
    assert_eq!(bob.badge().await["count"], 0);
    assert!(server.get("/v1/users/bob/notifications").await.json()["items"].as_array().unwrap().len() == 1);

    // Whoever answers has read.
    ada.chat("Bob!", json!({ "mentions": ["bob"] })).await;
    assert_eq!(bob.badge().await["count"], 1);
    bob.chat("Yes?", json!({})).await;
    assert_eq!(bob.badge().await["count"], 0);
}

#[tokio::test]
async fn j7_mutes_and_rooms_that_are_closed_to_somebody() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let muted = bob.ask(json!({ "type": "mute_room", "room": ROOM })).await;
    assert_eq!((&muted["type"], &muted["data"]["muted"]), (&json!("room_unread"), &json!(true)), "{muted}");
    ada.chat("Bob?", json!({ "mentions": ["bob"] })).await;
    assert_eq!(bob.badge().await["count"], 0);
    assert_eq!(bob.unread_of(ROOM).await["unread"], 1, "it counts all the same");
    bob.ask(json!({ "type": "unmute_room", "room": ROOM })).await;
    ada.chat("Bob!", json!({ "mentions": ["bob"] })).await;
    assert_eq!(bob.badge().await["count"], 1);
    let past = json!({ "type": "mute_room", "room": ROOM, "until": "2020-01-01T00:00:00Z" });
    assert_eq!(bob.ask(past).await["path"], "until");

    server.admit("order_7", "ada").await;
    let stranger = ada.try_chat("order_7", "Bob?", json!({ "mentions": ["bob", "nobody"] })).await;
    assert_eq!(stranger["type"], "published", "no hint who may read: {stranger}");
    assert_eq!(bob.badge().await["count"], 1);
    let support = token_with(&server, "sue", json!({ "roles": ["support"] }));
    let mut sue = server.connect_with(&support).await;
    server.admit("support_1", "ada").await;
    ada.try_chat("support_1", "Sue?", json!({ "mentions": ["sue"] })).await;
    assert_eq!(sue.badge().await["count"], 1, "her role lets her in");
}

#[tokio::test]
async fn e1_what_is_wrong_is_named_and_nothing_is_kept() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let many: Vec<String> = (0..51).map(|number| format!("u{number}")).collect();
    let files: Vec<Value> = (0..21).map(|_| json!({ "name": "a", "url": "/a" })).collect();
    for (more, code, path) in [
        (json!({ "content": "" }), "invalid_request", "content"),
        (json!({ "content": " \n\t\u{a0}" }), "invalid_request", "content"),
        (json!({ "content": null }), "invalid_request", "content"),
        (json!({ "content": 7 }), "invalid_request", "content"),
        (json!({ "content": "a\u{0}b" }), "invalid_request", "content"),
        (json!({ "content": "a\u{1b}[31m" }), "invalid_request", "content"),
        (json!({ "content": "x", "message_type": "s3cret" }), "invalid_request", "message_type"),
        (json!({ "content": "x", "message_type": "system" }), "invalid_request", "message_type"),
        (json!({ "content": "x", "message_type": "file" }), "invalid_request", "attachments"),
        (json!({ "content": "x", "attachments": files }), "invalid_request", "attachments"),
        (
            json!({ "content": "x", "attachments": [{ "name": "" }] }),
            "invalid_request",
            "attachments[0].name",
        ),
        (
            json!({ "content": "x", "attachments": [{ "name": "a" }] }),
            "invalid_request",
            "attachments[0].url",
        ),
        (
            json!({ "content": "x", "attachments": [{ "name": "a", "url": "javascript:s3cret" }] }),
            "invalid_request",
            "attachments[0].url",
        ),
        (json!({ "content": "x", "mentions": many }), "invalid_request", "mentions"),
        (json!({ "content": "x", "mentions": ["a\u{0}"] }), "invalid_request", "mentions"),
        (json!({ "content": "x", "metadata": "s3cret".repeat(4_000) }), "invalid_request", "metadata"),
        (json!({ "content": "x", "client_id": "" }), "invalid_request", "client_id"),
        (json!({ "content": "x", "reply_to_message": "s3cret" }), "invalid_request", "reply_to_message"),
        (
            json!({ "content": "x", "reply_to_message": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3" }),
            "not_found",
            "reply_to_message",
        ),
        (json!({ "content": "x", "thread": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3" }), "not_found", "thread"),
    ] {
        let answer = ada.try_chat(ROOM, "", more.clone()).await;
        assert_eq!((&answer["code"], &answer["path"]), (&json!(code), &json!(path)), "{more}: {answer}");
        assert!(!answer.to_string().contains("s3cret"), "{answer}");
        let body = json!({ "content": "x" }).as_object().unwrap().clone();
        let mut body: serde_json::Map<String, Value> = body;
        body.extend(more.as_object().unwrap().clone());
        let me = format!("/v1/me/rooms/{ROOM}/messages");
        let http = server.call_with(&token(&server, "ada"), "POST", &me, &Value::Object(body)).await;
        assert_eq!(http.problem(), code, "{more}");
        assert_eq!(http.json()["errors"][0]["path"], path);
    }
    let huge = json!({ "content": "x".repeat(65_537) });
    let http = server.post(&format!("/v1/rooms/{ROOM}/messages"), &huge).await;
    assert_eq!((http.status, http.problem().as_str()), (413, "payload_too_large"));
    assert!(ada.messages(json!({})).await.is_empty());

    // What looks odd and is right.
    for content in
        ["👩‍👩‍👧‍👦", "שלום עולם", "\u{202e}right to left", "a\r\n\tb", "</script><b>", "{\"a\":1}", "\\u0000"]
    {
        ada.chat(content, json!({})).await;
        assert_eq!(ada.messages(json!({ "limit": 1 })).await[0]["data"]["content"], content);
    }
    let file =
        json!({ "message_type": "file", "attachments": [{ "name": "a.pdf", "id": "f-1", "size": 1 }] });
    ada.chat("", file).await;
    for (emoji, ok) in
        [("", false), (" ", false), ("\n", false), (&*"x".repeat(65), false), ("party_parrot", true)]
    {
        let message = ada.messages(json!({ "limit": 1 })).await[0]["id"].clone();
        let answer = ada.try_act("react", &message, json!({ "emoji": emoji })).await;
        assert_eq!(answer["type"] == "published", ok, "{answer}");
    }
}

#[tokio::test]
async fn j6_others_messages_and_rooms() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let hers = ada.chat("hers", json!({})).await;
    for (act, more) in [("edit_message", json!({ "content": "his" })), ("delete_message", json!({}))] {
        let answer = bob.try_act(act, &hers, more).await;
        assert_eq!(
            (&answer["code"], &answer["path"]),
            (&json!("forbidden"), &json!("message_id")),
            "{answer}"
        );
    }
    // A message of another room is not there, whoever may read that.
    server.admit("order_7", "ada").await;
    let elsewhere = ada.try_chat("order_7", "elsewhere", json!({})).await["entry_id"].clone();
    let no_such = json!("0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3");
    for (act, more) in [
        ("edit_message", json!({ "content": "x" })),
        ("delete_message", json!({})),
        ("react", json!({ "emoji": "x" })),
        ("pin_message", json!({})),
        ("mark_room_read", json!({ "up_to": elsewhere })),
    ] {
        let there = ada.try_act(act, &elsewhere, more.clone()).await;
        assert_eq!(there["code"], "not_found", "{act}: {there}");
        let more = if act == "mark_room_read" { json!({ "up_to": no_such }) } else { more };
        assert_eq!(ada.try_act(act, &no_such, more).await["message"], there["message"]);
    }
    for ask in [
        json!({ "type": "chat_message", "room": "order_7", "content": "x" }),
        json!({ "type": "react", "room": "order_7", "message_id": elsewhere, "emoji": "x" }),
        json!({ "type": "mark_room_read", "room": "order_7", "up_to": 1 }),
        json!({ "type": "get_messages", "room": "order_7" }),
        json!({ "type": "mute_room", "room": "order_7" }),
        json!({ "type": "unmute_room", "room": "order_7" }),
    ] {
        let answer = bob.ask(ask.clone()).await;
        assert_eq!(
            (&answer["code"], &answer["path"]),
            (&json!("forbidden"), &json!("room")),
            "{ask}: {answer}"
        );
    }
    let unread = bob.ask(json!({ "type": "get_unread_rooms", "rooms": ["order_7", ROOM] })).await;
    assert_eq!(unread["items"].as_array().unwrap().len(), 1, "{unread}");

    // Moderators may take away what others sent, and change nobody's words.
    let admin = token_with(&server, "root", json!({ "roles": ["admin"] }));
    let mut admin = server.connect_with(&admin).await;
    let put = server.call("PUT", &format!("/v1/rooms/{ROOM}/members/mod"), r#"{"role":"moderator"}"#).await;
    assert_eq!(put.status, 201);
    let mut moderator = server.connect("mod").await;
    for client in [&mut admin, &mut moderator] {
        let theirs = ada.chat("not nice", json!({})).await;
        assert_eq!(
            client.try_act("edit_message", &theirs, json!({ "content": "x" })).await["code"],
            "forbidden"
        );
        client.act("delete_message", &theirs, json!({})).await;
    }
    // Plain topics keep a log for five minutes, but only the back end may speak there.
    assert_eq!(bob.try_chat("orders", "x", json!({})).await["code"], "forbidden");
    let published =
        bob.ask(json!({ "type": "publish", "room": ROOM, "event": "chat_message", "data": {} })).await;
    assert_eq!(published["path"], "event", "a message is no event of just anybody");
}

const LAST: &str = r#"
[[rooms]]
match = "dash_{id}"
join = "users"
publish = "users"
keep = "last"

[[rooms]]
match = "wire_{id}"
join = "users"
publish = "users"
keep = "none"

[[rooms]]
match = "news_{id}"
join = "users"
publish = "nobody"
keep = "1d"
"#;

#[tokio::test]
async fn e1_a_chat_needs_a_log() {
    let server = Server::with_file(&[], LAST);
    let mut ada = server.connect("ada").await;
    for room in ["dash_1", "wire_1"] {
        for ask in [
            json!({ "type": "chat_message", "room": room, "content": "x" }),
            json!({ "type": "mark_room_read", "room": room, "up_to": 1 }),
            json!({ "type": "get_messages", "room": room }),
        ] {
            let answer = ada.ask(ask).await;
            assert_eq!(
                (&answer["code"], &answer["path"]),
                (&json!("invalid_request"), &json!("room")),
                "{answer}"
            );
        }
    }
    // Who may only read does so without the room being told.
    ada.join("news_1").await;
    let sent = server
        .post("/v1/rooms/news_1/messages", &json!({ "content": "News", "message_type": "system" }))
        .await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert_eq!(ada.event("chat_message").await["data"]["message_type"], "system");
    let read =
        ada.ask(json!({ "type": "mark_room_read", "room": "news_1", "up_to": sent.json()["id"] })).await;
    assert_eq!((&read["type"], read.get("offset")), (&json!("published"), None));
    assert_eq!(ada.unread_of("news_1").await["unread"], 0);
    assert_eq!(ada.ask(json!({ "type": "get_history", "room": "news_1" })).await["data"]["offset"], 1);
}

#[tokio::test]
async fn e1_pages_and_threads() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(ada.chat(&number.to_string(), json!({})).await);
    }
    let reply = ada.chat("a reply", json!({ "thread": ids[1] })).await;
    let deeper = ada.chat("to the reply", json!({ "thread": reply })).await;
    let newest = ada.messages(json!({ "limit": 3 })).await;
    assert_eq!(contents(&newest), ["5", "a reply", "to the reply"]);
    let before = newest[0]["offset"].clone();
    assert_eq!(contents(&ada.messages(json!({ "limit": 2, "before": before })).await), ["3", "4"]);
    let around = ada.messages(json!({ "limit": 3, "around": ids[2] })).await;
    assert!(contents(&around).contains(&"2") && around.len() == 3, "{around:?}");
    let thread = ada.messages(json!({ "thread": ids[1] })).await;
    assert_eq!(contents(&thread), ["a reply", "to the reply"]);
    assert_eq!(thread[1]["data"]["thread"], ids[1], "a thread has one level");
    assert_eq!(thread[1]["id"], deeper);
    let main = ada.messages(json!({ "main": true })).await;
    assert_eq!((main.len(), &main[1]["replies"]), (6, &json!(2)));

    let path = format!("/v1/rooms/{ROOM}/messages?type=chat_message&limit=5");
    let first = server.get(&format!("{path}&user=ada")).await.json();
    assert_eq!((first["items"].as_array().unwrap().len(), &first["has_older"]), (5, &json!(true)));
    let rest = server.get(&format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (3, &Value::Null));
    for (query, path) in [
        ("type=x", "type"),
        ("pinned=true", "pinned"),
        ("type=chat_message&thread=7", "thread"),
        ("type=chat_message&before=1&after=1", "around"),
        ("type=chat_message&limit=201", "limit"),
        ("type=chat_message&pinned=true&main=true", "thread"),
    ] {
        let answer = server.get(&format!("/v1/rooms/{ROOM}/messages?{query}")).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["path"]), (400, &json!(path)), "{query}");
    }
}

#[tokio::test]
async fn e1_over_http_as_anybody_and_as_oneself() {
    let server = Server::start();
    let (mut ada, _bob) = two(&server).await;
    let (back, me) = (format!("/v1/rooms/{ROOM}"), format!("/v1/me/rooms/{ROOM}"));
    let mine = token(&server, "ada");
    let sent =
        server.call_with(&mine, "POST", &format!("{me}/messages"), &json!({ "content": "mine" })).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.event("chat_message").await["from"], "ada");
    let from = json!({ "content": "x", "from": "bob" });
    let forged = server.call_with(&mine, "POST", &format!("{me}/messages"), &from).await;
    assert_eq!(forged.json()["errors"][0]["path"], "from", "a token says who it is");

    let edit = |content: &str| json!({ "content": content, "from": "bob" });
    let by_bob = server.call("PATCH", &format!("{back}/messages/{id}"), &edit("his").to_string()).await;
    assert_eq!(by_bob.problem(), "forbidden", "for a user the back end may what the user may");
    let by_itself = server.call("PATCH", &format!("{back}/messages/{id}"), r#"{"content":"edited"}"#).await;
    assert_eq!(by_itself.status, 200, "{}", by_itself.text());
    assert_eq!(ada.event("message_edited").await["data"]["content"], "edited");
    let react = format!("{back}/messages/{id}/reactions/%F0%9F%91%8D?from=bob");
    assert_eq!(server.call("PUT", &react, "").await.status, 200);
    assert_eq!(ada.event("reaction_added").await["data"]["emoji"], "👍");
    let nobody = server.call("PUT", &format!("{back}/messages/{id}/reactions/x"), "").await;
    assert_eq!(nobody.json()["errors"][0]["path"], "from");
    assert_eq!(server.call("PUT", &format!("{back}/messages/{id}/pin"), "").await.status, 200);
    let one = server.get(&format!("{back}/messages/{id}?user=bob")).await.json();
    assert_eq!((&one["reactions"][0]["mine"], one["pin"].is_object()), (&json!(true), true), "{one}");
    assert_eq!(server.call("DELETE", &react, "").await.status, 200);
    assert_eq!(server.call("DELETE", &format!("{back}/messages/{id}/pin"), "").await.status, 200);

    let versions = server.call_as(&mine, &format!("{me}/messages/{id}/versions")).await.json();
    assert_eq!(versions["items"][0]["data"]["content"], "mine");
    let his = server.call_as(&token(&server, "bob"), &format!("{me}/messages/{id}/versions")).await;
    assert_eq!(his.problem(), "forbidden");
    let read = server.post(&format!("{back}/read"), &json!({ "from": "bob", "up_to": id })).await;
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(ada.event("room_read").await["data"]["user"], "bob");
    server.admit("order_7", "bob").await;
    server.post("/v1/rooms/order_7/messages", &json!({ "content": "x" })).await;
    let rooms = server.call_as(&token(&server, "bob"), "/v1/me/rooms").await.json();
    assert_eq!(rooms["items"][0]["unread"]["unread"], 1, "{rooms}");
    let mute = server.call_with(&token(&server, "bob"), "PUT", "/v1/me/rooms/order_7/mute", &json!({})).await;
    assert_eq!(mute.json()["muted"], true);

    assert_eq!(server.call("DELETE", &format!("{back}/messages/{id}"), "").await.status, 200);
    let versions = server.get(&format!("{back}/messages/{id}/versions")).await.json();
    assert_eq!(versions["items"], json!([]), "what it said before went with it");
    let again = server.call("DELETE", &format!("{back}/messages/{id}"), "").await;
    assert_eq!((again.status, again.problem().as_str()), (404, "not_found"));
    for (path, status) in [
        ("/v1/rooms/order_7/messages/x", 400),
        ("/v1/rooms/order_7/messages/0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3", 404),
        (&*format!("/v1/rooms/order_7/messages/{id}"), 404),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn j2_j12_the_recount_and_the_export_know_chats() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let mut server = Server::with(&[("store.url", &url)]);
    let (mut ada, mut bob) = two(&server).await;
    let first = ada.chat("one", json!({ "mentions": ["bob"] })).await;
    bob.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": first })).await;
    ada.act("edit_message", &first, json!({ "content": "one, and better" })).await;
    ada.act("react", &first, json!({ "emoji": "👍" })).await;
    ada.chat("two", json!({})).await;
    let export = server.export("ada").await;
    let kinds: Vec<&str> = export.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(kinds.ends_with(&["room_read", "reaction", "message_version", "end"]), "{kinds:?}");
    assert_eq!(export.last().unwrap()["chat_traces"], 3);
    let version = &export[export.len() - 2];
    assert_eq!(version["data"]["content"], "one", "what it said before is hers too");
    assert_eq!(server.export("bob").await.iter().filter(|line| line["kind"] == "mention").count(), 1);
    server.kill();

    let recount = call(&["check", "--recount", "--json", "--store.url", &url]);
    assert_eq!(recount.code, 0, "{recount:?}");
    let said: Value = serde_json::from_str(&recount.out).unwrap();
    assert_eq!(said["recount"]["rooms"], json!({ "rooms": 1, "counts": 2, "wrong": [] }));
    let told = call(&["check", "--recount", "--store.url", &url]);
    assert!(told.out.contains("2 counts of what is unread in 1 room"), "{told:?}");
}

#[tokio::test]
async fn j12_who_is_erased_is_quoted_nowhere() {
    let server = Server::start();
    let (mut ada, mut bob) = two(&server).await;
    let hers = ada.chat("what do you think?", json!({})).await;
    bob.chat("very private words", json!({ "mentions": ["ada", "nobody"], "reply_to_message": hers })).await;
    bob.act("react", &hers, json!({ "emoji": "👍" })).await;
    bob.act("pin_message", &hers, json!({})).await;
    assert_eq!(ada.badge().await["count"], 1);
    let erased = server.call("DELETE", "/v1/users/bob", "").await;
    assert_eq!(erased.status, 200, "{}", erased.text());
    assert_eq!(ada.badge().await["notifications"], json!([]), "the notification quoted him");
    let messages = ada.messages(json!({})).await;
    assert_eq!((&messages[0]["reactions"], messages[0]["pin"].get("by")), (&json!([]), None));
    assert_eq!((&messages[1]["type"], &messages[1]["data"]), (&json!("entry_erased"), &Value::Null));
    let gone = ada.try_act("react", &messages[1]["id"], json!({ "emoji": "👍" })).await;
    assert_eq!(gone["code"], "not_found", "{gone}");
}

const SEALED: &str = r#"
[[rooms]]
match = "vault_{id}"
join = "users"
publish = "users"
keep = "1d"
encrypt = true
"#;

#[tokio::test]
async fn e4_j7_a_mention_quotes_nothing_that_is_sealed() {
    let key = format!("k1:{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [7; 32]));
    let server = Server::with_file(&[("security.encryption_keys", &key)], SEALED);
    let (mut ada, mut bob) = two(&server).await;
    let secret = format!("{}4111 1111 1111 1111", "pay with ".repeat(21));
    let mention = json!({ "mentions": ["bob"] });
    ada.try_chat("vault_1", "whatever it is", mention.clone()).await;
    ada.chat(&secret, mention.clone()).await;
    ada.chat("nothing secret", mention).await;
    let badge = bob.badge().await;
    let texts: Vec<&Value> =
        badge["notifications"].as_array().unwrap().iter().map(|it| &it["message"]).collect();
    assert_eq!(texts, [&json!("nothing secret"), &Value::Null, &Value::Null], "{badge}");
    assert_eq!(contents(&bob.messages(json!({ "limit": 2 })).await)[0], secret, "who may read reads it");
}
