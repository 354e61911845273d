//! What is secret is stored sealed: looked for in every file, the log and the metrics, read back over every way, and under other keys.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use tidings_testkit::{Folder, PostgresServer};

use crate::harness::{Called, Http, Server, call, random_hex, soon};

/// Vaults and memos are encrypted; memos and notes are archived after two seconds.
const ROOMS: &str = r#"
[[rooms]]
match = "vault_{id}"
join = "users"
publish = "users"
encrypt = true

[[rooms]]
match = "memo_{id}"
join = "users"
publish = "users"
keep = "2s"
encrypt = true

[[rooms]]
match = "note_{id}"
join = "users"
publish = "users"
keep = "2s"

[[rooms]]
match = "open_{id}"
join = "users"
publish = "users"
"#;

/// A store, an archive beside it, and master keys.
struct House {
    folder: Folder,
    url: String,
    keys: [String; 2],
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
        Self::on(folder, url)
    }

    fn on(folder: Folder, url: String) -> Self {
        let key = |id: &str| format!("{id}:{}", master());
        Self { folder, url, keys: [key("k1"), key("k2")] }
    }

    fn archive(&self) -> String {
        self.folder.path().join("archive").display().to_string()
    }

    /// A server with these master keys.
    fn serve(&self, keys: &[&str]) -> Server {
        let (archive, keys) = (self.archive(), keys.join(","));
        let settings = [
            ("store.url", &*self.url),
            ("store.archive", &*archive),
            ("store.retention_every", "100ms"),
            ("security.encryption_keys", &*keys),
            ("log.level", "trace"),
        ];
        Server::with_file(&settings, ROOMS)
    }

    fn call(&self, keys: &[&str], arguments: &[&str]) -> Called {
        let (archive, keys) = (self.archive(), keys.join(","));
        let settings =
            ["--store.url", &*self.url, "--store.archive", &*archive, "--security.encryption_keys", &*keys];
        call(&[arguments, &settings[..]].concat())
    }

    /// How a server with these keys ends that does not begin.
    fn refused(&self, keys: &[&str], code: i32, words: &[&str]) {
        let secret = random_hex(32);
        let arguments = [
            "serve",
            "--auth.api_keys",
            &secret,
            "--auth.jwt_secret",
            &random_hex(32),
            "--server.listen",
            "127.0.0.1:0",
        ];
        let called = self.call(keys, &arguments).expect(code, words);
        for key in keys {
            assert!(!called.err.contains(key.split_once(':').unwrap().1), "{called:?}");
        }
    }
}

/// 32 random bytes in base64.
fn master() -> String {
    let hex = random_hex(32);
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    STANDARD.encode((0..64).step_by(2).map(byte).collect::<Vec<u8>>())
}

/// What is published, and what of it must not be found anywhere.
struct Secret {
    room: &'static str,
    data: Value,
    traces: Vec<String>,
}

fn secrets() -> Vec<Secret> {
    let (text, memo, key, pem) = (random_hex(16), random_hex(16), random_hex(18), random_hex(24));
    let secret = |room, data: Value, traces: &[&str]| Secret {
        room,
        data,
        traces: traces.iter().map(|trace| (*trace).to_owned()).collect(),
    };
    let key = format!("ghp_{key}");
    let heading = format!("-----BEGIN PRIVATE KEY-----\nMIIE{pem}\n-----END PRIVATE KEY-----");
    vec![
        secret("vault_1", json!({ "text": text }), &[&text]),
        secret("vault_2", json!({ "text": text, "n": 2 }), &[&text]),
        secret("memo_1", json!([memo]), &[&memo]),
        secret("open_1", json!({ "pay": "4539 1488 0343 6467, please" }), &["4539 1488", "0343 6467"]),
        secret("open_1", json!({ "iban": "DE89 3704 0044 0532 0130 00" }), &["DE89 3704", "0532 0130"]),
        secret("open_2", json!(key), &[&key]),
        secret("note_1", json!(heading), &[&pem]),
        secret("open_3", json!({ "plain": true }), &[]),
    ]
}

