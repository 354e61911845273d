//! Members: who is put into a room may do there what its rule says, over every surface, and no longer when taken out.

use serde_json::{Value, json};

use crate::harness::{Client, Http, Response, Server, token, token_with};

impl Server {
    /// A request of the back end.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Response {
        Http::open(self).await.request(method, path, "", body.as_bytes()).await
    }

    /// A request of a user, with this token.
    pub(crate) async fn call_as(&self, token: &str, path: &str) -> Response {
        let mut http = Http::open(self).await.authorized_by(&format!("Authorization: Bearer {token}\r\n"));
        http.request("GET", path, "", b"").await
    }

    /// Puts a user into a room.
    pub(crate) async fn admit(&self, room: &str, user: &str) {
        let put = self.call("PUT", &format!("/v1/rooms/{room}/members/{user}"), "").await;
        assert_eq!(put.status, 201, "{}", put.text());
    }
}

/// What a user asks of a room on a socket; every one of them needs to be let in.
fn asks(room: &str) -> [Value; 4] {
    [
        json!({ "type": "join_room", "room": room }),
        json!({ "type": "get_history", "room": room }),
        json!({ "type": "get_presence", "room": room }),
        json!({ "type": "publish", "room": room, "event": "x" }),
    ]
}

async fn is_kept_out(server: &Server, client: &mut Client, token: &str, room: &str) {
    let typing = json!({ "type": "typing_start", "room": room });
    for ask in asks(room).into_iter().chain([typing]) {
        let answer = client.ask(ask.clone()).await;
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("error"), &json!("forbidden")),
            "{ask}: {answer}"
        );
    }
    let mine = server.call_as(token, &format!("/v1/me/rooms/{room}/messages")).await;
    assert_eq!((mine.status, mine.problem().as_str()), (403, "forbidden"));
}

#[tokio::test]
async fn b5_j6_a_member_may_and_nobody_else() {
    let server = Server::start();
    let (ada_token, eve_token) = (token(&server, "ada"), token(&server, "eve"));
    let (mut ada, mut eve) = (server.connect_with(&ada_token).await, server.connect_with(&eve_token).await);
    is_kept_out(&server, &mut ada, &ada_token, "order_7").await;
    server.admit("order_7", "ada").await;
    for (ask, yes) in
        asks("order_7").into_iter().zip(["joined_room", "history", "presence_state", "published"])
    {
        let answer = ada.ask(ask).await;
        assert_eq!(answer["type"], yes, "{answer}");
    }
    assert_eq!(ada.event("x").await["from"], "ada");
    let mine = server.call_as(&ada_token, "/v1/me/rooms/order_7/messages").await;
    assert_eq!(mine.json()["items"][0]["type"], "x", "{}", mine.text());
    let rooms = server.call_as(&ada_token, "/v1/me/rooms").await.json();
    let unread = json!({ "room": "order_7", "unread": 0, "up_to": 0, "revision": 0, "muted": false });
    let mine = json!([{ "room": "order_7", "role": "member", "unread": unread }]);
    assert_eq!(rooms, json!({ "items": mine, "next_cursor": null }));

    is_kept_out(&server, &mut eve, &eve_token, "order_7").await;
    assert_eq!(server.call_as(&eve_token, "/v1/me/rooms").await.json()["items"], json!([]));
}

