//! The machine's clock jumps: order is by offset and waiting by another clock, so nobody notices.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use crate::{
    harness::{Server, Setup, random_hex, token_with, until},
    ledger::{Load, Truth},
    report,
    sizes::size,
};

const FAULT: &str = "clock jumps";

/// The library of the package `faketime`, which shifts the clock of a process; the clock that only ever goes on is left alone.
fn library() -> Option<PathBuf> {
    let places = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let name = Path::new("faketime/libfaketimeMT.so.1");
    places
        .chain(["/usr/lib".into(), "/usr/local/lib".into()])
        .map(|place| place.join(name))
        .find(|path| path.exists())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_ahead_and_back_disturbs_nobody() {
    let Some(library) = library() else {
        return report::skipped(FAULT, "the package faketime is not installed");
    };
    let shift = std::env::temp_dir().join(format!("tidings-clock-{}", random_hex(8)));
    fs::write(&shift, "+0").unwrap();
    let environment = vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", shift.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let mut server = Server::prepare(Setup { environment, ..Setup::default() });
    server.resume();
    let run =
        Load { writers: 6, readers: size("READERS", 10, 50), rooms: 2, padding: 20 }.start(&server).await;
    let acks = size("CLOCK_ACKS", 150, 3_000);
    let mut jumps = 0;
    for _ in 0..size("CLOCK_ROUNDS", 1, 5) {
        for seconds in [3_600_i64, 0, -3_600, 60, 0, 86_400, 0] {
            run.acknowledged(acks).await;
            fs::write(&shift, format!("{seconds:+}")).unwrap();
            let jumped = async || (ahead(&server).await - seconds).abs() < 30;
            until("the clock jumps", Duration::from_secs(5), jumped).await;
            jumps += 1;
        }
    }
    run.acknowledged(acks).await;
    let ended = run.end().await;
    assert!(server.is_alive());
    ended.kept_all_sockets();
    server.kill();
    let verdict = ended.settle(&Truth::of_file(&server.database(), 2).await);
    let _ = fs::remove_file(&shift);
    report::line(
        FAULT,
        format_args!(
            "{jumps} jumps between -1 h and +24 h, {verdict}; ids used twice 0, connections ended 0"
        ),
    );
}

/// How many seconds the server's clock is ahead, as an entry tells.
async fn ahead(server: &Server) -> i64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    // Good at any time that the server may believe in.
    let token = token_with(server, "watch", json!({ "exp": now + 1_000_000, "iat": null }));
    let mut watch = server.dial().bearer(&token).open().await;
    let greeting = watch.expect("connection_established").await;
    let time: tidings_protocol::Timestamp = serde_json::from_value(greeting["server_time"].clone()).unwrap();
    watch.leave().await;
    (time.millis() / 1_000) as i64 - now
}