async fn publish_all(server: &Server, secrets: &[Secret]) {
    let batch: Vec<Value> = secrets
        .iter()
        .map(|secret| json!({ "to": { "room": secret.room }, "type": "n", "data": secret.data }))
        .collect();
    let body = json!({ "entries": batch }).to_string();
    let mut http = Http::open(server).await;
    // With a key, so that something of the request itself is kept too; and again, as it is the same request.
    for _ in 0..2 {
        let answer =
            http.request("POST", "/v1/publish/batch", "Idempotency-Key: one\r\n", body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// All data of a room as its history tells it.
async fn history(server: &Server, room: &str) -> Vec<Value> {
    let page = server.get(&format!("/v1/rooms/{room}/messages")).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.json()["items"].as_array().unwrap().iter().map(|item| item["data"].clone()).collect()
}

/// What is kept longer than the test takes.
fn lasting(secrets: &[Secret]) -> impl Iterator<Item = &Secret> {
    secrets.iter().filter(|secret| !secret.room.starts_with("memo") && !secret.room.starts_with("note"))
}

async fn is_readable(server: &Server, secrets: &[Secret]) {
    for secret in lasting(secrets) {
        let found = history(server, secret.room).await;
        assert!(found.contains(&secret.data), "{}: {found:?}", secret.room);
    }
}

/// All files of a folder; compressed ones also as what is in them.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.is_dir() {
            found.extend(contents(&file));
            continue;
        }
        // What has just been put in another's place is gone by now.
        let Ok(bytes) = fs::read(&file) else { continue };
        if file.to_string_lossy().ends_with(".gz") {
            let mut text = Vec::new();
            MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
            found.push((file.clone(), text));
        }
        found.push((file, bytes));
    }
    found
}

/// Looks for secrets and master keys; how many files there were.
fn looked_through(folder: &Path, secrets: &[Secret], keys: &[&str]) -> usize {
    let files = contents(folder);
    for (file, bytes) in &files {
        nowhere(&file.display().to_string(), bytes, secrets, keys);
    }
    files.len()
}

fn nowhere(place: &str, bytes: &[u8], secrets: &[Secret], keys: &[&str]) {
    let masters = keys.iter().map(|key| key.split_once(':').unwrap().1.to_owned());
    for trace in secrets.iter().flat_map(|secret| secret.traces.clone()).chain(masters) {
        let is_there = bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
        assert!(!is_there, "{trace:?} stands in {place}");
    }
}

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

