//! Export, erasure and the audit log's check by the command line, on a file of SQLite: while a server has it, and when none does.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Called, Client, Http, Server, call, call_at_terminal, random_hex, soon, token};

/// A file of SQLite, and an archive beside it.
struct House {
    folder: Folder,
    url: String,
    archive: String,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.path().join("tidings.db").display());
        let archive = folder.path().join("archive").display().to_string();
        Self { folder, url, archive }
    }

    fn serve(&self) -> Server {
        Server::with(&[("store.url", &*self.url), ("store.archive", &*self.archive)])
    }

    /// Calls a verb on the store.
    fn call(&self, arguments: &[&str]) -> Called {
        call(&self.on(arguments))
    }

    fn on<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--store.url", &*self.url, "--store.archive", &*self.archive][..]].concat()
    }

    /// All acts in the audit log, as a server tells them.
    async fn acts(&self) -> Vec<(Value, Value)> {
        let server = self.serve();
        let log = server.get("/v1/audit").await.json();
        assert_eq!(log["broken_at"], json!(null));
        stop(server).await;
        let items = log["items"].as_array().unwrap().iter();
        items.map(|item| (item["act"].clone(), item["actor"].clone())).collect()
    }

    fn holds(&self, what: &str) -> bool {
        fn holds(folder: &Path, what: &[u8]) -> bool {
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).any(|path| match path.is_dir() {
                true => holds(&path, what),
                false => fs::read(path).unwrap().windows(what.len()).any(|window| window == what),
            })
        }
        holds(self.folder.path(), what.as_bytes())
    }
}

async fn stop(mut server: Server) {
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
}

/// A user who published, has a personal entry and is a member; her client.
async fn furnish(server: &Server, user: &str, secret: &str) -> Client {
    let mut client = server.connect(user).await;
    client.join("channel_general").await;
    let say = json!({ "type": "publish", "room": "channel_general", "event": "say", "data": secret });
    client.ask(say).await;
    server.publish(json!({ "user": user }), "private", json!(secret)).await;
    let path = format!("/v1/rooms/order_7/members/{user}");
    assert_eq!(Http::open(server).await.request("PUT", &path, "", b"").await.status, 201);
    client
}

/// Lines but for when it was.
fn without_time(mut lines: Vec<Value>) -> Vec<Value> {
    assert!(lines[0]["exported_at"].take().is_string() && lines[0]["last_seen"].take().is_string());
    lines
}

#[tokio::test]
async fn h4_an_export_is_the_same_as_over_http() {
    let house = House::new();
    let server = house.serve();
    drop(furnish(&server, "ada", "hers").await);
    let over_http = server.export("ada").await;

    let busy = house.call(&["db", "export-user", "ada"]);
    let busy = busy.expect(1, &["another Tidings uses this database", "GET /v1/users/{user}/export"]);
    assert_eq!(busy.out, "");
    stop(server).await;

    let exported = house.call(&["db", "export-user", "ada"]);
    let exported = exported
        .expect(0, &["exported ada: 1 membership, 0 notifications, 2 entries", "tidings db archive --user"]);
    assert_eq!(without_time(exported.lines()), without_time(over_http));
    assert_eq!(
        exported.lines().last(),
        Some(
            &json!({ "kind": "end", "memberships": 1, "notifications": 0, "scheduled": 0, "receipts": 0, "entries": 2, "chat_traces": 0 })
        )
    );

    let nobody = house.call(&["db", "export-user", "nobody"]).expect(0, &["nothing is kept of nobody"]);
    assert_eq!(nobody.lines().len(), 2);
    assert_eq!(
        nobody.lines()[1],
        json!({ "kind": "end", "memberships": 0, "notifications": 0, "scheduled": 0, "receipts": 0, "entries": 0, "chat_traces": 0 })
    );

    let acts = house.acts().await;
    let by_cli = acts.iter().filter(|(act, actor)| act == "user.export" && actor == "cli").count();
    assert_eq!((acts.len(), by_cli), (4, 2), "{acts:?}");
}

