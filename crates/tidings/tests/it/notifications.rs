//! Notifications: in the inbox whether somebody is there or not, the same badge on every device, gone here when read there.

mod postgres;

use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Client, Http, Response, Server, call, token, token_with};

/// A time so many seconds from now, as the wire has it.
fn from_now(seconds: f64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    tidings_protocol::Timestamp::from_millis(((now + seconds) * 1000.0) as u64).to_string()
}

impl Server {
    /// Notifies and expects it to be taken.
    async fn notify(&self, to: Value, title: &str, more: Value) -> Value {
        let answer = self.try_notify(to, title, more).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    async fn try_notify(&self, to: Value, title: &str, more: Value) -> Response {
        let mut body = json!({ "to": to, "title": title });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/v1/notifications", &body).await
    }

    async fn inbox(&self, user: &str, query: &str) -> Value {
        let answer = self.get(&format!("/v1/users/{user}/notifications?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn mark(&self, user: &str, act: &str, body: Value) -> Response {
        self.post(&format!("/v1/users/{user}/notifications/{act}"), &body).await
    }
}

fn ada() -> Value {
    json!({ "user": "ada" })
}

fn titles(page: &Value) -> Vec<&str> {
    let items = if page["items"].is_array() { &page["items"] } else { &page["notifications"] };
    items.as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

/// The badge that a device was told last, once it says so many.
async fn count(client: &mut Client, unread: u64) -> Value {
    let told = client.find(|it| it["type"] == "unread_count" && it["data"]["unread"] == unread).await;
    told["data"].clone()
}

async fn unread(client: &mut Client) -> Value {
    let answer = client.ask(json!({ "type": "get_unread" })).await;
    assert_eq!(answer["type"], "unread_notifications", "{answer}");
    answer
}

#[tokio::test]
async fn d1_j2_all_devices_hear_it_and_count_alike() {
    let server = Server::start();
    let (mut tab, mut phone) = (server.connect("ada").await, server.connect("ada").await);
    let mut bob = server.connect("bob").await;
    let more = json!({ "message": "It arrives on Monday.", "severity": "success", "category": "order", "data": {"order": 7.0},
        "url": "/orders/7", "actions": [{ "id": "track", "label": "Track it" }] });
    let sent = server.notify(ada(), "Order shipped", more.clone()).await;
    assert_eq!(sent["reached"], json!({ "users": 1, "connections": 2 }));
    let mut badges = Vec::new();
    for device in [&mut tab, &mut phone] {
        let entry = device.event("new_notification").await;
        let notification = &entry["data"]["notification"];
        assert_eq!((&notification["id"], &notification["read"]), (&sent["id"], &json!(false)));
        for (name, value) in more.as_object().unwrap() {
            assert_eq!(&notification[name], value, "{entry}");
        }
        assert!(entry["offset"].is_u64(), "it is kept: {entry}");
        badges.push(count(device, 1).await);
        let asked = unread(device).await;
        assert_eq!((&asked["count"], titles(&asked)), (&json!(1), vec!["Order shipped"]));
    }
    assert_eq!(badges[0], badges[1]);
    assert!(bob.so_far().await.is_empty());
}

#[tokio::test]
async fn d2_who_was_asleep_finds_it() {
    let server = Server::start();
    server.notify(ada(), "one", json!({})).await;
    server.notify(json!({ "users": ["ada", "bob", "ada"] }), "two", json!({})).await;
    let mut tab = server.dial().bearer(&token(&server, "ada")).open().await;
    let greeting = tab.expect("connection_established").await;
    assert_eq!(greeting["unread"]["unread"], 2, "{greeting}");
    assert_eq!(titles(&unread(&mut tab).await), ["two", "one"]);
    let resume = greeting["resume"].as_str().unwrap().to_owned();
    tab.leave().await;
    server.notify(ada(), "three", json!({})).await;
    let mut tab =
        server.dial().bearer(&token(&server, "ada")).query(&format!("resume={resume}")).open().await;
    let greeting = tab.expect("connection_established").await;
    assert_eq!((&greeting["recovered"], &greeting["unread"]["unread"]), (&json!(true), &json!(3)));
    assert_eq!(tab.event("new_notification").await["data"]["notification"]["title"], "three");
    let page = tab.ask(json!({ "type": "get_unread", "limit": 1 })).await;
    assert_eq!((&page["count"], titles(&page)), (&json!(3), vec!["three"]));
    let before = page["notifications"][0]["id"].clone();
    let rest = tab.ask(json!({ "type": "get_unread", "before": before })).await;
    assert_eq!(titles(&rest), ["two", "one"]);
}

#[tokio::test]
async fn d3_j3_read_here_is_gone_there() {
    let server = Server::start();
    let (mut tab, mut phone) = (server.connect("ada").await, server.connect("ada").await);
    let mut ids = Vec::new();
    for title in ["one", "two", "three", "four"] {
        ids.push(server.notify(ada(), title, json!({})).await["id"].clone());
    }
    count(&mut phone, 4).await;
    let answer = tab.ask(json!({ "type": "mark_read", "notification_id": ids[0] })).await;
    assert_eq!((&answer["type"], &answer["notification_id"]), (&json!("notification_updated"), &ids[0]));
    assert_eq!((&answer["success"], &answer["unread"]), (&json!(true), &json!(3)));
    let told = phone.event("notification_updated").await;
    assert_eq!((&told["data"]["notification_id"], &told["data"]["change"]), (&ids[0], &json!("read")));
    let badge = count(&mut phone, 3).await;
    assert_eq!(badge["revision"], answer["revision"]);

    let again = tab.ask(json!({ "type": "mark_read", "notification_id": ids[0] })).await;
    assert_eq!((&again["success"], &again["revision"]), (&json!(true), &answer["revision"]));
    let some = tab.ask(json!({ "type": "archive", "notification_ids": [ids[1], ids[0]] })).await;
    assert_eq!((&some["success"], &some["unread"]), (&json!(true), &json!(2)));
    assert_eq!(phone.event("notification_updated").await["data"]["change"], "archived");
    let all = tab.ask(json!({ "type": "mark_all_read", "notification_id": ids[2] })).await;
    assert_eq!(all["unread"], 1, "up to the third: {all}");
    let all = tab.ask(json!({ "type": "mark_all_read" })).await;
    assert_eq!(all["unread"], 0);
    count(&mut phone, 0).await;
    assert_eq!(titles(&server.inbox("ada", "").await), ["four", "three"]);
    assert_eq!(titles(&server.inbox("ada", "archived=true").await), ["two", "one"]);
    let back = tab.ask(json!({ "type": "unarchive", "notification_id": ids[1] })).await;
    assert_eq!(back["unread"], 1, "it was never read: {back}");
}

#[tokio::test]
async fn d3_others_notifications_are_not_there() {
    let server = Server::start();
    let hers = server.notify(ada(), "hers", json!({})).await["id"].clone();
    let his = server.notify(json!({ "user": "bob" }), "his", json!({})).await["id"].clone();
    let mut bob = server.connect("bob").await;
    let no_such = json!("0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3");
    let strange = bob.ask(json!({ "type": "mark_read", "notification_id": hers })).await;
    let none = bob.ask(json!({ "type": "mark_read", "notification_id": no_such })).await;
    assert_eq!(strange["code"], "not_found");
    assert_eq!(strange["message"], none["message"], "no hint that somebody else has it");
    let both = bob.ask(json!({ "type": "mark_read", "notification_ids": [hers, his] })).await;
    assert_eq!((&both["success"], &both["notification_ids"]), (&json!(false), &json!([his])));
    let answer = server.mark("bob", "read", json!({ "ids": [hers] })).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"));
    assert_eq!(server.inbox("ada", "unread=true").await["unread"], 1);
}

#[tokio::test]
async fn d1_inboxes_begin_with_the_first_notification() {
    let server = Server::start();
    server.connect("tim").await.leave().await;
    let mut ada = server.connect("ada").await;
    server.notify(json!({ "everyone": true }), "the first of all", json!({})).await;
    count(&mut ada, 1).await;
    ada.leave().await;
    assert_eq!(titles(&server.inbox("ada", "").await), ["the first of all"], "who was there has it");
    assert!(titles(&server.inbox("tim", "").await).is_empty(), "before, nobody had an inbox");
    server.notify(json!({ "everyone": true }), "the second", json!({})).await;
    assert_eq!(titles(&server.inbox("tim", "").await), ["the second"]);
}

#[tokio::test]
async fn d1_broadcasts_reach_who_is_there_and_who_was() {
    let server = Server::start();
    server.notify(json!({ "user": "somebody" }), "the first of all", json!({})).await;
    let support = |user: &str| token_with(&server, user, json!({ "roles": ["support"] }));
    let mut sue = server.connect_with(&support("sue")).await;
    let mut ada = server.connect("ada").await;
    server.connect("tim").await.leave().await;
    server.admit("order_7", "ada").await;
    let to_role = server.notify(json!({ "role": "support" }), "to role", json!({})).await;
    assert_eq!(to_role["reached"], json!({ "users": 1, "connections": 1 }));
    server.notify(json!({ "everyone": true }), "to all", json!({})).await;
    server.notify(json!({ "room": "order_7" }), "to room", json!({ "severity": "warning" })).await;
    let heard = async |client: &mut Client, titles: &[&str]| {
        for title in titles {
            assert_eq!(client.event("new_notification").await["data"]["notification"]["title"], *title);
        }
    };
    heard(&mut sue, &["to role", "to all"]).await;
    heard(&mut ada, &["to all", "to room"]).await;
    count(&mut sue, 2).await;
    count(&mut ada, 2).await;
    let mine = unread(&mut ada).await;
    assert_eq!(titles(&mine), ["to room", "to all"]);
    assert_eq!(mine["notifications"][0]["room"], "order_7");
    let read =
        ada.ask(json!({ "type": "mark_read", "notification_id": mine["notifications"][1]["id"] })).await;
    assert_eq!(read["unread"], 1);
    assert_eq!(unread(&mut sue).await["count"], 2, "read by one is not read by all");
    assert_eq!(titles(&server.inbox("tim", "").await), ["to all"]);
    assert_eq!(titles(&server.inbox("sue", "roles=support").await), ["to all", "to role"]);
    let unknown = server.try_notify(json!({ "room": "nowhere/!" }), "x", json!({})).await;
    assert_eq!(unknown.problem(), "invalid_request");
}

#[tokio::test]
async fn d4_once_is_once() {
    let server = Server::start();
    let mut tab = server.connect("ada").await;
    let key = json!({ "dedupe_key": "order-7" });
    let first = server.notify(ada(), "shipped", key.clone()).await;
    let second = server.notify(ada(), "shipped again", key.clone()).await;
    assert_eq!((&second["id"], &second["deduplicated"]), (&first["id"], &json!(true)));
    let both = server.notify(json!({ "users": ["ada", "bob"] }), "shipped", key).await;
    assert_eq!(both["deduplicated"], false, "bob had none");
    assert_eq!(unread(&mut tab).await["count"], 1);

    let body = json!({ "to": ada(), "title": "once" }).to_string();
    let ask = async |body: &str| {
        let mut http = Http::open(&server).await;
        http.request("POST", "/v1/notifications", "Idempotency-Key: k\r\n", body.as_bytes()).await
    };
    let (first, again) = (ask(&body).await, ask(&body).await);
    assert_eq!((first.status, again.status, first.text()), (201, 201, again.text()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = ask(&json!({ "to": ada(), "title": "other" }).to_string()).await;
    assert_eq!((other.status, other.problem().as_str()), (409, "conflict"));
    assert_eq!(unread(&mut tab).await["count"], 2);
}

#[tokio::test]
async fn d4_later_is_later_and_gone_is_gone() {
    let server = Server::start();
    let mut tab = server.connect("ada").await;
    let later = json!({ "send_at": from_now(1.0), "expires_at": from_now(4.0) });
    let planned = server.notify(ada(), "later", later).await;
    assert_eq!(unread(&mut tab).await["count"], 0);
    let off = server.notify(ada(), "called off", json!({ "send_at": from_now(2.0) })).await;
    let path = format!("/v1/notifications/{}", off["id"].as_str().unwrap());
    assert_eq!(server.call("DELETE", &path, "").await.status, 204);
    assert_eq!(server.call("DELETE", &path, "").await.problem(), "not_found");
    let entry = tab.event("new_notification").await;
    assert_eq!(entry["data"]["notification"]["id"], planned["id"]);
    count(&mut tab, 1).await;
    let gone = tab.event("notification_updated").await;
    assert_eq!((&gone["data"]["change"], &gone["data"]["notification_id"]), (&json!("gone"), &planned["id"]));
    count(&mut tab, 0).await;

    let id = server.notify(ada(), "snoozed", json!({})).await["id"].clone();
    count(&mut tab, 1).await;
    let snoozed = tab.ask(json!({ "type": "snooze", "notification_id": id, "until": from_now(1.0) })).await;
    assert_eq!(snoozed["unread"], 0, "{snoozed}");
    assert_eq!(titles(&server.inbox("ada", "snoozed=true").await), ["snoozed"]);
    tab.find(|it| it["data"]["change"] == "woken").await;
    count(&mut tab, 1).await;
    let jobs = server.stats().await["jobs"].to_string();
    assert!(jobs.contains("\"notifications\"") && jobs.contains("notification_retention"), "{jobs}");
}

#[tokio::test]
async fn d4_bad_input_is_named() {
    let server = Server::start();
    let past = "2001-01-01T00:00:00Z";
    for (more, path) in [
        (json!({ "severity": "critical" }), "severity"),
        (json!({ "send_at": past }), "send_at"),
        (json!({ "expires_at": past }), "expires_at"),
        (json!({ "send_at": from_now(60.0), "expires_at": from_now(30.0) }), "expires_at"),
        (json!({ "repeat": { "every": "1d", "until": past } }), "repeat.until"),
        (json!({ "title": "" }), "title"),
        (json!({ "title": null }), "title"),
        (json!({ "title": "x".repeat(201) }), "title"),
        (json!({ "message": "\u{0}" }), "message"),
        (json!({ "url": "javascript:alert(1)" }), "url"),
        (json!({ "to": { "rooms": ["a"] } }), "to.rooms"),
    ] {
        let answer = server.try_notify(ada(), "x", more.clone()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{more}");
        assert_eq!(answer.json()["errors"][0]["path"], path, "{}", answer.text());
    }
    for title in ["👩‍👩‍👧", "שלום", "\"\\<b>", &"ü".repeat(200)] {
        server.notify(ada(), title, json!({ "data": null })).await;
        assert_eq!(titles(&server.inbox("ada", "limit=1").await), [title]);
    }
    for query in
        ["limit=0", "limit=201", "unread=yes", "severity=huge", "cursor=x", "category=", "colour=red"]
    {
        let answer = server.get(&format!("/v1/users/ada/notifications?{query}")).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{query}");
    }
    for (act, body) in [
        ("read", json!({})),
        ("read", json!({ "ids": [] })),
        ("read", json!({ "ids": ["x"] })),
        ("read", json!({ "all": false })),
        ("read", json!({ "all": true, "until": from_now(9.0) })),
        ("snooze", json!({ "all": true })),
        ("snooze", json!({ "all": true, "until": past })),
    ] {
        let answer = server.mark("ada", act, body.clone()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{act} {body}");
    }
    assert_eq!(server.mark("ada", "eat", json!({ "all": true })).await.problem(), "not_found");
    let mut tab = server.connect("ada").await;
    for (ask, path) in [
        (json!({ "type": "get_unread", "limit": 0 }), "limit"),
        (json!({ "type": "mark_read" }), "notification_id"),
        (json!({ "type": "mark_read", "notification_ids": [] }), "notification_ids"),
        (json!({ "type": "archive", "notification_id": 7 }), "notification_id"),
        (json!({ "type": "snooze", "notification_id": "0199f3a2-6c1d-7b3e-9a54-2f0c8d71e6b3" }), "until"),
    ] {
        let answer = tab.ask(ask.clone()).await;
        assert_eq!((&answer["code"], &answer["path"]), (&json!("invalid_request"), &json!(path)), "{ask}");
    }
}

#[tokio::test]
async fn j8_receipts_say_who_has_read_it() {
    let server = Server::start();
    let sent = server.notify(json!({ "users": ["ada", "bob"] }), "read me", json!({})).await;
    assert_eq!(server.mark("bob", "seen", json!({ "all": true })).await.status, 200);
    assert_eq!(server.mark("ada", "read", json!({ "ids": [sent["id"]] })).await.json()["changed"], 1);
    let path = format!("/v1/entries/{}/receipts", sent["id"].as_str().unwrap());
    let page = server.get(&path).await.json();
    let (hers, his) = (&page["items"][0], &page["items"][1]);
    assert_eq!((&hers["user"], &his["user"]), (&json!("ada"), &json!("bob")));
    assert!(hers["read_at"].is_string() && hers["seen_at"].is_string(), "{page}");
    assert!(his["read_at"].is_null() && his["seen_at"].is_string(), "{page}");
}

#[tokio::test]
async fn d4_what_is_muted_is_kept_and_counts_and_is_not_told() {
    let server = Server::start();
    let mine = token(&server, "ada");
    let mut tab = server.connect_with(&mine).await;
    let put = async |body: Value| {
        let mut http = Http::open(&server).await.authorized_by(&format!("Authorization: Bearer {mine}\r\n"));
        http.request("PUT", "/v1/me/preferences", "", body.to_string().as_bytes()).await
    };
    let wrong = put(json!({ "quiet_hours": { "from": "22:00", "to": "22:00", "time_zone": "UTC" } })).await;
    assert_eq!((wrong.status, wrong.json()["errors"][0]["path"].clone()), (400, json!("quiet_hours.to")));
    let preferences = json!({ "mute": { "categories": ["news"] },
        "quiet_hours": { "from": "00:00", "to": "23:59", "time_zone": "Asia/Tokyo", "let_through": ["error", "warning"] } });
    assert_eq!(put(preferences.clone()).await.json(), preferences);
    assert_eq!(server.get("/v1/users/ada/preferences").await.json(), preferences);
    for to in [ada(), json!({ "everyone": true })] {
        server.notify(to.clone(), "quiet", json!({ "severity": "info" })).await;
        server.notify(to.clone(), "muted", json!({ "severity": "error", "category": "news" })).await;
        server.notify(to, "loud", json!({ "severity": "error" })).await;
    }
    count(&mut tab, 6).await;
    assert_eq!(unread(&mut tab).await["count"], 6);
    let mut again = server.connect_with(&mine).await;
    server.notify(json!({ "everyone": true }), "muted", json!({ "category": "news" })).await;
    server.notify(json!({ "everyone": true }), "loud", json!({ "severity": "error" })).await;
    assert_eq!(again.event("new_notification").await["data"]["notification"]["title"], "loud");
}

#[tokio::test]
async fn d1_users_ask_for_their_own_over_http() {
    let server = Server::start();
    for title in ["one", "two", "three"] {
        server.notify(ada(), title, json!({ "category": title })).await;
    }
    let mine = token(&server, "ada");
    let page = server.call_as(&mine, "/v1/me/notifications?limit=2").await.json();
    assert_eq!((titles(&page), &page["unread"]), (vec!["three", "two"], &json!(3)));
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = server.call_as(&mine, &format!("/v1/me/notifications?limit=2&cursor={cursor}")).await.json();
    assert_eq!((titles(&rest), &rest["next_cursor"]), (vec!["one"], &json!(null)));
    let some =
        server.call_as(&mine, "/v1/me/notifications?category=two&severity=info&unread=true").await.json();
    assert_eq!(titles(&some), ["two"]);
    let theirs = server.call_as(&token(&server, "bob"), "/v1/me/notifications").await.json();
    assert_eq!((titles(&theirs), &theirs["unread"]), (vec![], &json!(0)));
    let mut http = Http::open(&server).await.authorized_by(&format!("Authorization: Bearer {mine}\r\n"));
    let marked = http.request("POST", "/v1/me/notifications/read", "", br#"{"all":true}"#).await.json();
    assert_eq!((&marked["changed"], &marked["unread"]), (&json!(3), &json!(0)));
}

#[tokio::test]
async fn d2_j2_a_kill_loses_nothing_and_the_recount_proves_it() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let first = server.notify(ada(), "one", json!({})).await;
    server.connect("bob").await.leave().await;
    server.notify(json!({ "everyone": true }), "two", json!({})).await;
    server.notify(json!({ "role": "support" }), "to a role", json!({})).await;
    server.notify(ada(), "later", json!({ "send_at": from_now(1.0) })).await;
    server.mark("ada", "read", json!({ "ids": [first["id"]] })).await;
    server.kill();
    let recount = call(&["check", "--recount", "--json", "--store.url", &url]);
    assert_eq!(recount.code, 0, "{recount:?}");
    let said: Value = serde_json::from_str(&recount.out).unwrap();
    assert_eq!((&said["recount"]["inboxes"], &said["recount"]["wrong"]), (&json!(2), &json!([])));
    assert_eq!(said["recount"]["roles"], 1);
    let detail = said["checks"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("only tokens know"), "it says what it cannot know: {detail}");
    let server = Server::with(&settings);
    let mut tab = server.connect("ada").await;
    tab.find(|it| it["data"]["notification"]["title"] == "later").await;
    assert_eq!(titles(&server.inbox("ada", "").await), ["later", "two", "one"]);
    assert_eq!(titles(&server.inbox("ada", "unread=false").await), ["one"]);
    assert_eq!(titles(&server.inbox("bob", "").await), ["two"]);
}

#[tokio::test]
async fn j12_an_export_has_the_inbox_and_an_erasure_counts_it() {
    let server = Server::start();
    let read = server.notify(ada(), "read", json!({ "receipts": true })).await;
    server.notify(ada(), "unread", json!({ "data": { "n": 1.0 } })).await;
    server.notify(json!({ "user": "bob" }), "his", json!({})).await;
    server.notify(ada(), "later", json!({ "send_at": "2099-01-01T00:00:00Z" })).await;
    server.mark("ada", "read", json!({ "ids": [read["id"]] })).await;
    let wishes = json!({ "mute": { "categories": ["news"] } });
    server.call("PUT", "/v1/users/ada/preferences", &wishes.to_string()).await;
    let body = json!({ "to": ada(), "type": "x", "receipts": true });
    let tracked = server.post("/v1/publish", &body).await.json();

    let exported = server.export("ada").await;
    let of = |kind: &str| exported.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of("preferences"), [&json!({ "kind": "preferences", "data": wishes })]);
    let notifications = of("notification");
    assert_eq!(notifications.iter().map(|it| &it["title"]).collect::<Vec<_>>(), ["read", "unread"]);
    assert!(notifications[0]["read_at"].is_string() && notifications[1]["data"] == json!({ "n": 1.0 }));
    assert_eq!(of("scheduled")[0]["data"]["request"]["title"], "later");
    assert_eq!(of("receipt").iter().map(|it| &it["entry"]).collect::<Vec<_>>(), [&tracked["id"]]);
    let end = &of("end")[0];
    assert_eq!(
        (&end["notifications"], &end["scheduled"], &end["receipts"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert!(!exported.iter().any(|line| line["title"] == "his"));

    let report = server.call("DELETE", "/v1/users/ada", "").await.json();
    assert_eq!(report["notifications"], 2, "{report}");
    let left = server.export("ada").await;
    assert_eq!(left.iter().map(|line| &line["kind"]).collect::<Vec<_>>(), ["user", "end"]);
    assert_eq!(left[1]["notifications"], 0);
}

#[tokio::test]
async fn h5_the_command_line_notifies() {
    let server = Server::start();
    let mut tab = server.connect("ada").await;
    let url = format!("http://{}", server.address);
    let here = ["--server", &*url, "--api-key", &*server.api_key];
    let sent = call(
        &[
            &["notify", "user:ada", "Order shipped", "--severity", "success", "--data", "{\"a\":1}"],
            &here[..],
        ]
        .concat(),
    );
    let sent = sent.expect(0, &[]);
    assert!(sent.out.contains("told 1 user on 1 connection"), "{sent:?}");
    assert_eq!(tab.event("new_notification").await["data"]["notification"]["severity"], "success");
    call(&[&["notify", "everyone", "x", "--send-at", "2001-01-01T00:00:00Z"], &here[..]].concat())
        .expect(1, &["send_at"]);
    call(&[&["notify", "user:ada", "x", "--severity", "huge"], &here[..]].concat()).expect(2, &["severity"]);
}
