//! The same in MessagePack, and on PostgreSQL, where two servers have one chat.

use serde_json::json;
use tidings_testkit::PostgresServer;

use super::{ROOM, contents, two};
use crate::harness::{Client, Server, token};

/// What a mention tells, and that it is gone when it is read.
async fn mention(ada: &mut Client, bob: &mut Client) {
    let before = bob.badge().await["count"].as_u64().unwrap();
    let message = ada.chat("Look at this, Bob", json!({ "mentions": ["bob"] })).await;
    let told = bob.event("new_notification").await["data"]["notification"].clone();
    assert_eq!(
        (&told["category"], &told["data"]["message_id"], &told["message"]),
        (&json!("mention"), &message, &json!("Look at this, Bob"))
    );
    assert_eq!(bob.badge().await["count"], before + 1);
    let read = bob.ask(json!({ "type": "mark_room_read", "room": ROOM, "up_to": message })).await;
    assert_eq!(read["type"], "published", "{read}");
    assert_eq!(ada.event("room_read").await["data"]["user"], "bob");
    assert_eq!((&bob.badge().await["count"], &bob.unread_of(ROOM).await["unread"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn e1_e2_j7_a_chat_on_postgresql_goes_on_on_another_server() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let first = Server::with(&[("store.url", &*url)]);
    let (mut ada, mut bob) = two(&first).await;
    let hello = ada.chat("Hello Bob", json!({ "client_id": "c-1" })).await;
    let heard = bob.event("chat_message").await;
    assert_eq!((&heard["id"], &heard["offset"]), (&hello, &json!(1)));
    mention(&mut ada, &mut bob).await;
    let joined = bob.join(ROOM).await;
    bob.leave().await;

    // While Bob is away. The server that he comes back to was not asked any of this.
    ada.act("edit_message", &hello, json!({ "content": "Hello, Bob!" })).await;
    ada.act("react", &hello, json!({ "emoji": "👍" })).await;
    ada.chat("Are you there?", json!({ "mentions": ["bob"] })).await;
    let second = Server::with(&[("store.url", &*url)]);
    let mut bob = second.dial().bearer(&token(&second, "bob")).open().await;
    assert_eq!(bob.expect("connection_established").await["user"], "bob");
    assert_eq!(bob.badge().await["count"], 1);
    let back = bob.join_since(ROOM, &joined["epoch"], joined["offset"].as_u64().unwrap()).await;
    assert_eq!(back["recovered"], true, "{back}");
    let edited = bob.event("message_edited").await;
    assert_eq!((&edited["data"]["content"], &edited["data"]["message_id"]), (&json!("Hello, Bob!"), &hello));
    assert_eq!(bob.event("reaction_added").await["data"]["user"], "ada");
    assert_eq!(bob.event("chat_message").await["data"]["content"], "Are you there?");
    let messages = bob.messages(json!({})).await;
    assert_eq!(contents(&messages), ["Hello, Bob!", "Look at this, Bob", "Are you there?"]);
    assert_eq!(messages[0]["reactions"][0]["users"], json!(["ada"]));
    assert_eq!(bob.unread_of(ROOM).await["unread"], 1);

    // Known on the other server too.
    let mut ada = second.connect("ada").await;
    let again = ada.try_chat(ROOM, "Hello Bob", json!({ "client_id": "c-1" })).await;
    assert_eq!((&again["entry_id"], &again["offset"]), (&hello, &json!(1)));
    bob.act("unreact", &hello, json!({ "emoji": "👍" })).await;
    ada.act("delete_message", &hello, json!({})).await;
    assert_eq!(contents(&bob.messages(json!({})).await), ["", "Look at this, Bob", "Are you there?"]);
}

#[tokio::test]
async fn a10_e1_a_chat_in_message_pack() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    ada.join(ROOM).await;
    let offered = format!("tidings.token.{}", token(&server, "bob"));
    let mut bob = server.dial().protocol("tidings.v1.msgpack").protocol(&offered).open().await;
    assert_eq!(bob.protocol.as_deref(), Some("tidings.v1.msgpack"));
    assert_eq!(bob.expect("connection_established").await["user"], "bob");
    bob.join(ROOM).await;

    let metadata = json!({ "mood": 1.5, "n": u64::MAX, "words": ["ü", null, true] });
    let hello = bob.chat("Grüß dich 👋", json!({ "metadata": metadata })).await;
    let heard = ada.find(|message| message["id"] == hello).await;
    assert_eq!((&heard["data"]["content"], &heard["data"]["metadata"]), (&json!("Grüß dich 👋"), &metadata));
    assert_eq!(bob.find(|message| message["id"] == hello).await, heard, "the same, however it travels");
    bob.act("edit_message", &hello, json!({ "content": "Hallo" })).await;
    assert_eq!(ada.event("message_edited").await, bob.event("message_edited").await);
    ada.act("react", &hello, json!({ "emoji": "👍" })).await;
    assert_eq!(bob.event("reaction_added").await["data"]["emoji"], "👍");
    mention(&mut ada, &mut bob).await;
    assert_eq!(bob.messages(json!({ "limit": 1 })).await[0]["data"]["content"], "Look at this, Bob");
    let wrong = bob.try_act("react", &hello, json!({ "emoji": 5 })).await;
    assert_eq!((&wrong["code"], &wrong["path"]), (&json!("invalid_request"), &json!("emoji")));
    bob.act("delete_message", &hello, json!({})).await;
    let gone = ada.event("message_deleted").await;
    assert_eq!(gone["data"]["message_id"], hello);
}
