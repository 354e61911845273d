//! PostgreSQL away: sockets stay, what is not kept goes on, what is to be kept is refused soon, and nothing acknowledged is lost.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde_json::json;
use tidings_testkit::PostgresServer;

use crate::{
    harness::{Http, Server, Setup, token, until},
    ledger::{Load, Truth, seconds},
    report,
    sizes::size,
};

/// What is promised: a refusal, and an acknowledgement when the database is back.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);
const BACK_WITHIN: Duration = Duration::from_secs(3);
/// What two busy cores may add to an answer that is ready.
const BUSY: Duration = Duration::from_millis(300);

fn on(url: &str) -> Server {
    let settings = vec![("store.url", url.to_owned())];
    let mut server = Server::prepare(Setup { settings, ..Setup::default() });
    server.resume();
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn away_at_start_it_refuses_soon_and_works_when_it_comes() {
    let mut postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    postgres.stop();
    let server = on(&url);
    let mut http = Http::open(&server).await;
    let kept = json!({ "to": { "room": "ledger_0" }, "type": "n", "data": 1 });
    let since = Instant::now();
    let refused = http.publish(&kept).await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"));
    let refused_after = since.elapsed();
    assert!(refused_after < REFUSED_WITHIN + BUSY, "{refused_after:?}");
    assert!(server.get("/readyz?verbose").await.text().contains("[-]store failed: "));

    // Who was let in while nobody knows whose tokens were revoked, or where the personal room stands, would be let in wrongly.
    let mut ada = server.dial().bearer(&token(&server, "ada")).open().await;
    ada.refused("unavailable", 1013).await;
    server.publish(json!({ "room": "live_1" }), "tick", json!(1)).await;

    postgres.resume().unwrap();
    let back =
        until("an acknowledgement", BACK_WITHIN, async || http.publish(&kept).await.status == 202).await;
    let mut ada = server.connect("ada").await;
    ada.join("ledger_0").await;
    server.publish(json!({ "user": "ada" }), "personal", json!(1)).await;
    ada.event("personal").await;
    report::line(
        "PostgreSQL away at start",
        format_args!("refused after {}, first ack {} after it came", seconds(refused_after), seconds(back)),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_is_refused_soon_and_back_soon() {
    const ROOMS: usize = 4;
    let (rounds, acks) = (size("DATABASE_ROUNDS", 1, 5), size("DATABASE_ACKS", 300, 5_000));
    let down = Duration::from_secs(size("DATABASE_DOWN_SECONDS", 2, 15));
    let mut postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let mut server = on(&url);
    let (writers, readers) = (size("WRITERS", 8, 20), size("READERS", 10, 50));
    let run = Load { writers, readers, rooms: ROOMS, padding: 20 }.start(&server).await;
    let mut watcher = server.connect("watcher").await;
    watcher.join("live_1").await;
    let (mut first_ack, mut current, mut transient) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..rounds {
        run.acknowledged(acks).await;
        postgres.kill();
        // Where the newcomer's personal room stands is not known, so nobody comes in; that is said at once, and not for good.
        let newcomer = format!("newcomer{transient}");
        let asked = Instant::now();
        server.dial().bearer(&token(&server, &newcomer)).open().await.refused("unavailable", 1013).await;
        assert!(asked.elapsed() < REFUSED_WITHIN + BUSY, "{:?}", asked.elapsed());
        let end = Instant::now() + down;
        while Instant::now() < end {
            server.publish(json!({ "room": "live_1" }), "tick", json!(transient)).await;
            assert_eq!(watcher.event("tick").await["data"], transient);
            transient += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        postgres.resume().unwrap();
        let recovery = run.recovery(Instant::now()).await;
        first_ack = first_ack.max(recovery.first_ack);
        current = current.max(recovery.current[2]);
        run.acknowledged(acks).await;
    }
    let ended = run.end().await;
    assert!(server.is_alive());
    ended.kept_all_sockets();
    let (longest, refused) =
        (*ended.seen().longest.lock().unwrap(), ended.seen().refused.load(Ordering::Relaxed));
    server.stop();
    let verdict = ended.settle(&Truth::of_postgres(&url, ROOMS).await);
    report::line(
        "kill -9 of PostgreSQL",
        format_args!(
            "{rounds} rounds, {verdict}; down for {}, {refused} refused, the slowest answer after {}; {transient} transient events heard meanwhile; worst first ack {} after it was up, all of {readers} readers current {}; sockets dropped 0",
            seconds(down),
            seconds(longest),
            seconds(first_ack),
            seconds(current),
        ),
    );
    assert!(refused > 0);
    assert!(longest < REFUSED_WITHIN + BUSY, "{longest:?}");
    assert!(first_ack < BACK_WITHIN, "{first_ack:?}");
}
