//! Search: what a message says now, for whom may read it, and for nobody else from the moment when they may not.

use serde_json::{Value, json};
use tidings_testkit::{Folder, PostgresServer};

use crate::harness::{Client, Http, Response, Server, token, token_with};

impl Server {
    async fn say(&self, room: &str, from: &str, content: &str) -> Value {
        let answer = self
            .post(&format!("/v1/rooms/{room}/messages"), &json!({ "from": from, "content": content }))
            .await;
        assert!(answer.status < 300, "{}", answer.text());
        answer.json()["id"].clone()
    }

    /// What a back end finds; the query as it stands in an address.
    async fn search(&self, query: &str) -> Value {
        let answer = self.get(&format!("/v1/search?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()
    }

    async fn search_as(&self, token: &str, query: &str) -> Response {
        let mut http = Http::open(self).await.authorized_by(&format!("Authorization: Bearer {token}\r\n"));
        http.request("GET", &format!("/v1/me/search?{query}"), "", b"").await
    }

    /// What a user finds with their own token.
    async fn found_by(&self, token: &str, query: &str) -> Vec<String> {
        let answer = self.search_as(token, query).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        contents(&answer.json())
    }
}

fn contents(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no items: {page}"));
    items.iter().map(|item| item["data"]["content"].as_str().unwrap().to_owned()).collect()
}

async fn found_over_the_socket(client: &mut Client, more: Value) -> Vec<String> {
    let mut ask = json!({ "type": "search" });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = client.ask(ask).await;
    assert_eq!(answer["type"], "search_results", "{answer}");
    contents(&answer["data"])
}

#[tokio::test]
async fn e3_a_message_is_found_as_it_stands_over_every_way() {
    let server = Server::start();
    let id = server.say("channel_it", "ada", "The printer on floor 3 is on <b>fire</b>").await;
    server.say("channel_it", "bob", "Which printer?").await;
    let reacted = server
        .call(
            "PUT",
            &format!("/v1/rooms/channel_it/messages/{}/reactions/x?from=bob", id.as_str().unwrap()),
            "",
        )
        .await;
    assert!(reacted.status < 300, "{}", reacted.text());
    let page = server.search("q=FIRE+print&user=bob").await;
    let item = &page["items"][0];
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next_cursor"]), (1, &Value::Null), "{page}");
    assert_eq!((&item["id"], &item["room"], &item["from"]), (&id, &json!("channel_it"), &json!("ada")));
    assert_eq!(item["reactions"], json!([{ "emoji": "x", "count": 1, "users": ["bob"], "mine": true }]));
    let snippet = json!([
        { "text": "The ", "hit": false },
        { "text": "printer", "hit": true },
        { "text": " on floor 3 is on <b>", "hit": false },
        { "text": "fire", "hit": true },
        { "text": "</b>", "hit": false },
    ]);
    assert_eq!(item["snippet"], snippet, "pieces, so that no mark can be forged");
    let carol = token(&server, "carol");
    assert_eq!(server.found_by(&carol, "q=printer").await.len(), 2, "channels are open to who is signed in");
    let mut client = server.connect("carol").await;
    assert_eq!(found_over_the_socket(&mut client, json!({ "query": "printer" })).await.len(), 2);
    let asked =
        json!({ "query": "printer", "room": "channel_it", "from": "bob", "limit": 1, "order": "best" });
    assert_eq!(found_over_the_socket(&mut client, asked).await, ["Which printer?"]);
}

#[tokio::test]
async fn e3_what_is_edited_or_deleted_is_found_as_it_is_then() {
    let server = Server::start();
    let id = server.say("channel_it", "ada", "before").await;
    let path = format!("/v1/rooms/channel_it/messages/{}", id.as_str().unwrap());
    assert_eq!(contents(&server.search("q=before").await), ["before"]);
    let answer = server.call("PATCH", &path, &json!({ "content": "after" }).to_string()).await;
    assert!(answer.status < 300, "{}", answer.text());
    assert_eq!(contents(&server.search("q=before").await), Vec::<String>::new());
    assert_eq!(contents(&server.search("q=after").await), ["after"]);
    let answer = server.call("DELETE", &path, "{}").await;
    assert!(answer.status < 300, "{}", answer.text());
    assert_eq!(contents(&server.search("q=after").await), Vec::<String>::new());
    server.say("channel_it", "mallory", "farewell").await;
    let answer = server.call("DELETE", "/v1/users/mallory", "{}").await;
    assert!(answer.status < 300, "{}", answer.text());
    assert_eq!(contents(&server.search("q=farewell").await), Vec::<String>::new());
}

#[tokio::test]
async fn j6_only_what_the_searcher_may_read_and_no_longer_than_they_may() {
    let server = Server::start();
    for room in ["order_1", "order_2"] {
        server.say(room, "ada", &format!("shared word in {room}")).await;
    }
    server.say("user_ada_bob", "ada", "shared word between two").await;
    server.say("support_7", "ada", "shared word for support").await;
    let (ada, bob) = (token(&server, "ada"), token(&server, "bob"));
    let support = token_with(&server, "carol", json!({ "roles": ["support"] }));
    let granted = token_with(&server, "dora", json!({ "rooms": ["order_2"] }));
    assert_eq!(
        server.search("q=shared+word").await["items"].as_array().unwrap().len(),
        4,
        "a back end finds all"
    );
    assert_eq!(server.found_by(&bob, "q=shared").await, ["shared word between two"]);
    assert_eq!(server.found_by(&support, "q=shared").await, ["shared word for support"]);
    assert_eq!(server.found_by(&granted, "q=shared").await, ["shared word in order_2"]);
    assert_eq!(contents(&server.search("q=shared&user=bob").await), ["shared word between two"]);
    assert_eq!(contents(&server.search("q=shared&user=bob&roles=support").await).len(), 2);
    assert_eq!(server.search_as(&bob, "q=shared&room=order_1").await.problem(), "forbidden");

    let member = "/v1/rooms/order_1/members/bob";
    assert!(server.call("PUT", member, "{}").await.status < 300);
    let mut client = server.connect("bob").await;
    let both = ["shared word between two", "shared word in order_1"];
    assert_eq!(server.found_by(&bob, "q=shared").await, both);
    assert_eq!(found_over_the_socket(&mut client, json!({ "query": "shared" })).await, both);
    assert_eq!(server.found_by(&bob, "q=shared&room=order_1").await, [both[1]]);
    assert!(server.call("DELETE", member, "{}").await.status < 300);
    assert_eq!(server.found_by(&bob, "q=shared").await, [both[0]], "at once");
    assert_eq!(found_over_the_socket(&mut client, json!({ "query": "shared" })).await, [both[0]]);
    assert_eq!(server.search_as(&bob, "q=shared&room=order_1").await.problem(), "forbidden");
    assert_eq!(
        server.found_by(&ada, "q=shared").await,
        [both[0]],
        "having written it is no right to read it"
    );
    assert_eq!(server.search_as("none", "q=shared").await.problem(), "unauthorized");
}

#[tokio::test]
async fn e3_narrowed_down_ordered_and_paged() {
    let server = Server::start();
    for number in 0..25 {
        let room = ["channel_a", "channel_b"][number % 2];
        server.say(room, ["ada", "bob"][number % 3 % 2], &format!("word {number}")).await;
    }
    server.say("channel_a", "ada", &format!("word {}", "and so on ".repeat(60))).await;
    let (mut path, mut all) = ("q=word&limit=4".to_owned(), Vec::new());
    loop {
        let page = server.search(&path).await;
        all.extend(contents(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("q=word&limit=4&cursor={next}");
    }
    let mut expected: Vec<String> = (0..25).rev().map(|number| format!("word {number}")).collect();
    assert_eq!(all.split_off(1), expected, "the newest first, each once");
    expected.retain(|text| text.trim_start_matches("word ").parse::<usize>().unwrap() % 2 == 1);
    assert_eq!(contents(&server.search("q=word&room=channel_b&limit=100").await), expected);
    let by_bob = server.search("q=word&from=bob&limit=100").await;
    assert!(
        by_bob["items"].as_array().unwrap().iter().all(|item| item["from"] == "bob")
            && contents(&by_bob).len() == 8
    );
    let middle = server.search("q=word+12").await["items"][0]["time"].as_str().unwrap().to_owned();
    let since = contents(&server.search(&format!("q=word&since={middle}&limit=100")).await);
    let until = contents(&server.search(&format!("q=word&until={middle}&limit=100")).await);
    assert!(since.contains(&"word 12".to_owned()) && !until.contains(&"word 12".to_owned()));
    assert_eq!(since.len() + until.len(), 26);
    let best = contents(&server.search("q=word&order=best&limit=100").await);
    assert!(best.len() == 26 && best[25].contains("and so on"), "the longest fits least: {best:?}");
    assert!(contents(&server.search("q=word&order=best&limit=3").await).len() == 3);
}

#[tokio::test]
async fn e3_bad_input_is_named_and_any_text_is_only_words() {
    let server = Server::start();
    server.say("channel_it", "ada", "one two").await;
    let long = format!("q={}", "a".repeat(1_025));
    let wordy = format!("q={}", "a+".repeat(17));
    for (query, path) in [
        ("", "q"),
        ("room=channel_it", "q"),
        (&*long, "q"),
        (&*wordy, "q"),
        ("q=a&q=b", "q"),
        ("q=%ff", "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=101", "limit"),
        ("q=a&limit=x", "limit"),
        ("q=a&cursor=x", "cursor"),
        ("q=a&cursor=-1", "cursor"),
        ("q=a&order=oldest", "order"),
        ("q=a&since=yesterday", "since"),
        ("q=a&until=1", "until"),
        ("q=a&room=no%20room", "room"),
        ("q=a&from=", "from"),
        ("q=a&roles=admin", "roles"),
        ("q=a&what=ever", "what"),
    ] {
        let answer = server.get(&format!("/v1/search?{query}")).await;
        assert_eq!((answer.status, &*answer.problem()), (400, "invalid_request"), "{query}");
        assert_eq!(answer.json()["errors"][0]["path"], path, "{query}: {}", answer.text());
    }
    for nothing in [
        "",
        "%20",
        "%22",
        "*",
        "%22%22%22",
        "--",
        "%00",
        "%F0%9F%8E%89",
        "%27%20OR%201%3D1%20--",
        "NEAR(one",
        "one%20AND",
    ] {
        let page = server.search(&format!("q={nothing}")).await;
        assert_eq!(page, json!({ "items": [], "next_cursor": null }), "{nothing}");
    }
    for something in [
        "one%22",
        "%22one",
        "one*",
        "-one",
        "one%00two",
        "%7Bone%7D",
        "(one",
        "%5Eone",
        "one%3A%2A",
        "%E2%80%AEone",
    ] {
        assert_eq!(contents(&server.search(&format!("q={something}")).await), ["one two"], "{something}");
    }
    let mut client = server.connect("bob").await;
    for (more, path) in [
        (json!({}), "query"),
        (json!({ "query": 1 }), "query"),
        (json!({ "query": "a".repeat(1_025) }), "query"),
        (json!({ "query": "a", "limit": 101 }), "limit"),
        (json!({ "query": "a", "order": "oldest" }), "order"),
        (json!({ "query": "a", "since": 1 }), "since"),
        (json!({ "query": "a", "cursor": "x" }), "cursor"),
    ] {
        let mut ask = json!({ "type": "search" });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = client.ask(ask).await;
        assert_eq!((&answer["code"], &answer["path"]), (&json!("invalid_request"), &json!(path)), "{answer}");
    }
}

#[tokio::test]
async fn e3_large_messages_come_in_shorter_pages() {
    let server = Server::start();
    for number in 0..20 {
        server.say("channel_it", "ada", &format!("large {number} {}", "x ".repeat(30_000))).await;
    }
    let mut client = server.connect("bob").await;
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let answer =
            client.ask(json!({ "type": "search", "query": "large", "limit": 100, "cursor": cursor })).await;
        let page = contents(&answer["data"]);
        assert!(!page.is_empty() && page.len() < 20, "{} at once", page.len());
        found.extend(page.into_iter().map(|text| text[..8].to_owned()));
        cursor = answer["data"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(found.len(), 20);
}

/// The story of a message on a store: found, found after a restart, and not found once it is gone.
async fn a_life(url: &str) {
    let settings = [("store.url", url)];
    let server = Server::with(&settings);
    let id = server.say("channel_it", "ada", "lasting words").await;
    drop(server);
    let server = Server::with(&settings);
    assert_eq!(server.search("q=lasting+wor").await["items"][0]["id"], id);
    assert_eq!(server.found_by(&token(&server, "bob"), "q=lasting").await, ["lasting words"]);
    assert!(server.call("DELETE", "/v1/rooms/channel_it", "").await.status < 300);
    assert_eq!(contents(&server.search("q=lasting").await), Vec::<String>::new());
}

#[tokio::test]
async fn e3_the_index_outlives_the_process() {
    let folder = Folder::new();
    a_life(&format!("sqlite:{}", folder.path().join("tidings.db").display())).await;
}

#[tokio::test]
async fn e3_on_postgresql_too() {
    let postgres = PostgresServer::start().unwrap();
    a_life(&postgres.database().unwrap()).await;
}
