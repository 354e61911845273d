//! Who may do what in which room, with the built-in rules and with one's own.

use serde_json::{Value, json};

use crate::harness::{Client, Server, token_with};

async fn may_join(client: &mut Client, room: &str) -> bool {
    may(client, json!({ "type": "join_room", "room": room }), "joined_room").await
}

async fn may_publish(client: &mut Client, room: &str) -> bool {
    may(client, json!({ "type": "publish", "room": room, "event": "x" }), "published").await
}

async fn may(client: &mut Client, message: Value, yes: &str) -> bool {
    let answer = client.ask(message.clone()).await;
    if answer["type"] == "error" {
        assert_eq!(
            (&answer["code"], &answer["path"]),
            (&json!("forbidden"), &json!("room")),
            "{message}: {answer}"
        );
        assert!(!answer["message"].as_str().unwrap().contains(message["room"].as_str().unwrap()), "{answer}");
        return false;
    }
    assert_eq!(answer["type"], yes, "{message}: {answer}");
    true
}

#[tokio::test]
async fn b5_the_built_in_rules() {
    let server = Server::with(&[("limits.messages_per_minute", "0")]);
    let plain = token_with(&server, "ada", json!({}));
    let support = token_with(&server, "sue", json!({ "roles": ["support"] }));
    let grant = token_with(&server, "joe", json!({ "rooms": ["order_1", "quote_*", "orders", "support_9"] }));
    let rooms = [
        // room, then for ada (plain), sue (support) and joe (grants): join, publish
        ("orders", [(true, false), (true, false), (true, true)]),
        ("issues", [(true, false); 3]),
        ("channel_general", [(true, true); 3]),
        ("order_1", [(false, false), (false, false), (true, true)]),
        ("order_10", [(false, false); 3]),
        ("quote_77", [(false, false), (false, false), (true, true)]),
        ("support_1", [(false, false), (true, true), (false, false)]),
        ("support_9", [(false, false), (true, true), (true, true)]),
        ("user_ada_bob", [(true, true), (false, false), (false, false)]),
        ("user_bob_ada", [(true, true), (false, false), (false, false)]),
        ("user_sue_joe", [(false, false), (true, true), (true, true)]),
        ("user_adamant_bob", [(false, false); 3]),
    ];
    for (at, token) in [plain, support, grant].iter().enumerate() {
        let mut client = server.connect_with(token).await;
        for (room, expected) in &rooms {
            let got = (may_join(&mut client, room).await, may_publish(&mut client, room).await);
            assert_eq!(got, expected[at], "{room}, person {at}");
        }
    }
}

#[tokio::test]
async fn b5_a_user_room_is_nobodys_to_join() {
    let server = Server::start();
    let mut eve = server.connect("eve").await;
    let mut ada = server.connect("ada").await;
    for room in ["user:ada", "role:admin", "everyone", "ada", "user_ada"] {
        eve.ask(json!({ "type": "join_room", "room": room })).await;
    }
    server.publish(json!({ "user": "ada" }), "secret", json!(1)).await;
    ada.event("secret").await;
    let heard = eve.so_far().await;
    assert!(heard.iter().all(|entry| entry["type"] != "secret"), "{heard:?}");
}

#[tokio::test]
async fn b5_rules_of_ones_own() {
    let file = r#"
        [[rooms]]
        match = "ops_{name}"
        join = ["role:admin", "role:ops"]
        publish = "role:admin"
        keep = "none"

        [[rooms]]
        match = "board_{id}"
        join = "users"
        publish = "nobody"
        keep = "last"

        [[rooms]]
        match = "vip_{id}"
        join = "granted"
        publish = "users"
        keep = "1h"
    "#;
    let server = Server::with_file(&[], file);
    let of = async |user: &str, more: Value| server.connect_with(&token_with(&server, user, more)).await;
    let mut admin = of("ann", json!({ "roles": ["admin"] })).await;
    let mut ops = of("otto", json!({ "roles": ["ops", "other"] })).await;
    let mut vip = of("vic", json!({ "rooms": ["vip_1"] })).await;
    assert!(may_join(&mut admin, "ops_eu").await && may_publish(&mut admin, "ops_eu").await);
    assert!(may_join(&mut ops, "ops_eu").await && !may_publish(&mut ops, "ops_eu").await);
    assert!(!may_join(&mut vip, "ops_eu").await);
    assert!(may_join(&mut vip, "vip_1").await && !may_join(&mut vip, "vip_2").await);
    assert!(may_publish(&mut ops, "vip_2").await && !may_join(&mut ops, "vip_2").await);
    assert!(!may_publish(&mut admin, "board_1").await);
    // The built-in rules stand behind those of the file.
    assert!(may_join(&mut vip, "orders").await && !may_join(&mut vip, "order_1").await);
    let joined = admin.join("ops_eu").await;
    assert!(joined.get("epoch").is_none() && joined.get("offset").is_none(), "nothing is kept: {joined}");
}

#[tokio::test]
async fn b5_typing_needs_to_be_there() {
    let server = Server::start();
    let mut ada = server.connect("ada").await;
    for kind in ["typing_start", "typing_stop"] {
        let refused = ada.ask(json!({ "type": kind, "room": "channel_general" })).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!("forbidden"), &json!("room")));
    }
}