#[tokio::test]
async fn an_exported_file_is_private_and_not_replaced_unasked() {
    let house = House::new();
    let server = house.serve();
    drop(furnish(&server, "ada", "hers").await);
    stop(server).await;
    let file = house.folder.path().join("ada.jsonl");
    let name = file.to_str().unwrap();
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let export = ["db", "export-user", "ada", "--out", name];

    assert_eq!(house.call(&export).expect(0, &["exported ada"]).out, "");
    let first = fs::read_to_string(&file).unwrap();
    let end = first.lines().last().unwrap();
    assert!(first.ends_with('\n') && end.contains("\"kind\":\"end\""), "{first}");
    assert_eq!(mode(), 0o600);

    fs::write(&file, "mine").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    house.call(&export).expect(1, &["ada.jsonl is there already", "--force"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    house.call(&[&export[..], &["--force"][..]].concat()).expect(0, &[]);
    assert_eq!((fs::read_to_string(&file).unwrap().len(), mode()), (first.len(), 0o600));

    let folder = house.folder.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let onto_it = ["db", "export-user", "ada", "--force", "--out", folder.to_str().unwrap()];
    house.call(&onto_it).expect(1, &["no plain file"]);
    let nowhere = house.folder.path().join("missing/ada.jsonl");
    house
        .call(&["db", "export-user", "ada", "--out", nowhere.to_str().unwrap()])
        .expect(1, &["cannot be created"]);
    house.call(&["db", "export-user", "ada", "--force"]).expect(2, &["--out"]);
    let left: Vec<_> =
        fs::read_dir(house.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn what_is_not_there_is_not_created() {
    let house = House::new();
    let copy = house.folder.path().join("copy.db");
    for verb in [
        &["db", "export-user", "ada"][..],
        &["db", "erase-user", "ada", "--yes"],
        &["check", "--audit"],
        &["db", "backup", copy.to_str().unwrap()],
    ] {
        let called = house.call(verb).expect(1, &["there is no file", "tidings.db"]);
        assert_eq!(called.out, "");
        assert_eq!(fs::read_dir(house.folder.path()).unwrap().count(), 0, "{verb:?}");
        call(&[verb, &["--store.url", "memory:"][..]].concat()).expect(1, &["memory:", "over HTTP"]);
    }
    fs::write(house.folder.path().join("tidings.db"), "no database, and long enough to be none").unwrap();
    house.call(&["db", "export-user", "ada"]).expect(1, &["is not a database"]);
    for wrong in
        [&["db", "export-user"][..], &["db", "export-user", ""], &["db", "erase-user", "a\nb", "--yes"]]
    {
        house.call(wrong).expect(2, &[]);
    }
}

#[test]
fn migrate_and_backup_for_programs() {
    let house = House::new();
    let json = |called: Called| serde_json::from_str::<Value>(&called.expect(0, &[]).out).unwrap();
    let migrated = json(house.call(&["db", "migrate", "--json"]));
    assert_eq!((&migrated["store"], &migrated["from"]), (&json!("sqlite"), &json!(0)));
    let again = json(house.call(&["db", "migrate", "--json"]));
    assert_eq!((&again["from"], &again["to"]), (&migrated["to"], &migrated["to"]));

    let copy = house.folder.path().join("copy.db");
    let said = json(house.call(&["db", "backup", copy.to_str().unwrap(), "--json"]));
    let bytes = fs::metadata(&copy).unwrap().len();
    assert_eq!(said, json!({ "store": "sqlite", "file": copy, "bytes": bytes }));
    house.call(&["db", "backup", copy.to_str().unwrap()]).expect(1, &["exists already"]);
}

#[tokio::test]
async fn j12_who_is_erased_by_the_command_line_is_nowhere() {
    let house = House::new();
    // Unique, so that they can be looked for in whole files.
    let (user, secret) = (format!("ada-{}", random_hex(8)), format!("secret-{}", random_hex(8)));
    let server = house.serve();
    let old_token = token(&server, &user);
    let key = server.jwt_secret.clone();
    drop(furnish(&server, &user, &secret).await);
    house
        .call(&["db", "erase-user", &user, "--yes"])
        .expect(1, &["another Tidings uses this database", "nothing was done", "DELETE /v1/users/{user}"]);
    let still = server.get("/v1/rooms/channel_general/messages").await.json();
    assert_eq!(still["items"][0]["data"], secret);
    stop(server).await;

    let erase = ["db", "erase-user", &user, "--json"];
    house.call(&erase).expect(2, &["--yes"]);
    let mistyped = call_at_terminal(&house.on(&erase), "yes\n").expect(1, &["nothing was erased"]);
    assert!(mistyped.err.contains(&user) && mistyped.out.is_empty(), "{mistyped:?}");
    assert!(house.holds(&secret));
    let erased = call_at_terminal(&house.on(&erase), &format!("{user}\n")).expect(0, &["Type the user's id"]);
    let report: Value = serde_json::from_str(&erased.out).unwrap();
    assert_eq!(
        report,
        json!({ "users": 1, "connections": 0, "personal_entries": 1, "blanked_entries": 1, "memberships": 1,
                "notifications": 0, "archived_entries": 0 })
    );
    assert!(!house.holds(&secret) && !house.holds(&user), "traces are left");

    let again = house.call(&["db", "erase-user", &user, "--yes"]).expect(0, &[]);
    assert_eq!(
        again.out.trim_end(),
        format!(
            "erased {user}: 0 entries of the personal room, 0 entries in other rooms, 0 memberships, 0 notifications, 0 entries in the archive"
        )
    );
    let settings = [("store.url", &*house.url), ("auth.jwt_secret", &*key)];
    let server = Server::with(&settings);
    server.dial().bearer(&old_token).open().await.refused("unauthorized", 4001).await;
    let page = server.get("/v1/rooms/channel_general/messages").await.json();
    assert_eq!(
        (&page["items"][0]["type"], &page["items"][0]["data"]),
        (&json!("entry_erased"), &json!(null))
    );
    let log = server.get("/v1/audit").await.json();
    let items = log["items"].as_array().unwrap();
    let ours: Vec<_> = items.iter().filter(|item| item["actor"] == "cli").map(|item| &item["act"]).collect();
    assert_eq!(ours, ["user.erase", "user.erase"], "{log}");
    assert!(!log.to_string().contains(&user));
}

#[tokio::test]
async fn an_erasure_by_the_command_line_reaches_the_archive() {
    let house = House::new();
    let rule = "[[rooms]]\nmatch = \"note_{id}\"\njoin = \"anyone\"\npublish = \"users\"\nkeep = \"1s\"\n";
    let settings =
        [("store.url", &*house.url), ("store.archive", &*house.archive), ("store.retention_every", "100ms")];
    let server = Server::with_file(&settings, rule);
    let mut ada = server.connect("ada").await;
    ada.join("note_1").await;
    ada.ask(json!({ "type": "publish", "room": "note_1", "event": "n", "data": "hers" })).await;
    server.publish(json!({ "room": "note_1" }), "n", json!("of the back end")).await;
    soon("the archive", async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(50));
        // Beside the server: an archive may be read at any time.
        while house.call(&["db", "archive"]).expect(0, &[]).lines().len() < 2 {
            looks.tick().await;
        }
        // What is archived goes from the log right after, and not before.
        while server.get("/v1/rooms/note_1").await.json()["oldest"] != 3 {
            looks.tick().await;
        }
    })
    .await;
    ada.cut();
    stop(server).await;

    house.call(&["db", "erase-user", "ada", "--yes"]).expect(0, &[]);
    let left = house.call(&["db", "archive"]).expect(0, &[]).lines();
    let left: Vec<_> = left.iter().map(|line| (&line["type"], line.get("from"), &line["data"])).collect();
    assert_eq!(
        left,
        [(&json!("entry_erased"), None, &json!(null)), (&json!("n"), None, &json!("of the back end"))]
    );
}

#[tokio::test]
async fn h4_a_changed_audit_log_is_found_where_it_was_changed() {
    let house = House::new();
    let server = house.serve();
    drop(furnish(&server, "ada", "hers").await);
    house.call(&["check", "--audit"]).expect(1, &["another Tidings uses this database", "audit_chain"]);
    stop(server).await;
    house.call(&["db", "erase-user", "bob", "--yes"]).expect(0, &[]);
    house.call(&["db", "export-user", "ada"]).expect(0, &[]);

    let whole = house.call(&["check", "--audit"]).expect(0, &[]);
    assert!(whole.out.contains("3 records, each as it was written"), "{whole:?}");
    let whole: Value =
        serde_json::from_str(&house.call(&["check", "--audit", "--json"]).expect(0, &[]).out).unwrap();
    assert_eq!((&whole["good"], &whole["audit"]), (&json!(true), &json!({ "records": 3, "broken": null })));

    // What the triggers would refuse, somebody may do to the file.
    let file = house.folder.path().join("tidings.db");
    let bytes = fs::read(&file).unwrap();
    let changed = replaced(&bytes, b"user.erase", b"user.erasf");
    fs::write(&file, &changed).unwrap();
    let broken = house.call(&["check", "--audit"]).expect(1, &[]);
    assert!(broken.out.contains("record 2: expected hash ") && broken.out.contains(", found "), "{broken:?}");
    let broken: Value =
        serde_json::from_str(&house.call(&["check", "--audit", "--json"]).expect(1, &[]).out).unwrap();
    let place = &broken["audit"]["broken"];
    assert_eq!(
        (&broken["good"], &place["record"], &place["kind"]),
        (&json!(false), &json!(2), &json!("hash"))
    );
    assert!(place["expected"] != place["found"] && place["found"].as_str().unwrap().len() == 64, "{place}");

    let server = house.serve();
    assert_eq!(server.get("/v1/audit").await.json()["broken_at"], 2, "the server says the same");
    stop(server).await;
}

fn replaced(bytes: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() - what.len() {
        if bytes[at..].starts_with(what) {
            changed[at..at + what.len()].copy_from_slice(by);
            found += 1;
        }
    }
    assert!(found > 0, "it is not in the file");
    changed
}
