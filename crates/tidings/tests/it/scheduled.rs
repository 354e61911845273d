//! What waits to be sent: listed, called off, gathered, and there after a crash.

use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Response, Server};

const LATER: &str = "2099-01-01T09:00:00Z";

impl Server {
    async fn ask_to_notify(&self, to: Value, title: &str, more: Value) -> Response {
        let mut body = json!({ "to": to, "title": title });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/v1/notifications", &body).await
    }

    async fn scheduled(&self, query: &str) -> Value {
        let answer = self.get(&format!("/v1/notifications/scheduled?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn call_off(&self, id: &Value) -> Response {
        self.call("DELETE", &format!("/v1/notifications/scheduled/{}", id.as_str().unwrap()), "").await
    }
}

#[tokio::test]
async fn d3_what_waits_is_listed_survives_a_kill_and_is_called_off() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let more = json!({ "send_at": LATER, "severity": "warning", "category": "deadline" });
    let three = server.ask_to_notify(json!({ "users": ["ada", "bob", "cy"] }), "soon", more).await.json();
    assert_eq!(three["scheduled_for"], "2099-01-01T09:00:00.000Z");
    let repeat = json!({ "every": "1d", "time_zone": "Europe/Berlin", "expires_after": "2h" });
    let series = json!({ "send_at": "2099-02-01T09:00:00Z", "repeat": repeat });
    let series = server.ask_to_notify(json!({ "role": "support" }), "daily", series).await.json();
    server.kill();
    let server = Server::with(&settings);

    let all = server.scheduled("").await;
    let items = all["items"].as_array().unwrap();
    assert_eq!((items.len(), &all["next_cursor"]), (4, &json!(null)), "{all}");
    let mut parts: Vec<&Value> = items.iter().filter(|item| item["part_of"] == three["id"]).collect();
    parts.sort_by_key(|item| item["to"]["user"].as_str().unwrap());
    let users: Vec<&Value> = parts.iter().map(|item| &item["to"]["user"]).collect();
    assert_eq!(users, ["ada", "bob", "cy"]);
    assert_eq!((&parts[0]["title"], &parts[0]["severity"]), (&json!("soon"), &json!("warning")));
    assert_eq!((&parts[0]["category"], &parts[0]["digest"]), (&json!("deadline"), &json!(false)));
    let last = items.last().unwrap();
    assert_eq!((&last["id"], &last["repeat"]), (&series["id"], &repeat));
    assert_eq!((&last["to"], &last["part_of"]), (&json!({ "role": "support" }), &json!(null)));
    let first = server.scheduled("limit=3").await;
    let rest = server.scheduled(&format!("limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!(rest["items"], json!([last]));

    assert_eq!(server.call_off(&parts[1]["id"]).await.status, 204);
    assert_eq!(server.scheduled("").await["items"].as_array().unwrap().len(), 3);
    assert_eq!(server.call_off(&three["id"]).await.status, 204, "all of it");
    assert_eq!(server.call_off(&three["id"]).await.problem(), "not_found");
    assert_eq!(server.scheduled("").await["items"], json!([last]));
    assert_eq!(server.call_off(&series["id"]).await.status, 204);
    assert_eq!(server.scheduled("").await["items"], json!([]));
}

#[tokio::test]
async fn d4_what_is_gathered_waits_over_a_kill() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
    let settings = [("store.url", &*url)];
    let mut server = Server::with(&settings);
    let wishes = json!({ "digest": [{ "category": "news", "every": "4w", "at": "09:00", "time_zone": "Europe/Berlin" },
        { "key": "build", "every": "744h" }] });
    let put = server.call("PUT", "/v1/users/ada/preferences", &wishes.to_string()).await;
    assert_eq!((put.status, put.json()), (200, wishes.clone()));
    let mut ada = server.connect("ada").await;
    for (more, waits) in [
        (json!({ "category": "news" }), true),
        (json!({ "category": "other", "digest_key": "build" }), true),
        (json!({ "category": "news", "severity": "error" }), false),
    ] {
        let sent = server.ask_to_notify(json!({ "user": "ada" }), "x", more.clone()).await.json();
        assert_eq!(sent["scheduled_for"].is_string(), waits, "{more}");
    }
    assert_eq!(ada.event("new_notification").await["data"]["notification"]["severity"], "error");
    let before = server.scheduled("").await;
    assert_eq!(before["items"].as_array().unwrap().len(), 2);
    assert!(before["items"].as_array().unwrap().iter().all(|item| item["digest"] == true), "{before}");
    server.kill();
    let server = Server::with(&settings);
    assert_eq!(server.scheduled("").await, before);
    assert_eq!(server.get("/v1/users/ada/preferences").await.json(), wishes);
    let erased = server.call("DELETE", "/v1/users/ada", "").await;
    assert_eq!(erased.status, 200);
    assert_eq!(server.scheduled("").await["items"], json!([]), "what waits for somebody goes with them");
}

#[tokio::test]
async fn d4_what_is_wrong_with_a_digest_is_named() {
    let server = Server::start();
    for (digest, path) in [
        (json!({}), "digest"),
        (json!([7]), "digest[0]"),
        (json!([{ "category": "a" }]), "digest[0].every"),
        (json!([{ "every": "1h" }]), "digest[0].category"),
        (
            json!([{ "category": "a", "every": "1h" }, { "category": "a", "every": "1d" }]),
            "digest[1].category",
        ),
        (json!([{ "category": "a", "every": "40d" }]), "digest[0].every"),
        (json!([{ "category": "a", "every": "1d", "at": "25:00" }]), "digest[0].at"),
        (json!([{ "category": "a", "every": "1d", "colour": "red" }]), "digest[0]"),
    ] {
        let body = json!({ "digest": digest });
        let answer = server.call("PUT", "/v1/users/ada/preferences", &body.to_string()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid_request"), "{body}");
        assert_eq!(answer.json()["errors"][0]["path"], path, "{}", answer.text());
    }
}
