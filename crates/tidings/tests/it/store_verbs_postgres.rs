//! Export, erasure and the audit log's check by the command line, on PostgreSQL and beside a server that runs on it.

use std::{fs, io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tidings_testkit::{Folder, PostgresServer};

use crate::harness::{Called, Heard, Server, call, soon, token};

/// What a verb says of a database.
fn on(url: &str, arguments: &[&str]) -> Called {
    call(&[arguments, &["--store.url", url][..]].concat())
}

fn json_of(called: &Called) -> Value {
    serde_json::from_str(&called.out).unwrap_or_else(|_| panic!("no JSON: {called:?}"))
}

#[tokio::test]
async fn j12_who_is_erased_beside_a_server_is_gone_from_it() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let server = Server::with(&[("store.url", &*url)]);
    let old_token = token(&server, "ada");
    let mut ada = server.connect_with(&old_token).await;
    ada.join("channel_general").await;
    let say = json!({ "type": "publish", "room": "channel_general", "event": "say", "data": "hers" });
    ada.ask(say).await;
    server.publish(json!({ "user": "ada" }), "private", json!("hers")).await;

    let mut over_http = server.export("ada").await;
    let exported =
        on(&url, &["db", "export-user", "ada"]).expect(0, &["0 memberships, 0 notifications, 2 entries"]);
    let mut by_cli = exported.lines();
    assert!(over_http[0]["exported_at"].take().is_string() && by_cli[0]["exported_at"].take().is_string());
    // She is online: the server knows until when better than the store.
    assert!(over_http[0]["last_seen"].take().is_string());
    by_cli[0]["last_seen"].take();
    assert_eq!(by_cli, over_http);

    let erased = on(&url, &["db", "erase-user", "ada", "--yes", "--json"]);
    let erased = erased.expect(0, &["70 seconds", "no archive here"]);
    assert_eq!(
        json_of(&erased),
        json!({ "users": 1, "connections": 0, "personal_entries": 1, "blanked_entries": 1, "memberships": 0,
                "notifications": 0, "archived_entries": 0 })
    );
    let end = soon("her connection's end", async {
        loop {
            match ada.hear().await {
                Heard::Message(_) => {}
                end => break end,
            }
        }
    })
    .await;
    assert!(matches!(end, Heard::Closed(4001, _)), "{end:?}");
    server.dial().bearer(&old_token).open().await.refused("unauthorized", 4001).await;
    assert_eq!(server.export("ada").await.len(), 2, "only the head and the end");
    let page = server.get("/v1/rooms/channel_general/messages").await.json();
    assert_eq!(page["items"][0]["type"], "entry_erased");

    let log = server.get("/v1/audit").await.json();
    let acts: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| item["act"].clone()).collect();
    assert_eq!(acts, ["user.export", "user.export", "user.erase", "user.export"]);
    assert_eq!((&log["items"][1]["actor"], &log["items"][2]["actor"]), (&json!("cli"), &json!("cli")));
    let whole = on(&url, &["check", "--audit"]).expect(0, &[]);
    assert!(whole.out.contains("4 records, each as it was written"), "{whole:?}");
}

#[test]
fn what_another_server_was_archiving_is_erased_too() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let sql = |sql: &str| postgres.sql("test_0", sql).unwrap();
    on(&url, &["db", "migrate"]).expect(0, &[]);
    // A run of retention somewhere else, and something that shows when the store has forgotten her.
    let now = "(extract(epoch FROM now()) * 1000)::bigint";
    sql(&format!("INSERT INTO tidings_jobs (name, claimed_until) VALUES ('retention', {now} + 60000)"));
    sql("INSERT INTO tidings_revocations (user_id, at) VALUES ('ada', 1)");
    let folder = Folder::new();
    let archive = folder.path().to_str().unwrap();
    let erase = ["db", "erase-user", "ada", "--yes", "--json", "--store.archive", archive];
    let erased = std::thread::scope(|scope| {
        let erasing = scope.spawn(|| on(&url, &erase));
        while sql("SELECT count(*) FROM tidings_revocations WHERE user_id = 'ada'") != "0" {
            assert!(!erasing.is_finished(), "it ended and did not erase");
            std::thread::sleep(Duration::from_millis(20));
        }
        // What it read before is in a file only now.
        let line = json!({
            "room": "user:ada", "id": "01932f1e-0000-7000-8000-000000000000", "type": "n",
            "time": "2026-01-01T00:00:00.000Z", "data": "hers",
        });
        let mut file = GzEncoder::new(Vec::new(), Compression::default());
        writeln!(file, "{line}").unwrap();
        fs::write(folder.path().join("1.jsonl.gz"), file.finish().unwrap()).unwrap();
        sql("UPDATE tidings_jobs SET claimed_until = NULL, ended_at = 1, is_ok = true, outcome = '{}'");
        erasing.join().unwrap()
    });
    assert_eq!(json_of(&erased.expect(0, &[]))["archived_entries"], 1);
    assert_eq!(call(&["db", "archive", archive]).expect(0, &[]).out, "");
}

