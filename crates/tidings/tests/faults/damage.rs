//! A database that is not as it was left: a clear sentence, or what is intact; never garbage.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use crate::{
    harness::{Http, Server},
    report,
    sizes::size,
};

const ENTRIES: u64 = 300;

/// A server whose room `ledger_0` holds the numbers up to [`ENTRIES`], stopped in an orderly way.
async fn filled() -> Server {
    let mut server = Server::start();
    let entry = |n| json!({ "to": { "room": "ledger_0" }, "type": "n", "data": text(n) });
    let body = json!({ "entries": (1..=ENTRIES).map(entry).collect::<Vec<_>>() });
    assert_eq!(server.post("/v1/publish/batch", &body).await.status, 200);
    server.stop();
    server
}

fn text(n: u64) -> String {
    format!("number {n} {}", "of a text that takes some space ".repeat(8))
}

/// Expects that it does not start, and says all of these words.
fn refuses(server: &mut Server, words: &[&str]) {
    let Some((code, said)) = server.refusal() else { panic!("it started; expected {words:?}") };
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error: "), "{said}");
    for word in words {
        assert!(said.contains(word), "expected {word:?} in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let mut server = filled().await;
    let garbage = b"these are the notes of somebody who stored them here by mistake".repeat(100);
    fs::write(server.database(), &garbage).unwrap();
    refuses(&mut server, &["tidings.db is not a database", "restore a backup", "nothing was changed"]);
    assert_eq!(fs::read(server.database()).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_that_was_cut_off_is_refused_and_left_alone() {
    let mut server = filled().await;
    let whole = fs::read(server.database()).unwrap();
    for part in [whole.len() / 2, whole.len() - 4_096, whole.len() - 1_000] {
        fs::write(server.database(), &whole[..part]).unwrap();
        refuses(&mut server, &["tidings.db is damaged", "restore a backup", "nothing was deleted"]);
    }
    fs::write(server.database(), &whole).unwrap();
    server.resume();
    assert_eq!(intact(&server).await.len() as u64, ENTRIES);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let mut server = filled().await;
    let mut bytes = fs::read(server.database()).unwrap();
    // PRAGMA user_version: four bytes at 60 of the first page.
    bytes[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(server.database(), &bytes).unwrap();
    refuses(&mut server, &["written by a newer Tidings", "9999", "nothing was changed"]);
    assert_eq!(fs::read(server.database()).unwrap(), bytes);
}

#[tokio::test]
async fn a_database_in_use_is_refused_and_its_owner_undisturbed() {
    let mut server = filled().await;
    server.resume();
    let mut second = Server::on_the_folder_of(&server);
    refuses(&mut second, &["another Tidings uses this database", "stop it"]);
    server.publish(json!({ "room": "ledger_0" }), "n", json!("after")).await;
}

#[tokio::test]
async fn a_file_or_folder_that_cannot_be_written_is_refused() {
    let mut server = filled().await;
    fs::set_permissions(server.database(), fs::Permissions::from_mode(0o444)).unwrap();
    refuses(&mut server, &["tidings.db cannot be written", "write permission"]);
    fs::set_permissions(server.database(), fs::Permissions::from_mode(0o600)).unwrap();
    server.resume();
    assert_eq!(intact(&server).await.len() as u64, ENTRIES);
    server.stop();
    fs::remove_file(server.database()).unwrap();
    fs::create_dir(server.database()).unwrap();
    let Some((code, said)) = server.refusal() else { panic!("it started on a directory") };
    assert!(code == 1 && said.contains("tidings.db") && !said.contains("panicked"), "{said}");
}

/// Flips one byte each time and looks at all that is served then.
#[tokio::test]
async fn a_flipped_byte_is_refused_or_what_is_intact_is_served() {
    let flips = size("FLIPS", 12, 200);
    let mut server = filled().await;
    let whole = fs::read(server.database()).unwrap();
    let (mut refused, mut told, mut all) = (0, 0, 0);
    for flip in 0..flips {
        // Spread over all pages and all places within a page; the first bytes are the file's header.
        let at = if flip == 0 { 20 } else { (flip * 7_919 * 13 + flip * 31) % whole.len() };
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        remove_leftovers(&server);
        fs::write(server.database(), &bytes).unwrap();
        match server.refusal() {
            Some((code, said)) => {
                assert!(code == 1 && said.contains("error: ") && !said.contains("panicked"), "{at}: {said}");
                refused += 1;
            }
            None => {
                let entries = intact(&server).await;
                if entries.len() as u64 == ENTRIES {
                    all += 1
                } else {
                    told += 1
                }
                server.kill();
                assert!(!server.log().contains("panicked"), "{at}: {}", server.log());
            }
        }
    }
    report::line(
        "one byte flipped",
        format_args!(
            "{flips} times: {refused} refused at start, {told} served in part with an error for the rest, {all} not in use and all served; wrong entries served 0"
        ),
    );
}

fn remove_leftovers(server: &Server) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(server.folder().join(format!("tidings.db{end}")));
    }
}

/// All that can be read, in pages as small as one entry where a larger one is refused. Panics at anything that was never written.
async fn intact(server: &Server) -> Vec<u64> {
    let mut http = Http::open(server).await;
    let mut intact = Vec::new();
    let mut page = async |after: u64, limit: u64| {
        let path = format!("/v1/rooms/ledger_0/messages?after={after}&limit={limit}");
        let answer = http.request("GET", &path, "", b"").await;
        if answer.status != 200 {
            let code = answer.problem();
            assert!(matches!(&*code, "internal" | "unavailable" | "history_lost"), "{}", answer.text());
            return false;
        }
        for entry in answer.json()["items"].as_array().unwrap() {
            let offset = entry["offset"].as_u64().unwrap();
            assert_eq!(entry["data"], Value::from(text(offset)), "garbage at {offset}");
            assert_eq!(entry["type"], "n");
            intact.push(offset);
        }
        true
    };
    for after in (0..ENTRIES).step_by(20) {
        if !page(after, 20).await {
            for after in after..after + 20 {
                page(after, 1).await;
            }
        }
    }
    assert!(intact.is_sorted_by(|one, next| one < next), "out of order or twice: {intact:?}");
    intact
}

#[tokio::test]
async fn a_damaged_log_is_refused_and_left_alone() {
    let mut server = Server::start();
    let mut http = Http::open(&server).await;
    for n in 1..=50 {
        let body = json!({ "to": { "room": "ledger_0" }, "type": "n", "data": text(n) });
        assert_eq!(http.publish(&body).await.status, 202);
    }
    server.kill();
    let log = server.folder().join("tidings.db-wal");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, &bytes).unwrap();
    refuses(&mut server, &["tidings.db-wal is damaged", "restore a backup", "nothing was deleted"]);
    assert_eq!(fs::read(Path::new(&log)).unwrap(), bytes);
}
