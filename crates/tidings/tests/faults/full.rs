//! No space left on the disk of the database.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    harness::{Http, Server, Setup, random_hex, until},
    ledger::{Load, Truth, seconds},
    report,
    sizes::size,
};

const FAULT: &str = "disk full";
/// What the promise allows.
const WELL_AGAIN_MAX: Duration = Duration::from_secs(5);
const LOG_BYTES_MAX: usize = 100 * 1024;

/// A file system of eight megabytes.
struct Small(PathBuf);

impl Small {
    fn mount() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("tidings-small-{}", random_hex(8)));
        fs::create_dir(&folder).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&folder).output();
        match mount {
            Ok(done) if done.status.success() => Ok(Self(folder)),
            Ok(done) => {
                let _ = fs::remove_dir(&folder);
                Err(format!("mount: {}", String::from_utf8_lossy(&done.stderr).trim()))
            }
            Err(error) => Err(format!("mount: {error}")),
        }
    }
}

impl Small {
    /// A server whose database is here.
    fn server(&self) -> Server {
        let url = format!("sqlite:{}", self.database().display());
        let mut server = Server::prepare(Setup { settings: vec![("store.url", url)], ..Setup::default() });
        server.resume();
        server
    }

    fn database(&self) -> PathBuf {
        self.0.join("tidings.db")
    }

    /// There is space again, and more than the rest of a test can fill.
    fn grow(&self) {
        let mount = Command::new("mount").args(["-o", "remount,size=512m"]).arg(&self.0).status();
        assert!(mount.is_ok_and(|status| status.success()));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_what_is_kept_and_nothing_else() {
    let small = match Small::mount() {
        Ok(small) => small,
        Err(why) => return report::skipped(FAULT, &why),
    };
    let mut server = small.server();
    let run = Load { writers: 4, readers: 5, rooms: 2, padding: 4_000 }.start(&server).await;
    let mut watcher = server.connect("watcher").await;
    watcher.join("live_1").await;
    let refused = || run.seen().refused.load(Ordering::Relaxed);
    until("the disk is full", Duration::from_secs(30), async || refused() > 20).await;

    let lasting = Duration::from_secs(size("FULL_SECONDS", 2, 30));
    let full_since = Instant::now();
    let (before, log_before) = (run.count(), server.log().len());
    let mut http = Http::open(&server).await;
    let (mut transient, mut found_place, mut found_none) = (0, 0, 0);
    while full_since.elapsed() < lasting {
        // Into a room that nobody counts: when the log has just been emptied, one may find a place.
        let body = json!({ "to": { "room": "ledger_2" }, "type": "n", "data": "x".repeat(20_000) });
        let answer = http.publish(&body).await;
        if answer.status == 202 {
            found_place += 1;
        } else {
            found_none += 1;
            assert!(matches!(answer.status, 503 | 507), "{}", answer.text());
            assert_eq!(answer.problem(), "unavailable");
            assert!(answer.json()["detail"].as_str().unwrap().contains("full"), "{}", answer.text());
        }
        server.publish(json!({ "room": "live_1" }), "tick", json!(transient)).await;
        assert_eq!(watcher.event("tick").await["data"], transient);
        transient += 1;
        let page = http.request("GET", "/v1/rooms/ledger_1/messages?limit=5", "", b"").await;
        assert_eq!((page.status, page.json()["items"].as_array().map(Vec::len)), (200, Some(5)));
        let mut newcomer = server.connect("newcomer").await;
        assert!(newcomer.join("ledger_1").await["offset"].as_u64().unwrap() > 0);
        newcomer.leave().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        found_place < found_none,
        "it was not full: {found_place} of 20 kB found a place, {found_none} did not"
    );
    // Now and then a small one finds a place, and then all is well for a moment.
    let is_told = async || {
        let ready = server.get("/readyz?verbose").await.text();
        ready.lines().any(|line| line.starts_with("[-]store failed: ") && line.contains("free some space"))
    };
    until("/readyz says that the disk is full", Duration::from_secs(3), is_told).await;
    let (refused, log_bytes) = (refused(), server.log().len() - log_before);
    assert!(log_bytes < LOG_BYTES_MAX, "{log_bytes} bytes of log");
    assert!(run.count() <= before + 20, "it was not full");

    small.grow();
    let since = Instant::now();
    let recovery = run.recovery(since).await;
    assert!(recovery.first_ack < WELL_AGAIN_MAX, "{:?}", recovery.first_ack);
    run.acknowledged(30).await;
    let ended = run.end().await;
    assert!(server.is_alive());
    ended.kept_all_sockets();
    let is_well = async || server.get("/readyz?verbose").await.text().contains("[+]store ok");
    until("/readyz says that all is well", WELL_AGAIN_MAX, is_well).await;
    server.kill();
    let verdict = ended.settle(&Truth::of_file(&small.database(), 2).await);
    report::line(
        FAULT,
        format_args!(
            "{verdict}; full for {}, {refused} refused, {transient} transient events heard meanwhile, {log_bytes} bytes of log; first ack {} after space was freed, no restart, sockets dropped 0",
            seconds(lasting),
            seconds(recovery.first_ack),
        ),
    );
}

#[tokio::test]
async fn killed_on_a_full_disk_it_starts_or_says_what_to_do_and_has_everything() {
    let small = match Small::mount() {
        Ok(small) => small,
        Err(why) => return report::skipped("kill -9 on a full disk", &why),
    };
    let mut server = small.server();
    let mut http = Http::open(&server).await;
    let mut kept = 0;
    let body = json!({ "to": { "room": "ledger_0" }, "type": "n", "data": "x".repeat(20_000) });
    while http.publish(&body).await.status == 202 {
        kept += 1;
    }
    server.kill();
    let started = match server.refusal() {
        None => {
            server.kill();
            "started"
        }
        Some((code, said)) => {
            assert!(
                code == 1 && said.contains("there is no space left") && said.contains("free some"),
                "{said}"
            );
            "refused to start and said why"
        }
    };
    small.grow();
    server.resume();
    let page = server.get("/v1/rooms/ledger_0/messages?limit=1").await.json();
    assert_eq!(page["items"][0]["offset"], kept, "{page}");
    report::line(
        "kill -9 on a full disk",
        format_args!("{started}; all of {kept} there when space was freed"),
    );
}