/// Archived lines as they stand there.
fn archived(house: &House) -> Vec<Value> {
    let Ok(_) = fs::read_dir(house.archive()) else { return Vec::new() };
    let files = contents(Path::new(&house.archive()));
    let texts = files.iter().filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
    texts.flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn stop(mut server: Server) -> String {
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    server.whole_log()
}

#[tokio::test]
async fn e4_what_is_secret_is_in_no_file_log_or_metric() {
    let (house, secrets) = (House::new(), secrets());
    let first = house.keys[0].clone();
    let keys = [&*first];
    let server = house.serve(&keys);
    let mut ada = server.connect("ada").await;
    let epoch = ada.join("vault_1").await["epoch"].clone();
    ada.join("open_1").await;
    publish_all(&server, &secrets).await;
    for secret in secrets.iter().filter(|secret| ["vault_1", "open_1"].contains(&secret.room)) {
        ada.find(|message| message["data"] == secret.data).await;
    }
    // A client's own words, and somebody's personal room.
    let own = json!({ "mine": secrets[0].traces[0] });
    ada.ask(json!({ "type": "publish", "room": "vault_1", "event": "n", "data": own })).await;
    server.publish(json!({ "user": "ada" }), "n", secrets[3].data.clone()).await;
    until("memo and note to be archived", async || (archived(&house).len() >= 2).then_some(())).await;

    is_readable(&server, &secrets).await;
    let mut bob = server.connect("bob").await;
    bob.join_since("vault_1", &epoch, 0).await;
    bob.find(|message| message["data"] == secrets[0].data && message["offset"] == 1).await;
    bob.find(|message| message["data"] == own && message["offset"] == 2).await;
    let told = bob.ask(json!({ "type": "get_history", "room": "open_1" })).await.to_string();
    assert!(told.contains("4539 1488 0343 6467"), "{told}");
    let exported = server.export("ada").await;
    assert!(exported.iter().any(|line| line["data"] == own), "{exported:?}");

    // While it runs: the file, its -wal and -shm, the lock, the archive. What is no secret is found there.
    let control = contents(house.folder.path());
    let has = |bytes: &[u8], what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(control.iter().any(|(_, bytes)| has(bytes, r#"{"plain":true}"#)), "nothing can be found there");
    assert!(looked_through(house.folder.path(), &secrets, &keys) >= 5);
    for path in ["/metrics", "/v1/stats", "/readyz?verbose", "/v1/audit"] {
        nowhere(path, &server.get(path).await.body, &secrets, &keys);
    }
    assert!(server.get("/readyz?verbose").await.text().contains("[+]store ok\n"));
    nowhere("the log", stop(server).await.as_bytes(), &secrets, &keys);
    let copy = house.folder.path().join("copy.db").display().to_string();
    house.call(&[], &["db", "backup", &copy]).expect(0, &[]);
    assert!(looked_through(house.folder.path(), &secrets, &keys) >= 4);

    // The archive is read with the key, and without one says which.
    let read = house.call(&keys, &["db", "archive"]).expect(0, &[]).lines();
    for secret in secrets.iter().filter(|secret| ["memo_1", "note_1"].contains(&secret.room)) {
        assert!(read.iter().any(|line| line["data"] == secret.data && line.get("key").is_none()), "{read:?}");
    }
    let closed = house.call(&[], &["db", "archive"]).expect(1, &["the master key k1"]);
    nowhere("the output", closed.out.as_bytes(), &secrets, &keys);
    assert_eq!(closed.lines().len(), read.len(), "all of it is printed all the same");

    // The copy is a store with all there was.
    let house = House { url: format!("sqlite:{copy}"), ..house };
    is_readable(&house.serve(&keys), &secrets).await;
}

#[tokio::test]
async fn e4_another_key_while_it_runs_and_old_entries_stay_readable() {
    let (house, secrets) = (House::new(), secrets());
    let [old, new] = house.keys.each_ref().map(|key| &**key);
    let server = house.serve(&[old]);
    publish_all(&server, &secrets).await;
    until("memo and note to be archived", async || (archived(&house).len() >= 2).then_some(())).await;
    stop(server).await;
    // Each room that has something sealed, and the prints of requests.
    let sealed = 7;

    let server = house.serve(&[new, old]);
    house
        .call(&[new, old], &["db", "rotate-key"])
        .expect(1, &["nothing was done", "POST /v1/encryption/rotate"]);
    let rotate = async || {
        let answer = server.post("/v1/encryption/rotate", &json!(null)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let report = rotate().await;
    assert_eq!(
        (&report["master"], &report["rewrapped"], &report["already"]),
        (&json!("k2"), &json!(sealed), &json!(0))
    );
    assert!(report["archives"].as_u64().unwrap() >= 1 && report["archived_left"] == 0, "{report}");
    let again = rotate().await;
    assert_eq!(
        (&again["rewrapped"], &again["already"], &again["archives"]),
        (&json!(0), &json!(sealed), &json!(0))
    );
    server.publish(json!({ "room": "vault_1" }), "n", json!("later")).await;
    is_readable(&server, &secrets).await;
    let audit = server.get("/v1/audit").await.json();
    let rotations =
        audit["items"].as_array().unwrap().iter().filter(|item| item["act"] == "keys.rotate").count();
    assert_eq!(rotations, 2);
    stop(server).await;

    let offline = house.call(&[new, old], &["db", "rotate-key", "--json"]).expect(0, &[]);
    let offline: Value = serde_json::from_str(&offline.out).unwrap();
    assert_eq!((&offline["master"], &offline["rewrapped"]), (&json!("k2"), &json!(0)));
    house.call(&[], &["db", "rotate-key"]).expect(1, &["security.encryption_keys is empty"]);

    let server = house.serve(&[new]);
    is_readable(&server, &secrets).await;
    assert_eq!(history(&server, "vault_1").await.len(), 2);
    stop(server).await;
    let read = house.call(&[new], &["db", "archive"]).expect(0, &[]).lines();
    assert!(read.iter().any(|line| line["data"] == secrets[2].data), "{read:?}");
    looked_through(house.folder.path(), &secrets, &[old, new]);

    // Without the key, or with another one under its name, no server begins.
    house.refused(&[old], 1, &["the master key k2", "security.encryption_keys does not have"]);
    let wrong = format!("k2:{}", master());
    house.refused(&[&wrong, old], 1, &["the master key k2", "does not open it"]);
    house.refused(&["k2:AAEC"], 2, &["32 bytes"]);
    is_readable(&house.serve(&[new]), &secrets).await;
}

#[tokio::test]
async fn e4_on_postgresql_too_and_a_server_without_the_key_says_so() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let (house, secrets) = (House::on(Folder::new(), url), secrets());
    let [old, new] = house.keys.each_ref().map(|key| &**key);
    let (behind, ahead) = (house.serve(&[old]), house.serve(&[new, old]));
    publish_all(&behind, &secrets).await;
    is_readable(&ahead, &secrets).await;
    until("memo and note to be archived", async || (archived(&house).len() >= 2).then_some(())).await;
    let dump = postgres.dump("test_0").unwrap();
    assert!(dump.contains("tidings.sealed:"), "there is something to look into");
    nowhere("a dump", dump.as_bytes(), &secrets, &[old, new]);
    // Its tables, its indexes, its log, and its write-ahead log.
    postgres.sql("postgres", "CHECKPOINT").unwrap();
    assert!(looked_through(&postgres.data(), &secrets, &[old, new]) > 100);
    looked_through(house.folder.path(), &secrets, &[old, new]);

    // Beside the servers, of which one has not heard of the new key.
    let rotated = house.call(&[new, old], &["db", "rotate-key"]).expect(0, &[]);
    assert!(rotated.out.contains("under the master key k2"), "{rotated:?}");
    let told = until("the server that is behind to say so", async || {
        let told = behind.get("/readyz?verbose").await;
        (told.status == 503).then(|| told.text())
    })
    .await;
    assert!(told.contains("[-]store failed: ") && told.contains("the master key k2"), "{told}");
    ahead.publish(json!({ "room": "vault_new" }), "n", json!("x")).await;
    let refused = behind.get("/v1/rooms/vault_new/messages").await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"));
    assert!(refused.text().contains("the master key k2"), "{}", refused.text());
    let body = json!({ "to": { "room": "vault_new" }, "type": "n", "data": "y" });
    assert_eq!(behind.post("/v1/publish", &body).await.status, 503, "and it makes no other key for the room");
    drop(behind);
    is_readable(&ahead, &secrets).await;
    assert_eq!(history(&ahead, "vault_new").await, [json!("x")]);
    let caught_up = house.serve(&[new]);
    is_readable(&caught_up, &secrets).await;
    assert_eq!(caught_up.get("/readyz").await.text(), "ok\n");
}

/// Says all in chats that is kept longer than the test takes, each with a word by which it could be found; what is found are those that hold no secret.
async fn say_and_search(server: &Server, secrets: &[Secret]) {
    for secret in lasting(secrets) {
        let said = secret.data.as_str().map_or_else(|| secret.data.to_string(), str::to_owned);
        let body = json!({ "from": "ada", "content": format!("findable: {said}") });
        let answer = server.post(&format!("/v1/rooms/{}/messages", secret.room), &body).await;
        assert!(answer.status < 300, "{}", answer.text());
    }
    let found = async |words: &str| {
        let words: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = server.get(&format!("/v1/search?q={words}&limit=100")).await.json();
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["data"]["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("findable").await, ["findable: {\"plain\":true}"]);
    for trace in lasting(secrets).flat_map(|secret| &secret.traces) {
        assert_eq!(found(trace).await, Vec::<String>::new(), "{trace}");
    }
}

#[tokio::test]
async fn e3_e4_what_is_sealed_is_not_found_and_its_words_are_in_no_index() {
    let (house, secrets) = (House::new(), secrets());
    let keys = [&*house.keys[0]];
    let server = house.serve(&keys);
    say_and_search(&server, &secrets).await;
    let id = server.get("/v1/search?q=findable").await.json()["items"][0]["id"].clone();
    let path = format!("/v1/rooms/open_3/messages/{}", id.as_str().unwrap());
    let edit = json!({ "content": format!("findable: {}", secrets[3].data) }).to_string();
    let edited = Http::open(&server).await.request("PATCH", &path, "", edit.as_bytes()).await;
    assert!(edited.status < 300, "{}", edited.text());
    let page = server.get("/v1/search?q=findable").await.json();
    assert_eq!(
        page["items"],
        json!([]),
        "a secret that comes with an edit takes the message out of the index"
    );
    assert!(looked_through(house.folder.path(), &secrets, &keys) > 1);
    let log = stop(server).await;
    nowhere("the log", log.as_bytes(), &secrets, &keys);
    assert!(!log.contains("findable"), "what is looked for is nobody's business");
    looked_through(house.folder.path(), &secrets, &keys);
}

#[tokio::test]
async fn e3_e4_nor_on_postgresql() {
    let postgres = PostgresServer::start().unwrap();
    let (house, secrets) = (House::on(Folder::new(), postgres.database().unwrap()), secrets());
    let keys = [&*house.keys[0]];
    say_and_search(&house.serve(&keys), &secrets).await;
    nowhere("a dump", postgres.dump("test_0").unwrap().as_bytes(), &secrets, &keys);
    postgres.sql("postgres", "CHECKPOINT").unwrap();
    assert!(looked_through(&postgres.data(), &secrets, &keys) > 100);
}