#[test]
fn h4_a_changed_audit_log_is_found_where_it_was_changed() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let sql = |sql: &str| postgres.sql("test_0", sql).unwrap();
    on(&url, &["db", "migrate"]).expect(0, &[]);
    for _ in 0..4 {
        on(&url, &["db", "export-user", "ada"]).expect(0, &["nothing is kept of ada"]);
    }
    let hash = sql("SELECT encode(hash, 'hex') FROM tidings_audit WHERE number = 4");
    // As the daily job leaves it.
    sql(&format!(
        "INSERT INTO tidings_jobs (name, ended_at, is_ok, outcome)
         VALUES ('audit_chain', 1, true, '{{\"records\":4,\"number\":4,\"hash\":\"{hash}\"}}')"
    ));
    sql("CREATE TABLE whole AS SELECT * FROM tidings_audit");
    on(&url, &["check", "--audit"]).expect(0, &[]);

    let check = |change: &str, record: u64, kind: &str, words: &str| {
        sql(&format!("ALTER TABLE tidings_audit DISABLE TRIGGER USER; {change}"));
        let said = on(&url, &["check", "--audit"]).expect(1, &[]);
        assert!(said.out.contains(words), "{change}: {said:?}");
        let broken = &json_of(&on(&url, &["check", "--audit", "--json"]))["audit"]["broken"];
        assert_eq!((&broken["record"], &broken["kind"]), (&json!(record), &json!(kind)), "{change}");
        sql("TRUNCATE tidings_audit; INSERT INTO tidings_audit SELECT * FROM whole");
    };
    check(
        "UPDATE tidings_audit SET actor = 'nobody' WHERE number = 2",
        2,
        "hash",
        "record 2: expected hash ",
    );
    check("DELETE FROM tidings_audit WHERE number = 2", 3, "missing", "expected record 2, found record 3");
    check("DELETE FROM tidings_audit WHERE number = 1", 2, "missing", "expected record 1, found record 2");
    check(
        "UPDATE tidings_audit SET hash = '' WHERE number = 3",
        3,
        "unreadable",
        "record 3: expected one that",
    );
    check("DELETE FROM tidings_audit WHERE number = 4", 4, "cut_off", "the log ends with record 3");
    check("DELETE FROM tidings_audit", 4, "cut_off", "the log ends with record 0");
    on(&url, &["check", "--audit"]).expect(0, &[]);
    // A chain that is whole by itself, and not the one that was seen.
    sql("UPDATE tidings_jobs SET outcome = replace(outcome, '\"number\":4', '\"number\":2')");
    check("", 2, "rewritten", "which an earlier check saw");
}

#[test]
fn a_database_without_tables_stays_without() {
    let mut postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    for verb in
        [&["db", "export-user", "ada"][..], &["db", "erase-user", "ada", "--yes"], &["check", "--audit"]]
    {
        on(&url, verb).expect(1, &["no tables of Tidings"]);
    }
    assert_eq!(
        postgres.sql("test_0", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(),
        "0"
    );
    on(&postgres.url("missing"), &["db", "export-user", "ada"]).expect(1, &["the database does not exist"]);
    postgres.stop();
    on(&url, &["check", "--audit"]).expect(1, &["is it running"]);
}
