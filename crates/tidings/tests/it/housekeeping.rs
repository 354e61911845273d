//! What the server lets go of, hands out and forgets, and that it is written down who asked for it.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::harness::{Client, Heard, Http, Server, random_hex, soon, token};

/// Notes are kept for two seconds, which is looked after ten times a second.
const SHORT: &str =
    "[[rooms]]\nmatch = \"note_{id}\"\njoin = \"anyone\"\npublish = \"users\"\nkeep = \"2s\"\n";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tidings-house-{}", random_hex(8)));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// All files, also those in folders.
    fn files(&self) -> Vec<PathBuf> {
        fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
            for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
                if file.is_dir() { collect(&file, files) } else { files.push(file) }
            }
        }
        let mut files = Vec::new();
        collect(&self.0, &mut files);
        files.sort();
        files
    }

    /// Lines of all archived files.
    fn archived(&self) -> Vec<Value> {
        let archives = self.files().into_iter().filter(|file| file.to_string_lossy().ends_with(".jsonl.gz"));
        archives.flat_map(|file| lines(&text(&fs::read(file).unwrap()))).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(gzip: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(gzip).read_to_string(&mut text).unwrap();
    text
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn house(folder: &Folder, archive: &str) -> Server {
    let (url, archive) = (format!("sqlite:{}", folder.path("tidings.db")), folder.path(archive));
    let settings = [("store.url", &*url), ("store.archive", &*archive), ("store.retention_every", "100ms")];
    Server::with_file(&settings, SHORT)
}

/// Looks until something is as it should be.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    soon(what, async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    })
    .await
}

async fn delete(server: &Server, path: &str) -> Value {
    let answer = Http::open(server).await.request("DELETE", path, "", b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn hears(client: &mut Client, r#type: &str, data: Value) {
    assert_eq!(client.event(r#type).await["data"], data);
}

#[tokio::test]
async fn h4_what_is_too_old_is_archived_let_go_and_told() {
    let folder = Folder::new();
    let server = house(&folder, "archive");
    let mut ada = server.connect("ada").await;
    let epoch = ada.join("note_1").await["epoch"].clone();
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(server.publish(json!({ "room": "note_1" }), "n", json!(n)).await["id"].clone());
    }
    ada.cut();
    server.publish(json!({ "room": "order_1" }), "n", json!("stays")).await;

    until("the notes to be let go", async || {
        let room = server.get("/v1/rooms/note_1").await.json();
        (room["oldest"] == 6).then_some(())
    })
    .await;
    let mut ada = server.connect("ada").await;
    let joined = ada.join_since("note_1", &epoch, 2).await;
    assert_eq!(joined["recovered"], false);
    assert_eq!(joined["lost"], json!({ "reason": "retention", "oldest": 6 }));
    let published = server.publish(json!({ "room": "note_1" }), "n", json!("later")).await;
    assert_eq!(published["offset"], 6, "the log goes on where it was");
    hears(&mut ada, "n", json!("later")).await;

    let archived = folder.archived();
    assert_eq!(archived.iter().take(5).map(|line| line["id"].clone()).collect::<Vec<_>>(), ids);
    assert!(archived.iter().all(|line| line["room"] == "room:note_1"), "{archived:?}");
    assert_eq!((&archived[2]["offset"], &archived[2]["data"]), (&json!(3), &json!(3)));
    let kept = server.get("/v1/rooms/order_1/messages").await.json();
    assert_eq!(kept["items"][0]["data"], "stays");
}

#[tokio::test]
async fn h3_jobs_are_shown_and_counted() {
    let folder = Folder::new();
    let server = house(&folder, "archive");
    let job = until("retention to have run", async || {
        let stats = server.stats().await;
        let jobs = stats["jobs"].as_array().unwrap().clone();
        jobs.into_iter().find(|job| job["name"] == "retention" && job["outcome"] == "ok")
    })
    .await;
    assert!(
        job["ended_at"].is_string() && job["next_at"].is_string() && job["report"]["rooms"].is_u64(),
        "{job}"
    );
    let metrics = server.get("/metrics").await.text();
    for name in [
        "tidings_job_runs_total{job=\"retention\",outcome=\"ok\"} ",
        "tidings_job_runs_total{job=\"retention\",outcome=\"failed\"} 0",
        "tidings_job_seconds_total{job=\"retention\"} ",
        "tidings_job_last_success_timestamp_seconds{job=\"retention\"} 1",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn what_cannot_be_archived_is_kept_and_the_operator_is_told() {
    let folder = Folder::new();
    fs::write(folder.path("archive"), "a file where a folder should be").unwrap();
    let server = house(&folder, "archive");
    server.publish(json!({ "room": "note_1" }), "n", json!(1)).await;
    let verbose = until("retention to fail", async || {
        let verbose = server.get("/readyz?verbose").await;
        verbose.text().contains("[-]job retention failed: ").then_some(verbose)
    })
    .await;
    assert_eq!(verbose.status, 200, "clients are served all the same");
    assert!(verbose.text().contains("[+]store ok\n"), "{}", verbose.text());
    assert_eq!(server.get("/readyz").await.text(), "ok\n");
    let kept = server.get("/v1/rooms/note_1/messages").await.json();
    assert_eq!(kept["items"][0]["data"], 1);
}

#[tokio::test]
async fn j12_who_is_erased_is_nowhere_and_the_rooms_go_on() {
    let folder = Folder::new();
    let server = house(&folder, "archive");
    // Unique, so that they can be looked for in whole files.
    let (user, secret) = (format!("ada-{}", random_hex(8)), format!("secret-{}", random_hex(8)));
    let old_token = token(&server, &user);
    let mut ada = server.connect_with(&old_token).await;
    let mut bob = server.connect("bob").await;
    let epoch = bob.join("channel_general").await["epoch"].clone();
    ada.join("channel_general").await;
    let say = json!({ "type": "publish", "room": "channel_general", "event": "say", "data": secret });
    ada.ask(say).await;
    hears(&mut bob, "say", json!(secret)).await;
    server.publish(json!({ "user": user }), "private", json!(secret)).await;
    let path = format!("/v1/rooms/order_7/members/{user}");
    let put = Http::open(&server).await.request("PUT", &path, "", b"").await;
    assert_eq!(put.status, 201, "{}", put.text());

    let exported = server.export(&user).await;
    assert_eq!(
        exported.last(),
        Some(
            &json!({ "kind": "end", "memberships": 1, "notifications": 0, "scheduled": 0, "receipts": 0, "entries": 2, "chat_traces": 0 })
        )
    );
    assert_eq!(exported[1], json!({ "kind": "membership", "room": "order_7", "role": "member" }));
    let rooms: Vec<_> = exported[2..4].iter().map(|line| line["room"].clone()).collect();
    assert!(rooms.contains(&json!("room:channel_general")) && rooms.contains(&json!(format!("user:{user}"))));
    assert!(exported[2..4].iter().all(|line| line["data"] == secret), "{exported:?}");

    let report = delete(&server, &format!("/v1/users/{user}")).await;
    assert_eq!(
        report,
        json!({ "users": 1, "connections": 1, "personal_entries": 1, "blanked_entries": 1, "memberships": 1,
                "notifications": 0, "archived_entries": 0 })
    );
    let end = loop {
        match ada.hear().await {
            Heard::Message(_) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Heard::Closed(4009, _)), "{end:?}");
    server.dial().bearer(&old_token).open().await.refused("unauthorized", 4001).await;

    assert_eq!(server.export(&user).await.len(), 2, "only the head and the end");
    let mut back = server.connect("carol").await;
    back.join_since("channel_general", &epoch, 0).await;
    let place = back.event("entry_erased").await;
    assert_eq!((&place["data"], &place["offset"], place.get("from")), (&json!(null), &json!(1), None));
    server.publish(json!({ "room": "channel_general" }), "say", json!("goes on")).await;
    hears(&mut bob, "say", json!("goes on")).await;
    hears(&mut back, "say", json!("goes on")).await;

    let audit = server.get("/v1/audit").await.json();
    assert!(!audit.to_string().contains(&user), "{audit}");
    assert_eq!(audit["broken_at"], json!(null));
    let acts: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|item| item["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["member.put", "user.export", "user.erase", "user.export"]);
    for file in folder.files() {
        let bytes = fs::read(&file).unwrap();
        let has = |what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
        assert!(!has(&secret) && !has(&user), "it is still in {}", file.display());
    }
}

#[tokio::test]
async fn an_erasure_reaches_the_archive() {
    let folder = Folder::new();
    let server = house(&folder, "archive");
    server.publish(json!({ "room": "note_1" }), "n", json!("of the back end")).await;
    let mut ada = server.connect("ada").await;
    ada.join("note_1").await;
    ada.ask(json!({ "type": "publish", "room": "note_1", "event": "n", "data": "hers" })).await;
    until("the notes to be archived", async || (folder.archived().len() >= 2).then_some(())).await;
    let report = delete(&server, "/v1/users/ada").await;
    assert_eq!(report["archived_entries"], 1, "{report}");
    let archived = folder.archived();
    let left: Vec<_> = archived.iter().map(|line| (&line["offset"], &line["type"], &line["data"])).collect();
    let (n, erased) = (json!("n"), json!("entry_erased"));
    let (first, second, kept, nothing) = (json!(1), json!(2), json!("of the back end"), json!(null));
    assert_eq!(left, [(&first, &n, &kept), (&second, &erased, &nothing)]);
    assert!(archived.iter().all(|line| line.get("from").is_none()));
}