#[tokio::test]
async fn b5_j6_who_is_taken_out_is_out_at_once_everywhere() {
    let server = Server::start();
    let ada_token = token(&server, "ada");
    server.admit("order_7", "ada").await;
    server.admit("order_7", "bob").await;
    let (mut tab, mut phone) = (server.connect_with(&ada_token).await, server.connect_with(&ada_token).await);
    let mut bob = server.connect("bob").await;
    for client in [&mut tab, &mut phone, &mut bob] {
        client.join("order_7").await;
    }
    let removed = server.call("DELETE", "/v1/rooms/order_7/members/ada", "").await;
    assert_eq!((removed.status, removed.text().as_str()), (204, ""));
    server.publish(json!({ "room": "order_7" }), "secret", json!(1)).await;
    bob.event("secret").await;
    for client in [&mut tab, &mut phone] {
        let heard = client.so_far().await;
        let left = heard.iter().find(|entry| entry["type"] == "left_room").unwrap();
        assert_eq!(left["data"], json!({ "room": "order_7", "because": "access_ended" }));
        assert!(heard.iter().all(|entry| entry["type"] != "secret"), "{heard:?}");
        is_kept_out(&server, client, &ada_token, "order_7").await;
    }
    assert_eq!(bob.join("order_7").await["member_count"], 1, "and is no longer seen there");
    let again = server.call("DELETE", "/v1/rooms/order_7/members/ada", "").await;
    assert_eq!((again.status, again.problem().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn b5_another_way_in_outlives_a_membership() {
    let server = Server::start();
    let token = token_with(&server, "sue", json!({ "roles": ["support"] }));
    let mut sue = server.connect_with(&token).await;
    sue.join("support_1").await;
    server.admit("support_1", "sue").await;
    assert_eq!(server.call("DELETE", "/v1/rooms/support_1/members/sue", "").await.status, 204);
    server.publish(json!({ "room": "support_1" }), "ticket", json!(1)).await;
    assert_eq!(sue.so_far().await.last().unwrap()["type"], "ticket", "the role still opens it");
}

#[tokio::test]
async fn b5_a_fresh_token_that_grants_less_ends_what_only_it_opened() {
    let server = Server::start();
    let old = token_with(&server, "ada", json!({ "rooms": ["order_1", "order_2"], "roles": ["support"] }));
    let mut ada = server.connect_with(&old).await;
    server.admit("order_3", "ada").await;
    for room in ["order_1", "order_2", "order_3", "support_1"] {
        ada.join(room).await;
    }
    let fresh = token_with(&server, "ada", json!({ "rooms": ["order_2"] }));
    let answer = ada.ask(json!({ "type": "refresh_token", "token": fresh })).await;
    assert_eq!(answer["type"], "authenticated", "{answer}");
    let heard = ada.so_far().await;
    let mut left: Vec<_> = heard.iter().filter(|heard| heard["type"] == "left_room").collect();
    left.sort_by_key(|left| left["data"]["room"].to_string());
    let rooms: Vec<_> = left.iter().map(|left| &left["data"]["room"]).collect();
    assert_eq!(rooms, ["order_1", "support_1"]);
    assert!(left.iter().all(|left| left["data"]["because"] == "access_ended"));
    for room in ["order_1", "order_2", "order_3", "support_1"] {
        server.publish(json!({ "room": room }), "n", json!(room)).await;
    }
    server.publish(json!({ "role": "support" }), "n", json!("role")).await;
    let heard = ada.so_far().await;
    let heard: Vec<_> =
        heard.iter().filter(|entry| entry["type"] == "n").map(|entry| &entry["data"]).collect();
    assert_eq!(heard, ["order_2", "order_3"]);
}

#[tokio::test]
async fn b5_a_deleted_room_shows_everyone_out_and_begins_anew() {
    let server = Server::start();
    server.admit("order_7", "ada").await;
    let mut ada = server.connect("ada").await;
    let before = ada.join("order_7").await;
    for n in 1..=5 {
        server.publish(json!({ "room": "order_7" }), "n", json!(n)).await;
    }
    assert_eq!(server.call("DELETE", "/v1/rooms/order_7", "").await.status, 204);
    let left = ada.event("left_room").await;
    assert_eq!(left["data"], json!({ "room": "order_7", "because": "room_deleted" }));
    assert_eq!(ada.ask(json!({ "type": "join_room", "room": "order_7" })).await["code"], "forbidden");
    let gone = server.get("/v1/rooms/order_7").await;
    assert_eq!((gone.status, gone.problem().as_str()), (404, "not_found"));
    assert_eq!(server.call("DELETE", "/v1/rooms/order_7", "").await.status, 404);

    server.admit("order_7", "ada").await;
    server.publish(json!({ "room": "order_7" }), "n", json!("new")).await;
    let joined = ada.join_since("order_7", &before["epoch"], 5).await;
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(false), &json!(1)), "{joined}");
    assert_ne!(joined["epoch"], before["epoch"]);
    server.publish(json!({ "room": "order_7" }), "n", json!("newer")).await;
    let entry = ada.event("n").await;
    assert_eq!((&entry["offset"], &entry["data"]), (&json!(2), &json!("newer")));
}

#[tokio::test]
async fn b5_a_room_deleted_amid_joins_and_publishes_leaves_nobody_behind() {
    let server = Server::with(&[("limits.messages_per_minute", "0"), ("limits.attempts_per_minute", "0")]);
    let mut http = Http::open(&server).await;
    let mut ada = server.connect("ada").await;
    for round in 0..30 {
        for n in 0..10 {
            http.publish(&json!({ "to": { "room": "channel_x" }, "type": "n", "data": n })).await;
        }
        // The join is on its way while the room goes.
        ada.say(json!({ "type": "join_room", "room": "channel_x", "id": format!("join{round}") })).await;
        assert_eq!(http.request("DELETE", "/v1/rooms/channel_x", "", b"").await.status, 204);
        ada.find(|heard| heard["reply_to"] == format!("join{round}")).await;
        let was_shown_out = ada.so_far().await.iter().any(|heard| heard["type"] == "left_room");
        let published =
            http.publish(&json!({ "to": { "room": "channel_x" }, "type": "after", "data": round })).await;
        assert_eq!(published.json()["offset"], 1);
        if !was_shown_out {
            let entry = ada.event("after").await;
            assert_eq!((&entry["data"], &entry["offset"]), (&json!(round), &json!(1)));
        }
        ada.ask(json!({ "type": "leave_room", "room": "channel_x" })).await;
        ada.so_far().await;
    }
}

#[tokio::test]
async fn b5_rooms_and_members_as_the_back_end_sees_them() {
    let server = Server::start();
    let unknown = server.get("/v1/rooms/order_1").await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "not_found"));
    let made = server.call("PUT", "/v1/rooms/order_1", r#"{"data": {"title": "One", "n": 1.0}}"#).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.text().contains(r#"{"title": "One", "n": 1.0}"#), "data stays as it came: {}", made.text());
    assert_eq!(server.call("PUT", "/v1/rooms/order_1", r#"{"data": 2}"#).await.status, 200);
    for user in ["cy", "ada", "a%7Cb%2Fc", "bob"] {
        server.admit("order_1", user).await;
    }
    let owner = server.call("PUT", "/v1/rooms/order_1/members/ada", r#"{"role": "owner"}"#).await;
    assert_eq!((owner.status, &owner.json()["role"]), (200, &json!("owner")));
    server.publish(json!({ "room": "order_1" }), "x", json!(1)).await;
    let mut ada = server.connect("ada").await;
    ada.join("order_1").await;

    let room = server.get("/v1/rooms/order_1").await.json();
    assert_eq!(
        (&room["room"], &room["kind"], &room["keep"], &room["offset"], &room["oldest"]),
        (&json!("order_1"), &json!("order_{id}"), &json!("90d"), &json!(1), &json!(1))
    );
    assert_eq!((&room["members"], &room["online"], &room["data"]), (&json!(4), &json!(1), &json!(2)));
    assert!(room["created_at"].is_string() && !room["epoch"].as_str().unwrap().is_empty(), "{room}");

    let (mut users, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/rooms/order_1/members?limit=2{cursor}")).await.json();
        users.extend(page["items"].as_array().unwrap().iter().map(|item| item["user"].clone()));
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["since"].is_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(users, ["ada", "a|b/c", "bob", "cy"]);
    for room in ["order_2", "channel_a"] {
        server.admit(room, "bob").await;
    }
    let of_bob = server.get("/v1/users/bob/rooms?limit=2").await.json();
    assert_eq!(of_bob["items"][0], json!({ "room": "channel_a", "role": "member" }));
    let rest =
        server.get(&format!("/v1/users/bob/rooms?cursor={}", of_bob["next_cursor"].as_str().unwrap())).await;
    assert_eq!(rest.json()["items"], json!([{ "room": "order_2", "role": "member" }]));

    server.publish(json!({ "user": "zoe" }), "x", json!(1)).await;
    let first = server.get("/v1/rooms?limit=2").await.json();
    let second =
        server.get(&format!("/v1/rooms?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let second = second.json();
    let names = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|item| item["room"].clone()).collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec![json!("channel_a"), json!("order_1")], vec![json!("order_2")])
    );
    assert_eq!(second["next_cursor"], Value::Null, "personal rooms are not among them");
}

#[tokio::test]
async fn b5_what_is_wrong_with_a_room_or_member_is_named() {
    let server = Server::start();
    for (method, path, body, at) in [
        ("PUT", "/v1/rooms/a%20b", "", Some("room")),
        ("PUT", "/v1/rooms/order_1/members/a%0Ab", "", Some("user")),
        ("PUT", "/v1/rooms/order_1/members/a%FFb", "", None),
        ("PUT", "/v1/rooms/order_1/members/ada", r#"{"role": 5}"#, Some("role")),
        ("PUT", "/v1/rooms/order_1/members/ada", r#"{"role": "Big Boss"}"#, Some("role")),
        ("PUT", "/v1/rooms/order_1/members/ada", "[]", None),
        ("PUT", "/v1/rooms/order_1", "{", None),
        (
            "PUT",
            "/v1/rooms/order_1",
            &format!(r#"{{"data": {}{}}}"#, "[".repeat(5000), "]".repeat(5000)),
            None,
        ),
        ("GET", "/v1/rooms/order_1/members?limit=0", "", Some("limit")),
        ("GET", "/v1/rooms?cursor=nonsense", "", Some("cursor")),
        ("GET", "/v1/rooms/order_1/access?act=join", "", Some("user")),
        ("GET", "/v1/rooms/order_1/access?user=ada&act=dance", "", Some("act")),
    ] {
        let answer = server.call(method, path, body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{path}");
        assert_eq!(answer.json()["errors"][0]["path"].as_str(), at, "{path}: {}", answer.text());
    }
    assert_eq!(server.get("/v1/rooms/order_1").await.status, 404, "nothing came of all that");
    let file = "[[rooms]]\nmatch = \"{name}\"\njoin = \"members\"\npublish = \"nobody\"\nkeep = \"none\"\n";
    assert_eq!(Server::with_file(&[], file).call("PUT", "/v1/rooms/a", "").await.status, 201);
}

#[tokio::test]
async fn j6_why_somebody_may_or_may_not() {
    let server = Server::start();
    server.admit("order_7", "ada").await;
    let why = async |query: &str| {
        let answer = server.get(&format!("/v1/rooms/{query}")).await.json();
        (answer["allowed"].as_bool().unwrap(), answer["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(why("order_7/access?user=ada").await, (true, "the user is a member of the room".into()));
    for act in ["join", "history", "search", "files", "presence", "push", "publish"] {
        assert!(why(&format!("order_7/access?user=ada&act={act}")).await.0);
        let (allowed, why) = why(&format!("order_7/access?user=eve&act={act}")).await;
        assert!(!allowed && why.contains("members"), "{why}");
    }
    assert_eq!(why("support_1/access?user=sue&roles=sales,support").await.1, "the user has the role support");
    assert_eq!(why("user_ada_bob/access?user=bob").await.1, "the room's name names the user");
    assert_eq!(
        why("orders/access?user=bob&act=publish").await,
        (false, "only the back end may publish in this room".into())
    );
}

#[tokio::test]
async fn j6_me_is_for_users_with_a_token() {
    let server = Server::with(&[
        ("auth.anonymous", "true"),
        ("limits.messages_per_minute", "60"),
        ("limits.messages_burst", "20"),
    ]);
    for path in ["/v1/me/rooms", "/v1/me/rooms/orders/messages"] {
        for credentials in ["".to_owned(), format!("Authorization: Bearer {}\r\n", server.api_key)] {
            let mut http = Http::open(&server).await.authorized_by(&credentials);
            let answer = http.request("GET", path, "", b"").await;
            assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"), "{path}");
        }
        let expired = token_with(&server, "ada", json!({ "exp": 1_000_000 }));
        assert_eq!(server.call_as(&expired, path).await.problem(), "token_expired");
    }
    let ada = token(&server, "ada");
    let mut http = Http::open(&server).await.authorized_by(&format!("Authorization: Bearer {ada}\r\n"));
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(http.request("GET", "/v1/me/rooms/orders/messages", "", b"").await.status);
    }
    assert_eq!(
        (statuses.first(), statuses.last()),
        (Some(&200), Some(&429)),
        "one user cannot ask without end"
    );
    assert_eq!(server.call_as(&token(&server, "bob"), "/v1/me/rooms").await.status, 200);
}

#[tokio::test]
async fn j6_revoked_tokens_end_everything_within_a_second() {
    let server = Server::start();
    let now = crate::harness::claims("ada", json!({}))["iat"].as_u64().unwrap();
    let (old, silent) = (token(&server, "ada"), token_with(&server, "ada", json!({ "iat": null })));
    let mut tabs = [server.connect_with(&old).await, server.connect_with(&silent).await];
    let mut bob = server.connect("bob").await;
    let began = std::time::Instant::now();
    let revoked = server.call("POST", "/v1/users/ada/revoke", "").await;
    assert_eq!((revoked.status, revoked.json()), (200, json!({ "connections": 2 })));
    for tab in &mut tabs {
        assert_eq!(tab.closed().await, (4001, "token revoked".into()));
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(1));
    for token in [&old, &silent] {
        server.dial().bearer(token).open().await.refused("unauthorized", 4001).await;
        let mut late = server.dial().open().await;
        late.say(json!({ "type": "authenticate", "token": token })).await;
        late.refused("unauthorized", 4001).await;
        assert_eq!(server.call_as(token, "/v1/me/rooms").await.status, 401);
    }
    // Whole seconds: the next one is the first that is surely later.
    let fresh = token_with(&server, "ada", json!({ "iat": now + 3 }));
    let mut ada = server.connect_with(&fresh).await;
    let answer = ada.ask(json!({ "type": "refresh_token", "token": old })).await;
    assert_eq!(answer["code"], "unauthorized", "nor does it come back through an open connection");
    ada.join("orders").await;
    assert!(bob.so_far().await.is_empty(), "nobody else is touched");
    assert_eq!(server.call("POST", "/v1/users/nobody/revoke", "").await.json()["connections"], 0);
    ada.leave().await;
}

#[tokio::test]
async fn j6_a_revocation_outlives_the_server() {
    let file = std::env::temp_dir().join(format!("tidings-it-{}.db", crate::harness::random_hex(8)));
    let store = format!("sqlite:{}", file.display());
    let mut server = Server::with(&[("store.url", &store)]);
    let old = token(&server, "ada");
    assert_eq!(server.call("POST", "/v1/users/ada/revoke", "").await.status, 200);
    server.kill();
    let after = Server::with(&[("store.url", &store), ("auth.jwt_secret", &server.jwt_secret)]);
    after.dial().bearer(&old).open().await.refused("unauthorized", 4001).await;
    after.connect_with(&token(&server, "bob")).await.leave().await;
    for ending in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
}
