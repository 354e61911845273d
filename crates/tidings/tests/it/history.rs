//! What rooms keep, page by page: all of it, nothing twice, also while entries arrive; or a plain word that it is gone.

use serde_json::{Value, json};

use crate::harness::{Client, Http, Server};

const FREE: &[(&str, &str)] = &[("limits.messages_per_minute", "0"), ("limits.attempts_per_minute", "0")];

async fn publish(http: &mut Http, room: &str, numbers: std::ops::Range<u64>) {
    let to = json!({ "room": room });
    let entries: Vec<_> = numbers.map(|n| json!({ "to": to, "type": "n", "data": n })).collect();
    let body = json!({ "entries": entries }).to_string();
    let answer = http.request("POST", "/v1/publish/batch", "", body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn offsets(page: &Value, field: &str) -> Vec<u64> {
    let entries = page[field].as_array().unwrap_or_else(|| panic!("no page: {page}"));
    entries.iter().map(|entry| entry["offset"].as_u64().unwrap()).collect()
}

async fn page(http: &mut Http, query: &str) -> Value {
    let answer = http.request("GET", &format!("/v1/rooms/orders/messages?{query}"), "", b"").await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

#[tokio::test]
async fn b6_entries_are_as_clients_saw_them() {
    let server = Server::start();
    let mut ada = server.connect("ada \"7\"").await;
    ada.join("channel_x").await;
    let publish =
        json!({ "type": "publish", "room": "channel_x", "event": "note", "data": { "a": [1.0, "é"] } });
    ada.ask(publish).await;
    let raw = r#"{"to": {"room": "channel_x"}, "type": "raw", "data": {"b": 1.0,  "b": 2e2}}"#;
    server.call("POST", "/v1/publish", raw).await;
    let live = [ada.event("note").await, ada.event("raw").await];
    let answer = server.get("/v1/rooms/channel_x/messages").await;
    assert!(answer.text().contains(r#"{"b": 1.0,  "b": 2e2}"#), "data stays as it came: {}", answer.text());
    let read = answer.json();
    assert_eq!(read["items"], json!(live));
    assert_eq!(
        (&read["next_cursor"], &read["offset"], &read["oldest"]),
        (&Value::Null, &json!(2), &json!(1))
    );
    let told = ada.ask(json!({ "type": "get_history", "room": "channel_x" })).await;
    let data = &told["data"];
    assert_eq!(
        (&told["type"], &data["room"], &data["entries"]),
        (&json!("history"), &json!("channel_x"), &read["items"])
    );
    assert_eq!((&data["epoch"], &data["offset"], &data["oldest"]), (&read["epoch"], &json!(2), &json!(1)));
    let empty = server.get("/v1/rooms/orders/messages").await.json();
    assert_eq!((&empty["items"], &empty["offset"], &empty["oldest"]), (&json!([]), &json!(0), &json!(1)));
    let nowhere = server.get("/v1/rooms/a%20b/messages").await;
    assert_eq!(nowhere.json()["errors"][0]["path"], "room");
}

#[tokio::test]
async fn b6_pages_backwards_are_the_log_while_entries_arrive() {
    let server = Server::with(FREE);
    let mut http = Http::open(&server).await;
    let mut count = 0;
    for limit in [1, 7, 50, 130, 1000] {
        publish(&mut http, "orders", count + 1..count + 131).await;
        count += 130;
        let began_at = count;
        let (mut read, mut query) = (Vec::new(), format!("limit={limit}"));
        loop {
            let page = page(&mut http, &query).await;
            read.splice(..0, offsets(&page, "items"));
            let Some(next) = page["next_cursor"].as_str() else { break };
            query = format!("limit={limit}&cursor={next}");
            if count < began_at + 20 {
                count += 1;
                publish(&mut http, "orders", count..count + 1).await;
            }
        }
        assert_eq!(read, (1..=began_at).collect::<Vec<_>>(), "limit {limit}");
    }
}

#[tokio::test]
async fn b6_pages_forwards_are_the_log_while_entries_arrive() {
    let server = Server::with(FREE);
    let mut http = Http::open(&server).await;
    publish(&mut http, "orders", 1..301).await;
    let mut count = 300;
    for limit in [7, 50, 99, 100, 101, 250, 1000] {
        let (mut read, mut query) = (Vec::new(), format!("limit={limit}&after=0"));
        let end = loop {
            let page = page(&mut http, &query).await;
            read.extend(offsets(&page, "items"));
            let Some(next) = page["next_cursor"].as_str() else { break page["offset"].as_u64().unwrap() };
            query = format!("limit={limit}&cursor={next}");
            count += 1;
            publish(&mut http, "orders", count..count + 1).await;
        };
        assert_eq!(read, (1..=end).collect::<Vec<_>>(), "limit {limit}");
        assert_eq!(end, count, "the last page is the one that reaches the end");
    }
    assert_eq!(offsets(&page(&mut http, "after=10&limit=3").await, "items"), [11, 12, 13]);
    assert_eq!(offsets(&page(&mut http, "before=10&limit=3").await, "items"), [7, 8, 9]);
    assert_eq!(offsets(&page(&mut http, "before=1").await, "items"), [0; 0]);
    assert_eq!(offsets(&page(&mut http, &format!("after={count}")).await, "items"), [0; 0]);
}

#[tokio::test]
async fn b6_get_history_pages_the_same_log_both_ways() {
    let server = Server::with(FREE);
    let mut http = Http::open(&server).await;
    publish(&mut http, "orders", 1..451).await;
    let mut ada = server.connect("ada").await;
    let ask = async |ada: &mut Client, more: Value| {
        let mut message = json!({ "type": "get_history", "room": "orders", "limit": 200 });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ada.ask(message).await["data"].clone()
    };
    let mut forwards = Vec::new();
    while forwards.len() < 450 {
        let after = forwards.last().copied().unwrap_or(0);
        forwards.extend(offsets(&ask(&mut ada, json!({ "after": after })).await, "entries"));
    }
    let mut backwards = offsets(&ask(&mut ada, json!({})).await, "entries");
    publish(&mut http, "orders", 451..460).await;
    while backwards[0] > 1 {
        let page = ask(&mut ada, json!({ "before": backwards[0] })).await;
        backwards.splice(..0, offsets(&page, "entries"));
    }
    let all: Vec<u64> = (1..451).collect();
    assert_eq!((&forwards, &backwards), (&all, &all));
    for (more, path) in [
        (json!({ "before": -1 }), "before"),
        (json!({ "after": 1.5 }), "after"),
        (json!({ "after": "1" }), "after"),
        (json!({ "before": 1, "after": 1 }), "before"),
        (json!({ "limit": 201 }), "limit"),
        (json!({ "limit": 0 }), "limit"),
        (json!({ "epoch": 1 }), "epoch"),
    ] {
        let mut message = json!({ "type": "get_history", "room": "orders" });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = ada.ask(message).await;
        assert_eq!((&told["code"], &told["path"]), (&json!("invalid_request"), &json!(path)), "{told}");
    }
}

#[tokio::test]
async fn b6_what_is_gone_or_never_was_is_said() {
    let mut settings = FREE.to_vec();
    // The store in memory keeps the last thousand entries of a room.
    settings.push(("store.url", "memory:"));
    let server = Server::with(&settings);
    let mut http = Http::open(&server).await;
    publish(&mut http, "orders", 1..901).await;
    let first = page(&mut http, "after=0&limit=10").await;
    let old_cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let epoch = first["epoch"].as_str().unwrap().to_owned();
    publish(&mut http, "orders", 901..1201).await;
    let mut ada = server.connect("ada").await;
    for (query, command, path, says) in [
        ("after=1201".to_owned(), json!({ "after": 1201 }), "after", "1200"),
        (format!("after={}", u64::MAX), json!({ "after": u64::MAX }), "after", "1200"),
        ("after=100".to_owned(), json!({ "after": 100 }), "after", "201"),
        (format!("cursor={old_cursor}"), json!({ "after": 10 }), "after", "201"),
        ("epoch=other".to_owned(), json!({ "epoch": "other" }), "epoch", epoch.as_str()),
        (
            "epoch=other&before=5".to_owned(),
            json!({ "epoch": "other", "before": 5 }),
            "epoch",
            epoch.as_str(),
        ),
    ] {
        let answer = http.request("GET", &format!("/v1/rooms/orders/messages?{query}"), "", b"").await;
        assert_eq!((answer.status, answer.problem().as_str()), (410, "history_lost"), "{query}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["path"], path, "{query}");
        assert!(error["message"].as_str().unwrap().contains(says), "{query}: {error}");
        let mut message = json!({ "type": "get_history", "room": "orders" });
        message.as_object_mut().unwrap().extend(command.as_object().unwrap().clone());
        let told = ada.ask(message).await;
        assert_eq!((&told["code"], &told["path"]), (&json!("history_lost"), &json!(path)), "{told}");
    }
    for (query, path) in
        [("after=-1", "after"), ("before=x", "before"), ("cursor=AAAA", "cursor"), ("limit=1001", "limit")]
    {
        let answer = http.request("GET", &format!("/v1/rooms/orders/messages?{query}"), "", b"").await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{query}");
        assert_eq!(answer.json()["errors"][0]["path"], path);
    }
    // What is still kept can be had whole, from either end.
    assert_eq!(
        offsets(&page(&mut http, &format!("epoch={epoch}&after=200&limit=1000")).await, "items"),
        (201..1201).collect::<Vec<_>>()
    );
    let whole = page(&mut http, "limit=1000").await;
    assert_eq!((offsets(&whole, "items")[0], &whole["next_cursor"]), (201, &Value::Null));
    assert_eq!(
        offsets(&page(&mut http, "after=0&limit=1").await, "items"),
        [201],
        "0 begins with the oldest"
    );
}

#[tokio::test]
async fn b6_a_cursor_of_a_deleted_room_is_over() {
    let server = Server::with(FREE);
    let mut http = Http::open(&server).await;
    publish(&mut http, "orders", 1..101).await;
    let cursor = page(&mut http, "limit=10").await["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(http.request("DELETE", "/v1/rooms/orders", "", b"").await.status, 204);
    publish(&mut http, "orders", 1..101).await;
    let answer = http.request("GET", &format!("/v1/rooms/orders/messages?cursor={cursor}"), "", b"").await;
    assert_eq!((answer.status, answer.problem().as_str()), (410, "history_lost"));
}

#[tokio::test]
async fn b6_a_page_is_bounded_in_bytes_and_goes_on() {
    let server = Server::with(FREE);
    let mut http = Http::open(&server).await;
    let large = "x".repeat(300_000);
    for n in 0..30 {
        let body = json!({ "to": { "room": "orders" }, "type": "large", "data": { "n": n, "text": large } });
        assert_eq!(http.publish(&body).await.status, 202);
    }
    for (begin, forwards) in [("after=0", true), ("limit=1000", false)] {
        let (mut read, mut query, mut pages) = (Vec::new(), format!("{begin}&limit=1000"), 0);
        if !forwards {
            query = begin.to_owned();
        }
        loop {
            let answer = http.request("GET", &format!("/v1/rooms/orders/messages?{query}"), "", b"").await;
            assert!(answer.body.len() < 5 << 20, "{} bytes", answer.body.len());
            let page = answer.json();
            let offsets = offsets(&page, "items");
            match forwards {
                true => read.extend(offsets),
                false => drop(read.splice(..0, offsets)),
            }
            pages += 1;
            let Some(next) = page["next_cursor"].as_str() else { break };
            query = format!("limit=1000&cursor={next}");
        }
        assert_eq!(read, (1..31).collect::<Vec<u64>>());
        assert!(pages >= 3, "{pages} pages");
    }
}
